package host

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"showrun/bindings"
	"showrun/runtime/device"
	"showrun/runtime/level"
	"showrun/runtime/show"
)

// standing is a device, and its declaration, that does not come back from a call.
type standing struct {
	device.Silent
	until chan struct{}
}

func (standing) Key() string                                     { return "a standing device" }
func (h standing) String() string                                { return h.Key() }
func (h standing) Open(device.Env) (device.Device, error)        { return h, nil }
func (h standing) OpenVirtual(device.Env) (device.Device, error) { return h, nil }
func (h standing) Publish(*level.Frame)                          { <-h.until }
func (standing) Universes() int                                  { return 0 }

// more declares a device beside those of the script.
type more struct {
	show.Bindings
	decl device.Declaration
}

func (m more) Devices() []device.Declaration { return append(m.Bindings.Devices(), m.decl) }

// TestADeviceThatDoesNotComeBack: it is named and counted, the script and the emergency stop
// go on meanwhile, and the frames once it has come back.
func TestADeviceThatDoesNotComeBack(t *testing.T) {
	file := filepath.Join(t.TempDir(), "show.lua")
	save(t, file, `local show, clock = require "show", require "clock"
show.on("emergency", function() show.log.info("the script goes on") end)`)
	until := make(chan struct{})
	log := newLines()
	h, stop := runLive(t, Options{Show: file, Interface: "127.0.0.1", Log: log.logger(), Bind: func(s show.Scene) show.Bindings {
		return more{bindings.New(s), standing{until: until}}
	}})
	log.await(t, "a device does not come back from a call", 1)
	if text := h.Status().String(); !strings.Contains(text, "FRAMES STAND: a standing device") || !strings.Contains(text, "1 times a device held up the frames") {
		t.Error(text)
	}
	h.EmergencyStop("test")
	log.await(t, "the script goes on", 1)
	close(until)
	log.await(t, "a device has come back", 1)
	for before := h.Status().Frames; h.Status().Frames < before+10; {
		<-time.After(time.Millisecond)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if text := h.Status().String(); strings.Contains(text, "FRAMES STAND") {
		t.Error(text)
	}
}

// TestTheEndDoesNotWaitForADevice that does not come back from a call.
func TestTheEndDoesNotWaitForADevice(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "show.lua")
	save(t, file, "")
	until := make(chan struct{})
	defer close(until)
	log := newLines()
	_, stop := runLive(t, Options{Show: file, Interface: "127.0.0.1", Log: log.logger(), Bind: func(s show.Scene) show.Bindings {
		return more{bindings.New(s), standing{until: until}}
	}})
	log.await(t, "a device does not come back from a call", 1)
	if err := stop(); err != nil {
		t.Error(err)
	}
	log.await(t, "the show ends without a device", 1)
}

// TestNineThousandTasks: a load with as many tasks, whether they wait or run, keeps no later
// one from going live.
func TestNineThousandTasks(t *testing.T) {
	for _, body := range []string{"clock.sleep(3600)", "while true do clock.sleep(0.5) end"} {
		file := filepath.Join(t.TempDir(), "show.lua")
		text := `local clock = require "clock"
clock.run(function() for i = 1, 9000 do clock.run(function() ` + body + ` end) if i % 100 == 0 then clock.sleep(0.001) end end
require "show".log.info("all are there") end)`
		save(t, file, text)
		log := newLines()
		_, stop := runLive(t, Options{Show: file, Log: log.logger()})
		log.await(t, "all are there", 1)
		for n := 1; n <= 2; n++ {
			save(t, file, text+strings.Repeat("\n", n))
			log.await(t, "show reloaded", n)
		}
		save(t, file, `require "show".log.info("the last is live")`)
		log.await(t, "the last is live", 1)
		if err := stop(); err != nil {
			t.Error(err)
		}
	}
}
