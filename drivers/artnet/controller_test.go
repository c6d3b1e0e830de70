package artnet

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"showrun/drivers/artnet/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	start = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	self  = netip.MustParseAddrPort("2.0.0.1:6454")
	all   = netip.MustParseAddrPort("2.255.255.255:6454")
	lamp  = netip.MustParseAddr("2.0.0.7")
	lamp2 = netip.MustParseAddr("2.0.0.8")
)

// desk is a Controller in a script, and what it has sent.
type desk struct {
	*testing.T
	*Controller
	now  time.Time
	sent []string
	fail map[netip.Addr]error
}

func newDesk(t *testing.T, cfg Config) *desk {
	t.Helper()
	d := &desk{T: t, now: start, fail: map[netip.Addr]error{}}
	cfg.Delay = -1
	var err error
	d.Controller, err = New(cfg, self, all, start, func(packets []Packet, refused func(int, error)) (sent int) {
		for i, p := range packets {
			if err := d.fail[p.To.AddrPort.Addr()]; err != nil {
				refused(i, err)
				continue
			}
			sent++
			d.sent = append(d.sent, name(p))
		}
		return sent
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// name tells of a packet what a script wants to see.
func name(p Packet) string {
	to := p.To.AddrPort.Addr()
	op, _ := wire.Kind(p.Bytes)
	switch op {
	case wire.OpDmx:
		d, err := wire.ParseDmx(p.Bytes)
		return fmt.Sprintf("%v %v #%d %d %v", to, d.Address, d.Sequence, d.Levels[:2], err)
	case wire.OpPollReply:
		r, _ := wire.ParseReply(p.Bytes)
		return fmt.Sprintf("%v %v %q", to, r.Style, r.ShortName)
	}
	return fmt.Sprint(to, " ", op)
}

func (d *desk) want(sent ...string) {
	d.Helper()
	if !slices.Equal(d.sent, sent) {
		d.Errorf("sent\n%q, want\n%q", d.sent, sent)
	}
	d.sent = nil
}

// wait lets time pass, with every step that is due.
func (d *desk) wait(long time.Duration) {
	end := d.now.Add(long)
	for {
		due := d.Controller.Deadline()
		if due.IsZero() || due.After(end) {
			break
		}
		d.now = due
		d.Step(due)
	}
	d.now = end
}

// frame is a frame of the engine.
func (d *desk) frame(a Address, levels ...byte) error {
	d.SetLevels(a, levels)
	_, err := d.Flush(d.now)
	return err
}

// node answers with outputs.
func (d *desk) node(from netip.Addr, page byte, outputs ...Address) {
	r := wire.Reply{BindIndex: page, ShortName: "lamp"}
	for i, a := range outputs {
		r.Net, r.Subnet = a.Net(), a.Subnet()
		r.Ports[i] = wire.PortState{Output: true, SwOut: a.Universe()}
	}
	d.Receive(d.now, wire.AppendReply(nil, r), netip.AddrPortFrom(from, wire.Port))
}

func joined(t *testing.T, cfg Config, list ...Address) *desk {
	t.Helper()
	d := newDesk(t, cfg)
	for _, a := range list {
		if err := d.Join(a); err != nil {
			t.Fatal(err)
		}
	}
	d.Step(d.now)
	d.sent = nil
	return d
}

func TestPollsEveryTwoAndAHalfSeconds(t *testing.T) {
	d := newDesk(t, Config{})
	d.wait(0)
	d.want("2.255.255.255 ArtPoll")
	d.wait(2500*time.Millisecond - 1)
	d.want()
	d.wait(1)
	d.want("2.255.255.255 ArtPoll")
}

func TestLevelsGoToThoseWhoSubscribe(t *testing.T) {
	d := joined(t, Config{}, 1, 2)
	d.node(lamp, 1, 1)
	d.node(lamp2, 1, 1, 2)
	d.SetLevels(2, []byte{3, 4})
	d.frame(1, 1, 2)
	d.want("2.0.0.7 0:0:1 #1 [1 2] <nil>", "2.0.0.8 0:0:1 #1 [1 2] <nil>", "2.0.0.8 0:0:2 #1 [3 4] <nil>")
}

func TestNothingIsSentWithoutSubscribers(t *testing.T) {
	d := joined(t, Config{}, 1)
	d.frame(1, 1, 2)
	d.node(lamp, 1, 5)
	d.now = d.now.Add(25 * time.Millisecond)
	d.frame(1, 3, 4)
	d.want()
	d.node(lamp, 1, 1) // it was patched anew, and gets levels with the next frame
	d.now = d.now.Add(25 * time.Millisecond)
	d.frame(1, 3, 4)
	d.want("2.0.0.7 0:0:1 #1 [3 4] <nil>")
}

func TestOneDeviceGetsOnePacketHoweverManyOfItsPortsWantIt(t *testing.T) {
	d := joined(t, Config{}, 1)
	d.node(lamp, 1, 1, 1)
	d.node(lamp, 2, 1)
	d.frame(1, 1, 1)
	d.want("2.0.0.7 0:0:1 #1 [1 1] <nil>")
	d.node(lamp, 1)
	d.now = d.now.Add(25 * time.Millisecond)
	d.frame(1, 2, 2)
	d.want("2.0.0.7 0:0:1 #2 [2 2] <nil>")
	d.node(lamp, 2)
	d.now = d.now.Add(25 * time.Millisecond)
	d.frame(1, 3, 3)
	d.want()
}

func TestWhoDoesNotAnswerIsGone(t *testing.T) {
	d := joined(t, Config{}, 1)
	d.node(lamp, 1, 1)
	d.wait(10*time.Second + 499*time.Millisecond)
	if len(d.Nodes()) != 1 {
		t.Error("gone too soon")
	}
	d.wait(3 * time.Second)
	if len(d.Nodes()) != 0 {
		t.Error("still there")
	}
	d.sent = nil
	d.frame(1, 1, 1)
	d.want()
}

func TestRateIsAMaximum(t *testing.T) {
	d := joined(t, Config{Rate: 40}, 1)
	d.node(lamp, 1, 1)
	for i := range 100 { // 100 frames a second
		d.frame(1, byte(i), 0)
		d.now = d.now.Add(10 * time.Millisecond)
	}
	if n := len(d.sent); n < 33 || n > 41 {
		t.Errorf("%d packets in a second, at most 40 were asked for", n)
	}
}

func TestLevelsThatDoNotChangeAreRepeated(t *testing.T) {
	d := joined(t, Config{}, 1)
	d.node(lamp, 1, 1)
	var gaps []time.Duration
	last := d.now
	for range 44 * 4 {
		d.frame(1, 7, 7)
		if len(d.sent) > 0 {
			gaps = append(gaps, d.now.Sub(last))
			last, d.sent = d.now, nil
		}
		d.now = d.now.Add(time.Second / 44)
	}
	if len(gaps) < 6 {
		t.Fatalf("gaps %v", gaps)
	}
	for _, g := range gaps[4:] { // the first is news, and three repeats make up for a lost packet
		if g < 800*time.Millisecond || g > time.Second {
			t.Errorf("repeated after %v, want 800 ms to 1 s", g)
		}
	}
}

// TestGoesOnWithoutItsCaller: what flushes no more does not make lamps go dark.
func TestGoesOnWithoutItsCaller(t *testing.T) {
	d := joined(t, Config{}, 1)
	d.node(lamp, 1, 1)
	d.frame(1, 7, 7)
	d.sent = nil
	d.wait(2 * time.Second)
	sent := slices.DeleteFunc(d.sent, func(s string) bool { return s == "2.255.255.255 ArtPoll" })
	if !slices.Equal(sent, []string{"2.0.0.7 0:0:1 #2 [7 7] <nil>", "2.0.0.7 0:0:1 #3 [7 7] <nil>", "2.0.0.7 0:0:1 #4 [7 7] <nil>", "2.0.0.7 0:0:1 #5 [7 7] <nil>"}) {
		t.Errorf("sent %q", sent)
	}
}

func TestSequenceRunsFromOneTo255(t *testing.T) {
	d := joined(t, Config{}, 1)
	d.node(lamp, 1, 1)
	for i := range 256 {
		d.frame(1, byte(i), 1)
		d.now = d.now.Add(25 * time.Millisecond)
	}
	if len(d.sent) != 256 || d.sent[254] != "2.0.0.7 0:0:1 #255 [254 1] <nil>" || d.sent[255] != "2.0.0.7 0:0:1 #1 [255 1] <nil>" {
		t.Errorf("%d packets, the last are %q", len(d.sent), d.sent[max(0, len(d.sent)-2):])
	}
}

func TestSyncFollowsTheLevelsOfAFrame(t *testing.T) {
	d := joined(t, Config{Sync: true}, 1, 2)
	d.node(lamp, 1, 1, 2)
	d.SetLevels(1, []byte{1, 1})
	d.SetLevels(2, []byte{2, 2})
	visible := d.now.Add(3 * time.Millisecond)
	d.FlushFor(d.now, visible)
	d.want("2.0.0.7 0:0:1 #1 [1 1] <nil>", "2.0.0.7 0:0:2 #1 [2 2] <nil>")
	d.Release(visible.Add(-1))
	d.want()
	d.Release(visible)
	d.want("2.255.255.255 ArtSync")
	d.now = d.now.Add(25 * time.Millisecond)
	d.Flush(d.now) // nothing is sent, so there is nothing to show
	d.want()
	d.frame(1, 5, 5) // seen at once
	d.want("2.0.0.7 0:0:1 #2 [5 5] <nil>", "2.255.255.255 ArtSync")
}

func TestSyncIsSteppedIfNobodyReleases(t *testing.T) {
	d := joined(t, Config{Sync: true}, 1)
	d.node(lamp, 1, 1)
	d.SetLevels(1, []byte{1, 1})
	d.FlushFor(d.now, d.now.Add(3*time.Millisecond))
	d.sent = nil
	d.wait(3 * time.Millisecond)
	d.want("2.255.255.255 ArtSync")
}

func TestUnicastAndBroadcastWhenAsked(t *testing.T) {
	d := joined(t, Config{Quiet: true, Unicast: []netip.AddrPort{netip.AddrPortFrom(lamp, wire.Port)}}, 1)
	d.frame(1, 1, 1)
	d.want("2.0.0.7 0:0:1 #1 [1 1] <nil>")
	d.wait(10 * time.Second)
	if slices.Contains(d.sent, "2.255.255.255 ArtPoll") {
		t.Error("polls though nobody is to be looked for")
	}
	d = joined(t, Config{Broadcast: true}, 1)
	d.node(lamp, 1, 1)
	d.frame(1, 1, 1)
	d.want("2.255.255.255 0:0:1 #1 [1 1] <nil>")
	if _, err := New(Config{Quiet: true}, self, all, start, nil); err == nil {
		t.Error("a controller that reaches nobody was made")
	}
}

func TestAUnicastAddressThatSubscribesGetsOnePacket(t *testing.T) {
	d := joined(t, Config{Unicast: []netip.AddrPort{netip.AddrPortFrom(lamp, wire.Port)}}, 1)
	d.node(lamp, 1, 1)
	d.frame(1, 1, 1)
	d.want("2.0.0.7 0:0:1 #1 [1 1] <nil>")
}

func TestWhatWasNotSentIsSentAgain(t *testing.T) {
	d := joined(t, Config{}, 1)
	d.node(lamp, 1, 1)
	d.fail[lamp] = errors.New("no buffer space")
	if err := d.frame(1, 1, 1); err == nil {
		t.Error("no error of a packet that was not sent")
	}
	delete(d.fail, lamp)
	d.now = d.now.Add(25 * time.Millisecond)
	if err := d.frame(1, 1, 1); err != nil {
		t.Error(err)
	}
	d.want("2.0.0.7 0:0:1 #2 [1 1] <nil>")
	if s := d.Stats(); s.Errors != 1 {
		t.Errorf("%+v", s)
	}
}

func TestAnswersPolls(t *testing.T) {
	d := joined(t, Config{ShortName: "desk"})
	d.Receive(d.now, wire.AppendPoll(nil, wire.Poll{}), netip.AddrPortFrom(lamp, wire.Port))
	d.wait(0)
	d.want(`2.0.0.7 controller "desk"`)
}

// TestTheTableIsBounded: one who makes addresses up gets no more than the room there is,
// and who was there stays.
func TestTheTableIsBounded(t *testing.T) {
	d := joined(t, Config{}, 1)
	d.node(lamp, 1, 1)
	for i := range 3 * maxPages {
		d.node(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 1, 1)
	}
	if s := d.Stats(); s.Nodes != maxPages || s.Refused == 0 {
		t.Errorf("%d pages, %d refused", s.Nodes, s.Refused)
	}
	d.frame(1, 1, 1)
	if len(d.sent) != maxSubscribers || d.sent[0] != "2.0.0.7 0:0:1 #1 [1 1] <nil>" {
		t.Errorf("%d packets, at most %d may leave; the first %q", len(d.sent), maxSubscribers, d.sent[0])
	}
	d.now = d.now.Add(gone)
	d.Step(d.now)
	if n := len(d.Controller.table.subscribers); len(d.Nodes()) != 0 || n != 0 {
		t.Errorf("%d pages and %d subscribed universes are left", len(d.Nodes()), n)
	}
}

// TestAFloodIsCounted: what is none is counted by what is wrong with it, and polls in
// numbers get an answer for each address, of which there are few.
func TestAFloodIsCounted(t *testing.T) {
	d := joined(t, Config{}, 1)
	for i := range 5000 {
		from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), wire.Port)
		d.Receive(d.now, make([]byte, 600), from)
		d.Receive(d.now, wire.AppendReply(nil, wire.Reply{})[:100], from)
		d.Receive(d.now, wire.AppendPoll(nil, wire.Poll{}), from)
	}
	d.Step(d.now)
	s := d.Stats()
	if s.Dropped[wire.ErrForeign.Error()] != 5000 || s.Dropped[wire.ErrShort.Error()] != 5000 || s.Refused != 5000-32 || len(d.sent) != 32 {
		t.Errorf("%+v, %d packets", s, len(d.sent))
	}
}

// TestAFullNetworkStarvesNobody: of more than it takes, all get their turn.
func TestAFullNetworkStarvesNobody(t *testing.T) {
	const universes, room, frames = 250, 100, 50
	through, left := map[Address]int{}, 0
	c, err := New(Config{Quiet: true, Broadcast: true}, self, all, start, func(packets []Packet, refused func(int, error)) (sent int) {
		for i, p := range packets {
			d, err := wire.ParseDmx(p.Bytes)
			if err != nil || left == 0 {
				refused(i, errors.New("no room"))
				continue
			}
			through[d.Address]++
			sent, left = sent+1, left-1
		}
		return sent
	})
	if err != nil {
		t.Fatal(err)
	}
	for n := range frames {
		for a := range Address(universes) {
			c.Join(a)
			c.SetLevels(a, []byte{byte(n)})
		}
		left = room
		c.Flush(start.Add(time.Duration(n) * 25 * time.Millisecond))
	}
	fair := frames * room / universes
	for a := range Address(universes) {
		if n := through[a]; n < fair-2 {
			t.Fatalf("universe %v got through %d times, want %d", a, n, fair)
		}
	}
}

func TestFramesDoNotAllocate(t *testing.T) {
	c, err := New(Config{Sync: true}, self, all, start, nil)
	if err != nil {
		t.Fatal(err)
	}
	c.Join(1)
	c.Receive(start, wire.AppendReply(nil, wire.Reply{Ports: [4]wire.PortState{{Output: true, SwOut: 1}}}), netip.AddrPortFrom(lamp, wire.Port))
	now, levels := start, make([]byte, 512)
	if n := testing.AllocsPerRun(100, func() {
		now = now.Add(25 * time.Millisecond)
		levels[0]++
		c.SetLevels(1, levels)
		c.Flush(now)
	}); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
	if c.Stats().Packets < 200 {
		t.Errorf("%+v", c.Stats())
	}
}

// FuzzController: whatever comes, the table and what is sent stay within their bounds.
func FuzzController(f *testing.F) {
	f.Add([]byte{0, 1, 10, 1, 1, 20, 2, 0, 0, 3, 1, 16})
	f.Fuzz(func(t *testing.T, script []byte) {
		d := joined(t, Config{Sync: true}, 1, 2, 3)
		for len(script) >= 3 {
			from := netip.AddrFrom4([4]byte{2, 0, 0, script[1] & 7})
			switch v := script[2]; script[0] % 5 {
			case 0:
				d.node(from, script[1]>>4, Address(v&3), Address(v>>2&3))
			case 1:
				d.frame(Address(script[1]&3), v, v)
			case 2:
				d.wait(time.Duration(v) * 50 * time.Millisecond)
			case 3:
				d.Receive(d.now, script, netip.AddrPortFrom(from, wire.Port))
			case 4:
				d.node(from, script[1]>>4)
			}
			for a, list := range d.table.subscribers {
				for _, s := range list {
					if s.ports < 1 {
						t.Fatalf("%v subscribes to %v with %d ports", s.to.AddrPort, a, s.ports)
					}
				}
			}
			script = script[3:]
		}
		d.wait(2 * gone)
		if len(d.table.pages)+len(d.table.subscribers) != 0 {
			t.Errorf("%d pages and %d universes are left", len(d.table.pages), len(d.table.subscribers))
		}
	})
}
