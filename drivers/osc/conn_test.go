package osc

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// heard is a message that came in.
type heard struct {
	Element
	from netip.AddrPort
	at   time.Time
}

// listen runs a Conn that hears into a channel until the end of the test.
func listen(t *testing.T, cfg Config) (*Conn, <-chan heard) {
	t.Helper()
	all := make(chan heard, 10_000)
	cfg.Handler = func(m Message, when TimeTag, from netip.AddrPort, at time.Time) {
		all <- heard{Element{m, when}, from, at}
	}
	c, err := Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- c.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return c, all
}

// next waits for a message.
func next[T any](t *testing.T, all <-chan T) T {
	t.Helper()
	select {
	case h := <-all:
		return h
	case <-time.After(patience):
		t.Fatal("no message comes in")
		panic("unreachable")
	}
}

// raw is a plain socket that sends to a Conn.
func raw(t *testing.T, to netip.AddrPort) *net.UDPConn {
	t.Helper()
	s, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// TestConversation: an answer goes to who asked and comes from where it was asked.
func TestConversation(t *testing.T) {
	server, questions := listen(t, Config{})
	client, answers := listen(t, Config{Address: "127.0.0.1:0"})
	before := time.Now()
	if err := client.Send(server.Addr(), Message{"/ask", []any{int32(1)}}); err != nil {
		t.Fatal(err)
	}
	q := next(t, questions)
	if q.from != client.Addr() || q.Address != "/ask" || q.When != Immediately || q.at.Before(before) || q.at.After(time.Now()) {
		t.Errorf("the question is %+v", q)
	}
	if err := server.SendBundle(q.from, 77, Message{Address: "/a"}, Message{Address: "/b"}); err != nil {
		t.Fatal(err)
	}
	a, b := next(t, answers), next(t, answers)
	if a.from != server.Addr() || a.Address != "/a" || b.Address != "/b" || a.When != 77 || b.When != 77 {
		t.Errorf("the answer is %+v, %+v", a, b)
	}
	if s := server.Stats(); s != (Stats{Packets: 1, Messages: 1, Sent: 1}) {
		t.Errorf("the server counts %+v", s)
	}
	if s := client.Stats(); s != (Stats{Packets: 1, Messages: 2, Sent: 1}) {
		t.Errorf("the client counts %+v", s)
	}
}

// TestSenderKeepsOrder: from one port, in order, as long as nobody is too slow.
func TestSenderKeepsOrder(t *testing.T) {
	c, all := listen(t, Config{Interface: "127.0.0.1"})
	s, err := Dial(strings.Replace(c.Addr().String(), "127.0.0.1", "localhost", 1), "")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if s.To() != c.Addr() {
		t.Errorf("localhost is %v, want %v", s.To(), c.Addr())
	}
	var from netip.AddrPort
	for i := range 2000 {
		if err := s.Send(Message{"/n", []any{int32(i)}}); err != nil {
			t.Fatal(err)
		}
		if i%100 != 99 { // no more than a socket holds
			continue
		}
		for j := i - 99; j <= i; j++ {
			h := next(t, all)
			if from == (netip.AddrPort{}) {
				from = h.from
			}
			if h.from != from || !cmp.Equal(h.Args, []any{int32(j)}) {
				t.Fatalf("message %d is %+v", j, h)
			}
		}
	}
	if err := s.SendBundle(5, Message{Address: "/last"}); err != nil || next(t, all).When != 5 {
		t.Errorf("bundle: %v", err)
	}
	if s.Stats().Sent != 2001 {
		t.Errorf("counts %+v", s.Stats())
	}
}

// TestBadDatagrams: they are counted, and a good one after them is heard.
func TestBadDatagrams(t *testing.T) {
	c, all := listen(t, Config{})
	s := raw(t, c.Addr())
	for _, b := range []string{"", "x", "/abc", "/x\x00\x00,z\x00\x00", "/x\x00\x00,i\x00\x00", "#bundle\x00", "/cue[1\x00\x00,\x00\x00\x00"} {
		if _, err := s.Write([]byte(b)); err != nil {
			t.Fatal(err)
		}
	}
	if h := next(t, all); h.Address != "/cue[1" || h.Args != nil {
		t.Errorf("heard %+v", h)
	}
	want := Stats{Packets: 7, Messages: 1}
	want.Malformed[NotOSC], want.Malformed[Truncated], want.Malformed[BadTag] = 2, 3, 1
	if got := c.Stats(); got != want || got.Refused() != 6 {
		t.Errorf("counts %+v, want %+v", got, want)
	}
}

// TestLargeDatagram: as much as UDP carries.
func TestLargeDatagram(t *testing.T) {
	c, all := listen(t, Config{})
	m := Message{"/b", []any{make([]byte, MaxPacket-15)}}
	if err := c.Send(c.Addr(), m); err != nil {
		t.Skipf("the system does not send it: %v", err)
	}
	if h := next(t, all); !cmp.Equal(h.Message, m) {
		t.Error("it arrives in another form")
	}
}

func TestIPv6(t *testing.T) {
	c, err := Listen(Config{Address: "[::1]:0"})
	if err != nil {
		t.Skipf("no IPv6 on loopback: %v", err)
	}
	c.Close()
	c, all := listen(t, Config{Interface: "::1"})
	s, err := Dial(c.Addr().String(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Send(Message{Address: "/six"}); err != nil || next(t, all).from.Addr().String() != "::1" {
		t.Errorf("%v", err)
	}
}

func TestInterfaceByName(t *testing.T) {
	interfaces, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range interfaces {
		if i.Flags&net.FlagLoopback == 0 || i.Flags&net.FlagUp == 0 {
			continue
		}
		c, all := listen(t, Config{Interface: i.Name})
		if !c.Addr().Addr().IsLoopback() {
			t.Errorf("interface %s is %v", i.Name, c.Addr())
		}
		s, err := Dial(c.Addr().String(), i.Name)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if err := s.Send(Message{Address: "/x"}); err != nil {
			t.Fatal(err)
		}
		next(t, all)
		return
	}
	t.Skip("no loopback interface")
}

// TestAddresses: what is wrong with one is said.
func TestAddresses(t *testing.T) {
	c, _ := listen(t, Config{})
	for _, test := range []struct {
		call func() (*Conn, error)
		want string
	}{
		{func() (*Conn, error) { return Listen(Config{Address: c.Addr().String()}) }, "is another program using the port?"},
		{func() (*Conn, error) { return Listen(Config{Address: "127.0.0.1"}) }, "expected host:port"},
		{func() (*Conn, error) { return Listen(Config{Interface: "no such card"}) }, `interface "no such card": no interface has this name or address`},
		{func() (*Conn, error) { return dialed("127.0.0.1:osc", "") }, "expected a number from 0 to 65535"},
		{func() (*Conn, error) { return dialed("127.0.0.1:65536", "") }, "expected a number from 0 to 65535"},
		{func() (*Conn, error) { return dialed("no such host:20000", "") }, `host "no such host": expected a name or an address`},
		{func() (*Conn, error) { return dialed("192.0.2.1:20000", "no such card") }, "no interface has this name"},
		{func() (*Conn, error) { return dialed("192.0.2.1:20000", "::1") }, "of another kind"},
	} {
		conn, err := test.call()
		if err == nil {
			conn.Close()
		}
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v, want %s", err, test.want)
		}
	}
}

func dialed(address, onInterface string) (*Conn, error) {
	s, err := Dial(address, onInterface)
	if err != nil {
		return nil, err
	}
	return s.conn, nil
}

// TestNobodyListens: a Sender learns that nobody takes what it sends, and what it sends
// once somebody does arrives, from the first on.
func TestNobodyListens(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the system tells of it only when something is read")
	}
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	address := c.LocalAddr().String()
	c.Close()
	s, err := Dial(address, "")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for range 100 {
		if err := s.Send(Message{Address: "/void"}); err != nil {
			t.Fatal(err)
		}
	}
	if st := s.Stats(); st.Unheard == 0 || st.Sent != 100 || st.SendErrors != 0 {
		t.Errorf("%+v", st)
	}
	_, all := listen(t, Config{Address: address})
	for _, a := range []string{"/one", "/two"} {
		if err := s.Send(Message{Address: a}); err != nil {
			t.Fatal(err)
		}
		if got := next(t, all); got.Message.Address != a {
			t.Errorf("heard %s, want %s", got.Message.Address, a)
		}
	}
}

// TestClose: a closed socket sends nothing and ends Run.
func TestClose(t *testing.T) {
	c, err := Listen(Config{})
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	if err := c.Send(c.Addr(), Message{Address: "/x"}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("send: %v", err)
	}
	if err := c.Run(t.Context()); !errors.Is(err, net.ErrClosed) {
		t.Errorf("run: %v", err)
	}
	if err := c.Send(c.Addr(), Message{Address: "x"}); !errors.Is(err, ErrAddress) {
		t.Errorf("send: %v", err)
	}
	if err := c.SendBundle(c.Addr(), 1, Message{Address: "x"}); !errors.Is(err, ErrAddress) {
		t.Errorf("send: %v", err)
	}
}

func BenchmarkAppendMessage(b *testing.B) {
	m := Message{"/fixture/12/level", []any{int32(3), float32(0.5), "abc"}}
	var out []byte
	b.ReportAllocs()
	for b.Loop() {
		out, _ = AppendMessage(out[:0], m)
	}
}

func BenchmarkParse(b *testing.B) {
	packet, _ := AppendMessage(nil, Message{"/fixture/12/level", []any{int32(3), float32(0.5), "abc"}})
	var list []Element
	b.ReportAllocs()
	for b.Loop() {
		list, _ = Parse(list[:0], packet)
	}
}
