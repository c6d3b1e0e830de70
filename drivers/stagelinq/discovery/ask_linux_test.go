package discovery

import (
	"net/netip"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// TestAnnouncerCannotAsk: a process that has no file left cannot ask which networks there
// are, and goes on with those it knows. It runs by itself, so that nobody else is short.
func TestAnnouncerCannotAsk(t *testing.T) {
	if os.Getenv("SHOWRUN_ALONE") != t.Name() {
		c := exec.Command(os.Args[0], "-test.v", "-test.run", "^"+t.Name()+"$")
		c.Env = append(os.Environ(), "SHOWRUN_ALONE="+t.Name())
		if b, err := c.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, b)
		}
		return
	}
	a := NewAnnouncer(AnnouncerConfig{Interface: "127.0.0.1"})
	a.networks.Store(&[]Network{})
	senders := map[netip.Addr]*sender{}
	a.refresh(senders)
	if n := len(*a.networks.Load()); n != 1 || len(senders) != 1 {
		t.Fatalf("%d networks, %d sockets", n, len(senders))
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	limit.Cur = 1
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	a.refresh(senders)
	if n := len(*a.networks.Load()); n != 1 || len(senders) != 1 {
		t.Errorf("%d networks, %d sockets are left", n, len(senders))
	}
}
