package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// crowded is a server whose connections are all taken, and more.
func crowded(t *testing.T, handle func(Request) Reply) (path string, hold func(say string) net.Conn) {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "run")
	serve(t, folder, handle)
	shows, err := Shows(folder)
	if err != nil || len(shows) != 1 {
		t.Fatalf("%q, %v", shows, err)
	}
	return shows[0], func(say string) net.Conn {
		t.Helper()
		c, err := net.Dial("unix", shows[0])
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		if _, err := io.WriteString(c, say); err != nil {
			t.Fatal(err)
		}
		return c
	}
}

// TestStopGetsThrough a crowd of connections that say nothing, half a request, or ask
// and do not listen to the reply.
func TestStopGetsThrough(t *testing.T) {
	for name, say := range map[string]string{
		"idle":         "",
		"half written": `{"command":"st`,
		"deaf":         strings.Repeat(`{"command":"status"}`+"\n", 100),
	} {
		t.Run(name, func(t *testing.T) {
			var stops atomic.Int32
			path, hold := crowded(t, func(r Request) Reply {
				if r.Command == Stop {
					stops.Add(1)
				}
				return Reply{OK: true, Text: strings.Repeat("x", 10_000)}
			})
			for range 2 * maxConnections {
				hold(say)
			}
			for _, command := range []string{Stop, Release, Status} {
				if reply, err := Ask(path, Request{Command: command}); err != nil || !reply.OK {
					t.Errorf("%s: %v, %v", command, reply.OK, err)
				}
			}
			if n := stops.Load(); n != 1 {
				t.Errorf("stopped %d times", n)
			}
		})
	}
}

// TestWhoHasToGo: of too many connections the one that has asked nothing for longest.
func TestWhoHasToGo(t *testing.T) {
	_, hold := crowded(t, func(r Request) Reply { return Reply{OK: true, Text: r.By} })
	request := func(c net.Conn, i int) {
		t.Helper()
		want := fmt.Sprintf(`{"ok":true,"show":"gala","text":"%d"}`+"\n", i)
		b := make([]byte, len(want))
		fmt.Fprintf(c, `{"by":"%d"}`+"\n", i)
		if _, err := io.ReadFull(c, b); err != nil || string(b) != want {
			t.Errorf("connection %d: %q, %v", i, b, err)
		}
	}
	var crowd []net.Conn
	for i := range maxConnections {
		crowd = append(crowd, hold(""))
		request(crowd[i], i)
	}
	request(crowd[0], 0)
	crowd = append(crowd, hold(""))
	if _, err := crowd[1].Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("connection 1: %v", err)
	}
	for i, c := range crowd {
		if i != 1 {
			request(c, i)
		}
	}
}

// TestStopInAFlood: others ask all the time and come back when they are closed.
func TestStopInAFlood(t *testing.T) {
	path, _ := crowded(t, func(Request) Reply { return Reply{OK: true} })
	ctx, cancel := context.WithCancel(t.Context())
	var flood sync.WaitGroup
	for range 16 {
		flood.Go(func() {
			for ctx.Err() == nil {
				Ask(path, Request{Command: Status})
			}
		})
	}
	for range 20 {
		if reply, err := Ask(path, Request{Command: Stop}); err != nil || !reply.OK {
			t.Errorf("%+v, %v", reply, err)
		}
	}
	cancel()
	flood.Wait()
}

// TestAskedAgain: a stop whose reply is lost is asked again, what might do harm twice is
// not.
func TestAskedAgain(t *testing.T) {
	for command, want := range map[string]string{Stop: "second", Release: "second", Reload: "", Status: ""} {
		path := filepath.Join(t.TempDir(), "1"+suffix)
		l, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		var met sync.WaitGroup
		met.Go(func() {
			for i := 0; ; i++ {
				c, err := l.Accept()
				if err != nil {
					return
				}
				if i > 0 {
					io.WriteString(c, `{"ok":true,"text":"second"}`+"\n")
					io.ReadAll(c)
				}
				c.Close()
			}
		})
		reply, err := Ask(path, Request{Command: command})
		if reply.Text != want || (err == nil) != (want != "") {
			t.Errorf("%s: %+v, %v", command, reply, err)
		}
		l.Close()
		met.Wait()
		os.Remove(path)
	}
}
