package session

import (
	"net/netip"
	"slices"
	"time"

	"showrun/drivers/midi/wire"
)

// peer is one that is in the session or is to be.
type peer struct {
	s       *Session
	mine    bool // this side invited it
	state   state
	name    string
	ssrc    uint32
	token   uint32
	control netip.AddrPort
	data    netip.AddrPort

	tries int
	syncs int
	due   time.Time // of the next invitation or synchronisation
	heard time.Time // last

	in  incoming
	out outgoing
}

// incoming is what is known of what a peer sends.
type incoming struct {
	any      bool
	sequence uint16 // of the newest packet
	ticks    uint64 // its time, which does not begin anew
	list     wire.List
	sounds   [16][128]bool
	controls [16][128]int16 // +1; 0 for not known
	program  [16]int16
	bend     [16]int
	feedback time.Time // when it is told what arrived; zero if there is nothing to tell
}

// outgoing is what a peer is sent.
type outgoing struct {
	sequence uint16
	waiting  []wire.Message
	part     int // of the first that waits that has gone
	journal  journal
}

func (s *Session) newPeer(control netip.AddrPort) *peer {
	return &peer{s: s, control: control, data: netip.AddrPortFrom(control.Addr(), control.Port()+1), name: control.String()}
}

// accepted takes the answer of a host.
func (p *peer) accepted(now time.Time, control bool, c wire.Control) {
	switch {
	case p.state == inviting && control:
		p.ssrc, p.state, p.tries, p.due = c.SSRC, invitingIt, 0, now
		if c.Name != "" {
			p.name = c.Name
		}
		p.step(now)
	case p.state == invitingIt && !control && c.SSRC == p.ssrc && p.s.guest() != nil:
		p.s.bye(p)
		p.rest(now)
	case p.state == invitingIt && !control && c.SSRC == p.ssrc:
		p.s.join(p, now)
		p.step(now)
	}
}

// rest waits before it is asked again.
func (p *peer) rest(now time.Time) {
	p.state, p.tries, p.due = resting, 0, now.Add(invitePause)
}

func (p *peer) deadline() time.Time {
	d := p.due
	if p.state != present {
		return d
	}
	earlier := func(t time.Time) {
		if !t.IsZero() && t.Before(d) {
			d = t
		}
	}
	if !p.mine {
		d = p.heard.Add(silence)
	}
	earlier(p.heard.Add(silence))
	earlier(p.in.feedback)
	return d
}

// step does what is due.
func (p *peer) step(now time.Time) {
	switch p.state {
	case resting:
		if !now.Before(p.due) {
			p.state, p.token = inviting, p.s.token()
			p.invite(now)
		}
	case inviting, invitingIt:
		if !now.Before(p.due) {
			p.invite(now)
		}
	case present:
		p.keep(now)
	}
}

// invite asks once more; one that was invited by the peer and never got to its data port is
// forgotten.
func (p *peer) invite(now time.Time) {
	if !p.mine {
		p.s.remove(p, now)
		return
	}
	if p.tries >= inviteMost || p.s.guest() != nil {
		p.rest(now)
		return
	}
	p.tries++
	p.due = now.Add(inviteEvery)
	to := p.control
	if p.state == invitingIt {
		to = p.data
	}
	p.s.send(p.state == inviting, wire.Control{Command: wire.Invitation, Token: p.token, SSRC: p.s.cfg.SSRC, Name: p.s.cfg.Name}, to)
}

// keep does what is due with a peer that is present. Who invited synchronises the clocks,
// which also tells that it is there.
func (p *peer) keep(now time.Time) {
	if now.Sub(p.heard) >= silence {
		p.s.gone(p, now, "it fell silent")
		return
	}
	if p.mine && !now.Before(p.due) {
		p.due = now.Add(syncEvery)
		if p.syncs++; p.syncs <= syncFast {
			p.due = now.Add(syncFirst)
		}
		p.s.send(false, wire.Control{Command: wire.ClockSync, SSRC: p.s.cfg.SSRC, Times: [3]uint64{p.s.ticks(now)}}, p.data)
	}
	if f := p.in.feedback; !f.IsZero() && !now.Before(f) {
		p.in.feedback = time.Time{}
		p.s.send(true, wire.Control{Command: wire.Feedback, SSRC: p.s.cfg.SSRC, Sequence: p.in.sequence}, p.control)
	}
}

// sync takes a synchronisation and answers it. What it tells of the clock of the peer is of
// no use here: who follows a beat learns that from the stamps themselves.
func (p *peer) sync(now time.Time, c wire.Control) {
	p.heard = now
	if c.Count == 2 {
		return
	}
	c.SSRC, c.Count = p.s.cfg.SSRC, c.Count+1
	c.Times[c.Count] = p.s.ticks(now)
	p.s.send(false, c, p.data)
}

// packet takes messages. A packet that comes after one that was sent later is dropped: the
// journal of the later one has told what it said.
func (p *peer) packet(now time.Time, packet wire.Packet) {
	in := &p.in
	p.heard = now
	ahead := int16(packet.Sequence - in.sequence)
	switch {
	case !in.any:
		in.any, in.ticks, ahead = true, uint64(packet.Time)+1<<32, 1
	case ahead <= 0:
		p.s.count.Late++
		return
	default:
		in.ticks += uint64(int64(int32(packet.Time - uint32(in.ticks))))
	}
	if ahead > 1 {
		p.s.count.Lost += uint64(ahead - 1)
		in.list.Lost()
		p.mend(now, packet.Journal)
	}
	in.sequence = packet.Sequence
	if in.feedback.IsZero() {
		in.feedback = now.Add(feedbackEvery)
	}
	whole := in.list.Read(packet, func(ticks uint32, m wire.Message) {
		p.hear(m)
		p.tell(m, now, time.Duration(in.ticks+uint64(ticks))*wire.Tick)
	})
	if !whole {
		p.s.count.BrokenCommands++
	}
}

func (p *peer) tell(m wire.Message, at time.Time, stamp time.Duration) {
	p.s.count.Received++
	if p.s.cfg.OnMessage != nil {
		p.s.cfg.OnMessage(Received{m, p.name, p.ssrc, at, stamp})
	}
}

// hear remembers what a message leaves.
func (p *peer) hear(m wire.Message) {
	if !m.Kind.HasChannel() {
		return
	}
	ch := m.Channel - 1
	switch m.Kind {
	case wire.NoteOn:
		p.in.sounds[ch][m.Number] = m.Value > 0
	case wire.NoteOff:
		p.in.sounds[ch][m.Number] = false
	case wire.ControlChange:
		p.in.controls[ch][m.Number] = int16(m.Value) + 1
	case wire.ProgramChange:
		p.in.program[ch] = int16(m.Number) + 1
	case wire.PitchBend:
		p.in.bend[ch] = m.Number
	}
}

// mend makes up for lost packets by what a journal says: notes end that have ended, those
// begin that are worth it, and controllers, programs and bends are where they are.
func (p *peer) mend(now time.Time, b []byte) {
	if b == nil {
		return
	}
	j, err := wire.ParseJournal(b)
	if err != nil {
		p.s.count.BrokenJournals++
		return
	}
	for _, c := range j.Channels {
		for _, m := range p.in.missed(c) {
			p.s.count.Repaired++
			p.hear(m)
			p.tell(m, now, 0)
		}
	}
}

// missed are the messages that lead from what is known to what the journal of a channel
// says.
func (in *incoming) missed(c wire.ChannelJournal) (list []wire.Message) {
	ch := c.Channel - 1
	add := func(k wire.Kind, number, value int) {
		list = append(list, wire.Message{Kind: k, Channel: c.Channel, Number: number, Value: value})
	}
	if c.Program != nil && in.program[ch] != int16(*c.Program)+1 {
		add(wire.ProgramChange, *c.Program, 0)
	}
	for _, v := range c.Controls {
		if in.controls[ch][v.Number] != int16(v.Value)+1 {
			add(wire.ControlChange, v.Number, v.Value)
		}
	}
	if c.Bend != nil && in.bend[ch] != *c.Bend {
		add(wire.PitchBend, *c.Bend, 0)
	}
	for _, n := range c.Off {
		if in.sounds[ch][n] && !slices.ContainsFunc(c.On, func(v wire.Value) bool { return v.Number == n }) {
			add(wire.NoteOff, n, 64)
		}
	}
	for _, v := range c.On {
		if !in.sounds[ch][v.Number] && v.Value > 0 {
			add(wire.NoteOn, v.Number, v.Value)
		}
	}
	return list
}

// silence ends all notes that sound.
func (p *peer) silence(now time.Time) {
	for ch := range p.in.sounds {
		for n, on := range p.in.sounds[ch] {
			if on {
				p.tell(wire.Message{Kind: wire.NoteOff, Channel: ch + 1, Number: n, Value: 64}, now, 0)
			}
		}
	}
	p.in = incoming{}
}

// post sends messages.
func (p *peer) post(now time.Time, list []wire.Message) {
	o := &p.out
	for _, m := range list {
		if len(o.waiting) >= backlog {
			p.s.count.Dropped++
			continue
		}
		o.waiting = append(o.waiting, m)
	}
	for len(o.waiting) > 0 {
		commands, rest, part := wire.AppendCommands(nil, o.waiting, o.part)
		sent := o.waiting[:len(o.waiting)-len(rest)]
		p.s.count.Sent += uint64(len(sent))
		o.sequence++
		p.s.cfg.Send(false, wire.AppendPacket(nil, wire.Packet{
			Sequence: o.sequence, Time: uint32(p.s.ticks(now)), SSRC: p.s.cfg.SSRC, Commands: commands, Journal: o.journal.bytes(o.sequence),
		}), p.data)
		o.journal.add(o.sequence, sent)
		o.waiting, o.part = rest, part
	}
	o.waiting = nil
}

// acknowledged takes what a peer says to have.
func (p *peer) acknowledged(sequence uint16) { p.out.journal.acknowledged(sequence) }
