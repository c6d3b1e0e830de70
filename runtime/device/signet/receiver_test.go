package signet

import (
	"context"
	"encoding/binary"
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
	"showrun/drivers/signet/key"
	"showrun/drivers/signet/receiver"
	"showrun/drivers/signet/wire"
	"showrun/runtime/device"
	"showrun/runtime/device/universe"
	"showrun/runtime/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	sigNetEpoch = time.Date(2026, 5, 9, 12, 0, 0, 0, time.UTC)
	sigNetRoot  = signet.K0{1, 2, 3}
	senderA     = signet.SenderID{TUID: signet.TUID{0x7F, 0xF0, 0x80, 0, 0, 1}, Endpoint: 1}
	senderB     = signet.SenderID{TUID: signet.TUID{0x7F, 0xF0, 0x80, 0, 0, 2}, Endpoint: 1}
)

// streams are those of universes.
func streams(numbers ...int) (list []universe.Stream) {
	for _, n := range numbers {
		list = append(list, universe.Stream{Number: n})
	}
	return list
}

// kept is a store in memory.
type kept struct{ store.Memory }

// sessions are the numbers kept.
func (k *kept) sessions() (list []uint32) {
	k.Each(sessionBucket, "", func(_ string, v []byte) { list = append(list, binary.BigEndian.Uint32(v)) })
	return list
}

// sigNetEnv is a host on loopback whose events come out of a channel.
func sigNetEnv(t *testing.T, port int) (device.Env, *kept, chan device.Event) {
	t.Helper()
	store := &kept{}
	events := make(chan device.Event, 1000)
	state := t.TempDir()
	if err := key.WriteFile(KeyFile(state), key.AppendK0(nil, sigNetRoot)); err != nil {
		t.Fatal(err)
	}
	return device.Env{
		Now:       func() time.Duration { return time.Since(sigNetEpoch) },
		Since:     func(t time.Time) time.Duration { return t.Sub(sigNetEpoch) },
		Time:      sigNetEpoch.Add,
		Event:     func(ev device.Event) bool { events <- ev; return true },
		Interface: "lo", Ports: map[string]int{protocol: port}, Store: store, Keys: []string{state},
		Log: slog.New(slog.DiscardHandler),
	}, store, events
}

// open opens the device of a declaration.
func open[D device.Device](t *testing.T, d device.Declaration, env device.Env) D {
	t.Helper()
	opened, err := d.Open(env)
	if err != nil {
		t.Fatal(err)
	}
	return opened.(D)
}

// openVirtual opens what stands for it in virtual time.
func openVirtual[D device.Device](t *testing.T, d device.Declaration, env device.Env) D {
	t.Helper()
	opened, err := d.OpenVirtual(env)
	if err != nil {
		t.Fatal(err)
	}
	return opened.(D)
}

// ask asks a device.
func ask[A any](d device.Answerer, question any) A { return d.Answer(question).(A) }

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

// nextEvent waits for an event of one of some topics; others are forgotten.
func nextEvent(t *testing.T, events chan device.Event, topics ...string) device.Event {
	t.Helper()
	for timeout := time.After(eventPatience); ; {
		select {
		case ev := <-events:
			if slices.Contains(topics, ev.Topic) {
				return ev
			}
		case <-timeout:
			t.Fatalf("no event %q", topics)
		}
	}
}

// TestReceiverHears listens to real Senders on loopback.
func TestReceiverHears(t *testing.T) {
	const port = 15721
	env, store, events := sigNetEnv(t, port)
	decl := &ReceiverDecl{Scope: "local", Mode: "secure", Universes: streams(1, 7), Timecodes: []int{3}}
	r := open[*onlineReceiver](t, decl, env)
	r.Adopt(decl)
	runDevice(t, r)
	a, b := runSigNetSender(t, senderA, port), runSigNetSender(t, senderB, port)
	for _, s := range []*signet.SenderConn{a, b} {
		if err := s.Join(1, signet.UniverseOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	topic := universe.Topic(decl, universe.Stream{Number: 1})
	a.SetLevels(1, []byte{10, 20})
	for {
		ev := nextEvent(t, events, topic)
		v := ev.Value.(universe.Levels)
		if v.Universe != 1 || ev.Key != topic || ev.At <= 0 {
			t.Fatalf("event %+v", ev)
		}
		if len(v.Levels) == 512 && v.Levels[0] == 10 {
			break
		}
	}
	b.SetLevels(1, []byte{30, 20})
	for {
		if v := nextEvent(t, events, topic).Value.(universe.Levels); v.Levels[0] == 30 {
			if v.Source != senderB.String() && v.Source != senderA.String() {
				t.Errorf("source %q", v.Source)
			}
			break
		}
	}
	if l := ask[universe.SlotLevel](r, universe.LevelOf{Universe: 1, Slot: 1}); l != (universe.SlotLevel{Level: 30, Driven: true}) {
		t.Errorf("slot 1 is %+v", l)
	}
	if ask[universe.SlotLevel](r, universe.LevelOf{Universe: 1, Slot: 513}).Driven || len(ask[[]byte](r, universe.LevelsOf{Universe: 1})) != 512 || ask[[]byte](r, universe.LevelsOf{Universe: 2}) != nil {
		t.Error("more levels than were sent")
	}

	// A reload: universe 1 is no longer wanted, 2 is, 7 stays.
	next := &ReceiverDecl{Scope: "local", Mode: "secure", Universes: streams(7, 2), Timecodes: []int{4}}
	r.Adopt(next)
	if ask[universe.SlotLevel](r, universe.LevelOf{Universe: 1, Slot: 1}).Driven || ask[[]byte](r, universe.LevelsOf{Universe: 1}) != nil {
		t.Error("universe 1 is still there")
	}
	if err := a.Join(2, signet.UniverseOptions{}); err != nil {
		t.Fatal(err)
	}
	a.SetLevels(2, []byte{5})
	for nextEvent(t, events, universe.Topic(next, universe.Stream{Number: 2})).Value.(universe.Levels).Levels[0] != 5 {
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
	if at := ask[Standing](r, TimecodeOf{4}); !at.Known || at.Frame < 1800 || at.FrameAt(at.At+time.Second) != at.Frame+29 {
		t.Errorf("timecode %+v", at)
	}

	// The network fails: what was heard is gone until it is heard again.
	r.Close()
	for len(nextEvent(t, events, universe.Topic(next, universe.Stream{Number: 2})).Value.(universe.Levels).Levels) > 0 {
	}
	nextEvent(t, events, next.TimecodeTopic(4, "lost"))
	for levels, found := false, false; !levels || !found; { // in the order of their packets
		switch ev := nextEvent(t, events, universe.Topic(next, universe.Stream{Number: 2}), next.TimecodeTopic(4, "found")); v := ev.Value.(type) {
		case universe.Levels:
			levels = len(v.Levels) > 0
		case TimecodeEvent:
			found = true
		}
	}
	if kept := store.sessions(); len(kept) != 1 || kept[0] < 2 {
		t.Errorf("sessions %v", kept)
	}
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
	env, _, events := sigNetEnv(t, 0)
	env.Now = func() time.Duration { return 9 * time.Second }
	decl := &ReceiverDecl{Scope: "local", Mode: "secure", Universes: streams(1), Timecodes: []int{9}}
	r := openVirtual[*virtualReceiver](t, decl, env)
	r.Adopt(decl)
	at := func(ms int) time.Time { return sigNetEpoch.Add(time.Duration(ms) * time.Millisecond) }
	hear := func(ms, number int, from signet.SenderID, levels ...byte) {
		r.OnLevels(number, levels, receiver.Packet{Sender: from, At: at(ms)})
	}
	if r.Loops() != nil || ask[[]byte](r, universe.LevelsOf{Universe: 1}) != nil || ask[Standing](r, TimecodeOf{9}).Known {
		t.Error("something is heard in virtual time")
	}
	hear(0, 1, senderA, 1, 2)
	hear(10, 1, senderA, 1, 2)
	hear(20, 1, senderB, 1, 2)
	hear(30, 1, senderB, 1, 3)
	hear(40, 5, senderB, 9)
	if l := ask[universe.SlotLevel](r, universe.LevelOf{Universe: 1, Slot: 2}); l != (universe.SlotLevel{Level: 3, Driven: true}) {
		t.Errorf("slot 2 is %+v", l)
	}
	for _, slot := range []int{-1, 0, 3} {
		if ask[universe.SlotLevel](r, universe.LevelOf{Universe: 1, Slot: slot}).Driven {
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
	if tc := ask[Standing](r, TimecodeOf{9}); !tc.Known || tc.Running || tc.FrameAt(2*time.Second) != 25 {
		t.Errorf("one label: %+v", tc)
	}
	label(1040, receiver.TimecodeFrame, 26, false)
	if tc := ask[Standing](r, TimecodeOf{9}); tc.FrameAt(1140*time.Millisecond) != 28 {
		t.Errorf("running: %+v", tc)
	}
	label(1040, receiver.TimecodePause, 26, false) // no packet since
	label(2000, receiver.TimecodePause, 26, false) // the label again
	label(2100, receiver.TimecodeFrame, 100, true)
	label(2100, receiver.TimecodeVanish, 100, false)
	if tc := ask[Standing](r, TimecodeOf{9}); !tc.Known || tc.Running || tc.Frame != 100 {
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
	env, _, events := sigNetEnv(t, port)
	decl := &ReceiverDecl{Scope: "local", Mode: "secure", Universes: streams(1)}
	r := open[*onlineReceiver](t, decl, env)
	r.Adopt(decl)
	runDevice(t, r)
	tuid, err := TUIDOf(env.Store, "local/lo/1") // of a Sender of this host
	if err != nil {
		t.Fatal(err)
	}
	s := runSigNetSender(t, signet.SenderID{TUID: tuid, Endpoint: 1}, port)
	if err := s.Join(1, signet.UniverseOptions{}); err != nil {
		t.Fatal(err)
	}
	s.SetLevels(1, []byte{42})
	for {
		v := nextEvent(t, events, universe.Topic(decl, universe.Stream{Number: 1})).Value.(universe.Levels)
		if v.Source == tuid.Screen()+"/1" && v.Levels[0] == 42 {
			return
		}
	}
}

// TestSessionsSpent: a device whose TUID has no session left gets another TUID.
func TestSessionsSpent(t *testing.T) {
	env, store, _ := sigNetEnv(t, 15723)
	for _, decl := range []interface {
		device.Declaration
		identity(string) string
	}{
		&SenderDecl{Scope: "local", Mode: "secure", Endpoint: 1, Rate: 44},
		&ReceiverDecl{Scope: "local", Mode: "secure"},
		&ManagerDecl{Scope: "local"},
	} {
		tuid, err := TUIDOf(store, decl.identity("lo"))
		if err != nil {
			t.Fatal(err)
		}
		if err := (Sessions{store}).SaveSession(tuid, 0xFFFFFFFE); err != nil {
			t.Fatal(err)
		}
		d, err := decl.Open(env)
		if err != nil {
			t.Fatalf("%v: %v", decl, err)
		}
		d.(io.Closer).Close()
		next, err := TUIDOf(store, decl.identity("lo"))
		if n, _, _ := (Sessions{store}).Session(next); err != nil || next == tuid || n != 1 {
			t.Errorf("%v: TUID %v, session %d, %v", decl, next, n, err)
		}
	}
}

// TestSigNetRefused: devices that cannot be opened say why.
func TestSigNetRefused(t *testing.T) {
	env, _, _ := sigNetEnv(t, 15724)
	keyless := env
	keyless.Keys = []string{t.TempDir()}
	for name, d := range map[string]device.Declaration{
		"receiver": &ReceiverDecl{Scope: "local", Mode: "secure"},
		"manager":  &ManagerDecl{Scope: "local"},
	} {
		if _, err := d.Open(keyless); !errors.Is(err, errNoKey) {
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
	open[*onlineReceiver](t, &ReceiverDecl{Scope: "local", Mode: "open"}, keyless).Close()
}
