package broadcast

import (
	"context"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"go.uber.org/goleak"

	"showrun/drivers/lan"
	"showrun/drivers/lan/multicast"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const testPort = 26454

// open opens sockets and gives what they hear.
func open(t *testing.T, address string) (*Conn, <-chan string) {
	t.Helper()
	c, err := Open(address, testPort)
	if err != nil {
		t.Fatal(err)
	}
	heard := make(chan string, 16)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- c.Serve(ctx, func(b []byte, from netip.AddrPort, _ time.Time) { heard <- from.String() + " " + string(b) })
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return c, heard
}

func send(t *testing.T, c *Conn, to netip.AddrPort, text string) {
	t.Helper()
	c.NewWriter().Write([]multicast.Packet{{Bytes: []byte(text), To: multicast.To(to)}}, func(_ int, err error) { t.Errorf("%s not sent: %v", text, err) })
}

// next waits for what is heard next.
func next(t *testing.T, heard <-chan string) string {
	t.Helper()
	select {
	case s := <-heard:
		return s
	case <-time.After(10 * time.Second):
		t.Fatal("nothing was heard")
		return ""
	}
}

// TestEachHearsItsOwn: two on one port, each with an address of its own.
func TestEachHearsItsOwn(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs 127.0.0.2")
	}
	one, heardByOne := open(t, "127.0.0.1")
	two, heardByTwo := open(t, "127.0.0.2")
	send(t, one, one.Broadcast(), "to all")
	for _, heard := range []<-chan string{heardByOne, heardByTwo} {
		if s := next(t, heard); s != "127.0.0.1:26454 to all" {
			t.Errorf("heard %q", s)
		}
	}
	send(t, two, one.Address(), "to one")
	send(t, one, two.Address(), "to two")
	if s := next(t, heardByOne); s != "127.0.0.2:26454 to one" {
		t.Errorf("heard %q", s)
	}
	if s := next(t, heardByTwo); s != "127.0.0.1:26454 to two" {
		t.Errorf("heard %q", s)
	}
}

func TestEverybody(t *testing.T) {
	for _, c := range []struct{ prefix, want string }{
		{"10.1.2.3/8", "10.255.255.255"}, {"192.168.1.9/24", "192.168.1.255"}, {"192.168.1.9/25", "192.168.1.127"},
		{"10.0.0.1/31", "10.0.0.1"}, {"10.0.0.1/32", "10.0.0.1"},
	} {
		p := netip.MustParsePrefix(c.prefix)
		i := lan.Interface{Prefixes: []netip.Prefix{p}, Flags: 2}
		if got := everybody(i, p.Addr()); got.String() != c.want {
			t.Errorf("%s: %v, want %s", c.prefix, got, c.want)
		}
	}
}
