package midi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"showrun/drivers/midi"
	"showrun/drivers/midi/session"
	"showrun/drivers/midi/timecode"
	"showrun/drivers/midi/wire"
	"showrun/runtime/beat"
	"showrun/runtime/device"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// host is what a port reaches in these tests.
type host struct {
	mu       sync.Mutex
	events   []device.Event
	observed []beat.Observation
	told     chan struct{}
}

func (h *host) env() device.Env {
	begin := time.Now()
	h.told = make(chan struct{}, 1000)
	return device.Env{
		Now:   func() time.Duration { return time.Since(begin) },
		Since: func(t time.Time) time.Duration { return t.Sub(begin) },
		Time:  func(d time.Duration) time.Time { return begin.Add(d) },
		Observe: func(_ string, o beat.Observation) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.observed = append(h.observed, o)
		},
		Event: func(e device.Event) bool {
			h.mu.Lock()
			h.events = append(h.events, e)
			h.mu.Unlock()
			h.told <- struct{}{}
			return true
		},
		Interface: "127.0.0.1", Log: slog.New(slog.DiscardHandler),
	}
}

// run runs the loops of a device until the test ends.
func run(t *testing.T, d device.Device) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for _, loop := range d.Loops() {
		running.Go(func() {
			if err := loop(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(func() { cancel(); running.Wait() })
}

// TestTheRigPlaysTheHands has two ports of a show and a hand from outside meet on loopback,
// whatever port or session the show names.
func TestTheRigPlaysTheHands(t *testing.T) {
	h := &host{}
	env := h.env()
	part, err := newRig(device.RigEnv{Interface: "127.0.0.1", Log: env.Log})
	if err != nil {
		t.Fatal(err)
	}
	env.Rigs = map[string]device.Rig{protocol: part}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { part.Run(ctx) })
	defer func() { cancel(); running.Wait() }()
	decl := &PortDecl{Name: "APC*"}
	d, err := decl.Open(env)
	if err != nil {
		t.Fatal(err)
	}
	run(t, d)
	port := d.(*Port)
	if got := port.WaitsFor(); len(got) > 1 {
		t.Errorf("waits for %q", got)
	}

	address, err := part.(*Rig).session(decl)
	if err != nil {
		t.Fatal(err)
	}
	heard := make(chan session.Received, 100)
	hand, err := midi.Open(midi.Config{Name: "hand", Interface: "127.0.0.1", Join: address, OnMessage: func(r session.Received) { heard <- r }})
	if err != nil {
		t.Fatal(err)
	}
	running.Go(func() { hand.Run(ctx) })

	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	timeout := time.After(20 * time.Second)
	for in, out := false, false; !in || !out; {
		select {
		case <-tick.C:
			hand.Send(wire.Message{Kind: wire.NoteOn, Channel: 1, Number: 60, Value: 1})
			port.Take(0, Message{Kind: CC, Channel: 2, Number: 7, Value: 3})
		case <-h.told:
			in = true
		case r := <-heard:
			out = r.Message == wire.Message{Kind: wire.ControlChange, Channel: 2, Number: 7, Value: 3}
		case <-timeout:
			t.Fatalf("in %v, out %v", in, out)
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if e := h.events[0]; e.Topic != decl.Topic("note") || e.Value != (Message{Kind: Note, Channel: 1, Number: 60, Value: 1}) {
		t.Errorf("event %+v", e)
	}
}

// TestAMissingPortIsWaitedFor names a port that is not there.
func TestAMissingPortIsWaitedFor(t *testing.T) {
	h := &host{}
	_, err := (&PortDecl{Name: "no such port at all"}).Open(h.env())
	if missing := (*device.MissingError)(nil); !errors.As(err, &missing) || !strings.Contains(err.Error(), "no such port at all") {
		t.Skipf("this system has no ports: %v", err)
	}
}

// TestATimecodeGoesOnByItself lets the loop of a port freewheel, and stop.
func TestATimecodeGoesOnByItself(t *testing.T) {
	h := &host{}
	env := h.env()
	decl := &PortDecl{Offer: "x", Port: 0, Freewheel: 300 * time.Millisecond}
	d, err := decl.OpenVirtual(env)
	if err != nil {
		t.Fatal(err)
	}
	p := d.(*virtualPort)
	p.Adopt(decl)
	tape := timecode.NewSender(wire.Rate25)
	tape.Start(0, env.Time(0))
	for range 16 {
		due := tape.Deadline()
		m, _ := tape.Step(due)
		p.OnMessage(m, due, 0)
	}
	for next := p.Next(); next != beat.Never; next = p.Next() {
		p.Step(next)
	}
	var topics []string
	for _, e := range h.events {
		topics = append(topics, strings.TrimPrefix(e.Topic, decl.Key()+" timecode "))
	}
	if got := fmt.Sprint(topics); got != "[found frame frame frame frame frame frame frame frame frame frame lost]" {
		t.Errorf("events %s", got)
	}
	if is := p.Answer(TimecodeOf{}).(Standing); !is.Known || is.Running || is.Frame != 10 {
		t.Errorf("stands at %+v", is)
	}
}

// TestPulsesAndStamps observes a clock from a cable by its pulses, and one from a network by
// its stamps.
func TestPulsesAndStamps(t *testing.T) {
	h := &host{}
	env := h.env()
	p := newPort(&PortDecl{Name: "x"}, env)
	p.OnMessage(wire.Message{Kind: wire.Clock}, env.Time(time.Second), 0)
	p.OnMessage(wire.Message{Kind: wire.Clock}, env.Time(2*time.Second), 5*time.Second)
	p.OnMessage(wire.Message{Kind: wire.Stop}, env.Time(3*time.Second), 6*time.Second)
	want := []beat.Observation{
		{Arrival: time.Second, Clock: uint64(time.Second) / 48, Pulses: true},
		{Arrival: 2 * time.Second, Clock: uint64(5 * time.Second), Beat: 1.0 / 24},
		{Arrival: 3 * time.Second, Clock: uint64(6 * time.Second), Beat: 2.0 / 24, Halt: true},
	}
	if !slices.Equal(h.observed, want) {
		t.Errorf("observed %+v", h.observed)
	}
}

// TestStampsThatStandAreNone hears a clock whose packets all have one stamp.
func TestStampsThatStandAreNone(t *testing.T) {
	h := &host{}
	env := h.env()
	p := newPort(&PortDecl{Host: "x"}, env)
	for i := range 10 {
		p.OnMessage(wire.Message{Kind: wire.Clock}, env.Time(time.Duration(i)*time.Second/48), time.Second)
	}
	for i, o := range h.observed {
		if o.Pulses != (i >= noClock) {
			t.Errorf("pulse %d is observed as %+v", i, o)
		}
	}
}

// TestMessagesThereAndBack sends what was heard.
func TestMessagesThereAndBack(t *testing.T) {
	for k := range kinds {
		m := wire.Message{Kind: k, Number: 5, Value: 6}
		if k.HasChannel() {
			m.Channel = 2
		}
		told, _ := messageOf(m)
		back := told.wire()
		if k == wire.NoteOff {
			m.Value = 64
		}
		if back != m || told.Check() != nil {
			t.Errorf("%+v comes back as %+v, %v", m, back, told.Check())
		}
	}
}

// TestWhatIsDroppedIsCounted, also of a session that has ended since.
func TestWhatIsDroppedIsCounted(t *testing.T) {
	h := &host{}
	d, err := (&PortDecl{Host: "127.0.0.1", Port: 9}).Open(h.env())
	if err != nil {
		t.Fatal(err)
	}
	p := d.(*Port)
	counts := func() (list []string) {
		for _, c := range p.Counts() {
			if c.N > 0 {
				list = append(list, fmt.Sprint(c.Name, " ", c.N))
			}
		}
		return list
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	control := p.current().(*midi.Conn).Addr()
	go func() { ended <- p.run(ctx) }()
	out, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(control))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	want := []string{"packets_refused 1", "invitations_refused 1", "commands_unknown 1"}
	for _, b := range [][]byte{[]byte("noise"), wire.AppendControl(nil, wire.Control{Command: wire.Invitation, Name: "x"}), []byte("\xff\xffRL12345678")} {
		if _, err := out.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	tick, late := time.NewTicker(5*time.Millisecond), time.After(20*time.Second)
	defer tick.Stop()
	for !slices.Equal(counts(), want) {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("%q, want %q", counts(), want)
		}
	}
	cancel()
	if err := <-ended; err != nil || !slices.Equal(counts(), want) {
		t.Errorf("%v, after the end %q, want %q", err, counts(), want)
	}
}

// TestFreewheelIsAsLongAsItIsSet, also shorter than it is by default.
func TestFreewheelIsAsLongAsItIsSet(t *testing.T) {
	for _, c := range []struct{ set, want time.Duration }{{0, timecode.DefaultFreewheel}, {60 * time.Millisecond, 60 * time.Millisecond}, {time.Second, time.Second}} {
		h := &host{}
		env := h.env()
		decl := &PortDecl{Name: "x", Freewheel: c.set}
		d, err := decl.OpenVirtual(env)
		if err != nil {
			t.Fatal(err)
		}
		p := d.(*virtualPort)
		p.Adopt(decl)
		at := env.Time(time.Second)
		for n := range int64(16) {
			at = at.Add(10 * time.Millisecond)
			label := wire.LabelOf(wire.Rate25, n/8*2)
			p.OnMessage(wire.Message{Kind: wire.QuarterFrame, Number: int(wire.QuarterFrames(label)[n%8])}, at, 0)
		}
		for !p.deadline().IsZero() {
			p.stepTo(p.deadline())
		}
		last := h.events[len(h.events)-1]
		if got := last.At - env.Since(at); last.Topic != decl.TimecodeTopic("lost") || got != c.want {
			t.Errorf("a freewheel of %v: %s after %v, want %v", c.set, last.Topic, got, c.want)
		}
	}
}
