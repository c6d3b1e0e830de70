package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"showrun/drivers/osc"
	"showrun/drivers/theater/server"
	"showrun/runtime/control"
	"showrun/runtime/level"
)

// valveServer is a real valve server; changes are told as "joint pwm vented".
func valveServer(t *testing.T, changed func(string)) (port int) {
	t.Helper()
	s, err := server.Listen(server.Config{Name: "valve", Log: slog.New(slog.DiscardHandler), Machine: server.NewValve(server.ValveConfig{
		OnChange: func(joint int, j server.Joint, _ time.Time) { changed(fmt.Sprintf("%d %v %t", joint, j.PWM, j.Vented)) },
	})})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return int(s.Addr().Port())
}

// runFolder is a folder for control sockets; its path is short, as they must be.
func runFolder(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "r")
}

// ask sends a command to the show in a folder.
func ask(t *testing.T, folder, command string) control.Reply {
	t.Helper()
	shows, err := control.Shows(folder)
	if err != nil || len(shows) != 1 {
		t.Fatalf("shows %q, %v", shows, err)
	}
	reply, err := control.Ask(shows[0], control.Request{Command: command})
	if err != nil || !reply.OK {
		t.Fatalf("%s: %+v, %v", command, reply, err)
	}
	return reply
}

// awaitStatus waits until a show stands as it is to.
func awaitStatus(t *testing.T, h *Host, what string, is func(Status) bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !is(h.Status()) {
		if time.Now().After(deadline) {
			t.Fatalf("not %s: %s", what, h.Status())
		}
		<-time.After(time.Millisecond)
	}
}

// TestEmergencyStop stops a valve while the script loops for ever, sees that no
// command and no reload moves it, and releases it.
func TestEmergencyStop(t *testing.T) {
	t.Parallel()
	log, state := newLines(), newLines()
	port := valveServer(t, func(s string) { fmt.Fprintf(state, "[%s]", s) })
	folder := runFolder(t)
	file := filepath.Join(t.TempDir(), "show.lua")
	show := fmt.Sprintf(`local clock, show, theater = require "clock", require "show", require "theater"
local valve = theater.valve{ port = %d }
show.on("emergency", function(on) show.log.info("emergency " .. tostring(on)) end)
show.on("start", function() valve:move(1, 50) show.log.info("open") end)
clock.after(0.1, function() show.log.info("spinning") while true do end end)
clock.every(0.2, function() show.log.info("again") valve:move(1, 60) end)
`, port)
	save(t, file, show)
	h, stop := runLive(t, Options{Show: file, Interface: "127.0.0.1", Log: log.logger(), Control: folder, Guard: 300 * time.Millisecond})
	state.await(t, "[1 50 false]", 1)
	log.await(t, "spinning", 1)
	if reply := ask(t, folder, control.Stop); !strings.Contains(reply.Text, "machines held: 1") {
		t.Errorf("reply %+v", reply)
	}
	state.await(t, "[1 0 true]", 1)
	state.await(t, "[2 0 true]", 1)
	log.await(t, "emergency true", 1) // once the script hears anything again
	before := strings.Count(log.String(), "again")
	log.await(t, "again", before+2)
	save(t, file, show+`valve:move(2, 70) clock.after(0.1, function() valve:move(2, 80) show.log.info("new load") end)`)
	log.await(t, "new load", 1)
	log.await(t, "again", before+3)
	if !h.Status().Held || strings.Contains(state.String(), "60") || strings.Contains(state.String(), "80") {
		t.Errorf("held %t, valve %s", h.Status().Held, state)
	}
	ask(t, folder, control.Release)
	state.await(t, "[1 60 false]", 1)
	if strings.Contains(state.String(), "70") {
		t.Errorf("the top level of a reload moved the valve: %s", state)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	// The end is safe as well, after the last command.
	state.await(t, "[1 0 true]", 2)
	if s := state.String(); strings.LastIndex(s, "[1 60 false]") > strings.LastIndex(s, "[1 0 true]") {
		t.Errorf("the valve is left open: %s", s)
	}
}

// TestEmergencyStopByOSC: a message on the port of commands stops as well.
func TestEmergencyStopByOSC(t *testing.T) {
	state := newLines()
	port := valveServer(t, func(s string) { fmt.Fprintf(state, "[%s]", s) })
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	address := c.LocalAddr().String()
	c.Close()
	file := filepath.Join(t.TempDir(), "show.lua")
	save(t, file, fmt.Sprintf(`require "theater".valve{ port = %d }:move(2, -30)`, port))
	h, stop := runLive(t, Options{Show: file, Interface: "127.0.0.1", OSC: address})
	state.await(t, "[2 -30 false]", 1)
	surface, err := osc.Dial(address, "")
	if err != nil {
		t.Fatal(err)
	}
	defer surface.Close()
	send := func(address string, args ...any) {
		if err := surface.Send(osc.Message{Address: address, Args: args}); err != nil {
			t.Fatal(err)
		}
	}
	send("/showrun/stop", float32(1))
	state.await(t, "[2 0 true]", 1)
	send("/showrun/release", float32(0)) // the button is let go
	send("/showrun/sto?")                // a pattern stops, too
	state.await(t, "[2 0 true]", 1)
	if !h.Status().Held {
		t.Error("not held")
	}
	send("/showrun/release", float32(1))
	awaitStatus(t, h, "released", func(s Status) bool { return !s.Held })
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

// TestOSCPortIsTaken: a port that another program has is taken as soon as it is free,
// and until then people are told that nobody hears them.
func TestOSCPortIsTaken(t *testing.T) {
	t.Parallel()
	other, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	address, log := other.LocalAddr().String(), newLines()
	file := filepath.Join(t.TempDir(), "show.lua")
	save(t, file, `require "show".on("start", function() require "show".log.info("started") end)`)
	h, stop := runLive(t, Options{Show: file, Interface: "127.0.0.1", OSC: address, Log: log.logger()})
	log.await(t, "no OSC commands are taken", 1)
	log.await(t, "started", 1)
	awaitStatus(t, h, "deaf", func(s Status) bool { return s.Deaf })
	if s := h.Status().String(); !strings.Contains(s, "NO OSC COMMANDS") {
		t.Errorf("the status is %s", s)
	}
	other.Close()
	log.await(t, "OSC commands are taken now", 1)
	surface, err := osc.Dial(address, "")
	if err != nil {
		t.Fatal(err)
	}
	defer surface.Close()
	for _, command := range []string{"/showrun/dance", "/showrun/Stop"} {
		if err := surface.Send(osc.Message{Address: command}); err != nil {
			t.Fatal(err)
		}
	}
	log.await(t, "emergency stop", 1)
	log.await(t, "an OSC command is not known", 1)
	if s := log.String(); !strings.Contains(s, "address=/showrun/dance") || h.Status().Deaf {
		t.Errorf("deaf %t, log:\n%s", h.Status().Deaf, s)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

// bug panics at the third frame.
type bug struct{ frames int }

func (b *bug) Frame(*level.Frame) {
	if b.frames++; b.frames == 3 {
		panic("a bug")
	}
}

// TestABugMakesMachinerySafe: a panic in a loop of ours ends the show as an internal
// error, with machinery made safe.
func TestABugMakesMachinerySafe(t *testing.T) {
	state := newLines()
	port := valveServer(t, func(s string) { fmt.Fprintf(state, "[%s]", s) })
	file := filepath.Join(t.TempDir(), "show.lua")
	save(t, file, fmt.Sprintf(`require "theater".valve{ port = %d }:move(1, 30)`, port))
	h, err := newHost(Options{Show: file, StateDir: t.TempDir(), Frames: &bug{}})
	if err != nil {
		t.Fatal(err)
	}
	err = h.Run(context.Background())
	var internal *InternalError
	if !errors.As(err, &internal) || internal.Loop != "engine" || internal.Panic != "a bug" {
		t.Errorf("error %v", err)
	}
	state.await(t, "[1 30 false]", 1)
	state.await(t, "[1 0 true]", 1)
}

// TestALongGoodbye: a script that takes long to say goodbye keeps no valve open.
func TestALongGoodbye(t *testing.T) {
	t.Parallel()
	state, log := newLines(), newLines()
	port := valveServer(t, func(s string) { fmt.Fprintf(state, "[%s]", s) })
	file := filepath.Join(t.TempDir(), "show.lua")
	save(t, file, fmt.Sprintf(`local show, valve = require "show", require "theater".valve{ port = %d }
valve:move(1, 30)
show.on("stop", function() show.log.info("goodbye") while true do end end)`, port))
	_, stop := runLive(t, Options{Show: file, Interface: "127.0.0.1", Log: log.logger(), Budget: 1e15, Guard: 3 * time.Second})
	state.await(t, "[1 30 false]", 1)
	ended := make(chan error, 1)
	go func() { ended <- stop() }()
	state.await(t, "[1 0 true]", 1)
	if text := log.String(); !strings.Contains(text, "goodbye") || strings.Contains(text, "ran for more than") {
		t.Errorf("the valve was closed when the script had ended, or before it began:\n%s", text)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

// TestEmergencyStopIsQuick measures, with -measure 1s, 100 stops while handlers
// loop for ever and the show is being loaded again and again: from the command to
// the last message of the safe action at the server.
func TestEmergencyStopIsQuick(t *testing.T) {
	measuring(t)
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	folder, file, log := runFolder(t), filepath.Join(t.TempDir(), "show.lua"), newLines()
	save(t, file, fmt.Sprintf(`local clock, theater = require "clock", require "theater"
theater.valve{ port = %d }
theater.motion{ port = %d }
local x = 0
for i = 1, 3e5 do x = x + i %% 7 end                 -- so that loading takes a while
for i = 1, 5 do clock.every(0.02, function() while true do end end) end
require "show".log.info("loaded")`, c.LocalAddr().(*net.UDPAddr).Port, c.LocalAddr().(*net.UDPAddr).Port))
	h, stop := runLive(t, Options{Show: file, Interface: "127.0.0.1", Log: log.logger(), Control: folder, Guard: 100 * time.Millisecond})
	log.await(t, "loaded", 1)
	buffer := make([]byte, 1500)
	var took []time.Duration
	for trial := range 100 {
		h.askReload("trial")
		<-time.After(time.Duration(rand.IntN(150)) * time.Millisecond)
		began := time.Now()
		if trial%2 == 0 {
			ask(t, folder, control.Stop)
		} else {
			h.EmergencyStop("a key")
		}
		c.SetReadDeadline(time.Now().Add(5 * time.Second))
		for {
			n, err := c.Read(buffer)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(string(buffer[:n]), "/empty") {
				break
			}
		}
		took = append(took, time.Since(began))
		ask(t, folder, control.Release)
		c.SetReadDeadline(time.Now().Add(50 * time.Millisecond)) // loads that went live meanwhile
		for err == nil {
			_, err = c.Read(buffer)
		}
		err = nil
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(took)
	t.Logf("100 stops while handlers loop and %d loads run: safe after p50 %v, p99 %v, max %v",
		h.generation.Load(), took[50], took[99*len(took)/100-1], took[99])
}
