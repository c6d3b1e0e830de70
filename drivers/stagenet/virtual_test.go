package stagenet_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"showrun/drivers/stagenet"
	"showrun/drivers/stagenet/gateway"
	"showrun/drivers/stagenet/link"
)

var epoch = time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC)

// table is a console and gateways within this program, at an instant that a test moves.
type table struct {
	*stagenet.Console
	t     *testing.T
	now   time.Time
	wires []*link.Memory
	said  []string
	boxes map[string]*gateway.Levels
}

func newTable(t *testing.T, cfg stagenet.Config) *table {
	t.Helper()
	x := &table{t: t, now: epoch, boxes: map[string]*gateway.Levels{}}
	cfg.OnEvent = func(e stagenet.Event) {
		if !e.At.Equal(x.now) {
			t.Errorf("%v at %v, want %v", e.Kind, e.At, x.now)
		}
		x.said = append(x.said, fmt.Sprintf("%s %s %d/%d", e.Kind, e.Gateway.ID, len(e.Gateway.Mappings), len(e.Gateway.Lease.Addresses)))
	}
	var err error
	if x.Console, err = stagenet.New(cfg); err != nil {
		t.Fatal(err)
	}
	return x
}

// plug connects a gateway.
func (x *table) plug(id string, channels int) (*gateway.Gateway, *link.Memory) {
	x.t.Helper()
	x.boxes[id] = &gateway.Levels{}
	g, err := gateway.New(gateway.Config{ID: id, Channels: gateway.Channels("DMX", 1, channels), Sink: x.boxes[id]})
	if err != nil {
		x.t.Fatal(err)
	}
	join := func(p link.Peer) link.Handler { return x.Connect(p, g.Text()) }
	w := link.Connect(x.now, "the console", id, join, g.Connect)
	x.wires = append(x.wires, w)
	return g, w
}

// until moves the time on, from deadline to deadline.
func (x *table) until(at time.Duration) {
	for end := epoch.Add(at); ; {
		next := end
		for _, w := range x.wires {
			if due := w.Deadline(); !due.IsZero() && due.Before(next) {
				next = due
			}
		}
		x.now = next
		for _, w := range x.wires {
			w.Step(x.now)
		}
		if !next.Before(end) {
			return
		}
	}
}

func (x *table) expect(want ...string) {
	x.t.Helper()
	if !slices.Equal(x.said, want) {
		x.t.Errorf("at %v said %q, want %q", x.now.Sub(epoch), x.said, want)
	}
	x.said = nil
}

func (x *table) shows(id string, want ...byte) {
	x.t.Helper()
	if got := x.boxes[id].Values(nil, gateway.Channels("DMX", 1, len(want))); !slices.Equal(got, want) {
		x.t.Errorf("at %v %s shows %v, want %v", x.now.Sub(epoch), id, got, want)
	}
}

// TestVirtual: a whole evening without a socket, a goroutine or a clock.
func TestVirtual(t *testing.T) {
	x := newTable(t, stagenet.Config{Rate: 40})
	a, _ := x.plug("a", 3)
	_, wire := x.plug("b", 2)
	x.until(0)
	x.expect("found a 0/3", "leased a 0/3", "mapped a 3/3", "found b 0/2", "leased b 0/2", "mapped b 2/2")
	if id, i, m, ok := x.Find(5); !ok || id != "b" || i != 1 || m.Channel != 2 {
		t.Errorf("SN5 is %s %d %+v", id, i, m)
	}
	if g, ok := x.Gateway("b"); !ok || g.Type != "DMX" || g.Version != "1.0" || g.Address != "b" || !g.Connected {
		t.Errorf("known of b: %+v", g)
	}
	frame := func(at time.Duration, levels ...byte) {
		x.until(at)
		x.Levels("a", levels)
		x.Set(4, levels[0])
		x.Flush(x.now)
	}
	frame(50*ms, 1, 2, 3)
	x.shows("a", 0, 0, 0)
	frame(60*ms, 4, 5, 6) // too soon for another frame
	frame(65*ms, 7, 8, 9)
	x.shows("a", 1, 2, 3)
	x.until(74 * ms)
	x.shows("a", 1, 2, 3)
	x.until(75 * ms)
	x.shows("a", 7, 8, 9)
	x.shows("b", 7)
	if s := x.Stats(); s.Values != 8 || s.Connects != 2 {
		t.Errorf("%+v", s)
	}

	if err := a.Resize(gateway.Channels("DMX", 1, 1)); err != nil {
		t.Fatal(err)
	}
	x.until(100 * ms)
	x.expect("leased a 1/1", "mapped a 1/1")

	// A gateway with the id of another is sent away.
	lamps := x.boxes["b"]
	x.plug("b", 2)
	x.boxes["b"] = lamps
	x.until(200 * ms)
	x.expect()
	if !wire.Step(x.now) {
		t.Error("the older connection is not there any more")
	}
	x.shows("b", 7)

	// The console goes, and what was flushed last arrives.
	frame(300*ms, 70)
	for _, w := range x.wires {
		w.Close(x.now)
	}
	x.shows("a", 70)
	x.shows("b", 70)
	x.expect("lost a 1/1", "lost b 2/2")
	if list := x.Gateways(); len(list) != 2 || list[0].Connected || list[1].Connected {
		t.Errorf("%+v", list)
	}
}

const ms = time.Millisecond

// stuck is a store and a log that keep whoever uses them.
type stuck struct {
	once             sync.Once
	entered, release chan struct{}
}

func newStuck() *stuck { return &stuck{entered: make(chan struct{}), release: make(chan struct{})} }

func (s *stuck) wait() {
	s.once.Do(func() {
		close(s.entered)
		<-s.release
	})
}

func (s *stuck) Save(stagenet.Lease) error                 { s.wait(); return nil }
func (s *stuck) Delete(string) error                       { return errors.New("not here") }
func (s *stuck) Enabled(context.Context, slog.Level) bool  { return true }
func (s *stuck) Handle(context.Context, slog.Record) error { s.wait(); return nil }
func (s *stuck) WithAttrs([]slog.Attr) slog.Handler        { return s }
func (s *stuck) WithGroup(string) slog.Handler             { return s }

// TestEngineNeverWaits: neither a disk nor a log nor whoever is told of gateways keeps
// the calls of an engine.
func TestEngineNeverWaits(t *testing.T) {
	saved := []stagenet.Lease{{GatewayID: "a", ID: "lease_001", Addresses: []stagenet.Address{1, 2, 3}}}
	for what, configure := range map[string]func(*stagenet.Config, *stuck){
		"disk":  func(c *stagenet.Config, s *stuck) { c.Leases = s },
		"log":   func(c *stagenet.Config, s *stuck) { c.Log = slog.New(s) },
		"event": func(c *stagenet.Config, s *stuck) { c.OnEvent = func(stagenet.Event) { s.wait() } },
	} {
		s := newStuck()
		cfg := stagenet.Config{Saved: saved}
		configure(&cfg, s)
		c, err := stagenet.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		plug := func() *link.Memory {
			g, err := gateway.New(gateway.Config{ID: "a", Channels: gateway.Channels("DMX", 1, 5), Sink: &gateway.Levels{}})
			if err != nil {
				t.Fatal(err)
			}
			join := func(p link.Peer) link.Handler { return c.Connect(p, nil) }
			return link.Connect(epoch, "console", "gateway", join, g.Connect)
		}
		var carrying sync.WaitGroup
		carrying.Go(func() {
			plug().Step(epoch)
			plug().Step(epoch) // the same gateway twice is worth a warning
		})
		<-s.entered
		free := make(chan struct{})
		go func() {
			defer close(free)
			c.Levels("a", []byte{1, 2})
			c.Set(3, 4)
			c.Flush(epoch)
			c.Value(3)
			c.Find(3)
			c.Gateways()
			c.Stats()
			c.SetGateways(nil)
		}()
		select {
		case <-free:
		case <-time.After(patience):
			t.Errorf("%s: a call waits", what)
		}
		close(s.release)
		carrying.Wait()
		<-free
	}
}
