package stagenet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"showrun/drivers/stagenet/gateway"
	"showrun/runtime/device"
	"showrun/runtime/level"
	"showrun/runtime/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen at once.
const patience = 10 * time.Second

// epoch is show time 0.
var epoch = time.Now()

// kept is a store in memory.
type kept struct{ store.Memory }

// lease keeps one.
func (k *kept) lease(console, gatewayID, value string) {
	k.Put(leaseBucket, console+"\x00"+gatewayID, []byte(value))
}

// ask asks a device.
func ask[A any](d device.Answerer, question any) A { return d.Answer(question).(A) }

// stage is a host for one console.
type stage struct {
	*onlineConsole
	t      *testing.T
	events chan device.Event
	log    bytes.Buffer
	store  kept
}

// newStage opens the device of a declaration as a run on the real clock does.
func newStage(t *testing.T, d *ConsoleDecl) *stage {
	t.Helper()
	return newStageOf(t, d, nil)
}

// newStageOf is a stage with a rig.
func newStageOf(t *testing.T, d *ConsoleDecl, rigs map[string]device.Rig) *stage {
	t.Helper()
	s := &stage{t: t, events: make(chan device.Event, 1000)}
	s.store.lease("loopback", "old", `{"id":"lease of old","addresses":"1-2"}`)
	s.store.lease("loopback", "bad", `{"id":"lease of bad","addresses":"2-1"}`)
	c, err := d.Open(device.Env{
		Since:     func(at time.Time) time.Duration { return at.Sub(epoch) },
		Time:      func(at time.Duration) time.Time { return epoch.Add(at) },
		Event:     func(e device.Event) bool { s.events <- e; return true },
		Interface: "127.0.0.1", Store: &s.store, Rigs: rigs,
		Log: slog.New(slog.NewTextHandler(&s.log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.onlineConsole = c.(*onlineConsole)
	s.Adopt(d)
	return s
}

// run runs the loops of the device until the test, or the returned function, ends
// them.
func (s *stage) run() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for _, loop := range s.Loops() {
		running.Go(func() {
			if err := loop(ctx); err != nil {
				s.t.Error(err)
			}
		})
	}
	stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	s.t.Cleanup(stop)
	return stop
}

// wait waits for an event of each of some gateways, in whatever order, and returns the first
// of these.
func (s *stage) wait(kind string, ids ...string) Gateway {
	s.t.Helper()
	limit, left := time.After(patience), slices.Clone(ids)
	for len(left) > 0 {
		select {
		case e := <-s.events:
			if g := e.Value.(Gateway); e.Topic == s.decl.EventTopic(kind) {
				left = slices.DeleteFunc(left, func(id string) bool { return id == g.ID })
			}
		case <-limit:
			s.t.Fatalf("%q are not %s", left, kind)
		}
	}
	return ask[Gateway](s, GatewayOf{ID: ids[0]})
}

// frame publishes levels by output.
func (s *stage) frame(levels ...[]byte) {
	s.Publish(&level.Frame{At: time.Since(epoch), Levels: levels})
}

// box is a gateway to send to.
type box struct {
	gateway.Levels
	*gateway.Gateway
	channels []gateway.Channel
}

func newBox(t *testing.T, id, listen string, channels ...gateway.Channel) (*box, func()) {
	t.Helper()
	b := &box{channels: channels}
	var err error
	b.Gateway, err = gateway.Listen(gateway.Config{ID: id, Channels: channels, Listen: listen, Sink: &b.Levels})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return b, stop
}

// shows waits until the channels are as wanted, publishing frames meanwhile as an
// engine does.
func (s *stage) shows(b *box, want []byte, levels ...[]byte) {
	s.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(patience)
	for !bytes.Equal(b.Values(nil, b.channels), want) {
		select {
		case <-tick.C:
			s.frame(levels...)
		case <-limit:
			s.t.Fatalf("shows %v, want %v", b.Values(nil, b.channels), want)
		}
	}
}

func TestLevelsReachGateways(t *testing.T) {
	front, stopFront := newBox(t, "front", "127.0.0.1:0", gateway.Channels("DMX", 1, 4)...)
	desk, _ := newBox(t, "desk", "127.0.0.1:0", append(gateway.Channels("ANALOG", 0, 2), gateway.Channels("DMX", 7, 1)...)...)
	byPlace := Levels{Output: 0, Slots: 512, Used: 6}
	byChannel := Levels{Type: "ANALOG", Output: 1, Slots: 512, Used: 1}
	d := &ConsoleDecl{URLs: []string{front.URL(), desk.URL()}, Rate: 1000, Gateways: []*GatewayDecl{
		{ID: "front", Levels: []Levels{byPlace, {Type: "DMX", Output: 3, Slots: 512, Used: 2}}}, {ID: "desk", Levels: []Levels{byChannel}},
	}}
	if got := d.Outputs(); !slices.Equal(got, []level.Output{0, 3, 1}) {
		t.Errorf("outputs %v", got)
	}
	s := newStage(t, d)
	if s.Universes() != 0 {
		t.Errorf("%d gateways before the first", s.Universes())
	}
	stop := s.run()
	// Their order is that of their coming; the lease of another gateway keeps SN1
	// and SN2.
	if g := s.wait("mapped", "front"); len(g.Lease.Addresses) != 4 || g.Lease.Addresses[0] < 3 || !g.Connected {
		t.Errorf("front: %+v", g)
	}
	s.frame([]byte{10, 20, 30, 40}, []byte{50, 60}, nil, []byte{0, 99})
	s.shows(front, []byte{10, 99, 30, 40}, []byte{10, 20, 30, 40}, []byte{50, 60}, nil, []byte{0, 99})
	s.shows(desk, []byte{50, 60, 0}, []byte{10, 20, 30, 40}, []byte{50, 60}, nil, []byte{0, 99})
	if s.Universes() != 2 {
		t.Errorf("%d gateways, want 2", s.Universes())
	}

	// An address is set by its number, from a frame on.
	all := ask[[]Gateway](s, GatewaysOf{})
	i := slices.IndexFunc(all, func(g Gateway) bool { return g.ID == "desk" })
	address := all[i].Lease.Addresses[2]
	at := level.Address{Output: 2, Slot: int32(address)}
	numbers := make([]byte, address)
	numbers[address-1] = 77
	s.Take(time.Since(epoch), Use{Address: address, At: at})
	s.shows(desk, []byte{50, 60, 77}, []byte{10, 20, 30, 40}, []byte{50, 60}, numbers, []byte{0, 99})

	want := Place{"desk", 2, Mapping{address, "DMX", 7}}
	if p := ask[Place](s, PlaceOf{address}); p != want {
		t.Errorf("place %+v, want %+v", p, want)
	}
	if ask[Place](s, PlaceOf{1000}) != (Place{}) {
		t.Error("nobody holds SN1000")
	}

	// The gateway restarts: everything comes again, what changed meanwhile too.
	listen := front.Addr().String()
	stopFront()
	if g := s.wait("lost", "front"); g.Connected {
		t.Errorf("lost: %+v", g)
	}
	s.frame([]byte{11, 20, 30, 40}, []byte{50, 60}, numbers, []byte{0, 0})
	front, _ = newBox(t, "front", listen, gateway.Channels("DMX", 1, 4)...)
	s.shows(front, []byte{11, 20, 30, 40}, []byte{11, 20, 30, 40}, []byte{50, 60}, numbers, []byte{0, 0})

	// A reload that names less leaves the rest as it is.
	s.Adopt(&ConsoleDecl{Gateways: d.Gateways[1:]})
	s.shows(desk, []byte{51, 61, 77}, []byte{1, 2, 3, 4}, []byte{51, 61}, numbers, nil)
	s.shows(front, []byte{11, 20, 30, 40})

	// The last frame arrives although the device ends at once.
	s.frame(nil, []byte{52, 62}, numbers, nil)
	stop()
	s.shows(desk, []byte{52, 62, 77})

	granted, err := Leases(&s.store)
	i = slices.IndexFunc(granted, func(g Granted) bool { return g.GatewayID == "front" })
	if len(granted) != 3 || i < 0 || len(granted[i].Addresses) != 4 || granted[i].Console != "loopback" || !errors.Is(err, ErrDamaged) {
		t.Errorf("kept leases: %+v, %v", granted, err)
	}
	for _, want := range []string{
		`level=ERROR msg="stagenet: a lease is lost, its gateway will get another one"`,
		`level=WARN msg="stagenet: the show uses a slot that the lease does not have" gateway=front slot=6 addresses=4`,
	} {
		if !bytes.Contains(s.log.Bytes(), []byte(want)) {
			t.Errorf("not in the log: %s\n%s", want, s.log.String())
		}
	}
}

// TestFixtureAfterNumber: a fixture of a new load counts, not what the load before set
// at its address by number; within one load the highest does.
func TestFixtureAfterNumber(t *testing.T) {
	desk, _ := newBox(t, "desk", "127.0.0.1:0", gateway.Channels("DMX", 1, 2)...)
	d := &ConsoleDecl{URLs: []string{desk.URL()}, Rate: 1000}
	s := newStage(t, d)
	s.run()
	lease := s.wait("mapped", "desk").Lease.Addresses
	for i, a := range lease {
		s.Take(time.Since(epoch), Use{Address: a, At: level.Address{Output: 0, Slot: int32(i + 1)}})
	}
	numbers, fixture := []byte{255, 254}, []byte{40, 0}
	s.shows(desk, []byte{255, 254}, numbers, fixture)
	s.Adopt(&ConsoleDecl{Load: 1, Gateways: []*GatewayDecl{{ID: "desk", Levels: []Levels{{Type: "DMX", Output: 1, Slots: 1, Used: 1}}}}})
	s.shows(desk, []byte{40, 254}, numbers, fixture)
	at := level.Address{Output: 0, Slot: 1}
	s.Take(time.Since(epoch), Use{Address: lease[0], At: at}) // which was on its way
	numbers[1] = 253
	s.shows(desk, []byte{40, 253}, numbers, fixture)
	s.Take(time.Since(epoch), Use{Address: lease[0], At: at, Load: 1})
	numbers[1] = 254
	s.shows(desk, []byte{255, 254}, numbers, fixture)
	s.Adopt(&ConsoleDecl{Load: 2}) // nothing is there now but what was
	s.shows(desk, []byte{255, 254}, numbers, fixture)
}

// TestNewMapping: an address that becomes a channel the show has no level for does not
// keep that of the channel it was.
func TestNewMapping(t *testing.T) {
	dmx := gateway.Channels("DMX", 1, 2)
	desk, _ := newBox(t, "desk", "127.0.0.1:0", dmx...)
	s := newStage(t, &ConsoleDecl{URLs: []string{desk.URL()}, Rate: 1000, Gateways: []*GatewayDecl{
		{ID: "desk", Levels: []Levels{{Type: "DMX", Output: 0, Slots: 512, Used: 2}}},
	}})
	s.run()
	s.wait("mapped", "desk")
	levels := []byte{200, 100}
	s.shows(desk, []byte{200, 100}, levels)
	desk.channels = append(gateway.Channels("RELAY", 0, 1), dmx...)
	if err := desk.Resize(desk.channels); err != nil {
		t.Fatal(err)
	}
	s.wait("mapped", "desk")
	s.shows(desk, []byte{0, 200, 101}, []byte{200, 101})
}

func TestChannelThatIsNotThere(t *testing.T) {
	desk, _ := newBox(t, "desk", "127.0.0.1:0", gateway.Channels("DMX", 1, 2)...)
	s := newStage(t, &ConsoleDecl{URLs: []string{desk.URL()}, Gateways: []*GatewayDecl{
		{ID: "desk", Levels: []Levels{{Type: "dmx", Output: 0, Slots: 512, Used: 1}}},
	}})
	stop := s.run()
	s.wait("mapped", "desk")
	stop()
	if want := `uses a channel that the gateway does not have" gateway=desk type=dmx channel=0`; !bytes.Contains(s.log.Bytes(), []byte(want)) {
		t.Errorf("not in the log: %s\n%s", want, s.log.String())
	}
}

// TestNobodyWaits: orders and loads come in while frames are delivered, and none of
// them gets lost.
func TestNobodyWaits(t *testing.T) {
	const orders = 200
	n := newNight(t, &ConsoleDecl{Gateways: []*GatewayDecl{{ID: "box", Levels: []Levels{{Output: 0, Slots: 512}}}}})
	c := n.Console
	var others sync.WaitGroup
	others.Go(func() {
		for i := range orders {
			c.Take(0, Use{Address: i + 1, At: level.Address{Output: level.Output(1 + i%7), Slot: 1}})
		}
	})
	others.Go(func() {
		for i := range orders {
			c.Adopt(&ConsoleDecl{Gateways: []*GatewayDecl{{ID: "box", Levels: []Levels{{Output: level.Output(10 + i), Slots: 512}}}}})
		}
	})
	f := &level.Frame{Levels: [][]byte{make([]byte, 512)}}
	for range 100 {
		c.deliver(f)
		ask[Gateway](c, GatewayOf{ID: "box"})
	}
	others.Wait()
	c.deliver(f)
	if len(c.routes.used) != orders || len(c.waiting) != 0 {
		t.Errorf("%d addresses are used, %d orders wait", len(c.routes.used), len(c.waiting))
	}
	if got := *c.selected.Load(); len(got) != 1+7+orders {
		t.Errorf("%d outputs are selected", len(got))
	}
}

// TestDial: a rig brings more gateways.
func TestDial(t *testing.T) {
	a, _ := newBox(t, "a", "127.0.0.1:0", gateway.Channels("DMX", 1, 1)...)
	b, _ := newBox(t, "b", "127.0.0.1:0", gateway.Channels("DMX", 1, 1)...)
	s := newStage(t, &ConsoleDecl{URLs: []string{a.URL()}})
	s.run()
	s.wait("mapped", "a")
	if err := s.Dial([]string{b.URL()}); err != nil {
		t.Fatal(err)
	}
	s.wait("mapped", "b")
	if err := s.Dial([]string{"nonsense"}); err == nil {
		t.Error("a bad URL is accepted")
	}
}

func TestBadConsole(t *testing.T) {
	for what, d := range map[string]*ConsoleDecl{"URL": {URLs: []string{"http://x"}}, "interface": {Interface: "nowhere0"}} {
		if _, err := d.Open(device.Env{Store: &kept{}, Log: slog.New(slog.DiscardHandler)}); err == nil {
			t.Errorf("a bad %s is accepted", what)
		}
	}
}

// TestRehearsal: leases on loopback are apart from those of the show.
func TestRehearsal(t *testing.T) {
	for _, c := range []struct{ declared, told, want string }{
		{"", "", ""}, {"", "eth7", ""}, {"", "127.0.0.1", "loopback"}, {"", "::1", "loopback"}, {"eth7", "127.0.0.1", "loopback for eth7"},
		{"127.0.0.1", "127.0.0.1", "127.0.0.1"}, {"", "10.0.0.7", ""},
	} {
		if got := (&ConsoleDecl{Interface: c.declared}).leasesName(c.told); got != c.want {
			t.Errorf("declared on %q, told %q: kept as %q, want %q", c.declared, c.told, got, c.want)
		}
	}
}

func TestRigGateways(t *testing.T) {
	channels := func(list ...[]gateway.Channel) []gateway.Channel { return slices.Concat(list...) }
	for name, c := range map[string]struct {
		declared []*GatewayDecl
		want     []gateway.Config
	}{
		"none":    {nil, []gateway.Config{{ID: "rig", Channels: gateway.Channels("DMX", 1, 512)}}},
		"by name": {[]*GatewayDecl{{ID: "b"}, {ID: "a"}}, []gateway.Config{{ID: "b", Channels: gateway.Channels("DMX", 1, 512)}, {ID: "a", Channels: gateway.Channels("DMX", 1, 512)}}},
		"by place": {[]*GatewayDecl{{ID: "a", Levels: []Levels{{Slots: 1024}}}},
			[]gateway.Config{{ID: "a", Channels: gateway.Channels("DMX", 1, 1024)}}},
		"by channel": {[]*GatewayDecl{{ID: "a", Levels: []Levels{{Type: "MIDI", Slots: 512}}}},
			[]gateway.Config{{ID: "a", Channels: gateway.Channels("MIDI", 0, 512)}}},
		"both": {[]*GatewayDecl{{ID: "a", Levels: []Levels{{Type: "ANALOG", Slots: 512}, {Slots: 1024}, {Type: "DMX", Slots: 512}}}},
			[]gateway.Config{{ID: "a", Channels: channels(gateway.Channels("ANALOG", 0, 512), gateway.Channels("DMX", 1, 512))}}},
		"both, and more": {[]*GatewayDecl{{ID: "a", Levels: []Levels{{Type: "DMX", Slots: 512}, {Slots: 1024}}}},
			[]gateway.Config{{ID: "a", Channels: gateway.Channels("DMX", 1, 1024)}}},
	} {
		if diff := cmp.Diff(c.want, (&ConsoleDecl{Gateways: c.declared}).RigGateways()); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestParseAddress(t *testing.T) {
	for text, want := range map[string]int{"SN1": 1, "SN1048576": MaxAddress, "SN1048577": 0, "SN0": 0, "sn1": 0, "SN01": 0, "": 0} {
		got, err := ParseAddress(text)
		if (err == nil) != (want > 0) || err == nil && got != want {
			t.Errorf("%q = %d, %v; want %d", text, got, err, want)
		}
	}
	if AddressName(17) != "SN17" {
		t.Error(AddressName(17))
	}
}

// BenchmarkFrame is a frame of 64 gateways of 512 addresses on its way from the
// engine to the driver.
func BenchmarkFrame(b *testing.B) {
	const gateways = 64
	d := &ConsoleDecl{}
	store := kept{}
	f := &level.Frame{}
	for g := range gateways {
		id := fmt.Sprint(g)
		store.lease("", id, fmt.Sprintf(`{"id":"lease of %s","addresses":"%d-%d"}`, id, g*Block+1, (g+1)*Block))
		d.Gateways = append(d.Gateways, &GatewayDecl{ID: id, Levels: []Levels{{Output: level.Output(g), Slots: Block}}})
		f.Levels = append(f.Levels, make([]byte, Block))
	}
	dev, err := d.Open(device.Env{
		Time: func(at time.Duration) time.Time { return epoch.Add(at) }, Store: &store, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		b.Fatal(err)
	}
	c := dev.(*onlineConsole)
	c.Adopt(d)
	var taken level.Frame
	b.ReportAllocs()
	for b.Loop() {
		f.Seq++
		c.Publish(f)
		c.box.Take(&taken)
		c.deliver(&taken)
	}
}

// TestWaitsForGateways: a gateway that the show names is waited for until it is connected.
func TestWaitsForGateways(t *testing.T) {
	desk, stopDesk := newBox(t, "desk", "127.0.0.1:0", gateway.Channels("DMX", 1, 1)...)
	d := &ConsoleDecl{URLs: []string{desk.URL()}, Gateways: []*GatewayDecl{{ID: "desk"}, {ID: "relay-box"}}}
	s := newStage(t, d)
	if got := s.WaitsFor(); !slices.Equal(got, []string{"gateway desk", "gateway relay-box"}) {
		t.Errorf("at first it waits for %q", got)
	}
	s.run()
	s.wait("mapped", "desk")
	if got := s.WaitsFor(); !slices.Equal(got, []string{"gateway relay-box"}) {
		t.Errorf("with one gateway it waits for %q", got)
	}
	stopDesk()
	s.wait("lost", "desk")
	if got := s.WaitsFor(); len(got) != 2 {
		t.Errorf("without it waits for %q", got)
	}
}
