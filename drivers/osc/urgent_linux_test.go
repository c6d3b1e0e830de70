package osc

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"
)

const urgent = "/showrun/"

// listenUrgent runs a Conn that wants stops and what may stand for one; the messages it
// hands over come out of the channel.
func listenUrgent(t *testing.T) (*Conn, <-chan string) {
	heard := make(chan string, 100)
	c, err := Listen(Config{
		Address: "127.0.0.1:0", Urgent: urgent, First: []string{"/showrun/stop", "/showrun/release"},
		Wanted: func(address []byte, _ netip.AddrPort) bool {
			return Match(strings.ToLower(string(address)), "/showrun/stop")
		},
		Handler: func(m Message, _ TimeTag, _ netip.AddrPort, _ time.Time) { heard <- m.Address },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return c, heard
}

func encoded(t *testing.T, messages ...string) []byte {
	t.Helper()
	var list []Message
	for _, m := range messages {
		list = append(list, Message{Address: m})
	}
	if len(list) == 1 {
		b, err := AppendMessage(nil, list[0])
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	b, err := AppendBundle(nil, Immediately, list...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// flooded is how many datagrams a flood has.
const flooded = 200_000

// flood sends a message again and again, and expects that every stop among them is heard.
func flood(t *testing.T, s io.Writer, heard <-chan string, address string) {
	t.Helper()
	message := encoded(t, address)
	for n := range flooded {
		if _, err := s.Write(message); err != nil {
			t.Fatal(err)
		}
		if n%10_000 == 0 {
			s.Write(encoded(t, "/showrun/stop"))
			if got := next(t, heard); got != "/showrun/stop" {
				t.Fatalf("%q", got)
			}
		}
	}
}

// TestUrgentInAFlood: what is wanted is heard among thousands of datagrams that are not,
// and of these most are not even given to the process.
func TestUrgentInAFlood(t *testing.T) {
	c, heard := listenUrgent(t)
	s := raw(t, c.Addr())
	flood(t, s, heard, "/lights/1/level")
	s.Write(encoded(t, "/lights/1", "/showrun/sto?")) // in a bundle, as a pattern
	for range 2 {
		next(t, heard) // all of a datagram that has one
	}
	if n := c.Stats().Unwanted; n < floodCount || n > flooded/2 {
		t.Errorf("%d of %d unwanted datagrams came", n, flooded)
	}
}

// TestUrgentInAFloodOfItsOwn: what comes first is heard among thousands of datagrams whose
// addresses begin like it, and of these most are not even given to the process.
func TestUrgentInAFloodOfItsOwn(t *testing.T) {
	c, heard := listenUrgent(t)
	s := raw(t, c.Addr())
	flood(t, s, heard, "/showrun/param/speed")
	for _, stop := range []string{"/SHOWRUN/Stop", "/showrun/st?p"} {
		s.Write(encoded(t, stop))
		if got := next(t, heard); got != stop {
			t.Fatalf("%q", got)
		}
	}
	if n := c.Stats().Unwanted; n < 2*floodCount || n > flooded/2 {
		t.Errorf("%d of %d unwanted datagrams came", n, flooded)
	}
}

// TestFilter: in a flood only what may be wanted comes.
func TestFilter(t *testing.T) {
	c, err := Listen(Config{Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	control, err := c.udp.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	control.Control(func(fd uintptr) { err = attach(fd, filter(urgent)) })
	if err != nil {
		t.Fatal(err)
	}
	s := raw(t, c.Addr())
	for address, passes := range map[string]bool{
		"/showrun/stop": true, "/ShowRun/STOP": true, "/showrun/x": true, "/showru?/stop": true, "/*/stop": true, "/s[h]owrun/stop": true, "/{showrun,x}/stop": true,
		"/showrum/stop": false, "/show": false, "/a": false, "/lights/*": false, "/fader/1": false,
	} {
		for _, b := range [][]byte{encoded(t, address), encoded(t, "/a", address)} {
			s.Write(b)
			s.Write(encoded(t, "/showrun/end"))
			got := make([]byte, MaxPacket)
			c.udp.SetReadDeadline(time.Now().Add(20 * time.Second))
			n, err := c.udp.Read(got)
			if err != nil {
				t.Fatal(err)
			}
			passed := string(got[:n]) == string(b)
			if want := passes || strings.HasPrefix(string(b), bundleHead); passed != want {
				t.Errorf("%q: passes %t, want %t", b, passed, want)
			}
			if passed {
				c.udp.Read(got)
			}
		}
	}
}

// TestWatch sees a flood come and go, and one that gets through the first filter.
func TestWatch(t *testing.T) {
	var w watch
	now := time.Unix(1000, 0)
	for i, s := range []struct {
		after           time.Duration
		unwanted, crowd uint64
		want            int
	}{
		{0, 5, 0, nothingNew},
		{90 * time.Millisecond, 900, 0, nothingNew},
		{20 * time.Millisecond, 1100, 0, nothingNew}, // over 110 ms
		{20 * time.Millisecond, 2099, 0, nothingNew},
		{20 * time.Millisecond, 2100, 0, floodBegins},
		{900 * time.Millisecond, 2200, 0, nothingNew},
		{100 * time.Millisecond, 2200, 0, floodUnknown},
		{10 * time.Millisecond, 3200, 500, floodBegins},
		{10 * time.Millisecond, 9000, 500, nothingNew}, // that waited before the filter was there
		{50 * time.Millisecond, 9999, 1499, nothingNew},
		{40 * time.Millisecond, 9999, 1500, floodGoesOn},
		{40 * time.Millisecond, 12000, 9000, nothingNew}, // there is no stricter one
		{time.Second, 12000, 9000, floodUnknown},
		{200 * time.Millisecond, 19000, 9000, nothingNew}, // too long to know
	} {
		now = now.Add(s.after)
		if got := w.look(s.unwanted, s.crowd, now); got != s.want {
			t.Errorf("%d: %d, want %d", i, got, s.want)
		}
	}
}

// TestWants finds what is wanted without taking a packet apart, and costs little for one
// that has nothing.
func TestWants(t *testing.T) {
	c := &Conn{cfg: Config{Urgent: urgent, Wanted: func(address []byte, _ netip.AddrPort) bool { return string(address) == "/showrun/stop" }}}
	deep := encoded(t, "/showrun/stop")
	for range MaxDepth {
		deep = append(append([]byte(bundleHead+"\x00\x00\x00\x00\x00\x00\x00\x01"), 0, 0, 0, byte(len(deep))), deep...)
	}
	var crowd []string
	for i := range maxLookedAt {
		crowd = append(crowd, fmt.Sprint("/", i))
	}
	for i, p := range []struct {
		b    []byte
		want bool
	}{
		{encoded(t, "/showrun/stop"), true},
		{encoded(t, "/showrun/stop", "/a"), true},
		{encoded(t, "/a", "/showrun/stop"), true},
		{deep, true},
		{encoded(t, append(crowd[:maxLookedAt-2:maxLookedAt-2], "/showrun/stop")...), true},
		{encoded(t, append(crowd, "/showrun/stop")...), false},
		{encoded(t, "/a"), false},
		{[]byte("/showrun/stop"), false}, // without its end
		{[]byte(bundleHead), false},
		{nil, false},
	} {
		if got := c.wants(p.b, netip.AddrPort{}); got != p.want {
			t.Errorf("%d: %t, want %t", i, got, p.want)
		}
		for n := range p.b {
			c.wants(p.b[:n], netip.AddrPort{})
		}
		if n := testing.AllocsPerRun(100, func() { c.wants(p.b, netip.AddrPort{}) }); n > 0 {
			t.Errorf("%d: %v allocations", i, n)
		}
	}
}
