package signet

import (
	"errors"
	"net/netip"
	"time"

	"showrun/drivers/signet/device"
	"showrun/drivers/signet/wire"
)

// interests are those of a Sender: polls, and whoever else carries its TUID.
type interests struct{ tuid TUID }

// Wants implements device.Interests.
func (i interests) Wants(r wire.Resource) bool {
	return r.Kind == wire.KindPoll || r.Kind == wire.KindNode && r.TUID == i.tuid
}

// said is what the presence has to say, until nothing is locked.
type said struct {
	resource   wire.Resource
	start, end int // in talk
}

// duplicateInterval is how often a duplicate TUID is logged.
const duplicateInterval = time.Minute

// Receive takes one packet that is no echo of ours: a poll, or the talk of a device with
// our TUID. It does not keep b.
func (s *Sender) Receive(now time.Time, b []byte, from netip.AddrPort) {
	s.ear.Lock()
	rival := s.hear(now, b, from)
	warning := s.presence.TakeWarning()
	due := s.presence.Deadline()
	s.ear.Unlock()
	s.setTalk(due)
	warning.Log(s.cfg.Log, s.cfg.TUID)
	if rival != 0 {
		s.cfg.Log.Warn("another device uses our sig-net TUID: give one of them a new TUID",
			"tuid", s.cfg.TUID.Screen(), "from", from, "session", rival)
	}
}

// hear judges one packet. It gives the session of another device with our TUID if that
// is to be logged; ear is held.
func (s *Sender) hear(now time.Time, b []byte, from netip.AddrPort) (rival uint32) {
	var p wire.Packet
	r, v := s.gate.Check(b, now, &p)
	s.presence.Verdict(v, from.Addr(), now)
	if v != wire.Accept {
		return 0
	}
	if r.Kind == wire.KindNode {
		s.duplicates++
		if now.Sub(s.duplicate) < duplicateInterval {
			return 0
		}
		s.duplicate = now
		return p.Session
	}
	if value, ok := wire.FindTLV(p.Payload, wire.TIDPoll); ok {
		if poll, err := wire.ParsePoll(value); err == nil {
			s.presence.Polled(poll, now)
		}
	}
	return 0
}

func (s *Sender) setTalk(due time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.talkDue = due
}

// Step does what is due at now besides the caller's flushes: talk about the device,
// sync, timecode, announcements, and universes that nobody else flushes. An error that
// numbering cannot go on ends a Sender; one of the network does not.
func (s *Sender) Step(now time.Time) error {
	if err := s.speak(now); err != nil {
		return err
	}
	if err := s.reserve(); err != nil {
		return err
	}
	s.mu.Lock()
	var frame time.Time
	if s.flushes.Due(now) {
		frame = now
	}
	s.mu.Unlock()
	s.turn.Seize()
	defer s.turn.Yield()
	if _, err := s.burst(now, frame); errors.Is(err, device.ErrSessionsSpent) || errors.Is(err, device.ErrSessionStore) {
		return err
	}
	return nil
}

// speak says what the device has to say about itself.
func (s *Sender) speak(now time.Time) error {
	s.ear.Lock()
	s.said, s.talk = s.said[:0], s.talk[:0]
	s.presence.Step(now, func(r wire.Resource, payload []byte) {
		start := len(s.talk)
		s.talk = append(s.talk, payload...)
		s.said = append(s.said, said{r, start, len(s.talk)})
	})
	lost, due := s.presence.Lost(now), s.presence.Deadline()
	s.ear.Unlock()
	s.mu.Lock()
	s.stats.Lost, s.talkDue = lost, due
	s.mu.Unlock()
	for _, x := range s.said {
		if err := s.say(now, x.resource, s.talk[x.start:x.end]); err != nil {
			return err
		}
	}
	return nil
}

// Deadline is when Step has something to do next.
func (s *Sender) Deadline() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.deadline()
}

// deadline is Deadline with mu held.
func (s *Sender) deadline() time.Time {
	next := s.flushes.Next()
	for _, t := range []time.Time{s.output.deadline(), s.talkDue} {
		if !t.IsZero() && t.Before(next) {
			next = t
		}
	}
	return next
}

// goodbye announces that every universe leaves.
func (s *Sender) goodbye(now time.Time) {
	s.mu.Lock()
	s.output.leaveAll()
	s.mu.Unlock()
	s.turn.Seize()
	_, err := s.burst(now, time.Time{})
	s.turn.Yield()
	if err != nil {
		s.cfg.Log.Warn("sig-net leave not announced", "error", err)
	}
}

// end makes every later flush fail.
func (s *Sender) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
}
