package artnet

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"showrun/drivers/artnet"
	"showrun/drivers/artnet/node"
	"showrun/drivers/artnet/wire"
	"showrun/runtime/device"
	"showrun/runtime/device/universe"
	"showrun/runtime/level"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is a host for devices on loopback.
type house struct {
	*testing.T
	env    device.Env
	events chan device.Event
	start  time.Time
}

func newHouse(t *testing.T, port int) *house {
	h := &house{T: t, events: make(chan device.Event, 256), start: time.Now()}
	h.env = device.Env{
		Now:   func() time.Duration { return time.Since(h.start) },
		Since: func(at time.Time) time.Duration { return at.Sub(h.start) },
		Time:  func(at time.Duration) time.Time { return h.start.Add(at) },
		Event: func(ev device.Event) bool {
			select {
			case h.events <- ev:
				return true
			default:
				return false
			}
		},
		Interface: "127.0.0.1", Ports: map[string]int{protocol: port}, Shared: &device.Shared{}, Log: slog.New(slog.DiscardHandler),
	}
	return h
}

// open opens a device, and runs it until the test ends.
func (h *house) open(d device.Declaration) device.Device {
	h.Helper()
	opened, err := d.Open(h.env)
	if err != nil {
		h.Fatal(err)
	}
	opened.(device.Adopter).Adopt(d)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	loops := opened.Loops()
	for _, loop := range loops {
		go func() { ended <- loop(ctx) }()
	}
	h.Cleanup(func() {
		cancel()
		for range loops {
			if err := <-ended; err != nil {
				h.Error(err)
			}
		}
	})
	return opened
}

// publish publishes a frame of one universe every 5 ms until something is true.
func (h *house) publish(d device.Device, levels []byte, until func() bool) {
	h.Helper()
	frames := time.NewTicker(5 * time.Millisecond)
	defer frames.Stop()
	for range 2000 {
		<-frames.C
		at := h.env.Now()
		d.(device.Publisher).Publish(&level.Frame{At: at, Levels: [][]byte{levels}})
		if r, ok := d.(device.Releaser); ok {
			r.Release(at)
		}
		if until() {
			return
		}
	}
	h.Fatal("it did not become so within ten seconds")
}

func (h *house) told(levels ...byte) func() bool {
	return func() bool {
		select {
		case ev := <-h.events:
			v, ok := ev.Value.(universe.Levels)
			return ok && len(v.Levels) >= len(levels) && slices.Equal(v.Levels[:len(levels)], levels) && v.Source == "127.0.0.1"
		default:
			return false
		}
	}
}

func sender(sync bool, universes ...int) *SenderDecl {
	d := &SenderDecl{Rate: 44, Sync: sync, Name: "desk"}
	for i, n := range universes {
		d.Universes = append(d.Universes, universe.Universe{Number: n, Output: level.Output(i)})
	}
	return d
}

// TestAShowHearsItself: a sender finds the receiver of the same show, which has the same
// address and so the same socket, and its levels arrive, with a sync and without.
func TestAShowHearsItself(t *testing.T) {
	for i, sync := range []bool{false, true} {
		h := newHouse(t, 26460+i)
		h.open(&ReceiverDecl{Name: "ear", Universes: []universe.Stream{{Number: 0x123}}})
		s := h.open(sender(sync, 0x123))
		h.publish(s, []byte{1, 2, 3}, h.told(1, 2, 3))
		h.publish(s, []byte{4, 5, 6}, h.told(4, 5, 6))
		want := []Node{{Address: "127.0.0.1", Name: "ear", Label: "ear", Style: "node", Ports: []Port{{0x123, "output", false}}}}
		if got := s.(device.Answerer).Answer(NodesOf{}); !reflect.DeepEqual(got, want) {
			t.Errorf("nodes %+v, want %+v", got, want)
		}
	}
}

// TestTheRigTakesWhatASenderSends: its node is found, follows what is patched, and shows
// the first universe.
func TestTheRigTakesWhatASenderSends(t *testing.T) {
	h := newHouse(t, 26462)
	r := newRig(device.RigEnv{Interface: "127.0.0.1", Ports: h.env.Ports, Log: h.env.Log})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.Run(ctx)
	}()
	defer func() {
		cancel()
		<-ended
	}()
	h.env.Rigs = map[string]device.Rig{protocol: r}
	d := sender(true, 7)
	d.Interface, d.Unicast, d.Quiet = "eth17", "10.0.0.1", true // with a rig nothing leaves it
	s := h.open(d)
	r.Patch([]device.Opened{{Declaration: d, Device: s}})
	h.publish(s, []byte{9, 8, 7}, func() bool { return slices.Equal(r.Levels(3), []byte{9, 8, 7}) })
	other := sender(true, 0x456)
	other.Name = "other"
	o := h.open(other)
	r.Patch([]device.Opened{{Declaration: other, Device: o}})
	h.publish(o, []byte{3, 2, 1}, func() bool { return slices.Equal(r.Levels(3), []byte{3, 2, 1}) })
}

// TestCountsOutliveTheSockets: what was dropped before a network failed stays counted.
func TestCountsOutliveTheSockets(t *testing.T) {
	h := newHouse(t, 0)
	r, s := newReceiver(&ReceiverDecl{}, h.env), newSender(&SenderDecl{}, h.env)
	for n := range uint64(3) {
		heard, err := node.New(node.Config{}, virtualAddress.Addr(), nil)
		if err != nil {
			t.Fatal(err)
		}
		c, err := artnet.New(artnet.Config{}, virtualAddress, virtualBroadcast, time.Now(), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.use(heard)
		s.use(c)
		heard.Receive(time.Now(), []byte("a noise on the wire"), virtualAddress)
		c.Receive(time.Now(), []byte("a noise on the wire"), virtualAddress)
		for _, d := range []device.Counted{r, s} {
			if c := d.Counts()[0]; c.Name != "packets_dropped_foreign" || c.N != n+1 {
				t.Errorf("machine %d: %+v", n, c)
			}
		}
	}
}

// TestVirtualDevicesGoOn: in virtual time a step that is due leads to a later deadline.
func TestVirtualDevicesGoOn(t *testing.T) {
	for name, d := range map[string]device.Declaration{
		"sender": sender(true, 1, 2), "receiver": &ReceiverDecl{Universes: []universe.Stream{{Number: 1}}},
	} {
		h := newHouse(t, 0)
		now := time.Duration(0)
		h.env.Now = func() time.Duration { return now }
		opened, err := d.OpenVirtual(h.env)
		if err != nil {
			t.Fatal(err)
		}
		opened.(device.Adopter).Adopt(d)
		if r, ok := opened.(*virtualReceiver); ok {
			b := wire.AppendDmx(nil, wire.Dmx{Address: 1, Levels: []byte{1, 2}})
			r.driver.Load().Receive(h.env.Time(0), b, virtualAddress)
			if ev := <-h.events; fmt.Sprint(ev.Value) != "{1 [1 2] 127.0.0.1}" {
				t.Errorf("told %v", ev.Value)
			}
		}
		steps := 0
		for s := opened.(device.Stepper); s.Next() < time.Minute; steps++ {
			if s.Next() < now || steps > 10000 {
				t.Fatalf("%s: due at %v at %v, after %d steps", name, s.Next(), now, steps)
			}
			now = s.Next()
			s.Step(now)
		}
		if steps == 0 {
			t.Errorf("%s: nothing was ever due", name)
		}
	}
}

func TestPagesOfOneAddressAreOneNode(t *testing.T) {
	a := virtualAddress.Addr()
	page := func(number byte, universe byte) artnet.Node {
		r := artnet.Reply{ShortName: "dimmers", BindIndex: number}
		r.Ports[0] = wire.PortState{Output: true, SwOut: universe}
		return artnet.Node{Reply: r, From: a}
	}
	got := Nodes([]artnet.Node{page(1, 4), page(2, 5)})
	want := []Node{{Address: "127.0.0.1", Name: "dimmers", Style: "node", Ports: []Port{{4, "output", false}, {5, "output", false}}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
}

// TestKeys: what a live device can change is not part of its key, and levels outlast a
// changed option.
func TestKeys(t *testing.T) {
	one, two := sender(true, 1), sender(true, 1, 2)
	if one.Key() != two.Key() {
		t.Error("universes are part of the key")
	}
	slow := sender(true, 1)
	slow.Rate = 20
	if slow.Key() == one.Key() || slow.Lane() != one.Lane() {
		t.Error("the rate is part of the lane, or not of the key")
	}
}

// TestAReloadWithAnotherOption: the sender with it opens before the one without closes, and
// both are of one address.
func TestAReloadWithAnotherOption(t *testing.T) {
	h := newHouse(t, 26463)
	h.open(&ReceiverDecl{Universes: []universe.Stream{{Number: 1}}})
	old, err := sender(false, 1).Open(h.env)
	if err != nil {
		t.Fatal(err)
	}
	next := h.open(sender(true, 1))
	if err := old.(interface{ Close() error }).Close(); err != nil {
		t.Error(err)
	}
	h.publish(next, []byte{1, 2, 3}, h.told(1, 2, 3))
}
