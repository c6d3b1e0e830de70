package multicast

import (
	"context"
	"net/netip"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestServeCannotAsk: a process that has no file left cannot ask whether the interface is
// still there, and goes on. It runs by itself, so that nobody else is short.
func TestServeCannotAsk(t *testing.T) {
	if os.Getenv("SHOWRUN_ALONE") != t.Name() {
		c := exec.Command(os.Args[0], "-test.v", "-test.run", "^"+t.Name()+"$")
		c.Env = append(os.Environ(), "SHOWRUN_ALONE="+t.Name())
		if b, err := c.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, b)
		}
		return
	}
	c, err := Open(Config{Interface: "127.0.0.1", Port: 0, TTL: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	limit.Cur = 1
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
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
