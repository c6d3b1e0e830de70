package host

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// frames runs a show in virtual time and returns its frame log.
func frames(t *testing.T, show string, d time.Duration) string {
	t.Helper()
	var b bytes.Buffer
	log := NewFrameLog(&b)
	if err := RunVirtual(context.Background(), Options{Show: show, For: d, Seed: 1, Frames: log}); err != nil {
		t.Fatal(err)
	}
	log.Flush()
	return b.String()
}

func TestVirtualRunEndsWithTheGoodbye(t *testing.T) {
	file := filepath.Join(t.TempDir(), "show.lua")
	save(t, file, `local u = require "signet".sender{}:universe(1)
u:set(1, 10)
require("clock").every("10ms", function() u:set(1, 20) end)
require("show").on("stop", function() u:set(1, 30) end)`)
	lines := strings.Split(strings.TrimSpace(frames(t, file, time.Second)), "\n")
	if last := lines[len(lines)-1]; !strings.HasSuffix(last, " 0/1=30") {
		t.Errorf("the last frame is %q", last)
	}
}
