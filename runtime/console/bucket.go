package console

import (
	"net/netip"
	"sync"
	"time"
)

// A bucket lets so many through a second, and more at once after a pause.
type bucket struct {
	rate, burst float64
	left        float64
	at          time.Time // when left was so many; zero for a full bucket
}

// take takes n at now, and returns how long who wanted them has to wait for them.
func (b *bucket) take(now time.Time, n float64) (wait time.Duration) {
	b.fill(now)
	b.left -= n
	if b.left >= 0 {
		return 0
	}
	return time.Duration(-b.left / b.rate * float64(time.Second))
}

// allow takes one at now, if there is one.
func (b *bucket) allow(now time.Time) bool {
	b.fill(now)
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}

func (b *bucket) fill(now time.Time) {
	if b.at.IsZero() {
		b.left = b.burst
	} else if passed := now.Sub(b.at); passed > 0 {
		b.left = min(b.burst, b.left+passed.Seconds()*b.rate)
	}
	b.at = now
}

// full tells whether a bucket is at now as if nobody had taken anything.
func (b *bucket) full(now time.Time) bool {
	b.fill(now)
	return b.left >= b.burst
}

// A measure has a bucket for each address that takes anything, for some addresses at most:
// who is beyond shares one. It is safe from any goroutine.
type measure struct {
	rate, burst float64

	mu     sync.Mutex
	by     map[netip.Prefix]*bucket
	others bucket
}

// maxMeasured is how many addresses have a bucket of their own.
const maxMeasured = 1024

func newMeasure(rate, burst float64) *measure {
	return &measure{rate: rate, burst: burst, by: map[netip.Prefix]*bucket{}, others: bucket{rate: rate, burst: burst}}
}

// allow takes one for an address at now, if there is one.
func (m *measure) allow(from netip.Prefix, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.of(from, now).allow(now)
}

func (m *measure) of(from netip.Prefix, now time.Time) *bucket {
	if b := m.by[from]; b != nil {
		return b
	}
	if len(m.by) == maxMeasured {
		for p, b := range m.by {
			if b.full(now) {
				delete(m.by, p)
			}
		}
	}
	if len(m.by) == maxMeasured {
		return &m.others
	}
	b := &bucket{rate: m.rate, burst: m.burst}
	m.by[from] = b
	return b
}

// neighbours are the addresses that count as one: an IPv4 address, or the network of an
// IPv6 address, of which a machine has as many as it likes.
func neighbours(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits)
	return p
}
