package stagenet_test

import (
	"context"
	"encoding/binary"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"showrun/drivers/stagenet"
	"showrun/drivers/stagenet/gateway"
	"showrun/drivers/stagenet/link"
	"showrun/drivers/stagenet/wire"
)

// serve runs a gateway of the test's own making: each connection is handed to
// the test, in order.
func serve(t *testing.T) (url string, accepted <-chan *websocket.Conn) {
	t.Helper()
	conns := make(chan *websocket.Conn, 100)
	upgrader := websocket.Upgrader{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := upgrader.Upgrade(w, r, nil); err == nil {
			t.Cleanup(func() { c.Close() })
			conns <- c
		}
	}))
	t.Cleanup(s.Close)
	return "ws" + strings.TrimPrefix(s.URL, "http") + link.Path, conns
}

// next returns the next connection.
func next(t *testing.T, accepted <-chan *websocket.Conn) *websocket.Conn {
	t.Helper()
	select {
	case c := <-accepted:
		c.SetReadDeadline(time.Now().Add(patience))
		return c
	case <-time.After(patience):
		t.Fatal("nobody connects")
		return nil
	}
}

// deafen has the system keep little of what is sent to a gateway that does not read.
func deafen(t *testing.T, g *websocket.Conn) {
	t.Helper()
	if err := g.NetConn().(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
		t.Fatal(err)
	}
}

func send(t *testing.T, c *websocket.Conn, b []byte) {
	t.Helper()
	if err := c.WriteMessage(websocket.TextMessage, b); err != nil {
		t.Fatal(err)
	}
}

// receive returns the next message.
func receive(t *testing.T, c *websocket.Conn) wire.Message {
	t.Helper()
	_, b, err := c.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	m, err := wire.Parse(b)
	if err != nil {
		t.Fatalf("%s: %v", b, err)
	}
	return m
}

// closing reads until the connection ends and returns the status code.
func closing(t *testing.T, c *websocket.Conn) int {
	t.Helper()
	for {
		_, _, err := c.ReadMessage()
		if e, ok := err.(*websocket.CloseError); ok {
			return e.Code
		}
		if err != nil {
			t.Fatalf("ends without a status: %v", err)
		}
	}
}

// lease asks for a lease and maps it.
func lease(t *testing.T, c *websocket.Conn, id string, count int) wire.Message {
	t.Helper()
	send(t, c, wire.AppendLeaseRequest(nil, id, count))
	m := receive(t, c)
	if m.Kind != wire.LeaseResponse || len(m.Addresses) != count {
		t.Fatalf("%s wants %d: %+v", id, count, m)
	}
	var list []wire.Mapping
	for i, a := range m.Addresses {
		list = append(list, wire.Mapping{Address: a, HardwareType: "DMX", Channel: i})
	}
	send(t, c, wire.AppendMappingUpdate(nil, m.LeaseID, list))
	return m
}

func TestRefusedRequestsAreAnswered(t *testing.T) {
	url, accepted := serve(t)
	store := &memory{}
	c, _, _ := startConsole(t, stagenet.Config{Gateways: []string{url}, Leases: store, MaxAddresses: 10})
	g := next(t, accepted)
	for _, text := range []string{
		`{"Type":"LEASE_REQ","GatewayID":"","AddressCount":1}`,
		`{"Type":"LEASE_REQ","GatewayID":"g","AddressCount":-1}`,
		`{"Type":"LEASE_REQ","GatewayID":"g","AddressCount":11}`,
		`{"Type":"LEASE_REQ","GatewayID":"g","AddressCount":1.5}`,
		`{"Type":"LEASE_REQ","GatewayID":"g"}`,
		`{"Type":"LEASE_REQ","AddressCount":1}`,
	} {
		send(t, g, []byte(text))
		if m := receive(t, g); m.Kind != wire.LeaseResponse || m.LeaseID != "" || len(m.Addresses) != 0 || m.Error == "" {
			t.Errorf("%s: %+v", text, m)
		}
	}
	store.mu.Lock()
	store.broken = true
	store.mu.Unlock()
	send(t, g, wire.AppendLeaseRequest(nil, "g", 1))
	if m := receive(t, g); m.Error == "" || len(c.Gateways()) != 0 {
		t.Errorf("granted what could not be stored: %+v", m)
	}
	store.mu.Lock()
	store.broken = false
	store.mu.Unlock()
	lease(t, g, "g", 1)
	lease(t, g, "second on the same connection", 2)
	lease(t, g, "g", 0)
	if s := c.Stats(); s.Refused != 7 || s.Invalid != 3 || s.Requests != 10 {
		t.Errorf("stats %+v", s)
	}
	if store.saves != 5 { // three sizes, and that two have channels
		t.Errorf("%d saves, want 5", store.saves)
	}
}

// TestALiveConnectionKeepsItsGateway is PROTOCOL.md ruling 3: who claims the id of a
// gateway that is connected is sent away, and dialled again when that is gone.
func TestALiveConnectionKeepsItsGateway(t *testing.T) {
	t.Parallel()
	urlA, acceptedA := serve(t)
	urlB, acceptedB := serve(t)
	c, e, _ := startConsole(t, stagenet.Config{Gateways: []string{urlA, urlB}})
	a, b := next(t, acceptedA), next(t, acceptedB)
	first := lease(t, a, "twin", 2)
	e.next(t, stagenet.Mapped)
	send(t, b, wire.AppendLeaseRequest(nil, "twin", 2))
	if code := closing(t, b); code != websocket.ClosePolicyViolation {
		t.Errorf("the newer is closed with %d, want 1008", code)
	}
	c.Set(1, 5)
	c.Flush(time.Now())
	if m := receive(t, a); m.Value != 5 {
		t.Errorf("the older gets %+v", m)
	}
	if s := c.Stats(); s.Claims != 1 {
		t.Errorf("%+v", s)
	}
	// When the older dies, the newer is dialled again.
	a.Close()
	again := next(t, acceptedB)
	if second := lease(t, again, "twin", 2); first.LeaseID != second.LeaseID {
		t.Errorf("leases %+v and %+v", first, second)
	}
	if m := receive(t, again); string(m.Address) != "SN1" || m.Value != 5 {
		t.Errorf("the refresh: %+v", m)
	}
}

// TestADeadConnectionLosesItsGateway: who does not answer when another claims its id is
// given up, long before its silence is noticed.
func TestADeadConnectionLosesItsGateway(t *testing.T) {
	t.Parallel()
	urlA, acceptedA := serve(t)
	urlB, acceptedB := serve(t)
	_, e, _ := startConsole(t, stagenet.Config{Gateways: []string{urlA, urlB}})
	a, b := next(t, acceptedA), next(t, acceptedB)
	lease(t, a, "twin", 2) // and from now on it reads nothing
	e.next(t, stagenet.Mapped)
	send(t, b, wire.AppendLeaseRequest(nil, "twin", 2))
	if code := closing(t, b); code != websocket.ClosePolicyViolation {
		t.Errorf("the newer is closed with %d, want 1008", code)
	}
	lease(t, next(t, acceptedB), "twin", 2)
}

// TestForeignLease: a connection cannot map the lease of another.
func TestForeignLease(t *testing.T) {
	urlA, acceptedA := serve(t)
	urlB, acceptedB := serve(t)
	c, e, _ := startConsole(t, stagenet.Config{Gateways: []string{urlA, urlB}})
	a, b := next(t, acceptedA), next(t, acceptedB)
	mine := lease(t, a, "a", 1)
	e.next(t, stagenet.Mapped)
	send(t, b, wire.AppendMappingUpdate(nil, mine.LeaseID, nil))
	send(t, b, wire.AppendMappingUpdate(nil, "nothing", nil))
	send(t, b, []byte(`{"Type":"DATA_PKT","StageNetAddress":"SN1","Value":1,"extra":1}`))
	send(t, b, []byte(`{"Type":"NEWS"}`))
	lease(t, b, "b", 1) // all before has been read
	e.next(t, stagenet.Mapped)
	if g, _ := c.Gateway("a"); len(g.Mappings) != 1 {
		t.Errorf("the mapping was replaced: %+v", g)
	}
	if s := c.Stats(); s.UnknownLeases != 2 || s.UnknownTypes != 2 || s.UnknownFields != 1 || s.Invalid != 0 {
		t.Errorf("stats %+v", s)
	}
}

// TestInvalidMessages is PROTOCOL.md ruling 8: 99 are borne, with the hundredth it ends.
func TestInvalidMessages(t *testing.T) {
	url, accepted := serve(t)
	c, _, _ := startConsole(t, stagenet.Config{Gateways: []string{url}})
	g := next(t, accepted)
	for i := range link.MaxStrikes - 1 {
		switch i % 3 {
		case 0:
			send(t, g, []byte(`{"Type":`))
		case 1:
			send(t, g, []byte(`{"Type":"DATA_PKT","StageNetAddress":4}`))
		case 2:
			if err := g.WriteMessage(websocket.BinaryMessage, wire.AppendLeaseRequest(nil, "g", 1)); err != nil {
				t.Fatal(err)
			}
		}
	}
	lease(t, g, "g", 1)
	send(t, g, []byte("x"))
	if code := closing(t, g); code != websocket.ClosePolicyViolation {
		t.Errorf("closed with %d, want 1008", code)
	}
	if s := c.Stats(); s.Invalid != link.MaxStrikes {
		t.Errorf("%d invalid, want %d", s.Invalid, link.MaxStrikes)
	}
}

// TestOversizedMessage: a header that claims 1 GB ends the connection before
// anything is read or allocated.
func TestOversizedMessage(t *testing.T) {
	t.Parallel()
	url, accepted := serve(t)
	startConsole(t, stagenet.Config{Gateways: []string{url}})
	g := next(t, accepted)
	header := binary.BigEndian.AppendUint64([]byte{0x81, 127}, 1<<30)
	if _, err := g.NetConn().Write(header); err != nil {
		t.Fatal(err)
	}
	if code := closing(t, g); code != websocket.CloseMessageTooBig {
		t.Errorf("closed with %d, want 1009", code)
	}
	g = next(t, accepted) // it comes back
	lease(t, g, "g", 1)
}

// TestRequestsWithoutReading: a gateway that asks for ever and does not read the
// answers is closed, and costs no more than the answers that may wait.
func TestRequestsWithoutReading(t *testing.T) {
	t.Parallel()
	url, accepted := serve(t)
	c, e, _ := startConsole(t, stagenet.Config{Gateways: []string{url}})
	g := next(t, accepted)
	deafen(t, g)
	request := wire.AppendLeaseRequest(nil, "g", 10000)
	g.SetWriteDeadline(time.Now().Add(patience))
	for g.WriteMessage(websocket.TextMessage, request) == nil {
	}
	e.next(t, stagenet.Lost)
	if s := c.Stats(); s.Requests == 0 {
		t.Errorf("stats %+v", s)
	}
}

// TestStuckGateway: a gateway that stops reading delays neither the caller nor
// another gateway, and is given up.
func TestStuckGateway(t *testing.T) {
	t.Parallel()
	url, accepted := serve(t)
	l := newLamps()
	good, _ := startGateway(t, gateway.Config{ID: "good", Channels: gateway.Channels("DMX", 1, 8), Sink: l})
	c, e, _ := startConsole(t, stagenet.Config{Gateways: []string{url, good.URL()}, Rate: 1000})
	g := next(t, accepted)
	const many = 10000
	lease(t, g, "stuck", many)
	for mapped := map[string]bool{}; len(mapped) < 2; {
		mapped[e.next(t, stagenet.Mapped).Gateway.ID] = true
	}
	deafen(t, g)
	levels, frame := make([]byte, many), byte(0)
	limit := time.After(3 * patience)
	for stuck := false; !stuck; {
		frame++
		for i := range levels {
			levels[i] = frame
		}
		c.Levels("stuck", levels)
		c.Levels("good", levels[:8])
		c.Flush(time.Now())
		want := frame
		l.wait(t, "a frame of the other gateway", func(v map[gateway.Channel]byte) bool {
			return v[gateway.Channel{HardwareType: "DMX", Number: 8}] == want
		})
		select {
		case ev := <-e:
			stuck = ev.Kind == stagenet.Lost
			if stuck && (ev.Gateway.ID != "stuck" || !strings.Contains(ev.Reason, "did not read")) {
				t.Errorf("lost %q: %s", ev.Gateway.ID, ev.Reason)
			}
		case <-limit:
			t.Fatal("the stuck gateway is kept")
		default:
		}
	}
	if s := c.Stats(); s.Stuck != 1 {
		t.Errorf("stats %+v", s)
	}
}

// TestNotAGateway: servers that do not speak WebSocket, or nothing at all, are
// tried on, and do not hold up the end.
func TestNotAGateway(t *testing.T) {
	t.Parallel()
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	noise, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer noise.Close()
	met := make(chan bool, 100)
	go func() {
		for {
			c, err := noise.Accept()
			if err != nil {
				return
			}
			io.WriteString(c, strings.Repeat("\xff", 5000))
			c.Close()
			met <- true
		}
	}()
	_, _, stop := startConsole(t, stagenet.Config{Gateways: []string{
		"ws" + strings.TrimPrefix(web.URL, "http"), "ws://" + silent.Addr().String(), "ws://" + noise.Addr().String(), "ws://127.0.0.1:1",
	}})
	for range 2 {
		select {
		case <-met:
		case <-time.After(patience):
			t.Fatal("not tried again")
		}
	}
	stop()
}

func TestBadConfig(t *testing.T) {
	for _, url := range []string{"", "10.0.0.1", "http://10.0.0.1", "wss://x", "ws://", "ws://u:p@x", "ws://x/?q=1", "ws://x:99999x"} {
		if _, err := stagenet.New(stagenet.Config{Gateways: []string{url}}); err == nil {
			t.Errorf("%q is taken for the URL of a gateway", url)
		}
	}
	for _, cfg := range []stagenet.Config{{Rate: -1}, {Rate: 1001}, {MaxAddresses: -1}, {MaxAddresses: 1 << 21}} {
		if _, err := stagenet.New(cfg); err == nil {
			t.Errorf("%+v is accepted", cfg)
		}
	}
}

// TestRunWaitsForItsInterface: a Console whose interface is not there goes on looking for
// gateways and dialling them.
func TestRunWaitsForItsInterface(t *testing.T) {
	lines := make(lineLog, 100)
	c, err := stagenet.New(stagenet.Config{
		Interface: "nowhere7", Discover: true, Gateways: []string{"ws://10.0.0.1"}, Log: slog.New(slog.NewTextHandler(lines, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	for looking, dialling := false, false; !looking || !dialling; {
		select {
		case line := <-lines:
			looking = looking || strings.Contains(line, "gateways cannot be looked for, trying on")
			dialling = dialling || strings.Contains(line, "gateway cannot be reached, trying on")
		case err := <-ended:
			t.Fatalf("Run has ended: %v", err)
		case <-time.After(patience):
			t.Fatal("nothing is tried")
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// lineLog takes what is logged.
type lineLog chan string

func (l lineLog) Write(b []byte) (int, error) {
	select {
	case l <- string(b):
	default:
	}
	return len(b), nil
}
