package mdns

import (
	"context"
	"testing"
	"time"

	"showrun/drivers/lan"
	"showrun/drivers/lan/lantest"
)

// TestBrowserCannotAsk: a process that has no file left cannot ask which interfaces there
// are, which is not the same as that they are gone: what was found stays. It runs by itself,
// so that nobody else is short.
func TestBrowserCannotAsk(t *testing.T) {
	if !lantest.Alone(t) {
		return
	}
	added, removed := make(chan bool, 100), make(chan bool, 100)
	b, err := New(Config{Service: "_lighting._tcp", Interface: "127.0.0.1", OnEvent: func(e Event) {
		if e.Kind == Removed {
			removed <- true
		} else {
			added <- true
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	responder, err := openSocket4()
	if err != nil {
		t.Fatal(err)
	}
	defer responder.conn.Close()
	if err := responder.choose(loopback(t).Net()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	again := time.NewTicker(20 * time.Millisecond) // until the browser listens
	defer again.Stop()
	for found := false; !found; {
		select {
		case found = <-added:
		case <-again.C:
			if _, err := responder.conn.WriteTo(packetOf(full(120, 4000, "127.0.0.1")...), responder.group); err != nil {
				t.Fatal(err)
			}
		case err := <-ended:
			t.Fatal(err)
		}
	}
	lantest.NoFiles(t)
	if _, err := lan.Interfaces(); err == nil {
		t.Fatal("it could be asked")
	}
	select {
	case <-removed:
		t.Error("what was found is taken for gone")
	case <-time.After(refresh + refresh/2): // it has looked meanwhile
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
