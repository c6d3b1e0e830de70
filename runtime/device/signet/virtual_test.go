package signet

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"showrun/drivers/signet"
	"showrun/drivers/signet/receiver"
	"showrun/drivers/signet/wire"
	"showrun/runtime/beat"
	"showrun/runtime/device"
	"showrun/runtime/device/universe"
	"showrun/runtime/level"
)

// night is a host in virtual time.
type night struct {
	env    device.Env
	now    time.Duration
	said   []string
	device device.Stepper
	steps  int
}

func newNight(t *testing.T) *night {
	n := &night{}
	env, _, _ := sigNetEnv(t, 0)
	env.Now = func() time.Duration { return n.now }
	env.Event = func(ev device.Event) bool {
		n.said = append(n.said, fmt.Sprintf("%v %v", ev.At, ev.Value))
		return true
	}
	env.Store, env.Keys = nil, nil // there is neither
	n.env = env
	return n
}

// until goes from deadline to deadline; a machine that does not go on fails the test.
func (n *night) until(t *testing.T, at time.Duration) {
	t.Helper()
	for again := 0; n.device.Next() <= at; {
		next := n.device.Next()
		if again++; next > n.now {
			n.now, again = next, 0
		}
		if again > 3 {
			t.Fatalf("the machine is due at %v and stays so", n.now)
		}
		n.device.Step(n.now)
		n.steps++
	}
	n.now = at
}

// TestVirtualDevicesGoOn: in virtual time a step that is due leads to another deadline,
// whatever is sent.
func TestVirtualDevicesGoOn(t *testing.T) {
	var universes []universe.Universe
	for u := range 5 {
		universes = append(universes, universe.Universe{Number: u + 1})
	}
	var timecodes []TimecodeStream
	for i, rate := range []string{"24", "25", "29.97", "30", "48", "50", "59.94", "60", "100", "119.88", "120"} {
		r, err := ParseTimecodeRate(rate)
		if err != nil {
			t.Fatal(err)
		}
		timecodes = append(timecodes, TimecodeStream{Number: i + 1, Rate: r})
	}
	for name, d := range map[string]device.Declaration{
		"sender":   &SenderDecl{Scope: "local", Mode: "secure", Endpoint: 1, Rate: 44, Universes: universes, Timecodes: timecodes},
		"synced":   &SenderDecl{Scope: "local", Mode: "both", Sync: true, Latency: 7 * time.Millisecond, Endpoint: 1, Rate: 44, Universes: universes},
		"receiver": &ReceiverDecl{Scope: "local", Mode: "secure", Universes: streams(1), Timecodes: []int{1}},
		"manager":  &ManagerDecl{Scope: "local"},
	} {
		n := newNight(t)
		opened, err := d.OpenVirtual(n.env)
		if err != nil {
			t.Fatal(err)
		}
		n.device = opened.(device.Stepper)
		if a, ok := opened.(device.Adopter); ok {
			a.Adopt(d)
		}
		if s, ok := opened.(*virtualSender); ok {
			for _, tc := range timecodes {
				s.Take(0, MoveTimecode{tc.Number, TimecodeMove{Start: true}})
			}
			for frame := range 44 * 10 {
				at := time.Duration(frame) * time.Second / 44
				n.until(t, max(0, at-s.decl.Lead()))
				s.Publish(&level.Frame{At: at, Levels: [][]byte{{byte(frame)}}})
				n.until(t, max(0, at-s.decl.Latency))
				s.Release(at)
			}
		}
		n.until(t, time.Minute)
		if name != "receiver" && n.steps == 0 || name == "receiver" && n.device.Next() != beat.Never {
			t.Errorf("%s: %d steps, the next at %v", name, n.steps, n.device.Next())
		}
	}
}

// TestVirtualReceiver hears the packets of a Sender that is a machine as well.
func TestVirtualReceiver(t *testing.T) {
	n := newNight(t)
	decl := &ReceiverDecl{Scope: "local", Mode: "secure", Universes: streams(1)}
	r := openVirtual[*virtualReceiver](t, decl, n.env)
	r.Adopt(decl)
	n.device = r
	var s *signet.Sender
	s, err := signet.NewSender(signet.SenderConfig{TUID: senderA.TUID, Mode: signet.Open}, n.env.Time(0),
		func(now time.Time, packets []signet.Packet, _ func(int, error)) (int, time.Time) {
			for _, p := range packets {
				r.driver.Load().Receive(now, p.Bytes, netip.MustParseAddrPort("10.0.0.1:5683"))
			}
			return len(packets), now
		})
	if err != nil {
		t.Fatal(err)
	}
	silent := append([]byte{100, 0}, make([]byte, 510)...) // nobody drives slot 2
	if err := s.Join(1, signet.UniverseOptions{Priority: silent}); err != nil {
		t.Fatal(err)
	}
	s.SetLevels(1, []byte{5, 6})
	s.Flush(n.env.Time(0))
	if l := ask[universe.SlotLevel](r, universe.LevelOf{Universe: 1, Slot: 1}); l != (universe.SlotLevel{Level: 5, Driven: true}) {
		t.Errorf("slot 1 is %+v", l)
	}
	if l := ask[universe.SlotLevel](r, universe.LevelOf{Universe: 1, Slot: 2}); l.Driven {
		t.Errorf("slot 2 is %+v", l)
	}
	n.until(t, wire.StreamLoss)
	if l := ask[[]byte](r, universe.LevelsOf{Universe: 1}); len(l) > 0 {
		t.Errorf("levels %v after the loss", l)
	}
	if len(n.said) != 2 {
		t.Errorf("told %q", n.said)
	}
}

// TestVirtualRepeats: two runs are the same, packet times included.
func TestVirtualRepeats(t *testing.T) {
	run := func() (due []time.Duration) {
		n := newNight(t)
		d := &ManagerDecl{Scope: "local", Label: "eye"}
		n.device = openVirtual[*virtualManager](t, d, n.env)
		for range 50 {
			due = append(due, n.device.Next())
			n.until(t, n.device.Next())
		}
		return due
	}
	if a, b := run(), run(); !slices.Equal(a, b) {
		t.Errorf("due at %v, then at %v", a, b)
	}
}

// TestNoRoom: levels for which there was no room are told again with the next packet.
func TestNoRoom(t *testing.T) {
	n := newNight(t)
	full := true
	event := n.env.Event
	n.env.Event = func(ev device.Event) bool { return !full && event(ev) }
	decl := &ReceiverDecl{Scope: "local", Mode: "secure", Universes: streams(1)}
	r := openVirtual[*virtualReceiver](t, decl, n.env)
	r.Adopt(decl)
	for range 3 {
		r.OnLevels(1, []byte{9}, receiver.Packet{Sender: senderA, At: n.env.Time(0)})
		full = false
	}
	if want := []string{"0s {1 [9] 7FF0:80000001/1}"}; !slices.Equal(n.said, want) {
		t.Errorf("told %q, want %q", n.said, want)
	}
}
