package host

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	wire "showrun/drivers/osc"
	"showrun/drivers/signet"
	"showrun/drivers/signet/key"
	"showrun/runtime/device"
)

// TestWaiting: whom the show waits for on the network is told, and what its tempo comes from.
func TestWaiting(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "show.lua")
	save(t, file, `local dj = require "stagelinq".sink{}
require "stagelinq".sink{ name = "second", devices = { "prime5" } }
require "clock".follow(dj:master())`)
	log := newLines()
	h, stop := runLive(t, Options{Show: file, Rig: true, Log: log.logger()})
	log.await(t, "waiting for player prime5; the show goes on without", 1)
	if text := h.Status().String(); !strings.Contains(text, "BPM from deck 1 of rigdeck") || !strings.Contains(text, "WAITING FOR player prime5") {
		t.Error(text)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

// TestWhyADeviceIsMissing: the status tells the newest reason.
func TestWhyADeviceIsMissing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "show.lua")
	save(t, file, "")
	synctest.Test(t, func(t *testing.T) {
		h, err := newHost(Options{Show: file, Log: newLines().logger()})
		if err != nil {
			t.Fatal(err)
		}
		d := &liveDevice{name: "x", key: "x", decl: absent{}, missing: errSlow, opening: make(chan opened, 1)}
		h.devices["x"] = d
		h.try(d, nil)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go h.await(ctx, d)
		h.arrive(ctx, <-h.arrivals)
		if got := h.Status().Missing; !slices.Equal(got, []string{"x (no such host)"}) {
			t.Errorf("missing %q", got)
		}
	})
}

// absent declares a device that never is there.
type absent struct{ device.Declaration }

func (absent) Open(device.Env) (device.Device, error) {
	return nil, device.Missing(errors.New("no such host"))
}

// TestMissing runs a show whose OSC port is another program's and whose servers have names
// that mean nothing: the rest of it runs, it is said what is not there, and once the port is
// free the script hears what comes there.
func TestMissing(t *testing.T) {
	t.Parallel()
	taken, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := taken.LocalAddr().(*net.UDPAddr).Port
	file := filepath.Join(t.TempDir(), "show.lua")
	text := fmt.Sprintf(`
local show, clock, osc, theater = require "show", require "clock", require "osc", require "theater"
require "signet".sender{ mode = "open" }:universe(1)
osc.receiver{ port = %d }:on("/hear", function() show.log.info("heard in %%d", show.generation) end)
local box = osc.sender{ host = "nowhere.invalid", port = 9 }
theater.valve{ host = "nowhere.invalid" }
clock.every(0.05, function() box:send("/x") end)
`, port)
	save(t, file, text)
	log := newLines()
	h, stop := runLive(t, Options{Show: file, Interface: "127.0.0.1", Log: log.logger()})
	log.await(t, "show loaded", 1)
	log.await(t, "a device is not there", 3)
	awaitStatus(t, h, "a sender that is open, and three devices that are not there", func(s Status) bool {
		return s.Universes == 1 && len(s.Missing) == 3
	})
	missing := strings.Join(h.Status().Missing, "\n")
	for _, want := range []string{"osc.receiver", "osc.sender", "theater.valve"} {
		if !strings.Contains(missing, want) {
			t.Errorf("missing %q, want %s among them", missing, want)
		}
	}
	if text := h.Status().String(); !strings.Contains(text, "WAITING FOR ") {
		t.Error(text)
	}
	save(t, file, text+"-- saved")
	log.await(t, "show reloaded", 1)
	if machines, untold := h.EmergencyStop("test"); machines != 0 || untold != 0 {
		t.Errorf("%d machines, %d untold, though none is there", machines, untold)
	}
	h.Release("test")
	taken.Close()
	log.await(t, "a device that was not there is", 1)
	c, err := wire.Dial(fmt.Sprintf("127.0.0.1:%d", port), "")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Post(wire.Message{Address: "/hear"}); err != nil {
		t.Fatal(err)
	}
	log.await(t, "heard in 2", 1)
	awaitStatus(t, h, "two devices that are not there", func(s Status) bool { return len(s.Missing) == 2 })
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if text := h.Status().String(); h.show.Stats().Frames == 0 || !strings.Contains(text, "orders not carried out") {
		t.Errorf("%d frames, %s", h.show.Stats().Frames, text)
	}
}

// TestThePathOfAMissingMachineEnds: its callback comes, with the reason, also while machinery
// is held.
func TestThePathOfAMissingMachineEnds(t *testing.T) {
	file := filepath.Join(t.TempDir(), "show.lua")
	save(t, file, `local show, clock = require "show", require "clock"
local crane = require "theater".motion{ host = "nowhere.invalid" }
clock.after(0, function() crane:spline("x", { 0, 10, 20 }, function(err) show.log.info("the path ends: %s", err) end) end)
show.on("emergency", function(held) if held then
	crane:spline("y", { 0, 10, 20 }, function(err) show.log.info("the held path ends: %s", err) end)
end end)`)
	log := newLines()
	h, _ := runLive(t, Options{Show: file, Interface: "127.0.0.1", Log: log.logger()})
	log.await(t, "the path ends: the machine is not there", 1)
	h.EmergencyStop("test")
	log.await(t, "the held path ends: the machine is not there", 1)
}

// TestWhatMayComeAndWhatIsWrong opens every kind of device on an interface, or for a host,
// that is not there, and the show goes on; with one that can never be there it does not
// begin.
func TestWhatMayComeAndWhatIsWrong(t *testing.T) {
	t.Parallel()
	keyFile := filepath.Join(t.TempDir(), "site.key")
	if err := key.WriteFile(keyFile, key.AppendK0(nil, signet.K0{1, 2, 3})); err != nil {
		t.Fatal(err)
	}
	kinds := []string{
		`require "signet".sender{ mode = "open", interface = %q }:universe(1)`,
		`require "signet".receiver{ interface = %q, key = { file = KEY } }:universe(1)`,
		`require "signet".manager{ interface = %q, key = { file = KEY } }`,
		`require "stagelinq".sink{ interface = %q }`,
		`require "stagenet".console{ interface = %q }`,
		`require "osc".receiver{ port = 9, interface = %q }`,
		`require "osc".sender{ host = "10.1.1.1", port = 9, interface = %q }`,
		`require "theater".lighting{ host = "10.1.1.1", interface = %q }`,
		`require "theater".motion{ host = "10.1.1.1", interface = %q }`,
		`require "theater".valve{ host = "10.1.1.1", interface = %q }`,
		`require "osc".sender{ host = %q, port = 9 }`,
		`require "theater".lighting{ host = %q }`,
		`require "theater".motion{ host = %q }`,
		`require "theater".valve{ host = %q }`,
	}
	const addresses = 10 // of them are about the interface
	for i, kind := range kinds {
		absent, wrong := "nowhere7", "eth*"
		if i >= addresses {
			absent, wrong = "nowhere.invalid", "10.0.0.300"
		}
		file := filepath.Join(t.TempDir(), "show.lua")
		kind = fmt.Sprintf("local KEY = %q; ", keyFile) + kind
		save(t, file, fmt.Sprintf(kind, absent))
		log := newLines()
		h, stop := runLive(t, Options{Show: file, Interface: "127.0.0.1", Log: log.logger()})
		log.await(t, "show loaded", 1)
		if n := len(h.Status().Missing); n != 1 {
			t.Errorf("%s: %d devices are missing, want 1", kind, n)
		}
		if err := stop(); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		save(t, file, fmt.Sprintf(kind, wrong))
		h, err := newHost(Options{
			Show: file, Interface: "127.0.0.1", Ports: freePorts(t), StateDir: t.TempDir(), For: time.Second, Log: newLines().logger(),
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Run(t.Context()); err == nil {
			t.Errorf("%s: waits for %s, which never comes", kind, wrong)
		}
	}
}

// TestMachineryWithoutADisk starts a show with a valve while nothing can be written: how to
// make the valve safe cannot be kept, so it is told nothing, but the light is on. Once the
// disk is back the valve moves.
func TestMachineryWithoutADisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, state := filepath.Join(dir, "show.lua"), filepath.Join(dir, "state")
	full := filepath.Join(state, "showrun.db.new") // where the next state is written
	if err := os.MkdirAll(full, 0o700); err != nil {
		t.Fatal(err)
	}
	valve, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer valve.Close()
	save(t, file, fmt.Sprintf(`
local valve = require "theater".valve{ port = %d }
require "signet".sender{ mode = "open" }:universe(1)
require "clock".every(0.05, function() valve:move(1, 50) end)
`, valve.LocalAddr().(*net.UDPAddr).Port))
	log := newLines()
	h, stop := runLive(t, Options{Show: file, Interface: "127.0.0.1", StateDir: state, Log: log.logger()})
	log.await(t, "a device is not there", 1)
	log.await(t, "show loaded", 1)
	if s := h.Status(); s.Universes != 1 || s.Machines != 0 {
		t.Errorf("%d universes and %d machines, want 1 and 0", s.Universes, s.Machines)
	}
	if err := os.Remove(full); err != nil {
		t.Fatal(err)
	}
	log.await(t, "a device that was not there is", 1)
	if _, err := valve.Read(make([]byte, 1500)); err != nil {
		t.Fatal(err)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}
