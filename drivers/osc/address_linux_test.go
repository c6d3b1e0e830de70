package osc

import (
	"os"
	"os/exec"
	"testing"
)

// alone runs a test again in a network namespace of its own and tells whether this is
// that run; ip then changes the network there.
func alone(t *testing.T) (ip func(args ...string), inside bool) {
	t.Helper()
	ip = func(args ...string) {
		t.Helper()
		if b, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			t.Fatalf("ip %v: %v %s", args, err, b)
		}
	}
	if os.Getenv("SHOWRUN_ALONE") == t.Name() {
		return ip, true
	}
	if os.Getenv("SHOWRUN_PEERS") != "1" {
		t.Skip("set SHOWRUN_PEERS=1 to run it: needs root and a network namespace")
	}
	c := exec.Command("unshare", "-n", os.Args[0], "-test.v", "-test.run", "^"+t.Name()+"$")
	c.Env = append(os.Environ(), "SHOWRUN_ALONE="+t.Name())
	if b, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, b)
	}
	return ip, false
}

// TestAddressOfTheSystemsChoice: a Sender that names no interface goes on when the
// address the system chose is replaced.
func TestAddressOfTheSystemsChoice(t *testing.T) {
	ip, inside := alone(t)
	if !inside {
		return
	}
	ip("link", "add", "d0", "type", "veth", "peer", "name", "d1")
	ip("link", "set", "d0", "up")
	ip("link", "set", "d1", "up")
	ip("addr", "add", "10.7.0.5/24", "dev", "d0")
	s, err := Dial("10.7.0.9:23000", "")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Send(Message{Address: "/empty"}); err != nil {
		t.Error(err)
	}
	ip("addr", "del", "10.7.0.5/24", "dev", "d0")
	if err := s.Send(Message{Address: "/empty"}); err == nil {
		t.Error("sent without an address")
	}
	ip("addr", "add", "10.7.0.6/24", "dev", "d0")
	for range 3 {
		if err := s.Send(Message{Address: "/empty"}); err != nil {
			t.Error("with another address:", err)
		}
	}
}
