package session

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"showrun/drivers/midi/wire"
)

var (
	begin  = time.Unix(1000, 0)
	hostAt = netip.MustParseAddrPort("10.0.0.1:5004")
	deskAt = netip.MustParseAddrPort("10.0.0.2:6000")
)

// cable joins sides in virtual time. A packet arrives at once, or is lost.
type cable struct {
	t     *testing.T
	now   time.Time
	sides map[netip.AddrPort]*side // by control port
	lose  func(b []byte) bool
	wire  []packet
	said  []string // of packets of the session protocol
}

type packet struct {
	control  bool
	b        []byte
	from, to netip.AddrPort
}

// side is a session and what it heard.
type side struct {
	*Session
	at    netip.AddrPort
	heard []string
	peers []string
}

func newCable(t *testing.T) *cable {
	return &cable{t: t, now: begin, sides: map[netip.AddrPort]*side{}, lose: func([]byte) bool { return false }}
}

func (c *cable) side(name string, at netip.AddrPort, ssrc uint32, accept bool) *side {
	s := &side{at: at}
	s.Session = New(Config{
		Name: name, SSRC: ssrc, Accept: accept,
		Send: func(control bool, b []byte, to netip.AddrPort) {
			from := at
			if !control {
				from = netip.AddrPortFrom(at.Addr(), at.Port()+1)
			}
			c.wire = append(c.wire, packet{control, slices.Clone(b), from, to})
		},
		OnMessage: func(r Received) {
			m := r.Message
			s.heard = append(s.heard, fmt.Sprintf("%x %d %d %d %s", byte(m.Kind), m.Channel, m.Number, m.Value, m.Data))
		},
		OnPeer: func(name string, present bool, _ time.Time) { s.peers = append(s.peers, fmt.Sprint(name, present)) },
	}, c.now)
	c.sides[at] = s
	return s
}

// carry delivers what was sent.
func (c *cable) carry() {
	for n := 0; len(c.wire) > 0; n++ {
		if n > 100000 {
			c.t.Fatal("they never stop talking")
		}
		p := c.wire[0]
		c.wire = c.wire[1:]
		if wire.IsControl(p.b) {
			c.said = append(c.said, string(p.b[2:4]))
		}
		if c.lose(p.b) {
			continue
		}
		to := p.to
		if s := c.sides[to]; s != nil {
			s.Receive(c.now, true, p.b, p.from)
		} else if s := c.sides[netip.AddrPortFrom(to.Addr(), to.Port()-1)]; s != nil {
			s.Receive(c.now, false, p.b, p.from)
		}
	}
}

// run goes from deadline to deadline.
func (c *cable) run(d time.Duration) {
	c.carry()
	for end := c.now.Add(d); ; {
		next := end
		for _, s := range c.sides {
			if at := s.Deadline(); !at.IsZero() && at.Before(next) {
				next = at
			}
		}
		if next.After(c.now) {
			c.now = next
		}
		for _, s := range c.sides {
			s.Step(c.now)
		}
		c.carry()
		if !c.now.Before(end) {
			return
		}
		c.now = c.now.Add(time.Millisecond)
	}
}

// pair is a host and a desk that has joined it.
func pair(t *testing.T) (c *cable, host, desk *side) {
	c = newCable(t)
	host, desk = c.side("host", hostAt, 1, true), c.side("desk", deskAt, 2, false)
	if err := desk.Invite(hostAt, c.now); err != nil {
		t.Fatal(err)
	}
	c.run(time.Second)
	return c, host, desk
}

func on(note, velocity int) wire.Message {
	return wire.Message{Kind: wire.NoteOn, Channel: 1, Number: note, Value: velocity}
}

func off(note int) wire.Message {
	return wire.Message{Kind: wire.NoteOff, Channel: 1, Number: note, Value: 64}
}

// TestASession joins, talks both ways, keeps the clocks in step and leaves.
func TestASession(t *testing.T) {
	c, host, desk := pair(t)
	if got := strings.Join(c.said, " "); got != "IN OK IN OK CK CK CK" {
		t.Errorf("said %s", got)
	}
	desk.Post(c.now, on(60, 100), off(60))
	host.Post(c.now, wire.Message{Kind: wire.Sysex, Data: strings.Repeat("x", 3000)}, wire.Message{Kind: wire.Clock})
	c.run(30 * time.Second)
	if want := []string{"90 1 60 100 ", "80 1 60 64 "}; !slices.Equal(host.heard, want) {
		t.Errorf("host heard %q", host.heard)
	}
	if want := []string{"f0 0 0 0 " + strings.Repeat("x", 3000), "f8 0 0 0 "}; !slices.Equal(desk.heard, want) {
		t.Errorf("desk heard %d messages, %.80q", len(desk.heard), desk.heard)
	}
	desk.Leave(c.now)
	c.run(time.Second)
	if want := []string{"desktrue", "deskfalse"}; !slices.Equal(host.peers, want) || len(host.Peers()) != 0 {
		t.Errorf("host saw %q", host.peers)
	}
}

// TestNotesEndAfterALoss loses packets at random: in the end no note sounds that was ended,
// and every packet that follows a loss has made up for it.
func TestNotesEndAfterALoss(t *testing.T) {
	for seed := range uint64(20) {
		c, host, desk := pair(t)
		random := rand.New(rand.NewPCG(seed, 1))
		c.lose = func(b []byte) bool { return !wire.IsControl(b) && random.Float64() < 0.3 }
		sounds := map[int]bool{}
		for range 300 {
			note := 40 + random.IntN(40)
			if sounds[note] {
				desk.Post(c.now, off(note))
			} else {
				desk.Post(c.now, on(note, 100))
			}
			sounds[note] = !sounds[note]
			c.run(time.Duration(random.IntN(100)) * time.Millisecond)
		}
		c.lose = func([]byte) bool { return false }
		desk.Post(c.now, wire.Message{Kind: wire.ControlChange, Channel: 1, Number: 1})
		c.run(time.Second)
		heard := map[int]bool{}
		for _, line := range host.heard {
			var kind, channel, note, velocity int
			fmt.Sscanf(line, "%x %d %d %d", &kind, &channel, &note, &velocity)
			switch kind {
			case 0x90:
				heard[note] = true
			case 0x80:
				heard[note] = false
			}
		}
		for note, is := range sounds {
			if heard[note] != is {
				t.Fatalf("seed %d: note %d sounds %v, want %v", seed, note, heard[note], is)
			}
		}
		if st := host.Stats(); st.Lost == 0 || st.Repaired == 0 || st.BrokenJournals > 0 {
			t.Fatalf("seed %d: %+v", seed, st)
		}
	}
}

// TestASilentPeerIsLostAndAskedAgain takes the host away and brings another.
func TestASilentPeerIsLostAndAskedAgain(t *testing.T) {
	c, _, desk := pair(t)
	c.sides[hostAt].Post(c.now, on(60, 1))
	c.carry()
	delete(c.sides, hostAt)
	c.run(2 * time.Minute)
	if !slices.Equal(desk.peers, []string{"hosttrue", "hostfalse"}) || !slices.Equal(desk.heard, []string{"90 1 60 1 ", "80 1 60 64 "}) {
		t.Errorf("saw %q, heard %q", desk.peers, desk.heard)
	}
	c.side("other", hostAt, 7, true)
	c.run(time.Minute)
	if got := desk.Peers(); !slices.Equal(got, []string{"other"}) {
		t.Errorf("in the session: %q", got)
	}
}

// TestOneHostAtATime: of two hosts of one name the guest is with one, and with the other when
// that is gone.
func TestOneHostAtATime(t *testing.T) {
	c := newCable(t)
	otherAt := netip.MustParseAddrPort("10.0.0.3:5004")
	one, other, desk := c.side("one", hostAt, 1, true), c.side("other", otherAt, 7, true), c.side("desk", deskAt, 2, false)
	desk.Invite(hostAt, c.now)
	desk.Invite(otherAt, c.now)
	c.run(2 * time.Minute)
	if got := slices.Concat(desk.Peers(), one.Peers(), other.Peers()); !slices.Equal(got, []string{"one", "desk"}) {
		t.Errorf("in the sessions: %q", got)
	}
	delete(c.sides, hostAt)
	c.run(3 * time.Minute)
	if got := slices.Concat(desk.Peers(), other.Peers()); !slices.Equal(got, []string{"other", "desk"}) {
		t.Errorf("in the sessions once the first is gone: %q", got)
	}
}

// TestASessionIsBounded has many knock: so many get in, and strangers are not heard.
func TestASessionIsBounded(t *testing.T) {
	c := newCable(t)
	host := c.side("host", hostAt, 1, true)
	var guests []*side
	for i := range MaxPeers + 5 {
		g := c.side("guest", netip.AddrPortFrom(deskAt.Addr(), 7000+2*uint16(i)), 100+uint32(i), false)
		g.Invite(hostAt, c.now)
		guests = append(guests, g)
	}
	c.run(time.Second)
	if n := len(host.Peers()); n != MaxPeers {
		t.Errorf("%d in the session", n)
	}
	b := wire.AppendPacket(nil, wire.Packet{SSRC: 100, Commands: []byte{0x90, 60, 1}})
	host.Receive(c.now, false, b, netip.MustParseAddrPort("10.0.0.9:7001"))
	guests[0].Receive(c.now, false, b, netip.MustParseAddrPort("10.0.0.9:7001"))
	if len(host.heard) > 0 || host.Stats().Foreign != 1 || host.Stats().Refused < 5 {
		t.Errorf("a stranger is heard: %q %+v", host.heard, host.Stats())
	}
}

// TestAPeerThatLies about lengths, jumps in its numbers and sends a journal of nonsense is counted,
// and heard again with the next packet that is right.
func TestAPeerThatLies(t *testing.T) {
	c, host, _ := pair(t)
	from := netip.AddrPortFrom(deskAt.Addr(), deskAt.Port()+1)
	number := uint16(100)
	head := func(jump uint16) []byte {
		number += jump
		return []byte{0x80, 0x61, byte(number >> 8), byte(number), 0, 0, 0, 0, 0, 0, 0, 2}
	}
	send := func(jump uint16, section ...byte) { host.Receive(c.now, false, append(head(jump), section...), from) }
	send(1, 3, 0x90, 60, 1)
	for _, lie := range [][]byte{
		{15, 0x90, 60},            // three bytes of fifteen
		{0x8f, 0xff, 0x90, 60, 1}, // of 4095
		{0x80},                    // a length without its second byte
		{0x43, 0x90, 61, 2, 0x2f, 0, 1, 0xff, 0xff, 0xff},      // a journal that goes on for ever
		{0x43, 0x90, 62, 2, 0x20, 0, 1, 0x40, 0x03, 8, 0xff},   // a chapter of notes without them
		{0x40, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, // nothing but a journal of ones
		{},
	} {
		send(1, lie...)
	}
	send(30000, 3, 0x90, 63, 3)
	send(60000, 3, 0x90, 64, 3) // back
	send(1<<15, 3, 0x90, 65, 3)
	host.Receive(c.now, false, []byte{0x80, 0x61, 0}, from)
	before := len(host.heard)
	send(5536, 3, 0x90, 66, 4)
	send(1, 3, 0x90, 67, 4)
	if len(host.heard) < before+1 || !slices.Contains(host.heard, "90 1 67 4 ") && !slices.Contains(host.heard, "90 1 66 4 ") {
		t.Errorf("heard %q", host.heard)
	}
	if n := len(host.heard); n > 300 {
		t.Errorf("%d messages from a dozen packets", n)
	}
	if st := host.Stats(); st.Malformed+st.BrokenCommands+st.BrokenJournals < 5 || st.Lost == 0 {
		t.Errorf("counted %+v", st)
	}
	if !slices.Equal(host.Peers(), []string{"desk"}) {
		t.Errorf("peers %q", host.Peers())
	}
}

// TestABeginnerOfTheSameNumber: a peer that lost its power and invites again under the number it
// had is one that has just come: its packets count, and what sounded has ended.
func TestABeginnerOfTheSameNumber(t *testing.T) {
	c := newCable(t)
	host := c.side("host", hostAt, 1, true)
	note := func(desk *side) {
		desk.Invite(hostAt, c.now)
		c.run(2 * time.Second)
		desk.Post(c.now, wire.Message{Kind: wire.NoteOn, Channel: 1, Number: 60, Value: 100})
		c.carry()
	}
	desk := c.side("desk", deskAt, 77, false)
	note(desk)
	desk.Session.peers[0].out.sequence += 3000 // a long evening
	desk.Post(c.now, wire.Message{Kind: wire.NoteOn, Channel: 1, Number: 61, Value: 100})
	c.carry()
	last := desk.Session.peers[0].out.sequence
	host.heard, host.peers = nil, nil
	again := c.side("desk", deskAt, 77, false)
	again.rand = 5 // another token than before
	again.Invite(hostAt, c.now)
	c.run(2 * time.Second)
	again.Session.peers[0].out.sequence = last - 1000
	again.Post(c.now, wire.Message{Kind: wire.NoteOn, Channel: 1, Number: 62, Value: 100})
	c.carry()
	want := []string{"80 1 60 64 ", "80 1 61 64 ", "90 1 62 100 "}
	if !slices.Equal(host.heard, want) || !slices.Equal(host.peers, []string{"deskfalse", "desktrue"}) {
		t.Errorf("heard %q of %q, want %q", host.heard, host.peers, want)
	}
}

// TestClocksOfALongRun: neither the clock of this side nor the stamps of a peer begin anew after
// days.
func TestClocksOfALongRun(t *testing.T) {
	c := newCable(t)
	s := c.side("host", hostAt, 1, true)
	const year = 365 * 24 * time.Hour
	if got := s.ticks(begin.Add(year)) - s.ticks(begin); got != uint64(year/(100*time.Microsecond)) {
		t.Errorf("a year is %d ticks", got)
	}
	var stamps []time.Duration
	s.cfg.OnMessage = func(r Received) { stamps = append(stamps, r.Stamp) }
	p := s.newPeer(deskAt)
	s.join(p, c.now)
	for i := range uint32(40) { // of two days each, a clock that is about to begin anew at first
		p.packet(c.now, wire.Packet{Sequence: uint16(i), Time: 1<<32 - 1 + i*2*24*3600*wire.TicksPerSecond, Commands: []byte{0xf8}})
	}
	for i := 1; i < len(stamps); i++ {
		if d := stamps[i] - stamps[i-1]; d != 48*time.Hour {
			t.Fatalf("stamp %d is %v after the one before", i, d)
		}
	}
}

func FuzzSession(f *testing.F) {
	f.Add(true, wire.AppendControl(nil, wire.Control{Command: wire.Invitation, SSRC: 9, Token: 4, Name: "x"}))
	f.Add(false, wire.AppendControl(nil, wire.Control{Command: wire.ClockSync, SSRC: 1}))
	f.Add(false, wire.AppendPacket(nil, wire.Packet{Sequence: 9, SSRC: 1, Commands: []byte{0x90, 60, 1, 5, 61, 2}, Journal: []byte{0x20, 0, 1, 0, 5, 8, 0, 0xf0}}))
	f.Fuzz(func(t *testing.T, control bool, b []byte) {
		c, host, desk := pair(t)
		for i := range b {
			part := b[i:]
			host.Receive(c.now, control, part, netip.AddrPortFrom(deskAt.Addr(), deskAt.Port()+1))
			desk.Receive(c.now, control, part, netip.AddrPortFrom(hostAt.Addr(), hostAt.Port()+1))
			if i > 8 {
				break
			}
		}
		c.run(20 * time.Second)
		if len(host.Session.peers) > MaxPeers {
			t.Fatal("too many")
		}
		desk.Post(c.now, on(1, 1))
	})
}
