package sacn

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"showrun/drivers/lan/multicast"
	"showrun/drivers/sacn"
	"showrun/drivers/sacn/receiver"
	"showrun/drivers/sacn/wire"
	"showrun/runtime/device"
	"showrun/runtime/device/universe"
	"showrun/runtime/level"
	"showrun/runtime/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var epoch = time.Date(2026, 5, 9, 12, 0, 0, 0, time.UTC)

// testEnv is a host on loopback whose events come out of a channel.
func testEnv(t *testing.T, port int) (device.Env, chan device.Event) {
	t.Helper()
	events := make(chan device.Event, 10000)
	return device.Env{
		Now:       func() time.Duration { return time.Since(epoch) },
		Since:     func(t time.Time) time.Duration { return t.Sub(epoch) },
		Time:      epoch.Add,
		Event:     func(ev device.Event) bool { events <- ev; return true },
		Interface: "lo", Ports: map[string]int{protocol: port}, Store: &store.Memory{}, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}, events
}

// open opens the device of a declaration and runs it until the test ends.
func open[D device.Device](t *testing.T, d device.Declaration, env device.Env) D {
	t.Helper()
	opened, err := d.Open(env)
	if err != nil {
		t.Fatal(err)
	}
	opened.(device.Adopter).Adopt(d)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for _, loop := range opened.Loops() {
		running.Go(func() {
			for loop(ctx) != nil {
			}
		})
	}
	t.Cleanup(func() { cancel(); running.Wait() })
	return opened.(D)
}

const patience = 20 * time.Second

// publish sends a frame now and again until an event with these first levels comes.
func publish(t *testing.T, s *onlineSender, env device.Env, events chan device.Event, topic string, want ...byte) universe.Levels {
	t.Helper()
	tick, deadline := time.NewTicker(25*time.Millisecond), time.After(patience)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.Publish(&level.Frame{At: env.Now(), Levels: [][]byte{want}})
			s.Release(env.Now())
		case ev := <-events:
			if v := ev.Value.(universe.Levels); ev.Topic == topic && bytes.HasPrefix(v.Levels, want) {
				return v
			}
		case <-deadline:
			t.Fatalf("no levels %v of %s", want, topic)
		}
	}
}

// TestSentIsHeard: a sender of a show and a receiver of it meet on loopback, also when a
// reload changes what they are there for.
func TestSentIsHeard(t *testing.T) {
	const port = 15751
	env, events := testEnv(t, port)
	listen := &ReceiverDecl{Universes: []universe.Stream{{Number: 1}, {Number: 1, Preview: true}}}
	r := open[*onlineReceiver](t, listen, env)
	decl := &SenderDecl{Name: "desk", Rate: 44, Priority: 100, Sync: 9, Universes: []universe.Universe{{Number: 1}, {Number: 1, Preview: true}}}
	s := open[*onlineSender](t, decl, env)
	v := publish(t, s, env, events, universe.Topic(listen, universe.Stream{Number: 1}), 1, 2)
	if v.Source != "desk" || v.Universe != 1 || len(v.Levels) != 512 {
		t.Errorf("heard %+v", v)
	}
	publish(t, s, env, events, universe.Topic(listen, universe.Stream{Number: 1, Preview: true}), 3)
	if l := r.Answer(universe.LevelOf{Universe: 1, Slot: 2}).(universe.SlotLevel); !l.Driven {
		t.Errorf("slot 2 is %+v", l)
	}
	again := *listen
	again.Universes = []universe.Stream{{Number: 2}}
	r.Adopt(&again)
	next := *decl
	next.Universes = []universe.Universe{{Number: 2, Priority: append([]byte{0}, bytes.Repeat([]byte{200}, 511)...)}}
	s.Adopt(&next)
	publish(t, s, env, events, universe.Topic(listen, universe.Stream{Number: 2}), 0, 7)
	if l := r.Answer(universe.LevelOf{Universe: 2, Slot: 1}).(universe.SlotLevel); l.Driven || r.Answer(universe.LevelsOf{Universe: 1}).([]byte) != nil {
		t.Errorf("slot 1 of universe 2 is %+v", l)
	}
	s.Take(0, universe.SetPriority{Universe: 2, Priority: []byte{50}})
	publish(t, s, env, events, universe.Topic(listen, universe.Stream{Number: 2}), 5, 7)
	s.Take(0, universe.LeaveUniverse{Universe: 2})
	for deadline := time.After(patience); ; {
		select {
		case ev := <-events:
			if v := ev.Value.(universe.Levels); len(v.Levels) == 0 && v.Source == "" {
				return
			}
		case <-deadline:
			t.Fatal("the end is not told")
		}
	}
}

// TestCIDsAreKept: a sender is who it was, and no two of a load are the same.
func TestCIDsAreKept(t *testing.T) {
	env, _ := testEnv(t, 0)
	cid := func(d *SenderDecl) wire.CID {
		t.Helper()
		c, err := cidOf(env.Store, d)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	a := cid(&SenderDecl{Name: "a", Rate: 44})
	if b := cid(&SenderDecl{Name: "a", Rate: 30, Sync: 7}); a != b {
		t.Errorf("%v and %v with another rate", a, b)
	}
	if b := cid(&SenderDecl{Name: "b", Rate: 44}); a == b {
		t.Errorf("two names have %v", a)
	}
	if c := cid(&SenderDecl{Name: "a", CID: "00010203-0405-0607-0809-0a0b0c0d0e0f"}); c != (wire.CID{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}) {
		t.Errorf("a named CID is %v", c)
	}
	broken := &SenderDecl{Name: "broken"}
	env.Store.Put(cidBucket, broken.Lane(), []byte{1})
	if _, err := cidOf(env.Store, broken); err == nil || !strings.Contains(err.Error(), "broken CID") {
		t.Errorf("a broken CID: %v", err)
	}
}

// TestRig: with a rig nothing leaves loopback, whatever a show names, and the levels of its
// first universe are shown.
func TestRig(t *testing.T) {
	const port = 15752
	part, err := Protocol().NewRig(device.RigEnv{
		Interface: "lo", Ports: map[string]int{protocol: port}, Time: epoch.Add, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { part.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	env, _ := testEnv(t, port)
	env.Rigs = map[string]device.Rig{protocol: part}
	meter := part.(device.Meter)
	if len(meter.Levels(3)) > 0 {
		t.Error("levels before there is a universe")
	}
	decl := &SenderDecl{Interface: "nowhere8", Name: "desk", Rate: 44, Unicast: "10.0.0.5", Universes: []universe.Universe{{Number: 4, Preview: true}, {Number: 3}}}
	s := open[*onlineSender](t, decl, env)
	part.Patch([]device.Opened{{Declaration: decl, Device: s}})
	tick, deadline := time.NewTicker(25*time.Millisecond), time.After(patience)
	defer tick.Stop()
	for !bytes.Equal(meter.Levels(3), []byte{7, 8, 9}) {
		select {
		case <-tick.C:
			s.Publish(&level.Frame{At: env.Now(), Levels: [][]byte{{7, 8, 9}}})
		case <-deadline:
			t.Fatalf("levels %v", meter.Levels(3))
		}
	}
	part.Patch(nil)
	if len(meter.Levels(3)) > 0 {
		t.Error("levels of no universe")
	}
}

// TestUnicast: what has addresses is sent to those, and what has none to those of the sender.
func TestUnicast(t *testing.T) {
	var lamps [2]*net.UDPConn
	for i := range lamps {
		var err error
		if lamps[i], err = net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, byte(21+i))}); err != nil {
			t.Skip(err)
		}
		defer lamps[i].Close()
	}
	env, _ := testEnv(t, 15753)
	decl := &SenderDecl{Name: "desk", Rate: 44, Unicast: lamps[0].LocalAddr().String(), Universes: []universe.Universe{
		{Number: 1}, {Number: 2, Unicast: lamps[1].LocalAddr().String()},
	}}
	s := open[*onlineSender](t, decl, env)
	s.Publish(&level.Frame{At: env.Now(), Levels: [][]byte{{7}}})
	for i, lamp := range lamps {
		lamp.SetReadDeadline(time.Now().Add(patience))
		b := make([]byte, 2000)
		n, err := lamp.Read(b)
		var p wire.Packet
		if err == nil {
			err = wire.Parse(b[:n], &p)
		}
		if err != nil || int(p.Universe) != i+1 || p.Slots[0] != 7 {
			t.Errorf("receiver %d got %+v, %v", i, p, err)
		}
	}
}

// TestCountsOutliveTheSockets: what was dropped before a network failed stays counted.
func TestCountsOutliveTheSockets(t *testing.T) {
	env, _ := testEnv(t, 0)
	listen := &ReceiverDecl{}
	r, cfg := newReceiver(listen, env)
	for n := range uint64(3) {
		driver := receiver.New(cfg, time.Now)
		r.use(driver)
		driver.Receive(time.Now(), []byte("noise"), (&net.UDPAddr{IP: net.IPv4(10, 0, 0, 1)}).AddrPort())
		if c := r.Counts()[0]; c.Name != "packets_foreign" || c.N != n+1 {
			t.Errorf("machine %d: %+v", n, c)
		}
	}
	decl := &SenderDecl{Name: "desk", Rate: 44}
	s := newSender(decl, env)
	for n := range uint64(3) {
		d, err := sacn.NewSender(sacn.Config{CID: wire.CID{1}, Rate: 44}, func(now time.Time, packets []multicast.Packet, refused func(int, error)) (int, time.Time) {
			refused(0, errors.New("no room"))
			return len(packets) - 1, now
		})
		if err != nil {
			t.Fatal(err)
		}
		s.use(d)
		d.Join(1, sacn.UniverseOptions{})
		d.SetLevels(1, false, []byte{1})
		d.FlushFor(time.Now(), time.Now())
		if c := s.Counts()[0]; c.N != n+1 {
			t.Errorf("machine %d: %+v", n, c)
		}
	}
}

// TestVirtual: in virtual time nothing is opened, and two runs are the same.
func TestVirtual(t *testing.T) {
	env, events := testEnv(t, 0)
	env.Interface = "nowhere9"
	now := time.Duration(0)
	env.Now = func() time.Duration { return now }
	listen := &ReceiverDecl{Universes: []universe.Stream{{Number: 1}}}
	decl := &SenderDecl{Name: "desk", Rate: 44, Universes: []universe.Universe{{Number: 1}}}
	r, err := listen.OpenVirtual(env)
	if err != nil {
		t.Fatal(err)
	}
	r.(device.Adopter).Adopt(listen)
	opened, err := decl.OpenVirtual(env)
	if err != nil {
		t.Fatal(err)
	}
	s := opened.(*virtualSender)
	s.Adopt(decl)
	for now < 5*time.Second {
		for _, d := range []device.Stepper{s, r.(device.Stepper)} {
			if next := d.Next(); next <= now {
				d.Step(now)
			}
		}
		s.Publish(&level.Frame{At: now, Levels: [][]byte{{byte(now / time.Second)}}})
		now += time.Second / 40
	}
	if st := s.Driver().(*driver).Stats(); st.Packets < 20 || st.Universes != 1 || len(s.Counts()) == 0 {
		t.Errorf("%+v", st)
	}
	// What a source says reaches scripts after the first 1.5 s.
	packet := func(sequence byte) {
		b := wire.AppendData(nil, wire.Packet{CID: wire.CID{1}, Sequence: sequence, Priority: 100, Universe: 1, Slots: []byte{42}})
		r.(*virtualReceiver).driver.Load().Receive(env.Time(now), b, (&net.UDPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 5568}).AddrPort())
	}
	packet(0)
	now += wire.SamplingPeriod
	r.(device.Stepper).Step(now)
	packet(1) // nothing new
	if len(events) != 1 {
		t.Fatalf("%d events, want 1", len(events))
	}
	if v := (<-events).Value.(universe.Levels); v.Levels[0] != 42 || v.Source != (wire.CID{1}).String() {
		t.Errorf("heard %+v", v)
	}
}
