package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"showrun/drivers/osc"
	"showrun/runtime/clock"
	"showrun/runtime/control"
)

var (
	measureTrials = flag.Int("trials", 0, "measure emergency stops: so many for each load and way")
	measureLoads  = flag.String("loads", ".", "regular expression: the loads to measure under")
	measureWhat   = flag.String("binary", "showrun", "the command to measure, which may be an older one")
)

// stopLoad is what goes on while emergency stops are measured.
type stopLoad struct {
	name                                       string
	loops, logs, stalled, reloads, busy, flood bool
}

var stopLoads = []stopLoad{
	{name: "nothing"},
	{name: "script loop", loops: true},
	{name: "log flood", logs: true},
	{name: "stalled log", logs: true, stalled: true},
	{name: "reload storm", reloads: true},
	{name: "four busy processes", busy: true},
	{name: "OSC flood", flood: true},
	{name: "all at once", loops: true, logs: true, stalled: true, reloads: true, busy: true, flood: true},
}

// TestStopUnderLoad measures, with -trials 100, from an emergency stop to the message
// that vents the valve, by key, by control socket and by OSC.
func TestStopUnderLoad(t *testing.T) {
	if *measureTrials == 0 {
		t.Skip("measures on the real clock; say how often with -trials 100")
	}
	only := regexp.MustCompile(*measureLoads)
	for _, l := range stopLoads {
		if !only.MatchString(l.name) {
			continue
		}
		t.Run(l.name, func(t *testing.T) {
			s := runStopShow(t, l)
			for _, way := range []string{"key", "ctl", "OSC"} {
				s.measure(way)
			}
		})
	}
}

// stopShow is a show with a valve that is stopped again and again.
type stopShow struct {
	t        *testing.T
	person   *person
	valve    *net.UDPConn
	commands net.Conn // its port for OSC commands
	control  string
	oob, b   []byte
}

// runStopShow starts it, and what is to go on meanwhile.
func runStopShow(t *testing.T, l stopLoad) *stopShow {
	s := &stopShow{t: t, person: sitDown(t), oob: make([]byte, 256), b: make([]byte, 1500)}
	var err error
	if s.valve, err = net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.valve.Close() })
	raw, _ := s.valve.SyscallConn()
	raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1) })
	port, heard := freeUDP(t), freeUDP(t)
	text := fmt.Sprintf(`local clock, osc, show, theater = require "clock", require "osc", require "show", require "theater"
local valve = theater.valve{ port = %d }
osc.receiver{ port = %d }:on("/flood/*", function() end)
show.on("start", function() show.log.warn("begun") end)
`, s.valve.LocalAddr().(*net.UDPAddr).Port, heard)
	if l.loops {
		text += "for i = 1, 5 do clock.every(0.1, function() local x = 0 for i = 1, 3e6 do x = x + i end end) end\n"
	}
	if l.logs {
		text += "clock.every(0.02, function() for i = 1, 500 do show.log.warn(\"a line \" .. i) end end)\n"
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "show.lua")
	save := func(generation int) {
		if err := os.WriteFile(file, fmt.Appendf(nil, "%s-- %d", text, generation), 0o600); err != nil {
			t.Error(err)
		}
	}
	save(0)
	run := exec.Command(*measureWhat, "run", "--interface", "127.0.0.1", "--osc", fmt.Sprintf("127.0.0.1:%d", port), "--state", filepath.Join(dir, "state"), file)
	run.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+dir)
	run.Stdin = s.person.tty
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	run.Stderr = w
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { run.Process.Kill(); run.Wait() })
	w.Close()
	t.Cleanup(func() { r.Close() })
	var log bytes.Buffer
	for b := make([]byte, 4096); !strings.Contains(log.String(), "begun"); {
		n, err := r.Read(b)
		if err != nil {
			t.Fatalf("%v\n%s", err, log.String())
		}
		log.Write(b[:n])
	}
	if !l.stalled {
		go io.Copy(io.Discard, r)
	}
	os.Chmod(filepath.Join(dir, "showrun"), 0o700)
	shows, err := control.Shows(filepath.Join(dir, "showrun"))
	if err != nil || len(shows) != 1 {
		t.Fatalf("%q, %v", shows, err)
	}
	s.control = shows[0]
	if s.commands, err = net.Dial("udp4", fmt.Sprintf("127.0.0.1:%d", port)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.commands.Close() })
	done := make(chan struct{})
	t.Cleanup(func() { close(done) })
	if l.reloads {
		go func() {
			for n := 1; ; n++ {
				select {
				case <-done:
					return
				case <-time.After(50 * time.Millisecond):
					save(n)
				}
			}
		}()
	}
	if l.busy {
		for range 4 {
			spin(t, "while :; do :; done")
		}
	}
	if l.flood {
		for _, p := range []int{port, heard} {
			b, _ := osc.AppendMessage(nil, osc.Message{Address: "/flood/1", Args: []any{int32(1), "text"}})
			flood(t, fmt.Sprintf("127.0.0.1:%d", p), always(b), done)
		}
	}
	return s
}

// spin runs a shell script until the test is over.
func spin(t *testing.T, script string) {
	c := exec.Command("sh", "-c", script)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
}

func freeUDP(t *testing.T) int {
	t.Helper()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// measure stops and releases again and again, on a thread that comes before the load.
func (s *stopShow) measure(way string) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	sleeper := clock.NewSleeper(clock.NewReal())
	defer sleeper.Close()
	stop, _ := osc.AppendMessage(nil, osc.Message{Address: "/showrun/stop"})
	var took []time.Duration
	lost := 0
	for trial := range *measureTrials {
		if _, err := control.Ask(s.control, control.Request{Command: control.Release, By: "the test"}); err != nil {
			s.t.Logf("release: %v", err)
		}
		s.drain(60*time.Millisecond + time.Duration(trial%7)*11*time.Millisecond)
		began := time.Now()
		switch way {
		case "key":
			s.person.press(" ")
		case "OSC":
			s.commands.Write(stop)
		case "ctl":
			c, err := net.Dial("unix", s.control) // as control.Ask does, without leaving this thread
			if err != nil {
				s.t.Fatal(err)
			}
			defer c.Close()
			c.Write([]byte("{\"command\":\"stop\"}\n"))
		}
		at, ok := s.vented(began.Add(2 * time.Second))
		if !ok {
			lost++
			continue
		}
		took = append(took, at.Sub(began))
	}
	if len(took) == 0 {
		s.t.Errorf("%-20s %s: all %d lost", s.t.Name(), way, lost)
		return
	}
	slices.Sort(took)
	ms := func(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }
	s.t.Logf("%-45s %s: p50 %v, p99 %v, max %v, lost %d", s.t.Name(), way, ms(took[len(took)/2]), ms(took[len(took)*99/100]), ms(took[len(took)-1]), lost)
}

// vented waits for the message that vents the valve and returns when the system got it.
func (s *stopShow) vented(until time.Time) (at time.Time, ok bool) {
	s.valve.SetReadDeadline(until)
	for {
		n, oobn, _, _, err := s.valve.ReadMsgUDPAddrPort(s.b, s.oob)
		if err != nil {
			return at, false
		}
		if !bytes.HasPrefix(s.b[:n], []byte("/empty")) {
			continue
		}
		list, err := unix.ParseSocketControlMessage(s.oob[:oobn])
		if err != nil || len(list) != 1 {
			return time.Now(), true
		}
		ts := list[0].Data
		return time.Unix(int64(le(ts[:8])), int64(le(ts[8:16]))), true
	}
}

func le(b []byte) (n uint64) {
	for i, c := range b {
		n |= uint64(c) << (8 * i)
	}
	return n
}

// drain takes what still comes for a while.
func (s *stopShow) drain(length time.Duration) {
	for until := time.Now().Add(length); ; {
		if _, ok := s.vented(until); !ok {
			return
		}
	}
}
