package multicast

import (
	"context"
	"errors"
	"net/netip"
	"runtime"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"showrun/drivers/lan"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const port = 15689

func open(t *testing.T) *Conn {
	t.Helper()
	c, err := Open(Config{Interface: "127.0.0.1", Port: port, TTL: 32})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// serve runs a Conn and gives what it hears.
func serve(t *testing.T, c *Conn) <-chan string {
	t.Helper()
	heard := make(chan string, 1000)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		done <- c.Serve(ctx, Loop{
			Lock: &sync.Mutex{}, Deadline: func() time.Time { return time.Time{} },
			Receive: func(b []byte, from netip.AddrPort, at time.Time) {
				if age := time.Since(at); age < 0 || age > time.Second {
					t.Errorf("arrival %v ago", age)
				}
				heard <- string(b)
			},
			Step: func(time.Time) error { return nil },
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return heard
}

func expect(t *testing.T, heard <-chan string, want ...string) {
	t.Helper()
	for _, w := range want {
		select {
		case got := <-heard:
			if got != w {
				t.Fatalf("heard %q, want %q", got, w)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("%q never came", w)
		}
	}
}

func group(n int) netip.Addr { return netip.AddrFrom4([4]byte{239, 254, 0, byte(n)}) }

func to(a netip.Addr) Destination { return To(netip.AddrPortFrom(a, port)) }

// TestManyGroups: far more groups than a socket can join, each packet once and
// in the order it was sent.
func TestManyGroups(t *testing.T) {
	receiver, other, sender := open(t), open(t), open(t)
	if err := other.Join(group(200)); err != nil { // only the other is to hear this one
		t.Fatal(err)
	}
	var packets []Packet
	var want []string
	for n := 1; n <= 109; n++ {
		if err := receiver.Join(group(n)); err != nil {
			t.Fatal(err)
		}
		packets = append(packets, Packet{[]byte{byte(n)}, to(group(n))})
		want = append(want, string([]byte{byte(n)}))
	}
	heard, heardByOther := serve(t, receiver), serve(t, other)
	for range 3 {
		if n, _ := sender.WriteBatch(packets, time.Second, nil); n != 109 {
			t.Fatalf("%d sent", n)
		}
		expect(t, heard, want...)
	}
	sender.Write([]byte("other"), to(group(200)).AddrPort)
	expect(t, heardByOther, "other") // and none of the 109 before
	if runtime.GOOS == "linux" && len(receiver.holders) < 6 {
		t.Errorf("%d sockets hold the groups", len(receiver.holders))
	}
}

func TestJoinsAreCounted(t *testing.T) {
	receiver, sender := open(t), open(t)
	receiver.Join(group(1))
	receiver.Join(group(1))
	receiver.Join(group(2))
	heard := serve(t, receiver)
	receiver.Leave(group(1))
	receiver.Leave(group(9)) // never joined
	sender.Write([]byte("a"), to(group(1)).AddrPort)
	expect(t, heard, "a")
	receiver.Leave(group(1))
	sender.Write([]byte("b"), to(group(1)).AddrPort)
	sender.Write([]byte("c"), to(group(2)).AddrPort)
	expect(t, heard, "c")
	sender.Write([]byte("unicast"), netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port))
	select { // a shared port hands unicast to the socket bound last
	case got := <-heard:
		t.Logf("heard %s", got)
	default:
	}
}

func TestWriteBatchGoesOnAfterAnError(t *testing.T) {
	receiver, sender := open(t), open(t)
	receiver.Join(group(1))
	heard := serve(t, receiver)
	packets := []Packet{
		{[]byte("a"), to(group(1))},
		{make([]byte, 70_000), to(group(1))}, // too long for UDP
		{[]byte("b"), to(group(1))},
	}
	var failed []int
	n, _ := sender.WriteBatch(packets, time.Second, func(i int, err error) {
		if err != nil {
			failed = append(failed, i)
		}
	})
	if n != 2 || len(failed) != 1 || failed[0] != 1 {
		t.Errorf("%d sent, %v failed", n, failed)
	}
	expect(t, heard, "a", "b")
}

func TestServeSteps(t *testing.T) {
	c := open(t)
	stop := errors.New("stop")
	var mu sync.Mutex
	var deadline time.Time
	steps := 0
	done := make(chan error)
	go func() {
		done <- c.Serve(context.Background(), Loop{
			Lock: &mu, Deadline: func() time.Time { return deadline },
			Receive: func([]byte, netip.AddrPort, time.Time) {},
			Step: func(now time.Time) error {
				mu.Lock()
				defer mu.Unlock()
				if steps++; steps == 3 {
					return stop
				}
				deadline = now.Add(time.Millisecond)
				return nil
			},
		})
	}()
	mu.Lock()
	deadline = time.Now().Add(time.Millisecond)
	c.Wake()
	mu.Unlock()
	if err := <-done; !errors.Is(err, stop) {
		t.Error(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, name := range []string{"nowhere7", "192.0.2.1"} {
		if _, err := Open(Config{Interface: name}); !errors.Is(err, lan.ErrAbsent) {
			t.Errorf("opened on an interface that is not there: %v", err)
		}
	}
	if _, err := Open(Config{Interface: "127.0.0.1", Port: 70_000}); err == nil {
		t.Error("opened a port that is not there")
	}
}

func TestAllocations(t *testing.T) {
	receiver, sender := open(t), open(t)
	receiver.Join(group(1))
	packets := []Packet{{make([]byte, 600), to(group(1))}, {make([]byte, 600), to(group(1))}}
	buffer := make([]byte, readSize)
	if n := testing.AllocsPerRun(100, func() {
		sender.WriteBatch(packets, time.Second, nil)
		for range packets {
			if _, _, _, err := receiver.read(buffer); err != nil {
				t.Fatal(err)
			}
		}
	}); n > 0 && !raced {
		t.Errorf("%v allocations to send and receive two packets", n)
	}
}

func FuzzParseControl(f *testing.F) {
	f.Add(make([]byte, 64))
	f.Fuzz(func(t *testing.T, b []byte) { parseControl(b) })
}
