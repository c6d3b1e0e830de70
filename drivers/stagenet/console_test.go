package stagenet_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"showrun/drivers/stagenet"
	"showrun/drivers/stagenet/gateway"
	"showrun/drivers/stagenet/wire"
)

// ourLeaks lets the zeroconf library finish its announcements: they end by
// themselves within seconds.
var ourLeaks = []goleak.Option{goleak.IgnoreAnyFunction("github.com/grandcat/zeroconf.(*Server).probe")}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, ourLeaks...) }

// patience is how long a test waits for what must happen at once.
const patience = 10 * time.Second

// memory keeps leases for a test, and refuses to while broken.
type memory struct {
	mu     sync.Mutex
	leases map[string]stagenet.Lease
	broken bool
	saves  int
}

// saved are the leases of earlier runs.
func (m *memory) saved() []stagenet.Lease {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Collect(maps.Values(m.leases))
}

func (m *memory) Save(l stagenet.Lease) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken {
		return errors.New("disk full")
	}
	if m.leases == nil {
		m.leases = map[string]stagenet.Lease{}
	}
	m.leases[l.GatewayID] = l
	m.saves++
	return nil
}

func (m *memory) Delete(id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.leases, id)
	return nil
}

// lamps is a gateway.Sink that tests can wait on.
type lamps struct {
	mu      sync.Mutex
	values  map[gateway.Channel]byte
	sets    int
	changed chan struct{}
}

func newLamps() *lamps {
	return &lamps{values: map[gateway.Channel]byte{}, changed: make(chan struct{}, 1)}
}

func (l *lamps) Set(c gateway.Channel, v wire.Value) {
	l.mu.Lock()
	l.values[c] = v
	l.sets++
	l.mu.Unlock()
	select {
	case l.changed <- struct{}{}:
	default:
	}
}

// wait waits until the lamps are as wanted.
func (l *lamps) wait(t *testing.T, what string, ok func(values map[gateway.Channel]byte) bool) {
	t.Helper()
	limit := time.After(patience)
	for {
		l.mu.Lock()
		done := ok(l.values)
		state := fmt.Sprint(len(l.values), " lamps, ", l.sets, " sets")
		l.mu.Unlock()
		if done {
			return
		}
		select {
		case <-l.changed:
		case <-limit:
			t.Fatalf("%s: does not happen; %s", what, state)
		}
	}
}

// run runs something until the test, or the returned function, ends it.
func run(t *testing.T, f func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- f(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(patience):
			t.Error("does not end")
		}
	})
	t.Cleanup(stop)
	return stop
}

// events collects what a console says.
type events chan stagenet.Event

func (e events) add(ev stagenet.Event) { e <- ev }

// next waits for an event of a kind and skips others.
func (e events) next(t *testing.T, kind stagenet.EventKind) stagenet.Event {
	t.Helper()
	limit := time.After(patience)
	for {
		select {
		case ev := <-e:
			if ev.Kind == kind {
				return ev
			}
		case <-limit:
			t.Fatalf("no event %q", kind)
		}
	}
}

// startGateway runs a gateway on loopback.
func startGateway(t *testing.T, cfg gateway.Config) (*gateway.Gateway, func()) {
	t.Helper()
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	g, err := gateway.Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return g, run(t, g.Run)
}

// startConsole runs a console and returns what it says.
func startConsole(t *testing.T, cfg stagenet.Config) (*stagenet.Console, events, func()) {
	t.Helper()
	e := make(events, 1000)
	cfg.OnEvent = e.add
	if store, ok := cfg.Leases.(*memory); ok {
		cfg.Saved = store.saved()
	}
	c, err := stagenet.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c, e, run(t, c.Run)
}

func TestConsoleAndGateway(t *testing.T) {
	l := newLamps()
	g, stopGateway := startGateway(t, gateway.Config{ID: "GATEWAY_01", Channels: gateway.Channels("DMX", 1, 512), Sink: l})
	store := &memory{}
	c, e, stopConsole := startConsole(t, stagenet.Config{Gateways: []string{g.URL()}, Leases: store})
	if ev := e.next(t, stagenet.Found); ev.Gateway.ID != "GATEWAY_01" {
		t.Errorf("found %+v", ev)
	}
	leased := e.next(t, stagenet.Leased).Gateway
	if len(leased.Lease.Addresses) != 512 || leased.Lease.Addresses[0] != 1 || !leased.Connected {
		t.Errorf("leased %+v", leased)
	}
	mapped := e.next(t, stagenet.Mapped).Gateway
	if i, ok := mapped.Index("DMX", 200); !ok || i != 199 {
		t.Errorf("DMX 200 is address %d, %v; want 199", i, ok)
	}
	if id, i, m, ok := c.Find(200); !ok || id != "GATEWAY_01" || i != 199 || m.Channel != 200 || m.HardwareType != "DMX" {
		t.Errorf("SN200 is %q %d %+v %v", id, i, m, ok)
	}
	if _, _, _, ok := c.Find(513); ok {
		t.Error("SN513 is held")
	}
	levels := make([]byte, 512)
	for i := range levels {
		levels[i] = byte(i)
	}
	if !c.Levels("GATEWAY_01", levels) {
		t.Fatal("no lease")
	}
	c.Flush(time.Now())
	l.wait(t, "512 levels", func(v map[gateway.Channel]byte) bool {
		return len(v) == 512 && v[gateway.Channel{HardwareType: "DMX", Number: 256}] == 255
	})
	a, err := stagenet.ParseAddress("SN3")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Set(a, 99); err != nil {
		t.Fatal(err)
	}
	c.Flush(time.Now())
	l.wait(t, "one value", func(v map[gateway.Channel]byte) bool { return v[gateway.Channel{HardwareType: "DMX", Number: 3}] == 99 })
	if l.sets != 513 {
		t.Errorf("%d values sent, want 513: only changes", l.sets)
	}
	if err := c.Set(513, 1); !errors.Is(err, stagenet.ErrNotLeased) {
		t.Errorf("an address nobody holds: %v", err)
	}

	// The gateway restarts with the same id: the same lease, and everything again.
	addr := g.Addr().String()
	stopGateway()
	if ev := e.next(t, stagenet.Lost); ev.Gateway.Connected || ev.Reason == "" {
		t.Errorf("lost %+v", ev)
	}
	if err := c.Set(4, 44); err != nil { // remembered while it is away
		t.Fatal(err)
	}
	l2 := newLamps()
	g2, _ := startGateway(t, gateway.Config{ID: "GATEWAY_01", Channels: gateway.Channels("DMX", 1, 512), Sink: l2, Listen: addr})
	again := e.next(t, stagenet.Leased).Gateway
	if again.Lease.ID != leased.Lease.ID || !slices.Equal(again.Lease.Addresses, leased.Lease.Addresses) {
		t.Errorf("another lease after a restart: %+v", again.Lease)
	}
	l2.wait(t, "the refresh", func(v map[gateway.Channel]byte) bool {
		return len(v) == 512 && v[gateway.Channel{HardwareType: "DMX", Number: 4}] == 44 && v[gateway.Channel{HardwareType: "DMX", Number: 3}] == 99
	})

	// It grows and shrinks.
	if err := g2.Resize(gateway.Channels("DMX", 1, 6)); err != nil {
		t.Fatal(err)
	}
	for {
		if ev := e.next(t, stagenet.Mapped); len(ev.Gateway.Mappings) == 6 {
			break
		}
	}
	if got := c.Gateways(); len(got) != 1 || len(got[0].Lease.Addresses) != 6 {
		t.Errorf("after shrinking: %+v", got)
	}

	// The console restarts: the lease is in the store.
	stopConsole()
	c3, err := stagenet.New(stagenet.Config{Saved: store.saved(), Leases: store})
	if err != nil {
		t.Fatal(err)
	}
	if gw, ok := c3.Gateway("GATEWAY_01"); !ok || gw.Lease.ID != leased.Lease.ID || len(gw.Lease.Addresses) != 6 || gw.Connected {
		t.Errorf("stored: %+v %v", gw, ok)
	}
	if err := c3.Forget("GATEWAY_01"); err != nil || len(store.leases) != 0 || len(c3.Gateways()) != 0 {
		t.Errorf("forgetting: %v, %v left", err, store.leases)
	}
}

// TestSetGateways: configured gateways come and go while a console runs.
func TestSetGateways(t *testing.T) {
	a, _ := startGateway(t, gateway.Config{ID: "a", Channels: gateway.Channels("DMX", 1, 2), Sink: newLamps()})
	b, _ := startGateway(t, gateway.Config{ID: "b", Channels: gateway.Channels("DMX", 1, 2), Sink: newLamps()})
	c, e, _ := startConsole(t, stagenet.Config{Gateways: []string{a.URL()}})
	mapped := func(want string) {
		t.Helper()
		if g := e.next(t, stagenet.Mapped).Gateway; g.ID != want {
			t.Errorf("mapped %q, want %q", g.ID, want)
		}
	}
	mapped("a")
	if err := c.SetGateways([]string{b.URL(), b.URL()}); err != nil {
		t.Fatal(err)
	}
	for lost, here := false, false; !lost || !here; {
		select {
		case ev := <-e:
			lost = lost || ev.Kind == stagenet.Lost && ev.Gateway.ID == "a"
			here = here || ev.Kind == stagenet.Mapped && ev.Gateway.ID == "b"
		case <-time.After(patience):
			t.Fatalf("a lost %v, b mapped %v", lost, here)
		}
	}
	if err := c.SetGateways([]string{a.URL(), "http://x"}); err == nil {
		t.Error("a bad URL is accepted")
	}
	if err := c.SetGateways([]string{a.URL(), b.URL()}); err != nil {
		t.Fatal(err)
	}
	mapped("a")
	if list := c.Gateways(); len(list) != 2 || !list[0].Connected || !list[1].Connected || c.Stats().Connects != 3 {
		t.Errorf("%+v after %d connections", list, c.Stats().Connects)
	}
}

// TestLastFrame: what was flushed right before the end arrives, although the frame
// before it left just now; and a Console runs again.
func TestLastFrame(t *testing.T) {
	l := newLamps()
	g, _ := startGateway(t, gateway.Config{ID: "g", Channels: gateway.Channels("DMX", 1, 1), Sink: l})
	c, e, stop := startConsole(t, stagenet.Config{Gateways: []string{g.URL()}, Rate: 1})
	for i := byte(1); i <= 2; i++ {
		want := func(v map[gateway.Channel]byte) bool {
			return v[gateway.Channel{HardwareType: "DMX", Number: 1}] == 10*i+1
		}
		e.next(t, stagenet.Mapped)
		now := time.Now()
		c.Set(1, 10*i)
		c.Flush(now)
		c.Set(1, 10*i+1)
		c.Flush(now.Add(time.Millisecond))
		stop()
		l.wait(t, "the last frame", want)
		e.next(t, stagenet.Lost)
		stop = run(t, c.Run)
	}
}
