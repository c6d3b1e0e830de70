package source

import (
	"net/netip"
	"time"

	"showrun/drivers/lan"
	"showrun/drivers/stagelinq/discovery"
	"showrun/drivers/stagelinq/peer"
	"showrun/drivers/stagelinq/wire"
)

// Back-off of calls on one listener.
const (
	visitBackoffFirst = 500 * time.Millisecond
	visitBackoffMax   = 15 * time.Second
)

// call keeps a connection to a program that listens for units: some clients wait to be
// dialled (7.1).
type call struct {
	unit    discovery.Unit
	due     time.Time // of the next attempt, zero while one is under way
	main    peer.ID
	served  map[string]bool // what it offered
	backoff lan.Backoff
}

// Heard takes one datagram of another participant.
func (s *Source) Heard(h discovery.Heard) {
	if h.Port == 0 || discovery.IsHardware(h.Software) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	u, change, evicted := s.table.Heard(h.Announcement, h.Address, h.At)
	s.endCall(evicted)
	switch change {
	case discovery.Refused:
		s.count.noRoom.Add(1)
	case discovery.Moved:
		s.endCall(u.Token)
		s.beginCall(u, h.At)
	case discovery.Appeared:
		s.beginCall(u, h.At)
	case discovery.Left:
		s.endCall(u.Token)
	}
}

func (s *Source) beginCall(u discovery.Unit, now time.Time) {
	s.calls[u.Token] = &call{
		unit: u, due: now.Add(discovery.DialDelay), backoff: lan.Backoff{First: visitBackoffFirst, Max: visitBackoffMax},
	}
}

func (s *Source) endCall(token wire.Token) {
	if c := s.calls[token]; c != nil {
		delete(s.calls, token)
		s.closeCall(c)
	}
}

// closeCall closes every connection of a call.
func (s *Source) closeCall(c *call) {
	for id, st := range s.streams {
		if st.call == c {
			s.close(id)
		}
	}
}

// ring dials a listener when it is time.
func (s *Source) ring(c *call, now time.Time) {
	if c.due.IsZero() || now.Before(c.due) {
		return
	}
	c.due, c.served = time.Time{}, map[string]bool{}
	st := s.add(stream{call: c})
	c.main = st.id
	s.net.Dial(st.id, netip.AddrPortFrom(c.unit.Address, c.unit.Port))
}

// offeredTo takes a service that a listener announces: it is dialled and served on a
// connection of our own, once.
func (s *Source) offeredTo(c *call, m wire.Message) {
	wanted := m.Service == wire.ServiceStateMap || m.Service == wire.ServiceBeatInfo
	if !wanted || m.Port == 0 || c.served[m.Service] {
		return
	}
	c.served[m.Service] = true
	s.table.Hold(c.unit.Token, true)
	st := s.add(stream{call: c, service: m.Service})
	s.net.Dial(st.id, netip.AddrPortFrom(c.unit.Address, m.Port))
}

// hungUp takes the end of a connection of a call. With the main connection everything
// ends, and is tried again.
func (s *Source) hungUp(st *stream, err error, now time.Time) {
	c := st.call
	if st.id != c.main {
		return
	}
	s.closeCall(c)
	if s.table.Hold(c.unit.Token, false) {
		delete(s.calls, c.unit.Token)
		return
	}
	if len(c.served) > 0 {
		c.backoff.Reset()
	} else {
		s.log.Debug("cannot reach listener", "name", c.unit.Name, "address", c.unit.Address, "reason", peer.EndReason(err))
	}
	c.due = now.Add(c.backoff.Next(s.config.Random()))
}
