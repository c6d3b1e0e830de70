package node

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"showrun/drivers/artnet/wire"
)

var (
	start = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	desk  = netip.MustParseAddr("2.0.0.1")
	other = netip.MustParseAddr("2.0.0.2")
	third = netip.MustParseAddr("2.0.0.3")
	self  = netip.MustParseAddr("2.0.0.9")
)

// stage is a Node in a script: what it is told, what it shows and what it says.
type stage struct {
	*testing.T
	*Node
	now     time.Time
	shown   []string
	replies []wire.Reply
	to      []netip.Addr
}

func newStage(t *testing.T, cfg Config) *stage {
	t.Helper()
	s := &stage{T: t, now: start}
	cfg.OnLevels = func(a wire.Address, levels []byte, _ Packet) { s.shown = append(s.shown, fmt.Sprint(a, levels)) }
	cfg.Delay = -1
	var err error
	s.Node, err = New(cfg, self, func(to netip.AddrPort, b []byte) error {
		r, err := wire.ParseReply(b)
		s.replies, s.to = append(s.replies, r), append(s.to, to.Addr())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *stage) hear(from netip.Addr, b []byte) {
	s.Receive(s.now, b, netip.AddrPortFrom(from, wire.Port))
	s.Node.Step(s.now)
}

func (s *stage) dmx(from netip.Addr, levels ...byte) { s.hear(from, dmx(0, 0, 1, levels...)) }

func dmx(sequence, physical byte, a wire.Address, levels ...byte) []byte {
	return wire.AppendDmx(nil, wire.Dmx{Sequence: sequence, Physical: physical, Address: a, Levels: levels})
}

// wait lets time pass, with every step that is due.
func (s *stage) wait(d time.Duration) {
	end := s.now.Add(d)
	for {
		due := s.Node.Deadline()
		if due.IsZero() || due.After(end) {
			break
		}
		s.now = due
		s.Node.Step(due)
	}
	s.now = end
}

func (s *stage) want(shown ...string) {
	s.Helper()
	if !slices.Equal(s.shown, shown) {
		s.Errorf("shown %q, want %q", s.shown, shown)
	}
	s.shown = nil
}

func (s *stage) command(c wire.Command) {
	s.hear(desk, wire.AppendProgram(nil, wire.Program{BindIndex: 1, Command: c}))
}

func one(t *testing.T) *stage { return newStage(t, Config{Universes: []wire.Address{1}}) }

func TestLevelsAreShownAsTheyChange(t *testing.T) {
	s := one(t)
	s.dmx(desk, 1, 2)
	s.dmx(desk, 1, 2)
	s.dmx(desk, 1, 3, 4, 5)
	s.hear(desk, dmx(0, 0, 2, 9, 9))
	s.want("0:0:1 [1 2]", "0:0:1 [1 3 4 5]")
}

func TestOvertakenPacketsAreDropped(t *testing.T) {
	s := one(t)
	for _, sequence := range []byte{254, 255, 1, 255, 2} {
		s.hear(desk, dmx(sequence, 0, 1, sequence, 0))
	}
	s.want("0:0:1 [254 0]", "0:0:1 [255 0]", "0:0:1 [1 0]", "0:0:1 [2 0]")
	if s.Stats().Stale != 1 {
		t.Errorf("%+v", s.Stats())
	}
}

func TestTwoSourcesAreMergedAndAThirdIsIgnored(t *testing.T) {
	s := one(t)
	s.dmx(desk, 10, 20)
	s.dmx(other, 20, 10)
	s.dmx(third, 255, 255)
	s.dmx(desk, 5, 30)
	s.want("0:0:1 [10 20]", "0:0:1 [20 20]", "0:0:1 [20 30]")
	if s.Stats().Crowd != 1 {
		t.Errorf("%+v", s.Stats())
	}
}

func TestInputsOfOneAddressAreMergedToo(t *testing.T) {
	s := one(t)
	s.hear(desk, dmx(0, 0, 1, 10, 20))
	s.hear(desk, dmx(0, 1, 1, 20, 10))
	s.want("0:0:1 [10 20]", "0:0:1 [20 20]")
}

func TestASourceThatStopsStaysForTenSeconds(t *testing.T) {
	s := one(t)
	s.dmx(desk, 10, 20)
	s.dmx(other, 20, 10)
	for range 9 {
		s.wait(time.Second)
		s.dmx(other, 20, 10)
	}
	s.want("0:0:1 [10 20]", "0:0:1 [20 20]")
	s.wait(time.Second)
	s.want("0:0:1 [20 10]")
	s.dmx(third, 1, 30)
	s.want("0:0:1 [20 30]")
}

func TestTheOutputHoldsWhenAllSourcesStop(t *testing.T) {
	var stopped []string
	s := newStage(t, Config{Universes: []wire.Address{1}, OnStopped: func(a wire.Address, at time.Time) {
		stopped = append(stopped, fmt.Sprint(a, " ", at.Sub(start)))
	}})
	s.dmx(desk, 10, 20)
	s.dmx(other, 20, 10)
	s.shown = nil
	s.wait(time.Minute)
	s.want()
	if !slices.Equal(stopped, []string{"0:0:1 10s"}) {
		t.Errorf("stopped %q", stopped)
	}
	if got := s.Levels(1); !slices.Equal(got, []byte{20, 20}) {
		t.Errorf("holds %v", got)
	}
	s.dmx(third, 3, 3)
	s.want("0:0:1 [3 3]")
}

func TestLatestChangeCounts(t *testing.T) {
	s := one(t)
	s.command(wire.CommandMergeLTP)
	s.dmx(desk, 10, 20)
	s.dmx(other, 5, 5)
	s.dmx(desk, 10, 21)
	s.dmx(other, 5, 5)
	s.want("0:0:1 [10 20]", "0:0:1 [5 5]", "0:0:1 [5 21]")
	s.command(wire.CommandMergeHTP)
	s.want("0:0:1 [10 21]")
}

func TestCancelMerge(t *testing.T) {
	s := one(t)
	s.dmx(desk, 10, 20)
	s.dmx(other, 20, 10)
	s.command(wire.CommandCancelMerge)
	s.shown = nil
	s.dmx(other, 20, 10)
	s.dmx(desk, 99, 99)
	s.want("0:0:1 [20 10]")
	s.wait(10 * time.Second) // the one that took over is gone
	s.dmx(desk, 99, 98)
	s.want("0:0:1 [99 98]")
}

func TestClear(t *testing.T) {
	s := one(t)
	s.dmx(desk, 10, 20)
	s.command(wire.CommandClear)
	s.dmx(desk, 10, 20)
	s.want("0:0:1 [10 20]", "0:0:1 [0 0]", "0:0:1 [10 20]")
}

func TestSyncHoldsLevelsBack(t *testing.T) {
	s := newStage(t, Config{Universes: []wire.Address{1, 2}})
	s.dmx(desk, 1, 1)
	s.hear(desk, wire.AppendSync(nil))
	s.shown = nil
	s.dmx(desk, 2, 2)
	s.hear(desk, dmx(0, 0, 2, 3, 3))
	s.want()
	s.hear(other, wire.AppendSync(nil)) // of another than sent the levels
	s.want()
	s.hear(desk, wire.AppendSync(nil))
	s.want("0:0:1 [2 2]", "0:0:2 [3 3]")
}

func TestWithoutSyncForFourSecondsLevelsShowAsTheyCome(t *testing.T) {
	s := one(t)
	s.dmx(desk, 1, 1)
	s.hear(desk, wire.AppendSync(nil))
	s.wait(2 * time.Second)
	s.dmx(desk, 2, 2)
	s.want("0:0:1 [1 1]")
	s.wait(2*time.Second - 1)
	s.want()
	s.wait(1)
	s.want("0:0:1 [2 2]")
	s.dmx(desk, 3, 3)
	s.want("0:0:1 [3 3]")
}

func TestAPortThatMergesDoesNotWaitForSync(t *testing.T) {
	s := one(t)
	s.dmx(other, 9, 0)
	s.dmx(desk, 1, 1)
	s.hear(desk, wire.AppendSync(nil))
	s.shown = nil
	s.dmx(desk, 2, 2)
	s.want("0:0:1 [9 2]")
}

func TestReplies(t *testing.T) {
	s := newStage(t, Config{Universes: []wire.Address{1, 2, 0x123}, ShortName: "dimmers"})
	s.hear(desk, wire.AppendPoll(nil, wire.Poll{}))
	if len(s.replies) != 2 || !s.replies[0].Subscribes(1) || !s.replies[0].Subscribes(2) || !s.replies[1].Subscribes(0x123) ||
		s.replies[0].BindIndex != 1 || s.replies[1].BindIndex != 2 || s.replies[0].ShortName != "dimmers" || s.to[0] != desk {
		t.Errorf("%+v", s.replies)
	}
	s.replies = nil
	s.hear(desk, wire.AppendPoll(nil, wire.Poll{Targeted: true, Bottom: 0x100, Top: 0x200}))
	if len(s.replies) != 1 || !s.replies[0].Subscribes(0x123) {
		t.Errorf("who is asked for 0x100 to 0x200 says %+v", s.replies)
	}
}

// TestANodeWithoutPortsIsThere: who asks all learns of it.
func TestANodeWithoutPortsIsThere(t *testing.T) {
	s := newStage(t, Config{ShortName: "spare"})
	s.hear(desk, wire.AppendPoll(nil, wire.Poll{}))
	if len(s.replies) != 1 || s.replies[0].ShortName != "spare" || s.replies[0].Ports != [4]wire.PortState{} || s.replies[0].BindIndex != 1 {
		t.Errorf("%+v", s.replies)
	}
	s.hear(desk, wire.AppendPoll(nil, wire.Poll{Targeted: true, Top: 0x7fff}))
	if len(s.replies) != 1 {
		t.Errorf("who is asked for ports says %+v", s.replies[1:])
	}
}

// TestChangesAreToldWithoutAPoll: to who asked for it, and to nobody else.
func TestChangesAreToldWithoutAPoll(t *testing.T) {
	s := one(t)
	s.hear(desk, wire.AppendPoll(nil, wire.Poll{OnChange: true}))
	s.hear(other, wire.AppendPoll(nil, wire.Poll{}))
	s.wait(time.Second)
	s.replies, s.to = nil, nil
	s.dmx(desk, 1, 1)
	s.wait(time.Second)
	s.dmx(other, 2, 2)
	s.wait(time.Second)
	if err := s.Subscribe(2, s.now); err != nil {
		t.Fatal(err)
	}
	s.wait(time.Second)
	s.Unsubscribe(2, s.now)
	s.wait(time.Second)
	var said []string
	for i, r := range s.replies {
		said = append(said, fmt.Sprint(s.to[i], r.Ports[0].Sending, r.Ports[0].Merging, r.Subscribes(2)))
	}
	want := []string{"2.0.0.1 true false false", "2.0.0.1 true true false", "2.0.0.1 true true true", "2.0.0.1 true true false"}
	if !slices.Equal(said, want) {
		t.Errorf("said %q, want %q", said, want)
	}
}

func TestOneAddressHasRoomFor255Pages(t *testing.T) {
	var list []wire.Address
	for net := range 8 {
		for subnet := range 16 {
			for universe := range 8 {
				list = append(list, wire.AddressOf(net, subnet, universe))
			}
		}
	}
	s := newStage(t, Config{Universes: list[:1019]})
	if err := s.Subscribe(list[1019], start); err != nil {
		t.Error(err) // the 255th page has room still
	}
	if err := s.Subscribe(0x7fff, start); err == nil {
		t.Error("there is a 256th page")
	}
}

func TestAnswersWaitForUpToASecond(t *testing.T) {
	var answered []time.Duration
	n, err := New(Config{Universes: []wire.Address{1}, Rand: rand.New(rand.NewPCG(1, 2))}, self, func(netip.AddrPort, []byte) error {
		answered = append(answered, 0)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 8 {
		n.Receive(start, wire.AppendPoll(nil, wire.Poll{}), netip.AddrPortFrom(netip.AddrFrom4([4]byte{2, 0, 1, byte(i)}), wire.Port))
	}
	if due := n.Deadline(); !due.After(start) || due.After(start.Add(time.Second)) {
		t.Errorf("the first answer is due at %v", due)
	}
	n.Step(start.Add(time.Second))
	if len(answered) != 8 {
		t.Errorf("%d of 8 were answered within a second", len(answered))
	}
}

// TestAFloodIsCountedAndBounded: what comes in numbers is counted by what is wrong with it,
// one answer is given to many polls, and who was merged goes on.
func TestAFloodIsCountedAndBounded(t *testing.T) {
	s := newStage(t, Config{Universes: []wire.Address{1}})
	s.dmx(desk, 1, 1)
	s.shown = nil
	address := func(i int) netip.AddrPort {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), wire.Port)
	}
	for i := range 5000 {
		s.Receive(s.now, make([]byte, 600), address(i))
		s.Receive(s.now, dmx(0, 0, 1, 9, 9)[:15], address(i))
		s.Receive(s.now, wire.AppendPoll(nil, wire.Poll{OnChange: true}), address(i))
		s.Receive(s.now, dmx(0, byte(i), 1, 0, 0), address(i))
	}
	s.Node.Step(s.now)
	if st := s.Stats(); st.Dropped[wire.ErrForeign.Error()] != 5000 || st.Dropped[wire.ErrShort.Error()] != 5000 || st.Crowd != 4999 || st.Refused != 5000-32 {
		t.Errorf("%+v", st)
	}
	if len(s.replies) != 32 {
		t.Errorf("%d answers, 32 at most", len(s.replies))
	}
	s.dmx(desk, 2, 2)
	s.want("0:0:1 [2 2]")
}

// FuzzNode: whatever comes, what is shown has the levels of a universe, and there are
// never more than two sources.
func FuzzNode(f *testing.F) {
	f.Add([]byte{0, 1, 10, 1, 1, 20, 2, 0, 0, 3, 1, 16, 4, 0, 200})
	f.Fuzz(func(t *testing.T, script []byte) {
		s := one(t)
		for len(script) >= 3 {
			from := netip.AddrFrom4([4]byte{2, 0, 0, script[1] & 3})
			switch v := script[2]; script[0] % 6 {
			case 0:
				s.hear(from, dmx(v, script[1]>>4, 1, v, script[1]))
			case 1:
				s.hear(from, wire.AppendSync(nil))
			case 2:
				s.wait(time.Duration(v) * 100 * time.Millisecond)
			case 3:
				s.hear(from, wire.AppendProgram(nil, wire.Program{BindIndex: script[1] & 1, Command: wire.Command(v)}))
			case 4:
				s.hear(from, wire.AppendPoll(nil, wire.Poll{OnChange: v&1 != 0, Targeted: v&2 != 0, Top: wire.Address(v)}))
			case 5:
				s.hear(from, script)
			}
			if due := s.Node.Deadline(); !due.IsZero() && due.Before(s.now) {
				t.Fatalf("something was due %v ago", s.now.Sub(due))
			}
			if len(s.Sources(1)) > maxSources || len(s.Levels(1)) > wire.Slots {
				t.Fatalf("%d sources, %d levels", len(s.Sources(1)), len(s.Levels(1)))
			}
			script = script[3:]
		}
	})
}
