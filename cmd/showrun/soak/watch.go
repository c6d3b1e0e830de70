//go:build unix

package soak

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"
)

// usage is what a process uses.
type usage struct {
	rss         uint64 // bytes
	descriptors int
	threads     int
}

// usageOf reads it where the system tells it in /proc.
func usageOf(pid int) (u usage, known bool) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return u, false
	}
	for line := range strings.Lines(string(b)) {
		if n, _ := fmt.Sscanf(line, "VmRSS: %d kB", &u.rss); n == 1 {
			u.rss <<= 10
		}
		fmt.Sscanf(line, "Threads: %d", &u.threads)
	}
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	u.descriptors = len(fds)
	return u, err == nil
}

// warmUp is how long a process has to find its level.
const warmUp = 20 * time.Second

// checkUsage checks that the show does not grow.
func (s *soak) checkUsage(now time.Time) {
	pid, since := s.show.pid()
	if pid == 0 {
		return
	}
	u, known := usageOf(pid)
	if !known {
		return
	}
	s.most = usage{max(s.most.rss, u.rss), max(s.most.descriptors, u.descriptors), max(s.most.threads, u.threads)}
	if now.Sub(since) < warmUp {
		return
	}
	if s.levelOf != pid {
		s.level, s.levelOf = u, pid
	}
	if u.descriptors > s.level.descriptors+16 || u.threads > s.level.threads+24 || u.rss > 2*s.level.rss+(128<<20) {
		s.verdict.broken("it grows: %d MiB, %d descriptors, %d threads; had %d MiB, %d, %d", u.rss>>20, u.descriptors, u.threads,
			s.level.rss>>20, s.level.descriptors, s.level.threads)
	}
}

// watch checks what is not checked packet by packet until ctx ends.
func (s *soak) watch(ctx context.Context) {
	tick := time.NewTicker(pulseEvery)
	defer tick.Stop()
	before := time.Now()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := time.Now()
		s.pulse.beat(now, max(0, now.Sub(before)-pulseEvery))
		before = now
		if n%50 == 0 {
			s.ears.judge(s.pulse.noise())
			s.ears.silent(now, s.pulse.noise())
			if how, died := s.show.diedAlone(); died {
				s.verdict.broken("the show has ended by itself (%s):\n            %s", how, s.show.tail(30))
			}
		}
		if n%200 == 0 {
			s.checkUsage(now)
		}
	}
}

// check checks what holds whenever a fault is over.
func (s *soak) check() {
	for _, l := range []*lamp{s.box, s.strip} {
		if err := l.checkLease(); err != nil {
			s.verdict.broken("%v", err)
		}
	}
}

// finish ends the show in good order: machinery is safe, the code that of the signal.
func (s *soak) finish() {
	s.ears.excuse(true)
	if pid, _ := s.show.pid(); pid == 0 {
		return
	}
	if _, err := s.endWell(); err != nil && !s.cutShort { // a fault may not have been over
		s.verdict.broken("at the end: %v", err)
	}
}

// endWell ends the show by a signal, and checks how it does.
func (s *soak) endWell() (time.Duration, error) {
	asked := time.Now()
	s.ears.excuse(true)
	if err := s.show.signal(os.Interrupt); err != nil {
		return 0, err
	}
	code, err := s.show.end(15 * time.Second)
	if err != nil {
		return 0, err
	}
	took := time.Since(asked)
	if code != 130 {
		return took, fmt.Errorf("the show ended with %d, want 130:\n            %s", code, s.show.tail(20))
	}
	at, safe, err := s.machines.safeSince(asked, true)
	if err == nil && !safe {
		err = fmt.Errorf("the valve was not vented when the show ended")
	}
	if err == nil && s.machines.movedSince(at) != "" {
		err = fmt.Errorf("%s after the safe action at the end", s.machines.movedSince(at))
	}
	return took, err
}
