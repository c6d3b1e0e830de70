package host

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestWhyAndCopyFromElsewhere are answered while the show runs, from any goroutine.
func TestWhyAndCopyFromElsewhere(t *testing.T) {
	log := newLines()
	file := filepath.Join(t.TempDir(), "show.lua")
	save(t, file, `local show, stage, one = require "show", require "stage", require "signet".sender{}:universe(1)
stage.fixture{ name = "lamp", kind = "dimmer", at = one:slot(1) }:set(51)
show.on("start", function() show.log.info("ready") end)`)
	h, stop := runLive(t, Options{Show: file, Rig: true, Log: log.logger()})
	log.await(t, "ready", 1)
	for range 100 { // until the first frame is out
		if c, err := h.Why("lamp", ""); err == nil && len(c) == 1 && c[0].Layer != "default" {
			break
		}
	}
	causes, err := h.Why("lamp", "intensity")
	if err != nil || len(causes) != 1 || causes[0].Line != "show.lua:2" || causes[0].Value != 51 || causes[0].Layer != "script" {
		t.Errorf("%+v, %v", causes, err)
	}
	if _, err := h.Why("lump", ""); err == nil || !strings.Contains(err.Error(), `did you mean "lamp"?`) {
		t.Errorf("of none: %v", err)
	}
	if text, err := h.Copy([]string{"lamp"}); err != nil || text != "{\n  lamp = { intensity = \"20%\" },\n}" {
		t.Errorf("%s, %v", text, err)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}
