package osc

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"showrun/drivers/lan/lantest"
)

// TestPeerSends: what oscsend of liblo sends is what we hear.
func TestPeerSends(t *testing.T) {
	oscsend := lantest.WithPeers(t, "oscsend")
	c, all := listen(t, Config{})
	for _, test := range []struct {
		command string
		want    Message
	}{
		{"/empty", Message{Address: "/empty"}},
		{"/fixture si white 255", Message{"/fixture", []any{"white", int32(255)}}},
		{"/spline siff x 0 360.5 -180", Message{"/spline", []any{"x", int32(0), float32(360.5), float32(-180)}}},
		{"/all hdTFN -5 0.25", Message{"/all", []any{int64(-5), 0.25, true, false, nil}}},
		{"/odd cSmI A sym 01020304", Message{"/odd", []any{int32('A'), "sym", int32(0x01020304), nil}}},
		{"/ch/*/[a-c] i 1", Message{"/ch/*/[a-c]", []any{int32(1)}}},
	} {
		args := append([]string{"127.0.0.1", fmt.Sprint(c.Addr().Port())}, strings.Fields(test.command)...)
		if out, err := exec.Command(oscsend, args...).CombinedOutput(); err != nil {
			t.Fatalf("oscsend %s: %v\n%s", test.command, err, out)
		}
		if h := next(t, all); !cmp.Equal(h.Message, test.want) {
			t.Errorf("oscsend %s is heard as %#v", test.command, h.Message)
		}
	}
}

// freePort is a UDP port that nobody uses at the moment.
func freePort(t *testing.T) netip.AddrPort {
	t.Helper()
	s, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	return s.LocalAddr().(*net.UDPAddr).AddrPort()
}

// program runs a program of others until the end of the test and gives the lines
// it prints.
func program(t *testing.T, name string, args ...string) <-chan string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 1000)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			lines <- s.Text()
		}
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		for range lines {
		}
		cmd.Wait()
	})
	return lines
}

// TestPeerDumps: oscdump of liblo prints what we send.
func TestPeerDumps(t *testing.T) {
	oscdump := lantest.WithPeers(t, "oscdump")
	to := freePort(t)
	lines := program(t, oscdump, "-L", fmt.Sprint(to.Port()))
	s, err := Dial(to.String(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	line := ""
	for deadline := time.After(patience); line == ""; { // it says nothing until it hears something
		if err := s.Send(Message{Address: "/ready"}); err != nil {
			t.Fatal(err)
		}
		select {
		case line = <-lines:
		case <-deadline:
			t.Fatal("oscdump prints nothing")
		case <-time.After(50 * time.Millisecond):
		}
	}
	expect := func(want string) {
		t.Helper()
		for {
			select {
			case line := <-lines:
				if strings.Contains(line, "/ready") {
					continue
				}
				if !strings.Contains(line, want) {
					t.Errorf("oscdump prints %q, want %q", line, want)
				}
			case <-time.After(patience):
				t.Errorf("oscdump does not print %q", want)
			}
			return
		}
	}
	for _, test := range []struct {
		m    Message
		want string
	}{
		{Message{Address: "/empty"}, "/empty"},
		{Message{"/fixture", []any{"white", int32(255)}}, `/fixture si "white" 255`},
		{Message{"/spline", []any{"x", int32(0), float32(360.5), float32(-180)}}, `/spline siff "x" 0 360.500000 -180.000000`},
		{Message{"/all", []any{int64(-5), 0.25, true, false, nil}}, "/all hdTFN -5 0.25"},
		{Message{"/time", []any{TimeTag(0xE93DE2EC_C7AE1477)}}, "/time t e93de2ec.c7ae1477"},
		{Message{"/blob", []any{[]byte("abcde")}}, "/blob b [5b 0x61 0x62 0x63 0x64 0x65]"},
	} {
		if err := s.Send(test.m); err != nil {
			t.Fatal(err)
		}
		expect(test.want)
	}
	if err := s.SendBundle(Immediately, Message{Address: "/one"}, Message{"/two", []any{int32(2)}}); err != nil {
		t.Fatal(err)
	}
	expect("/one")
	expect("/two i 2")
}

// TestPeerPython: datagrams built by hand in Python, both ways.
func TestPeerPython(t *testing.T) {
	python := lantest.WithPeers(t, "python3")
	c, all := listen(t, Config{})
	lines := program(t, python, filepath.Join("testdata", "peer", "peer.py"), fmt.Sprint(c.Addr().Port()))
	var peer netip.AddrPort
	future := TimeTag(4000000000<<32 | 1<<31)
	for _, want := range []Element{
		{Message{Address: "/empty"}, Immediately},
		{Message{"/fixture", []any{"white", int32(255)}}, Immediately},
		{Message{"/move", []any{int32(1), float32(-100)}}, Immediately},
		{Message{"/spline", []any{"x", 0.0, 360.0, 360.5}}, Immediately},
		{Message{"/all", []any{int64(-5), true, false, nil, []byte("abc")}}, Immediately},
		{Message{"/ch[1", []any{int32(1)}}, Immediately},
		{Message{Address: "/in"}, future},
		{Message{Address: "/out"}, Immediately},
		{Message{"/large", []any{make([]byte, 9000)}}, Immediately},
		{Message{Address: "/end"}, Immediately},
	} {
		h := next(t, all)
		if !cmp.Equal(h.Element, want) {
			t.Errorf("heard %v, want %v", h.Element, want)
		}
		peer = h.from
	}
	if s := c.Stats(); s.Refused() != 3 || s.Malformed[NotOSC] != 2 || s.Malformed[Truncated] != 1 {
		t.Errorf("counts %+v", s)
	}
	for _, m := range messages {
		if err := c.Send(peer, m.m); err != nil {
			t.Fatal(err)
		}
		if line := <-lines; line != hex.EncodeToString([]byte(m.bytes)) {
			t.Errorf("%s: the peer gets %s", m.name, line)
		}
	}
	if err := c.Send(peer, Message{Address: "/end"}); err != nil {
		t.Fatal(err)
	}
	<-lines
}
