package signet

import (
	"bytes"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"showrun/drivers/signet"
	"showrun/runtime/level"
)

// sends are the universes as they are sent.
func (s *Sender) sends() (list []Universe) {
	for _, u := range s.sent.Load().universes {
		if !u.left.Load() {
			list = append(list, u.now())
		}
	}
	return list
}

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
			env, _, _ := sigNetEnv(t, 0)
			decl := &SenderDecl{Scope: "local", Universes: []Universe{{Number: 1, Priority: []byte{150}}}}
			s := openVirtual[*virtualSender](t, decl, env)
			s.Adopt(decl)
			s.Take(0, c.order)
			for range 2 { // the one after that as well
				s.Adopt(&SenderDecl{Scope: "local", Universes: slices.Clone(c.again)})
				if got := s.sends(); !slices.EqualFunc(got, c.want, Universe.equal) {
					t.Errorf("sends %+v, want %+v", got, c.want)
				}
			}
		})
	}
}

// TestOrderedPriorityOverAReload hears a Sender on loopback: a priority set by order is
// still sent after a reload of the same declaration.
func TestOrderedPriorityOverAReload(t *testing.T) {
	const port = 15726
	env, _, events := sigNetEnv(t, port)
	listen := &ReceiverDecl{Scope: "local", Mode: "secure", Universes: []int{1}}
	r := open[*onlineReceiver](t, listen, env)
	r.Adopt(listen)
	runDevice(t, r)

	declared := func(priority byte) *SenderDecl {
		return &SenderDecl{Scope: "local", Mode: "secure", Endpoint: 1, Rate: 44, Universes: []Universe{{Number: 1, Priority: []byte{priority}}}}
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
		for nextEvent(t, events, listen.LevelsTopic(1)).Value.(Levels).Levels[1] != l {
		}
		return ask[SlotLevel](r, LevelOf{Universe: 1, Slot: 1}).Driven
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

// TestTheEngineWaitsForNobody: what the loops call waits for no lock of those who put
// another driver in the place of one that failed, and they learn what it has done.
func TestTheEngineWaitsForNobody(t *testing.T) {
	env, _, _ := sigNetEnv(t, 0)
	decl := &SenderDecl{Scope: "local", Sync: true, Universes: []Universe{{Number: 1}}, Timecodes: []TimecodeStream{{Number: 1}}}
	s := openVirtual[*virtualSender](t, decl, env)
	s.Adopt(decl)
	s.mu.Lock()
	again := *decl
	again.Universes = []Universe{{Number: 1}, {Number: 2}}
	s.Adopt(&again)
	s.Publish(&level.Frame{Levels: [][]byte{{1}}})
	s.Release(0)
	for _, order := range []any{SetPriority{1, []byte{50}}, MoveTimecode{1, TimecodeMove{Start: true}}, LeaveUniverse{Universe: 1}} {
		s.Take(0, order)
	}
	if !ask[Standing](s, TimecodeOf{1}).Running || s.Universes() != 1 {
		t.Error("the orders are not carried out")
	}
	s.mu.Unlock()
	s.catchUp()
	if n := s.driver.Load().Stats().Universes; n != 1 {
		t.Errorf("the driver sends %d universes, want 1", n)
	}

	d := &ReceiverDecl{Scope: "local", Universes: []int{1}}
	r := openVirtual[*virtualReceiver](t, d, env)
	r.Adopt(d)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Receiver.Adopt(&ReceiverDecl{Scope: "local", Universes: []int{1, 2}})
	if ask[SlotLevel](r, LevelOf{Universe: 1, Slot: 1}).Driven || ask[Standing](r, TimecodeOf{1}).Known {
		t.Error("something is heard")
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
		Scope: "local", Universes: []Universe{{Number: 1}, {Number: 2}}, Timecodes: []TimecodeStream{{Number: 1, Rate: rate}},
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
		s.Take(0, SetPriority{1, []byte{byte(i)}})
		s.Take(0, MoveTimecode{1, TimecodeMove{Locate: true, To: i}})
		s.Publish(&level.Frame{At: time.Duration(i) * time.Second / 44, Levels: [][]byte{{byte(i)}}})
	}
	s.Take(0, LeaveUniverse{Universe: 2})
	others.Wait()
	if got := s.sends(); len(got) != 1 && len(got) != 2 || got[0].Priority[0] != 199 {
		t.Errorf("sends %+v", got)
	}
	if f := s.sent.Load().timecodes[1].driver.Load().Frame(env.Time(0)); f != 199 {
		t.Errorf("the driver sends frame %d, want 199", f)
	}
	if n := s.driver.Load().Stats().Universes; n != s.Universes() {
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
