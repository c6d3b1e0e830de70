package signet

import (
	"bytes"
	"sync"
	"testing"
	"time"

	"showrun/drivers/signet"
	"showrun/runtime/device/universe"
	"showrun/runtime/level"
)

// TestOrderedPriorityOverAReload hears a Sender on loopback: a priority set by order is
// still sent after a reload of the same declaration.
func TestOrderedPriorityOverAReload(t *testing.T) {
	const port = 15726
	env, _, events := sigNetEnv(t, port)
	listen := &ReceiverDecl{Scope: "local", Mode: "secure", Universes: streams(1)}
	r := open[*onlineReceiver](t, listen, env)
	r.Adopt(listen)
	runDevice(t, r)

	declared := func(priority byte) *SenderDecl {
		return &SenderDecl{Scope: "local", Mode: "secure", Endpoint: 1, Rate: 44, Universes: []universe.Universe{{Number: 1, Priority: []byte{priority}}}}
	}
	decl := declared(150)
	s := open[*onlineSender](t, decl, env)
	s.Adopt(decl)
	runDevice(t, s)

	at := env.Now()
	// heard sends a level to two slots and tells whether the first is driven.
	heard := func(l byte) bool {
		t.Helper()
		at += time.Second / 44
		s.Publish(&level.Frame{At: at, Levels: [][]byte{{l, l}}})
		for nextEvent(t, events, universe.Topic(listen, universe.Stream{Number: 1})).Value.(universe.Levels).Levels[1] != l {
		}
		return ask[universe.SlotLevel](r, universe.LevelOf{Universe: 1, Slot: 1}).Driven
	}
	if !heard(5) {
		t.Error("slot 1 is not driven")
	}
	s.Take(at, universe.SetPriority{Universe: 1, Priority: append([]byte{0}, bytes.Repeat([]byte{150}, 511)...)})
	if heard(6) {
		t.Error("slot 1 is driven with the priority 0")
	}
	s.Adopt(declared(150))
	if heard(7) {
		t.Error("the reload took the priority back")
	}
	s.Adopt(declared(151))
	if !heard(8) {
		t.Error("a new declaration did not change the priority")
	}
}

// TestOrdersMeetDrivers: orders that come while drivers take one another's place and
// loads are adopted are carried out by the last driver.
func TestOrdersMeetDrivers(t *testing.T) {
	env, _, _ := sigNetEnv(t, 0)
	rate, err := ParseTimecodeRate("25")
	if err != nil {
		t.Fatal(err)
	}
	decl := &SenderDecl{
		Scope: "local", Universes: []universe.Universe{{Number: 1}, {Number: 2}}, Timecodes: []TimecodeStream{{Number: 1, Rate: rate}},
	}
	s := openVirtual[*virtualSender](t, decl, env)
	s.Adopt(decl)
	var others sync.WaitGroup
	others.Go(func() {
		for range 50 {
			d, err := signet.NewSender(signet.SenderConfig{TUID: senderA.TUID, Mode: signet.Open}, env.Time(0), nil)
			if err != nil {
				t.Error(err)
				return
			}
			s.use(d)
		}
	})
	for i := range int64(200) {
		s.Adopt(decl)
		s.Take(0, universe.SetPriority{Universe: 1, Priority: []byte{byte(i)}})
		s.Take(0, MoveTimecode{1, TimecodeMove{Locate: true, To: i}})
		s.Publish(&level.Frame{At: time.Duration(i) * time.Second / 44, Levels: [][]byte{{byte(i)}}})
	}
	s.Take(0, universe.LeaveUniverse{Universe: 2})
	others.Wait()
	if f := s.timecodes()[1].driver.Load().Frame(env.Time(0)); f != 199 {
		t.Errorf("the driver sends frame %d, want 199", f)
	}
	if n := s.sender().Stats().Universes; n != s.Universes() {
		t.Errorf("the driver sends %d universes, want %d", n, s.Universes())
	}
}

// TestTimecodeStartedAgain: a timecode that runs is not held up by being started.
func TestTimecodeStartedAgain(t *testing.T) {
	rate, err := ParseTimecodeRate("25")
	if err != nil {
		t.Fatal(err)
	}
	tc := Timecode{Rate: rate}
	for at := time.Duration(0); at < 100*time.Second; at += 250 * time.Millisecond {
		tc = tc.Moved(TimecodeMove{Start: true}, at)
	}
	if f := tc.FrameAt(100 * time.Second); f != 2500 {
		t.Errorf("frame %d after 100 s at 25 frames a second", f)
	}
}

// TestIdentities: no two devices of a load share a TUID, whether they name the interface
// or get it from the host.
func TestIdentities(t *testing.T) {
	seen := map[string]string{}
	for _, d := range []interface {
		Key() string
		identity(string) string
	}{
		&SenderDecl{Scope: "local", Endpoint: 1}, &SenderDecl{Scope: "local", Endpoint: 1, Interface: "lo"}, &SenderDecl{Scope: "local", Endpoint: 2},
		&ReceiverDecl{Scope: "local"}, &ReceiverDecl{Scope: "local", Interface: "lo"}, &ReceiverDecl{Scope: "local", Label: "b"},
		&ManagerDecl{Scope: "local"}, &ManagerDecl{Scope: "local", Interface: "lo"}, &ManagerDecl{Scope: "local", Label: "b"},
	} {
		id := d.identity("lo")
		if other, taken := seen[id]; taken {
			t.Errorf("%s and %s are both %s", d.Key(), other, id)
		}
		seen[id] = d.Key()
	}
}
