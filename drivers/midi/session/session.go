// Package session is a session of RTP-MIDI: who is in it, what they send one another, and
// what is done about packets that were lost. It opens no socket; drivers/midi does.
//
// A participant invites a host, first on its control port and then on the data port behind
// it; from there on both are equal. See PROTOCOL.md 4.
package session

import (
	"errors"
	"log/slog"
	"net/netip"
	"time"

	"showrun/drivers/midi/wire"
)

// Timing (PROTOCOL.md 4).
const (
	inviteEvery   = time.Second
	inviteMost    = 12               // invitations before there is a pause ...
	invitePause   = 10 * time.Second // ... of this length
	syncEvery     = 10 * time.Second
	syncFirst     = 1500 * time.Millisecond
	syncFast      = 3 // first ones that come faster
	silence       = 60 * time.Second
	feedbackEvery = time.Second
)

// MaxPeers is how many may be in a session at once.
const MaxPeers = 16

// backlog is how many messages of a peer's may wait for a packet, which is only while a
// long system exclusive message leaves in parts.
const backlog = 256

// Received is a message that came in.
type Received struct {
	Message wire.Message
	From    string        // name of the peer ...
	SSRC    uint32        // ... and its number
	At      time.Time     // of its arrival
	Stamp   time.Duration // on the clock of the peer, from any instant on; 0 if it is not of a packet: it mends a loss
}

// Config describes a session. The functions are called by Receive and Step.
type Config struct {
	Name string // of this side, for people
	SSRC uint32 // of this side, random
	// Accept tells that invitations are accepted: this side is a host.
	Accept bool
	// Send sends a packet from the control port or the data port.
	Send func(control bool, b []byte, to netip.AddrPort)
	// OnMessage is told of each message. It may be nil.
	OnMessage func(Received)
	// OnPeer is told who joins and leaves. It may be nil.
	OnPeer func(name string, present bool, at time.Time)
	Log    *slog.Logger // nil discards
}

// Stats are counters.
type Stats struct {
	Received, Sent  uint64 // messages
	Malformed       uint64 // packets that are none
	Foreign         uint64 // packets of nobody in the session
	Lost            uint64 // packets
	Late            uint64 // packets that came after others that were sent later, and are dropped
	Repaired        uint64 // messages made of a recovery journal
	Dropped         uint64 // messages there was no room for
	Refused         uint64 // invitations
	BrokenJournals  uint64
	BrokenCommands  uint64
	ControlsUnknown uint64
}

// state is how far a peer is.
type state int

const (
	inviting   state = iota // its control port
	invitingIt              // its data port
	present
	resting // it was not there, or said no
)

// Session is one. It belongs to one goroutine or lock.
type Session struct {
	cfg   Config
	peers []*peer
	count Stats
	log   *slog.Logger
	epoch time.Time
	rand  uint32
}

// New makes a session in which nobody is.
func New(cfg Config, now time.Time) *Session {
	s := &Session{cfg: cfg, log: cfg.Log, epoch: now, rand: cfg.SSRC | 1}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s
}

// Stats returns the counters.
func (s *Session) Stats() Stats { return s.count }

// Peers are the names of those present.
func (s *Session) Peers() (names []string) {
	for _, p := range s.peers {
		if p.state == present {
			names = append(names, p.name)
		}
	}
	return names
}

// ticks is the clock of this side.
func (s *Session) ticks(at time.Time) uint64 {
	return uint64(at.Sub(s.epoch)/wire.Tick) + wire.TicksPerSecond
}

// token is a number of no meaning, another each time.
func (s *Session) token() uint32 {
	s.rand ^= s.rand << 13
	s.rand ^= s.rand >> 17
	s.rand ^= s.rand << 5
	return s.rand
}

// ErrFull is what a session gives that has no room for another peer.
var ErrFull = errors.New("midi: the session is full")

// Invite asks the host at a control port until it accepts, and again when it is lost. Of
// several hosts this side is with one at a time: the first that accepts.
func (s *Session) Invite(to netip.AddrPort, now time.Time) error {
	if s.find(func(p *peer) bool { return p.mine && p.control == to }) != nil {
		return nil
	}
	if len(s.peers) >= MaxPeers {
		return ErrFull
	}
	p := s.newPeer(to)
	p.mine, p.token, p.due = true, s.token(), now
	s.peers = append(s.peers, p)
	s.Step(now)
	return nil
}

// Withdraw leaves the host at a control port and does not ask it again.
func (s *Session) Withdraw(to netip.AddrPort, now time.Time) {
	if p := s.find(func(p *peer) bool { return p.mine && p.control == to }); p != nil {
		s.bye(p)
		s.remove(p, now)
	}
}

// guest is the host that this side is with; nil if it is with none.
func (s *Session) guest() *peer {
	return s.find(func(p *peer) bool { return p.mine && p.state == present })
}

func (s *Session) find(is func(*peer) bool) *peer {
	for _, p := range s.peers {
		if is(p) {
			return p
		}
	}
	return nil
}

// Receive takes a packet that came to the control port or to the data port.
func (s *Session) Receive(now time.Time, control bool, b []byte, from netip.AddrPort) {
	s.Step(now)
	if wire.IsControl(b) {
		c, err := wire.ParseControl(b)
		switch {
		case err != nil && len(b) >= 4 && b[2] >= 'A' && b[2] <= 'Z':
			s.count.ControlsUnknown++
		case err != nil:
			s.count.Malformed++
		default:
			s.control(now, control, c, from)
		}
		return
	}
	p, err := wire.ParsePacket(b)
	if err != nil || control {
		s.count.Malformed++
		return
	}
	sender := s.find(func(q *peer) bool { return q.state == present && q.ssrc == p.SSRC && q.data == from })
	if sender == nil {
		s.count.Foreign++
		return
	}
	sender.packet(now, p)
}

// control takes a packet of the session protocol.
func (s *Session) control(now time.Time, control bool, c wire.Control, from netip.AddrPort) {
	if c.Command == wire.Invitation {
		s.invited(now, control, c, from)
		return
	}
	p := s.find(func(p *peer) bool {
		switch c.Command {
		case wire.Accepted, wire.Rejected:
			return p.mine && p.token == c.Token && (p.control == from && control || p.data == from && !control)
		case wire.Ended:
			return p.ssrc == c.SSRC && p.state == present && (p.control == from || p.data == from)
		}
		return p.ssrc == c.SSRC && p.state == present && (p.data == from || p.control == from)
	})
	if p == nil {
		s.count.Foreign++
		return
	}
	switch c.Command {
	case wire.Accepted:
		p.accepted(now, control, c)
	case wire.Rejected:
		if p.state != present {
			s.log.Warn("midi: the session does not let us in", "at", p.control)
			p.rest(now)
		}
	case wire.Ended:
		s.gone(p, now, "it left")
	case wire.ClockSync:
		p.sync(now, c)
	case wire.Feedback:
		p.acknowledged(c.Sequence)
	}
}

// invited takes an invitation: first on the control port, then on the data port.
func (s *Session) invited(now time.Time, control bool, c wire.Control, from netip.AddrPort) {
	answer := wire.Control{Command: wire.Rejected, Token: c.Token, SSRC: s.cfg.SSRC}
	p := s.find(func(p *peer) bool { return !p.mine && p.ssrc == c.SSRC && p.control.Addr() == from.Addr() })
	if p != nil && p.state == present && control && s.cfg.Accept && p.token != c.Token {
		s.gone(p, now, "it has begun anew") // its numbers begin anew too, and what sounded does no longer
		p = nil
	}
	switch {
	case !s.cfg.Accept || p == nil && (!control || len(s.peers) >= MaxPeers):
		s.count.Refused++
		s.send(control, answer, from)
		return
	case p == nil:
		p = s.newPeer(from)
		p.state, p.due = invitingIt, now.Add(inviteMost*inviteEvery)
		s.peers = append(s.peers, p)
	}
	p.ssrc, p.token, p.name = c.SSRC, c.Token, c.Name
	answer.Command, answer.Name = wire.Accepted, s.cfg.Name
	s.send(control, answer, from)
	if control {
		p.control = from
		return
	}
	p.data = from
	if p.state != present {
		s.join(p, now)
	}
}

// join lets a peer in.
func (s *Session) join(p *peer, now time.Time) {
	p.state, p.heard, p.tries, p.syncs, p.due = present, now, 0, 0, now
	p.in, p.out = incoming{}, outgoing{sequence: uint16(s.token())}
	s.log.Info("midi: in a session", "with", p.name, "at", p.control)
	if s.cfg.OnPeer != nil {
		s.cfg.OnPeer(p.name, true, now)
	}
}

// gone takes out a peer that left or fell silent. One that was invited is invited again.
func (s *Session) gone(p *peer, now time.Time, why string) {
	was := p.state
	if p.mine {
		if was == present {
			s.left(p, now, why)
		}
		p.rest(now)
		return
	}
	s.remove(p, now)
	if was == present {
		s.log.Info("midi: no longer in the session", "with", p.name, "because", why)
	}
}

// left silences what a peer left sounding and tells that it is gone.
func (s *Session) left(p *peer, now time.Time, why string) {
	s.log.Info("midi: the session is lost", "with", p.name, "because", why)
	p.silence(now)
	p.state = resting
	if s.cfg.OnPeer != nil {
		s.cfg.OnPeer(p.name, false, now)
	}
}

func (s *Session) remove(p *peer, now time.Time) {
	if p.state == present {
		p.silence(now)
		if s.cfg.OnPeer != nil {
			s.cfg.OnPeer(p.name, false, now)
		}
	}
	for i, q := range s.peers {
		if q == p {
			s.peers = append(s.peers[:i], s.peers[i+1:]...)
			return
		}
	}
}

func (s *Session) send(control bool, c wire.Control, to netip.AddrPort) {
	s.cfg.Send(control, wire.AppendControl(nil, c), to)
}

func (s *Session) bye(p *peer) {
	s.send(true, wire.Control{Command: wire.Ended, Token: p.token, SSRC: s.cfg.SSRC}, p.control)
}

// Leave says good-bye to all; nobody is invited any more.
func (s *Session) Leave(now time.Time) {
	for len(s.peers) > 0 {
		if s.peers[0].state == present {
			s.bye(s.peers[0])
		}
		s.remove(s.peers[0], now)
	}
}

// Post sends messages, as of an instant, to all that are present.
func (s *Session) Post(now time.Time, list ...wire.Message) {
	for _, p := range s.peers {
		if p.state == present {
			p.post(now, list)
		}
	}
}

// PostExcept sends messages to all but one peer.
func (s *Session) PostExcept(now time.Time, ssrc uint32, list ...wire.Message) {
	for _, p := range s.peers {
		if p.state == present && p.ssrc != ssrc {
			p.post(now, list)
		}
	}
}

// Deadline is when Step has something to do; zero for never.
func (s *Session) Deadline() (next time.Time) {
	for _, p := range s.peers {
		if d := p.deadline(); next.IsZero() || d.Before(next) {
			next = d
		}
	}
	return next
}

// Step does what is due.
func (s *Session) Step(now time.Time) {
	for i := len(s.peers) - 1; i >= 0; i-- {
		if i < len(s.peers) {
			s.peers[i].step(now)
		}
	}
}
