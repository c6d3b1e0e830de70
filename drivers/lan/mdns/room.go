package mdns

import (
	"net/netip"
	"slices"
	"time"
)

// room makes room for a service of a sender: within its share, then among all. Of those
// that may go the one goes that was not heard for the longest time.
func (c *cache) room(s *segment, from netip.Addr, now time.Time) bool {
	k := key{c.service, typePTR}
	list, same := s.entries[k], 0
	for _, e := range list {
		if e.from == from {
			same++
		}
	}
	if same < MaxPerSender && len(list) < MaxServices {
		return true
	}
	oldest := -1
	for i, e := range list {
		instance, _ := e.target.label()
		mayGo := now.Sub(e.received) >= patience && (same < MaxPerSender || e.from == from) && !c.used(instance)
		if mayGo && (oldest < 0 || e.received.Before(list[oldest].received)) {
			oldest = i
		}
	}
	if oldest < 0 {
		return false
	}
	c.evicted++
	s.entries[k] = slices.Delete(list, oldest, oldest+1)
	return true
}

// doubt asks for a record that somebody has just said is no more, from at on: anybody can
// say so, and whoever has it contradicts. What is asked for anyway is asked for sooner,
// once a second at most.
func (s *segment) doubt(e *entry, at time.Time) {
	q := question{e.name.fold(), e.kind}
	p := s.plans[q]
	if p == nil {
		s.plans[q] = &plan{name: e.name, due: at, since: at, once: true}
		return
	}
	if last := p.due.Add(-p.wait); p.wait > 0 && at.Before(last.Add(firstAsk)) {
		at = last.Add(firstAsk)
	}
	if at.Before(p.due) {
		p.due, p.wait = at, firstAsk
	}
}
