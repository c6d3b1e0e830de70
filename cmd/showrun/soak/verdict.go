//go:build unix

package soak

import (
	"fmt"
	"sync"
	"time"
)

// verdict keeps what was broken; safe from any goroutine.
type verdict struct {
	say func(format string, args ...any)

	mu    sync.Mutex
	fault string
	n     int
	said  map[string]bool // complaints in this fault, by their kind
}

// during tells which fault is on.
func (v *verdict) during(fault string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.fault, v.said = fault, map[string]bool{}
}

// broken notes that something does not hold. What is of the same kind counts once in a
// fault.
func (v *verdict) broken(format string, args ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.said[format] {
		return
	}
	v.said[format] = format != "%v"
	v.n++
	v.say("BROKEN (last fault: %s): %s", v.fault, fmt.Sprintf(format, args...))
}

func (v *verdict) count() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.n
}

// pulse measures how late this process itself is, which is how busy the machine is.
type pulse struct {
	mu     sync.Mutex
	late   [60]time.Duration // by second
	second int64
	most   time.Duration
}

const pulseEvery = 10 * time.Millisecond

// beat notes a lateness; to be called every pulseEvery.
func (p *pulse) beat(now time.Time, late time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := now.Unix(); s != p.second {
		p.second = s
		p.late[s%int64(len(p.late))] = 0
	}
	i := p.second % int64(len(p.late))
	p.late[i] = max(p.late[i], late)
	p.most = max(p.most, late)
}

// noise is how late this process was at most in the last few seconds.
func (p *pulse) noise() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	var most time.Duration
	for s := p.second - 3; s <= p.second; s++ {
		most = max(most, p.late[(s+int64(len(p.late)))%int64(len(p.late))])
	}
	return most
}

func (p *pulse) worst() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.most
}
