//go:build unix

package control

import (
	"bytes"
	"context"
	"net"
	"os"
	"runtime"
	"testing"
	"time"
)

// goroutine names the goroutine it is called on.
func goroutine() string {
	b := make([]byte, 64)
	name, _, _ := bytes.Cut(b[:runtime.Stack(b, false)], []byte(" ["))
	return string(name)
}

// TestStopOnItsThread: a stop is answered by the goroutine of Run, whose thread waits for
// it in the system and may come before others; everything else is left to goroutines.
// What is said behind a stop is heard as well.
func TestStopOnItsThread(t *testing.T) {
	folder := t.TempDir()
	os.Chmod(folder, 0o700)
	handled := make(chan string, 10)
	s, err := Listen(folder, "gala", func(r Request) Reply {
		handled <- r.Command + " " + goroutine()
		return Reply{OK: true, Text: r.Command}
	})
	if err != nil {
		t.Fatal(err)
	}
	run := make(chan string, 1)
	ended := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { run <- goroutine(); ended <- s.Run(ctx) }()
	own := <-run
	shows, err := Shows(folder)
	if err != nil || len(shows) != 1 {
		t.Fatal(shows, err)
	}
	for _, quiet := range []bool{false, true} { // some say nothing at first
		c, err := net.Dial("unix", shows[0])
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if quiet {
			if _, err := Ask(shows[0], Request{Command: Status}); err != nil { // c is in by now
				t.Fatal(err)
			}
			if got := <-handled; got == "status "+own {
				t.Errorf("%s keeps stops waiting", got)
			}
		}
		c.Write([]byte(`{"command":"stop"}` + "\n" + `{"command":"status"}` + "\n"))
		if got := <-handled; got != "stop "+own {
			t.Errorf("%s, want it on %s", got, own)
		}
		if got := <-handled; got == "status "+own {
			t.Errorf("%s keeps stops waiting", got)
		}
		c.SetReadDeadline(time.Now().Add(patience))
		var answers []byte
		for b := make([]byte, 1000); bytes.Count(answers, []byte("\n")) < 2; {
			n, err := c.Read(b)
			if err != nil {
				t.Fatal(err)
			}
			answers = append(answers, b[:n]...)
		}
		if want := `{"ok":true,"show":"gala","text":"stop"}` + "\n" + `{"ok":true,"show":"gala","text":"status"}` + "\n"; string(answers) != want {
			t.Errorf("%s", answers)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
