package multicast

import (
	"context"
	"net/netip"
	"sync"
	"testing"
	"time"

	"showrun/drivers/lan/lantest"
)

// TestServeCannotAsk: a process that has no file left cannot ask whether the interface is
// still there, and goes on. It runs by itself, so that nobody else is short.
func TestServeCannotAsk(t *testing.T) {
	if !lantest.Alone(t) {
		return
	}
	c, err := Open(Config{Interface: "127.0.0.1", Port: 0, TTL: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	lantest.NoFiles(t)
	if err := c.network.Check(c.address); err == nil {
		t.Fatal("it could be asked")
	}
	ctx, end := context.WithTimeout(t.Context(), checkInterval+time.Second/2)
	defer end()
	err = c.Serve(ctx, Loop{
		Lock: &sync.Mutex{}, Deadline: func() time.Time { return time.Time{} },
		Receive: func([]byte, netip.AddrPort, time.Time) {}, Step: func(time.Time) error { return nil },
	})
	if err != nil {
		t.Errorf("the socket was given up: %v", err)
	}
}
