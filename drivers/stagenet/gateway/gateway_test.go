package gateway

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"showrun/drivers/stagenet/link"
	"showrun/drivers/stagenet/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 10 * time.Second

// shown is a Sink that remembers the order.
type shown chan string

func (s shown) Set(c Channel, v wire.Value) {
	s <- fmt.Sprintf("%s %d = %d", c.HardwareType, c.Number, v)
}

func (s shown) expect(t *testing.T, want string) {
	t.Helper()
	select {
	case got := <-s:
		if got != want {
			t.Errorf("shown %q, want %q", got, want)
		}
	case <-time.After(patience):
		t.Fatalf("not shown: %q", want)
	}
}

func run(t *testing.T, cfg Config) (*Gateway, shown) {
	t.Helper()
	s := make(shown, 10000)
	cfg.ID, cfg.Sink, cfg.Listen = "g", s, "127.0.0.1:0"
	g, err := Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := g.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		stop()
		running.Wait()
	})
	return g, s
}

// testConsole is a console of the test's own making.
type testConsole struct {
	t  *testing.T
	ws *websocket.Conn
}

func dial(t *testing.T, g *Gateway) testConsole {
	t.Helper()
	ws, _, err := websocket.DefaultDialer.Dial(g.URL(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ws.Close() })
	ws.SetReadDeadline(time.Now().Add(patience))
	return testConsole{t, ws}
}

func (c testConsole) send(text string) {
	c.t.Helper()
	if err := c.ws.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

func (c testConsole) expect(want string) {
	c.t.Helper()
	_, got, err := c.ws.ReadMessage()
	if err != nil || string(got) != want {
		c.t.Fatalf("got %s, %v; want %s", got, err, want)
	}
}

func (c testConsole) closed(want int) {
	c.t.Helper()
	for {
		_, _, err := c.ws.ReadMessage()
		if e, ok := err.(*websocket.CloseError); ok {
			if e.Code != want {
				c.t.Errorf("closed with %d, want %d", e.Code, want)
			}
			return
		}
		if err != nil {
			c.t.Fatalf("ends without a status: %v", err)
		}
	}
}

const (
	askTwo  = `{"Type":"LEASE_REQ","GatewayID":"g","AddressCount":2}`
	mapSN78 = `{"Type":"MAPPING_UPDATE","LeaseID":"L","Mappings":[` +
		`{"StageNetAddress":"SN7","HardwareType":"DMX","Channel":1},{"StageNetAddress":"SN8","HardwareType":"MIDI","Channel":0}]}`
)

var two = []Channel{{"DMX", 1}, {"MIDI", 0}}

func TestTwoConsoles(t *testing.T) {
	g, s := run(t, Config{Channels: two})
	a, b := dial(t, g), dial(t, g)
	for _, c := range []testConsole{a, b} {
		c.expect(askTwo)
	}
	a.send(`{"Type":"LEASE_RESP","LeaseID":"L","Addresses":["SN7","SN8"]}`)
	a.expect(mapSN78)
	b.send(`{"Type":"LEASE_RESP","LeaseID":"M","Addresses":["SN8","SN9"],"Extra":1}`)
	b.expect(strings.NewReplacer("SN8", "SN9", "SN7", "SN8", `"L"`, `"M"`).Replace(mapSN78))
	// Each has addresses of its own; the newest value of a channel counts.
	a.send(`{"Type":"DATA_PKT","StageNetAddress":"SN8","Value":1}`)
	s.expect(t, "MIDI 0 = 1")
	b.send(`{"Type":"DATA_PKT","StageNetAddress":"SN8","Value":2}`)
	s.expect(t, "DMX 1 = 2")
	b.send(`{"Type":"DATA_PKT","StageNetAddress":"SN7","Value":3}`) // of a
	b.send(`{"Type":"DATA_PKT","StageNetAddress":"SN9","Value":300}`)
	b.send(`{"Type":"HELLO"}`)
	b.send(`{"Type":"DATA_PKT","StageNetAddress":"SN9","Value":4}`)
	s.expect(t, "MIDI 0 = 4")
	want := Stats{Consoles: 2, Connects: 2, Leases: 2, Values: 3, UnknownAddresses: 1, UnknownTypes: 1, UnknownFields: 1, Invalid: 1}
	if diff := cmp.Diff(want, g.Stats()); diff != "" {
		t.Error(diff)
	}
	if list := g.Consoles(); len(list) != 2 {
		t.Errorf("consoles %+v", list)
	}
}

// TestLeaseOfAnotherSize: a console that grants fewer, more, or an address twice.
func TestLeaseOfAnotherSize(t *testing.T) {
	g, s := run(t, Config{Channels: two})
	c := dial(t, g)
	c.expect(askTwo)
	c.send(`{"Type":"LEASE_RESP","LeaseID":"L","Addresses":["SN1"]}`)
	c.expect(`{"Type":"MAPPING_UPDATE","LeaseID":"L","Mappings":[{"StageNetAddress":"SN1","HardwareType":"DMX","Channel":1}]}`)
	c.send(`{"Type":"LEASE_RESP","LeaseID":"L","Addresses":["SN1","SN1","SN2"]}`)
	c.expect(`{"Type":"MAPPING_UPDATE","LeaseID":"L","Mappings":[{"StageNetAddress":"SN1","HardwareType":"DMX","Channel":1}]}`)
	c.send(`{"Type":"DATA_PKT","StageNetAddress":"SN2","Value":3}`)
	c.send(`{"Type":"DATA_PKT","StageNetAddress":"SN1","Value":3}`)
	s.expect(t, "DMX 1 = 3")
	if err := g.Resize(Channels("ANALOG", 0, 1)); err != nil {
		t.Fatal(err)
	}
	c.expect(`{"Type":"LEASE_REQ","GatewayID":"g","AddressCount":1}`)
	c.send(`{"Type":"LEASE_RESP","LeaseID":"","Addresses":[],"Error":"no room"}`)
	c.send(`{"Type":"DATA_PKT","StageNetAddress":"SN1","Value":4}`) // there is no lease
	c.send(`{"Type":"LEASE_RESP","LeaseID":"L","Addresses":["SN3"]}`)
	c.expect(`{"Type":"MAPPING_UPDATE","LeaseID":"L","Mappings":[{"StageNetAddress":"SN3","HardwareType":"ANALOG","Channel":0}]}`)
	if st := g.Stats(); st.Refusals != 1 || st.UnknownAddresses != 2 {
		t.Errorf("stats %+v", st)
	}
}

func TestBadConsoles(t *testing.T) {
	g, s := run(t, Config{Channels: two, MaxConsoles: 2})
	good, bad := dial(t, g), dial(t, g)
	good.expect(askTwo)
	good.send(`{"Type":"LEASE_RESP","LeaseID":"L","Addresses":["SN7","SN8"]}`)
	good.expect(mapSN78)

	if _, response, err := websocket.DefaultDialer.Dial(g.URL(), nil); err == nil || response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a third console: %v", err)
	}
	for range link.MaxStrikes {
		bad.send("{")
	}
	bad.closed(websocket.ClosePolicyViolation)
	for gone := false; !gone; { // its place is free again a moment later
		ws, response, err := websocket.DefaultDialer.Dial(g.URL(), nil)
		if gone = err == nil; gone {
			bad = testConsole{t, ws}
			defer ws.Close()
		} else if response == nil {
			t.Fatal(err)
		}
	}
	bad.send(`{"x":"` + strings.Repeat("x", link.ReadLimit) + `"}`)
	bad.closed(websocket.CloseMessageTooBig)

	response, err := http.Get("http" + strings.TrimPrefix(g.URL(), "ws"))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode < 400 {
		t.Errorf("a browser gets %s", response.Status)
	}
	http.DefaultClient.CloseIdleConnections()

	good.send(`{"Type":"DATA_PKT","StageNetAddress":"SN7","Value":9}`)
	s.expect(t, "DMX 1 = 9")
}

func TestConfig(t *testing.T) {
	sink := make(shown)
	for what, cfg := range map[string]Config{
		"no id":           {Sink: sink},
		"no sink":         {ID: "g"},
		"no type":         {ID: "g", Sink: sink, Channels: []Channel{{"", 1}}},
		"negative":        {ID: "g", Sink: sink, Channels: []Channel{{"DMX", -1}}},
		"too many to map": {ID: "g", Sink: sink, Channels: Channels("DMX", 1, 65536)},
		"no interface":    {ID: "g", Sink: sink, Interface: "no such interface"},
		"no address":      {ID: "g", Sink: sink, Listen: "nonsense"},
	} {
		if g, err := Listen(cfg); err == nil {
			t.Errorf("%s is accepted", what)
			g.Close()
		}
	}
	g, err := Listen(Config{ID: "g", Sink: sink, Interface: "lo", Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
}

func TestLevels(t *testing.T) {
	var l Levels
	if v, ok := l.Value(two[0]); ok || v != 0 {
		t.Errorf("before the first value: %d, %v", v, ok)
	}
	l.Set(two[1], 7)
	l.Set(two[1], 9)
	if v, ok := l.Value(two[1]); !ok || v != 9 {
		t.Errorf("value %d, %v", v, ok)
	}
	if got := l.Values(nil, two); !cmp.Equal(got, []wire.Value{0, 9}) {
		t.Errorf("values %v", got)
	}
}
