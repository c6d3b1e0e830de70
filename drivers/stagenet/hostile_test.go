package stagenet

import (
	"context"
	"io"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"showrun/drivers/lan/mdns"
)

// TestEndlessHandshake: a gateway whose answer to the handshake never ends costs little.
func TestEndlessHandshake(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	done := make(chan int, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\n")
		line := []byte("X-A: " + strings.Repeat("a", 60000) + "\r\n")
		n := 0
		for n < 1<<30 {
			w, err := c.Write(line)
			n += w
			if err != nil {
				break
			}
		}
		done <- n
	}()
	c, err := New(Config{Gateways: []string{"ws://" + l.Addr().String()}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	var peak uint64
	limit := time.After(10 * time.Second)
	for over := false; !over; {
		select {
		case <-limit:
			over = true
			t.Error("the answer is read for ever")
		case n := <-done:
			over = true
			t.Logf("%d MiB taken from the peer", n>>20)
		case <-time.After(20 * time.Millisecond):
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		peak = max(peak, m.HeapInuse)
	}
	cancel()
	<-ended
	t.Logf("heap %d MiB", peak>>20)
	if peak > 64<<20 {
		t.Errorf("the heap grew to %d MiB", peak>>20)
	}
}

// TestIdsComeAndGo: an advertisement whose id changes leaves nothing behind.
func TestIdsComeAndGo(t *testing.T) {
	c, err := New(Config{Discover: true})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5000 {
		e := mdns.Event{Kind: mdns.Updated, At: time.Now(), Service: mdns.Service{Instance: "x", Text: map[string]string{"id": strings.Repeat("i", 1+i%200) + string(rune('a'+i/200))}}}
		e.Service.Endpoints = append(e.Service.Endpoints, netAddr)
		c.advertisement(e)
	}
	if n := len(c.Gateways()); n > 1 {
		t.Errorf("%d gateways are known after one service changed its id", n)
	}
}

var netAddr = netip.MustParseAddrPort("127.0.0.1:1")
