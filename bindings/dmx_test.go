package bindings

import (
	"testing"
	"time"

	"showrun/runtime/device/universe"
)

// TestWidgetsListen tells handlers of levels, and answers what was heard; a widget is the same
// when it is declared again.
func TestWidgetsListen(t *testing.T) {
	s := live(t, `local dmx = require "dmx"
		local rx = dmx.usb{ port = "b", input = true }
		local desk, lamps = rx:universe(1), dmx.usb{ port = "a" }:universe()
		print(rx, rx == dmx.usb{ port = "b", input = true, model = "pro" }, desk, lamps.number)
		desk:on("levels", function(levels, source) print(#levels, levels[2], source, desk:get(2)) end)
		lamps:set(1, 7)`)
	for _, d := range s.show.Devices() {
		if in, ok := s.device(d.Key()).(interface {
			OnLevels(universe.Stream, []byte, []bool, string, time.Time)
		}); ok {
			in.OnLevels(universe.Stream{Number: 1}, []byte{1, 2, 3}, nil, "b", s.time(s.now()))
			s.run(time.Second)
			in.OnLevels(universe.Stream{Number: 1}, nil, nil, "", s.time(s.now()))
		}
	}
	s.run(2 * time.Second)
	s.wantFailures()
	s.wantLog("0.000 dmx.usb b\ttrue\tdmx.input.universe 1\t1", "0.000 3\t2\tb\t2\ttrue", "1.000 0\tnil\tnil\t0\tfalse")
	found := false
	for _, l := range s.levels {
		found = found || len(l) == 512 && l[0] == 7
	}
	if !found {
		t.Error("no output has the level that was set")
	}
}

// TestMistakesWithWidgets are told where they are made.
func TestMistakesWithWidgets(t *testing.T) {
	for _, x := range []struct{ text, want string }{
		{`require "dmx".usb{}:universe(2)`, `dmx.usb:universe: universe number must be 1-1, got 2`},
		{`require "dmx".usb{}:universe(1):on("levels", f)`, `dmx.universe:on: this widget sends; dmx.usb{ …, input = true } is one that listens`},
		{`require "dmx".usb{ rate = 30 } require "dmx".usb{}`, `dmx.usb: the widget is declared with other options already; it has one universe, out or in`},
	} {
		wantLoadError(t, "local function f() end\n"+x.text, "show.lua:2: "+x.want)
	}
}
