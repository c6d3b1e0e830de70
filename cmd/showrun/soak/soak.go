//go:build unix

// Package soak runs a show with every protocol on, does to it what a house and its network
// do, at random, and checks all the time that what is promised holds. The show is a process
// of its own, the command as it is used; what stands on the other side of its wires is in
// this process: it hears what really leaves.
package soak

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"time"
)

// Config is what a soak is told.
type Config struct {
	Command string        // the showrun to try
	For     time.Duration // how long
	Seed    uint64        // of the faults
	Only    string        // of the faults, those whose names have a part of this in them, which are divided by commas; "" for all
	Rest    time.Duration // between two faults, at most
	Each    bool          // every fault once, each load in its turn, and then end
	Out     io.Writer     // gets a line for every fault, and the verdict
}

var (
	// ErrBroken tells that something promised did not hold.
	ErrBroken = errors.New("an invariant was broken")
	// ErrNoFault tells that there is no such fault.
	ErrNoFault = errors.New("no fault has that in its name")
)

// Run runs a soak until it is over or ctx ends. It leaves nothing behind.
func Run(ctx context.Context, cfg Config) error {
	var faults []fault
	for _, f := range allFaults() {
		if slices.ContainsFunc(strings.Split(cfg.Only, ","), func(part string) bool { return strings.Contains(f.name, part) }) {
			faults = append(faults, f)
		}
	}
	if len(faults) == 0 {
		return ErrNoFault
	}
	dir, err := os.MkdirTemp("", "showrun-soak-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s := &soak{cfg: cfg, dir: dir, random: rand.New(rand.NewPCG(cfg.Seed, 13)), began: time.Now()}
	s.verdict.say = s.say
	s.verdict.during("none")
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer s.rest.Wait()
	defer stop()
	defer s.show.kill()
	if err := s.build(running, ctx); ctx.Err() != nil {
		return nil
	} else if err != nil {
		return err
	}
	s.say("soak of %v with seed %d", cfg.For, cfg.Seed)
	s.torment(ctx, faults)
	s.finish()
	stop()
	s.rest.Wait()
	s.replay(ctx)
	return s.conclude()
}

// soak is one run.
type soak struct {
	cfg    Config
	dir    string
	random *rand.Rand
	began  time.Time

	house
	verdict verdict
	counts  map[string]int
	slowest map[string]time.Duration
	faults  int

	cutShort bool // by a signal, within a fault
}

// say writes a line.
func (s *soak) say(format string, args ...any) {
	fmt.Fprintf(s.cfg.Out, "%8s  %s\n", time.Since(s.began).Round(100*time.Millisecond), fmt.Sprintf(format, args...))
}

// torment does one fault after the other until the time is over or ctx ends; some while a
// load is on.
func (s *soak) torment(ctx context.Context, faults []fault) {
	s.counts, s.slowest = map[string]int{}, map[string]time.Duration{}
	loads := allLoads()
	for ctx.Err() == nil && time.Since(s.began) < s.cfg.For && !(s.cfg.Each && s.faults == len(faults)) {
		wait(ctx, s.pause(0, s.cfg.Rest))
		if ctx.Err() != nil {
			return
		}
		f, l, loaded := faults[s.random.IntN(len(faults))], loads[s.random.IntN(len(loads))], s.random.IntN(3) == 0
		if s.cfg.Each {
			f, l, loaded = faults[s.faults], loads[s.faults%len(loads)], s.faults%2 == 1
		}
		relieve, load := func() {}, ""
		if loaded {
			load, relieve = " under "+l.name, l.begin(s)
		}
		s.faults++
		s.verdict.during(f.name + load)
		took, err := f.do(s, ctx)
		relieve()
		if ctx.Err() != nil {
			s.cutShort = true
			return
		}
		s.counts[f.name]++
		s.slowest[f.name] = max(s.slowest[f.name], took)
		if err != nil {
			s.verdict.broken("%v", err)
			s.recover(ctx)
			continue
		}
		s.say("#%d %s%s: well after %v", s.faults, f.name, load, took.Round(time.Millisecond))
		s.check()
	}
}

// recover starts a show anew that a fault has left in no good state.
func (s *soak) recover(ctx context.Context) {
	s.show.kill()
	s.machines.heard.reset()
	if _, err := s.comeUp(ctx); err != nil && ctx.Err() == nil {
		s.verdict.broken("after that: %v", err)
	}
}

// conclude writes the verdict.
func (s *soak) conclude() error {
	names := make([]string, 0, len(s.counts))
	for name := range s.counts {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		s.say("%3d x %-44s slowest %v", s.counts[name], name, s.slowest[name].Round(time.Millisecond))
	}
	s.say("%v", s.ears.report())
	s.say("stops: %s", s.machines.report())
	s.say("%d starts of the show; largest RSS %d MiB, %d descriptors, %d threads; this process was up to %v late",
		s.starts, s.most.rss>>20, s.most.descriptors, s.most.threads, s.pulse.worst().Round(time.Millisecond))
	minutes := time.Since(s.began).Minutes()
	if n := s.verdict.count(); n > 0 {
		s.say("BROKEN: %d times, in %d faults, %.1f a minute; seed %d", n, s.faults, float64(s.faults)/minutes, s.cfg.Seed)
		return ErrBroken
	}
	s.say("HELD: %d faults, %.1f a minute; seed %d", s.faults, float64(s.faults)/minutes, s.cfg.Seed)
	return nil
}

// wait waits until ctx ends at the latest.
func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// awaits waits until something is so and tells how long that took.
func awaits(ctx context.Context, what string, limit time.Duration, so func() bool) (time.Duration, error) {
	began := time.Now()
	for !so() {
		if time.Since(began) > limit {
			return limit, fmt.Errorf("%s: not after %v", what, limit)
		}
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		wait(ctx, 5*time.Millisecond)
	}
	return time.Since(began), nil
}
