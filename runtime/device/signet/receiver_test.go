package signet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"showrun/drivers/signet"
	"showrun/drivers/signet/receiver"
	"showrun/drivers/signet/wire"
	"showrun/runtime/device"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	sigNetEpoch = time.Date(2026, 5, 9, 12, 0, 0, 0, time.UTC)
	sigNetRoot  = signet.K0{1, 2, 3}
	senderA     = signet.SenderID{TUID: signet.TUID{0x7F, 0xF0, 0x80, 0, 0, 1}, Endpoint: 1}
	senderB     = signet.SenderID{TUID: signet.TUID{0x7F, 0xF0, 0x80, 0, 0, 2}, Endpoint: 1}
)

// keptIdentities is a Store in memory.
type keptIdentities struct {
	device.Store // for what Sig-Net does not ask for
	mu           sync.Mutex
	names        map[string][]byte
	sessions     map[[6]byte]uint32
}

func (k *keptIdentities) Identity(name string, create func() ([]byte, error)) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if id, ok := k.names[name]; ok {
		return id, nil
	}
	id, err := create()
	k.names[name] = id
	return id, err
}

func (k *keptIdentities) Replace(name string, id []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.names[name] = id
	return nil
}

func (k *keptIdentities) Session(t [6]byte) (uint32, bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	n, ok := k.sessions[t]
	return n, ok, nil
}

func (k *keptIdentities) SaveSession(t [6]byte, n uint32) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.sessions[t] = n
	return nil
}

// sigNetEnv is a host on loopback whose events come out of a channel.
func sigNetEnv(port int) (device.Env, *keptIdentities, chan device.Event) {
	kept := &keptIdentities{names: map[string][]byte{}, sessions: map[[6]byte]uint32{}}
	events := make(chan device.Event, 1000)
	return device.Env{
		Now:       func() time.Duration { return time.Since(sigNetEpoch) },
		Since:     func(t time.Time) time.Duration { return t.Sub(sigNetEpoch) },
		Event:     func(ev device.Event) { events <- ev },
		Interface: "lo", Ports: device.Ports{SigNet: port}, Store: kept,
		Keys: func(device.KeyRef) (signet.Keys, error) { return sigNetRoot.Keys(), nil },
		Log:  slog.New(slog.DiscardHandler),
	}, kept, events
}

// runDevice runs a device until the test ends, again whenever it fails.
func runDevice(t *testing.T, d device.Device) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for _, loop := range d.Loops() {
		running.Go(func() {
			for loop(ctx) != nil {
			}
		})
	}
	t.Cleanup(func() { cancel(); running.Wait() })
}

// runSigNetSender puts a Sender on loopback until the test ends.
func runSigNetSender(t *testing.T, id signet.SenderID, port int) *signet.SenderConn {
	t.Helper()
	s, err := signet.OpenSender(signet.SenderConfig{
		TUID: id.TUID, Endpoint: id.Endpoint, Keys: sigNetRoot.Keys(), Sessions: &signet.MemorySessions{}, Interface: "lo", Port: port,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { s.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	return s
}

const eventPatience = 15 * time.Second

// nextEvent waits for an event of a topic; others are forgotten.
func nextEvent(t *testing.T, events chan device.Event, topic string) device.Event {
	t.Helper()
	for timeout := time.After(eventPatience); ; {
		select {
		case ev := <-events:
			if ev.Topic == topic {
				return ev
			}
		case <-timeout:
			t.Fatalf("no event %q", topic)
		}
	}
}

// TestReceiverHears listens to real Senders on loopback.
func TestReceiverHears(t *testing.T) {
	const port = 15721
	env, kept, events := sigNetEnv(port)
	decl := &ReceiverDecl{Scope: "local", Mode: "secure", Universes: []int{1, 7}, Timecodes: []int{3}}
	d, err := decl.Open(env)
	if err != nil {
		t.Fatal(err)
	}
	r := d.(*Receiver)
	r.Adopt(decl)
	runDevice(t, r)
	a, b := runSigNetSender(t, senderA, port), runSigNetSender(t, senderB, port)
	for _, s := range []*signet.SenderConn{a, b} {
		if err := s.Join(1, signet.UniverseOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	topic := decl.LevelsTopic(1)
	a.SetLevels(1, []byte{10, 20})
	for {
		ev := nextEvent(t, events, topic)
		v := ev.Value.(Levels)
		if v.Universe != 1 || ev.Key != topic || ev.At <= 0 {
			t.Fatalf("event %+v", ev)
		}
		if len(v.Levels) == 512 && v.Levels[0] == 10 {
			break
		}
	}
	b.SetLevels(1, []byte{30, 20})
	for {
		if v := nextEvent(t, events, topic).Value.(Levels); v.Levels[0] == 30 {
			if v.Source != senderB.String() && v.Source != senderA.String() {
				t.Errorf("source %q", v.Source)
			}
			break
		}
	}
	if l, driven := r.Level(1, 1); l != 30 || !driven {
		t.Errorf("slot 1 is %d %t", l, driven)
	}
	if _, driven := r.Level(1, 513); driven || len(r.Levels(1)) != 512 || r.Levels(2) != nil {
		t.Error("more levels than were sent")
	}

	// A reload: universe 1 is no longer wanted, 2 is, 7 stays.
	next := &ReceiverDecl{Scope: "local", Mode: "secure", Universes: []int{7, 2}, Timecodes: []int{4}}
	r.Adopt(next)
	if _, driven := r.Level(1, 1); driven || r.Levels(1) != nil {
		t.Error("universe 1 is still there")
	}
	if err := a.Join(2, signet.UniverseOptions{}); err != nil {
		t.Fatal(err)
	}
	a.SetLevels(2, []byte{5})
	for nextEvent(t, events, next.LevelsTopic(2)).Value.(Levels).Levels[0] != 5 {
	}
	tc, err := a.Timecode(4, wire.Rate2997Drop)
	if err != nil {
		t.Fatal(err)
	}
	tc.Start(1800, time.Now()) // two labels are dropped here
	if v := nextEvent(t, events, next.TimecodeTopic(4, "found")).Value.(TimecodeEvent); v.Running || !v.Jump || v.Rate.String() != "29.97" {
		t.Errorf("found %+v", v)
	}
	for {
		if v := nextEvent(t, events, next.TimecodeTopic(4, "frame")).Value.(TimecodeEvent); v.Running {
			if v.Position != wire.TimecodeOf(wire.Rate2997Drop, v.Frame).String() {
				t.Errorf("frame %+v", v)
			}
			break
		}
	}
	if at, ok := r.Timecode(4); !ok || at.Frame < 1800 || at.FrameAt(at.At+time.Second) != at.Frame+29 {
		t.Errorf("timecode %+v", at)
	}

	// The network fails: what was heard is gone until it is heard again.
	r.mu.Lock()
	r.driver.Close()
	r.mu.Unlock()
	for len(nextEvent(t, events, next.LevelsTopic(2)).Value.(Levels).Levels) > 0 {
	}
	nextEvent(t, events, next.TimecodeTopic(4, "lost"))
	for len(nextEvent(t, events, next.LevelsTopic(2)).Value.(Levels).Levels) == 0 {
	}
	nextEvent(t, events, next.TimecodeTopic(4, "found"))
	if len(kept.sessions) != 1 || !slices.Contains([]uint32{2, 3}, slices.Collect(valuesOf(kept))[0]) {
		t.Errorf("sessions %v", kept.sessions)
	}
}

func valuesOf(k *keptIdentities) func(func(uint32) bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var list []uint32
	for _, n := range k.sessions {
		list = append(list, n)
	}
	return slices.Values(list)
}

// drain lists what has been told so far.
func drain(events chan device.Event, d interface{ Key() string }) (list []string) {
	for {
		select {
		case ev := <-events:
			list = append(list, fmt.Sprintf("%v%s %v", ev.At, ev.Topic[len(d.Key()):], ev.Value))
		default:
			return list
		}
	}
}

// TestReceiverTells: scripts are told of changes only.
func TestReceiverTells(t *testing.T) {
	env, _, events := sigNetEnv(0)
	decl := &ReceiverDecl{Scope: "local", Mode: "secure", Universes: []int{1}, Timecodes: []int{9}}
	d, err := decl.OpenVirtual(env)
	if err != nil {
		t.Fatal(err)
	}
	r := d.(*Receiver)
	r.Adopt(decl)
	r.env.Now = func() time.Duration { return 9 * time.Second }
	at := func(ms int) time.Time { return sigNetEpoch.Add(time.Duration(ms) * time.Millisecond) }
	hear := func(ms, universe int, from signet.SenderID, levels ...byte) {
		r.OnLevels(universe, levels, receiver.Packet{Sender: from, At: at(ms)})
	}
	if r.Loops() != nil || r.Close() != nil || r.Levels(1) != nil {
		t.Error("something is heard in virtual time")
	}
	if _, ok := r.Timecode(9); ok {
		t.Error("timecode is heard in virtual time")
	}
	hear(0, 1, senderA, 1, 2)
	hear(10, 1, senderA, 1, 2)
	hear(20, 1, senderB, 1, 2)
	hear(30, 1, senderB, 1, 3)
	hear(40, 5, senderB, 9)
	if l, driven := r.Level(1, 2); l != 3 || !driven {
		t.Errorf("slot 2 is %d", l)
	}
	for _, slot := range []int{-1, 0, 3} {
		if _, driven := r.Level(1, slot); driven {
			t.Errorf("slot %d is driven", slot)
		}
	}
	hear(50, 1, signet.SenderID{})
	hear(60, 1, signet.SenderID{})

	label := func(ms int, change receiver.TimecodeChange, frame int64, jump bool) {
		s := receiver.TimecodeRunning
		if change != receiver.TimecodeFrame && change != receiver.TimecodeFound {
			s = receiver.TimecodePaused
		}
		r.OnTimecode(9, change, receiver.Timecode{State: s, Label: wire.TimecodeOf(wire.Rate25, frame), At: at(ms)}, jump)
	}
	label(1000, receiver.TimecodeFound, 25, true)
	if tc, ok := r.Timecode(9); !ok || tc.Running || tc.FrameAt(2*time.Second) != 25 {
		t.Errorf("one label: %+v", tc)
	}
	label(1040, receiver.TimecodeFrame, 26, false)
	if tc, _ := r.Timecode(9); tc.FrameAt(1140*time.Millisecond) != 28 {
		t.Errorf("running: %+v", tc)
	}
	label(1040, receiver.TimecodePause, 26, false) // no packet since
	label(2000, receiver.TimecodePause, 26, false) // the label again
	label(2100, receiver.TimecodeFrame, 100, true)
	label(2100, receiver.TimecodeVanish, 100, false)
	if tc, ok := r.Timecode(9); !ok || tc.Running || tc.Frame != 100 {
		t.Errorf("lost: %+v", tc)
	}
	r.OnTimecode(8, receiver.TimecodeFound, receiver.Timecode{}, true)
	want := []string{
		"0s levels 1 {1 [1 2] 7FF0:80000001/1}",
		"20ms levels 1 {1 [1 2] 7FF0:80000002/1}",
		"30ms levels 1 {1 [1 3] 7FF0:80000002/1}",
		"50ms levels 1 {1 [] }",
		"1s timecode 9 found {{25 25 1s false} 00:00:01:00 true}",
		"1s timecode 9 frame {{25 25 1s false} 00:00:01:00 true}",
		"1.04s timecode 9 frame {{25 26 1.04s true} 00:00:01:01 false}",
		"9s timecode 9 frame {{25 26 1.04s false} 00:00:01:01 false}",
		"2s timecode 9 frame {{25 26 2s false} 00:00:01:01 false}",
		"2.1s timecode 9 frame {{25 100 2.1s false} 00:00:04:00 true}",
		"9s timecode 9 lost {{25 100 2.1s false} 00:00:04:00 false}",
	}
	if got := drain(events, decl); !slices.Equal(got, want) {
		t.Errorf("told\n%q, want\n%q", got, want)
	}
}

// TestReceiverOwnSender: what the show itself sends is heard like any other.
func TestReceiverOwnSender(t *testing.T) {
	const port = 15722
	env, _, events := sigNetEnv(port)
	decl := &ReceiverDecl{Scope: "local", Mode: "secure", Universes: []int{1}}
	d, err := decl.Open(env)
	if err != nil {
		t.Fatal(err)
	}
	d.(*Receiver).Adopt(decl)
	runDevice(t, d)
	tuid, err := env.TUID("local/lo/1", false) // of a Sender of this host
	if err != nil {
		t.Fatal(err)
	}
	s := runSigNetSender(t, signet.SenderID{TUID: tuid, Endpoint: 1}, port)
	if err := s.Join(1, signet.UniverseOptions{}); err != nil {
		t.Fatal(err)
	}
	s.SetLevels(1, []byte{42})
	for {
		v := nextEvent(t, events, decl.LevelsTopic(1)).Value.(Levels)
		if v.Source == tuid.Screen()+"/1" && v.Levels[0] == 42 {
			return
		}
	}
}

// TestSessionsSpent: a device whose TUID has no session left gets another TUID.
func TestSessionsSpent(t *testing.T) {
	env, kept, _ := sigNetEnv(15723)
	for _, decl := range []interface {
		device.Declaration
		identity(string) string
	}{
		&SenderDecl{Scope: "local", Mode: "secure", Endpoint: 1, Rate: 44},
		&ReceiverDecl{Scope: "local", Mode: "secure"},
		&ManagerDecl{Scope: "local"},
	} {
		tuid, err := env.TUID(decl.identity("lo"), false)
		if err != nil {
			t.Fatal(err)
		}
		kept.sessions[tuid] = 0xFFFFFFFE
		d, err := decl.Open(env)
		if err != nil {
			t.Fatalf("%v: %v", decl, err)
		}
		d.(io.Closer).Close()
		if next, err := env.TUID(decl.identity("lo"), false); err != nil || next == tuid || kept.sessions[next] != 1 {
			t.Errorf("%v: TUID %v, sessions %v, %v", decl, next, kept.sessions, err)
		}
	}
}

// TestSigNetRefused: devices that cannot be opened say why.
func TestSigNetRefused(t *testing.T) {
	env, _, _ := sigNetEnv(15724)
	keyless := env
	errKey := errors.New("no key")
	keyless.Keys = func(device.KeyRef) (signet.Keys, error) { return signet.Keys{}, errKey }
	for name, d := range map[string]device.Declaration{
		"receiver": &ReceiverDecl{Scope: "local", Mode: "secure"},
		"manager":  &ManagerDecl{Scope: "local"},
	} {
		if _, err := d.Open(keyless); !errors.Is(err, errKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, d := range map[string]device.Declaration{
		"receiver": &ReceiverDecl{Scope: "local", Mode: "secure", Interface: "nowhere7"},
		"manager":  &ManagerDecl{Scope: "local", Interface: "nowhere7"},
		"scope":    &ReceiverDecl{Scope: "a b", Mode: "secure"},
	} {
		if dev, err := d.Open(env); err == nil || dev != nil {
			t.Errorf("%s opened: %v", name, dev)
		}
	}
	open, err := (&ReceiverDecl{Scope: "local", Mode: "open"}).Open(keyless)
	if err != nil {
		t.Fatal(err)
	}
	open.(*Receiver).Close()
}
