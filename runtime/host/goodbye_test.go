package host

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"showrun/runtime/level"
)

// TestExitLook: the light ends as the goodbye left it, or dark.
func TestExitLook(t *testing.T) {
	t.Parallel()
	for exit, want := range map[Exit]byte{ExitHold: 200, ExitBlackout: 0, "": 200} {
		file := filepath.Join(t.TempDir(), "show.lua")
		save(t, file, `local stage, show = require "stage", require "show"
local lamp = stage.fixture{ name = "lamp", kind = "dimmer", at = require "signet".sender{}:universe(1):slot(1) }
show.on("stop", function() lamp:fade(100, 0.1) require "clock".sleep(0.2) lamp:fade(200, 0.1) end)`)
		seen := &lastFrame{}
		h, err := newHost(Options{Show: file, StateDir: t.TempDir(), Rig: true, Ports: freePorts(t), For: 10 * time.Millisecond,
			ExitTime: 5 * time.Second, Exit: exit, Frames: seen})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
		if seen.first != want {
			t.Errorf("exit %q ended at %d, want %d", exit, seen.first, want)
		}
	}
}

// TestExitTime cuts off what would take longer, though the goodbye begins it at once.
func TestExitTime(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "show.lua")
	save(t, file, `local net = require "signet".sender{}:universe(1)
require "show".on("stop", function() net:fade(1, 200, 3) end)`)
	seen := &lastFrame{}
	h, err := newHost(Options{Show: file, StateDir: t.TempDir(), Rig: true, Ports: freePorts(t), For: 10 * time.Millisecond,
		ExitTime: 200 * time.Millisecond, Frames: seen})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if seen.first == 0 || seen.first == 200 {
		t.Errorf("the fade was cut off at %d", seen.first)
	}
}

// lastFrame keeps the first slot of the last frame.
type lastFrame struct{ first byte }

// Frame implements show.FrameSink.
func (l *lastFrame) Frame(f *level.Frame) { l.first = f.Levels[0][0] }
