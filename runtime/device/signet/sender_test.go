package signet

import (
	"bytes"
	"net/netip"
	"slices"
	"testing"
	"time"

	"showrun/runtime/level"
)

// TestSenderAdopts: what is declared as before stays as orders have made it, anything
// else is as declared.
func TestSenderAdopts(t *testing.T) {
	group := netip.MustParseAddr("239.1.2.3")
	for name, c := range map[string]struct {
		order any
		again []Universe
		want  []Universe
	}{
		"as before":        {SetPriority{1, []byte{50}}, []Universe{{Number: 1, Priority: []byte{150}}}, []Universe{{Number: 1, Priority: []byte{50}}}},
		"another priority": {SetPriority{1, []byte{50}}, []Universe{{Number: 1, Priority: []byte{120}}}, []Universe{{Number: 1, Priority: []byte{120}}}},
		"no priority":      {SetPriority{1, []byte{50}}, []Universe{{Number: 1}}, []Universe{{Number: 1}}},
		"another group": {SetPriority{1, []byte{50}}, []Universe{{Number: 1, Priority: []byte{150}, Multicast: group}},
			[]Universe{{Number: 1, Priority: []byte{150}, Multicast: group}}},
		"beside another": {SetPriority{1, []byte{50}}, []Universe{{Number: 2}, {Number: 1, Priority: []byte{150}}},
			[]Universe{{Number: 2}, {Number: 1, Priority: []byte{50}}}},
		"left by order": {LeaveUniverse{Universe: 1}, []Universe{{Number: 1, Priority: []byte{150}}}, []Universe{{Number: 1, Priority: []byte{150}}}},
		"not any more":  {SetPriority{1, []byte{50}}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			env, _, _ := sigNetEnv(0)
			decl := &SenderDecl{Scope: "local", Universes: []Universe{{Number: 1, Priority: []byte{150}}}}
			d, err := decl.OpenVirtual(env)
			if err != nil {
				t.Fatal(err)
			}
			s := d.(*Sender)
			s.Adopt(decl)
			s.Take(0, c.order)
			for range 2 { // the one after that as well
				s.Adopt(&SenderDecl{Scope: "local", Universes: slices.Clone(c.again)})
				if !slices.EqualFunc(s.universes, c.want, Universe.equal) {
					t.Errorf("sends %+v, want %+v", s.universes, c.want)
				}
			}
		})
	}
}

// TestOrderedPriorityOverAReload hears a Sender on loopback: a priority set by order is
// still sent after a reload of the same declaration.
func TestOrderedPriorityOverAReload(t *testing.T) {
	const port = 15726
	env, _, events := sigNetEnv(port)
	env.Time = sigNetEpoch.Add
	listen := &ReceiverDecl{Scope: "local", Mode: "secure", Universes: []int{1}}
	d, err := listen.Open(env)
	if err != nil {
		t.Fatal(err)
	}
	r := d.(*Receiver)
	r.Adopt(listen)
	runDevice(t, r)

	declared := func(priority byte) *SenderDecl {
		return &SenderDecl{Scope: "local", Mode: "secure", Endpoint: 1, Rate: 44, Universes: []Universe{{Number: 1, Priority: []byte{priority}}}}
	}
	decl := declared(150)
	if d, err = decl.Open(env); err != nil {
		t.Fatal(err)
	}
	s := d.(*Sender)
	s.Adopt(decl)
	runDevice(t, s)

	at := env.Now()
	// heard sends a level to two slots and tells whether the first is driven.
	heard := func(l byte) bool {
		t.Helper()
		at += time.Second / 44
		s.Publish(&level.Frame{At: at, Levels: [][]byte{{l, l}}})
		for nextEvent(t, events, listen.LevelsTopic(1)).Value.(Levels).Levels[1] != l {
		}
		_, driven := r.Level(1, 1)
		return driven
	}
	if !heard(5) {
		t.Error("slot 1 is not driven")
	}
	s.Take(at, SetPriority{1, append([]byte{0}, bytes.Repeat([]byte{150}, 511)...)})
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
