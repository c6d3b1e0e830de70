package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"showrun/drivers/dmxusb/widget"
	"showrun/drivers/dmxusb/wire"
)

// pluggedWidget is a DMX widget at a pseudo terminal.
type pluggedWidget struct {
	*widget.Conn
	port string
	stop func()

	mu     sync.Mutex
	levels []byte
}

// plugWidget plugs a widget in until the test ends or its stop is called.
func plugWidget(t *testing.T) *pluggedWidget {
	t.Helper()
	line, err := widget.OpenTerminal()
	if err != nil {
		t.Skipf("no terminals here: %v", err)
	}
	w := &pluggedWidget{port: line.Name}
	w.Conn = widget.Open(widget.Config{Serial: wire.Serial{0x45, 0x23, 0x01}, OnLevels: func(levels []byte) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.levels = bytes.Clone(levels)
	}}, line)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { w.Run(ctx) })
	w.stop = func() { cancel(); running.Wait() }
	t.Cleanup(w.stop)
	return w
}

// shows waits until a widget shows a level in its first slot. Meanwhile step is called, if
// there is one.
func (w *pluggedWidget) shows(t *testing.T, level byte, step func()) {
	t.Helper()
	tick, late := time.NewTicker(25*time.Millisecond), time.After(patience)
	defer tick.Stop()
	for {
		w.mu.Lock()
		shown := len(w.levels) > 0 && w.levels[0] == level
		w.mu.Unlock()
		if shown {
			return
		}
		select {
		case <-tick.C:
			if step != nil {
				step()
			}
		case <-late:
			t.Fatalf("the widget does not show %d", level)
		}
	}
}

// showrunInBackground runs the command until the test ends.
func showrunInBackground(t *testing.T, args ...string) *bytes.Buffer {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.Command("showrun", args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
		if strings.Contains(out.String(), " ERR ") || t.Failed() {
			t.Errorf("showrun %s:\n%s", strings.Join(args, " "), &out)
		}
	})
	return &out
}

// newKey makes a state folder with a key.
func newKey(t *testing.T) (state string) {
	t.Helper()
	state = t.TempDir()
	cmd := exec.Command("showrun", "keys", "new", "--state", state)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return state
}

// TestFromAConsoleOverSigNetToALamp takes levels from a widget that receives to sACN, from there
// to Sig-Net, and by a Node to a widget that sends. When the console is gone the lamp goes dark, as the
// bridge was told.
func TestFromAConsoleOverSigNetToALamp(t *testing.T) {
	console, lamp, state := plugWidget(t), plugWidget(t), newKey(t)
	showrunInBackground(t, "node", "--universe", "3", "--to", "dmxusb:"+lamp.port, "--interface", "127.0.0.1", "--state", state)
	showrunInBackground(t, "bridge", "--from", "sacn:3871", "--to", "signet:3", "--interface", "127.0.0.1", "--state", state)
	showrunInBackground(t, "bridge", "--from", "dmxusb:"+console.port, "--to", "sacn:3871", "--lost", "blackout", "--interface", "127.0.0.1", "--state", t.TempDir())
	for _, level := range []byte{200, 10} {
		lamp.shows(t, level, func() { console.Input([]byte{level, 1, 2}) })
	}
	lamp.shows(t, 0, nil)
}

// TestShowOnAUSBPort sends to a widget by the name of its port, also after it was unplugged.
func TestShowOnAUSBPort(t *testing.T) {
	dir := t.TempDir()
	port, show := filepath.Join(dir, "ttyUSB0"), filepath.Join(dir, "show.lua")
	text := fmt.Sprintf(`require("dmx").usb{ port = %q }:universe(1):set(1, 99)`, port)
	if err := os.WriteFile(show, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	showrunInBackground(t, "run", "--state", filepath.Join(dir, "state"), show)
	for range 2 {
		w := plugWidget(t)
		if err := os.Symlink(w.port, port); err != nil {
			t.Fatal(err)
		}
		w.shows(t, 99, nil)
		if err := os.Remove(port); err != nil {
			t.Fatal(err)
		}
		w.stop()
	}
}

// TestBridgesOnACable has one end of a cable send sACN, StageNet and theater OSC, and hear them again
// as Art-Net and sACN from the bridge, the Node, the gateway and the theater at the other end.
func TestBridgesOnACable(t *testing.T) {
	needsPlug(t)
	start := showIn(t)
	desk, house := plug(t)
	binary, state := filepath.Join(t.TempDir(), "showrun"), newKey(t)
	sh(t, "go", "build", "-o", binary, ".")
	for _, args := range [][]string{
		{"bridge", "--from", "sacn:1", "--to", "artnet:3"},
		{"bridge", "--from", "sacn:1", "--to", "signet:7", "--state", state},
		{"node", "--universe", "7", "--to", "sacn:14", "--state", state},
		{"gateway", "--id", "lamps", "--addresses", "8", "--to", "sacn:15", "--state", t.TempDir()},
		{"theater", "--lighting", "20000", "--to", "sacn:16"},
	} {
		inBackground(t, exec.Command("ip", append(append([]string{"netns", "exec", house, binary}, args...), "--interface", "show")...))
	}
	log, _ := start(desk, "deck", `local clock, show, stage = require "clock", require "show", require "stage"
local sacn, artnet = require "sacn", require "artnet"
local lamp = stage.fixture{ name = "lamp", kind = "dimmer", at = sacn.sender{}:universe(1):slot(1) }
local box = stage.fixture{ name = "box", kind = "dimmer", at = require "stagenet".console{}:gateway("lamps"):channel("DMX", 1) }
local theater = require "theater".lighting{ host = "10.91.7.2" }
lamp:set(77)
box:set(88)
clock.every(0.5, function() theater:fixture(1, 0.8) end)
local lit, count = {}, 0
local function light(name)
  show.log.info(name .. " lights")
  if not lit[name] then lit[name], count = true, count + 1 end
  if count == 4 then show.log.info("all light") end
end
local function hear(name, universe, slot, want)
  universe:on("levels", function(levels)
    for i, level in ipairs(levels) do
      if (not slot or i == slot) and (not want and level > 0 or level == want) then return light(name) end
    end
  end)
end
local ears = sacn.receiver{}
hear("bridge", artnet.receiver{}:universe(3), 1, 77)
hear("node", ears:universe(14), 1, 77)
hear("gateway", ears:universe(15), 1, 88)
hear("theater", ears:universe(16), 2)`)
	log.await(t, "all light")
}
