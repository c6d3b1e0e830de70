package main

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// fullPipe is a pipe that takes nothing any more until somebody reads.
func fullPipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	w.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
	for err == nil {
		_, err = w.Write(bytes.Repeat([]byte("-"), 1<<16))
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
	return r, w
}

// hearLight listens to what goes to universe 1 on this machine.
func hearLight(t *testing.T) *net.UDPConn {
	t.Helper()
	lo, err := net.InterfaceByName("lo")
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.ListenMulticastUDP("udp4", lo, &net.UDPAddr{IP: net.IPv4(239, 254, 0, 1), Port: 5683})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// TestStalledReader runs shows whose log nobody reads: their light goes on, an
// emergency stop is obeyed and the first signal ends them. A reader that comes back finds the log where it left off.
func TestStalledReader(t *testing.T) {
	light := hearLight(t)
	show := filepath.Join(t.TempDir(), "light.lua")
	text := `local u, n = require "signet".sender{ mode = "open" }:universe(1), 0
require "clock".every(0.02, function() n = (n + 1) % 256 u:set(1, n) require "show".log.info("one more line") end)`
	if err := os.WriteFile(show, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, reader := range map[string]struct{ start, later func(r *os.File) []byte }{
		"stays away": {start: nothing, later: nothing},
		"has gone":   {start: func(r *os.File) []byte { r.Close(); return nil }, later: nothing},
		"comes back": {start: nothing, later: func(r *os.File) []byte { b, _ := io.ReadAll(r); return b }},
	} {
		t.Run(name, func(t *testing.T) {
			r, w := fullPipe(t)
			reader.start(r)
			run := exec.Command("showrun", "run", "--interface", "127.0.0.1", "--state", t.TempDir(), "--osc", "off", "-v", show)
			run.Stderr, run.Env = w, append(os.Environ(), "GORACE=atexit_sleep_ms=0", "XDG_RUNTIME_DIR="+t.TempDir())
			if err := run.Start(); err != nil {
				t.Fatal(err)
			}
			defer time.AfterFunc(patience, func() { run.Process.Kill() }).Stop()
			w.Close() // that of the show is left
			light.SetReadDeadline(time.Now().Add(patience))
			for heard := range 100 {
				if _, err := light.Read(make([]byte, 1500)); err != nil {
					t.Fatalf("%d packets: %v", heard, err)
				}
			}
			stop := exec.Command("showrun", "ctl", "stop")
			stop.Env = run.Env
			if out, err := stop.CombinedOutput(); err != nil || string(out) != "light: stopped; machines held: 0\n" {
				t.Errorf("emergency stop: %v, %s", err, out)
			}
			if err := run.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
			log := bytes.TrimLeft(reader.later(r), "-")
			run.Wait() // its code tells
			if code := run.ProcessState.ExitCode(); code != 130 {
				t.Errorf("ended with %v, want 130", run.ProcessState)
			}
			if log != nil && (!bytes.Contains(log, []byte("show loaded")) || !bytes.Contains(log, []byte("show ended"))) {
				t.Errorf("the log lacks its begin or its end:\n%s", log)
			}
		})
	}
}

func nothing(*os.File) []byte { return nil }
