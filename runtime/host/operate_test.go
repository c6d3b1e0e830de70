package host

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"showrun/runtime/control"
	"showrun/runtime/show"
	"showrun/runtime/store"
)

// TestParamsOutliveTheProcess: what was set is on disk long before the show ends, and the
// next run begins with it.
func TestParamsOutliveTheProcess(t *testing.T) {
	dir, log := t.TempDir(), newLines()
	file := filepath.Join(t.TempDir(), "gala.lua")
	save(t, file, `local show = require "show"
local speed, mood = show.param{ "speed", default = 1 }, show.param{ "mood", choices = { "calm", "wild" } }
show.param{ "haze", default = false }
show.log.info("top %s %s", speed:get(), mood:get())
show.on("start", function() show.log.info("ready") end)`)
	h, stop := runLive(t, Options{Show: file, StateDir: dir, Log: log.logger()})
	log.await(t, "ready", 1)
	for name, v := range map[string]any{"speed": 2.5, "mood": "wild"} {
		if _, err := h.Operate(show.SetParam{Name: name, Value: v}); err != nil {
			t.Fatal(err)
		}
	}
	late := time.After(20 * time.Second)
	for kept := ""; !strings.Contains(kept, "2.5") || !strings.Contains(kept, "wild"); {
		b, _, _ := h.store.Get(lastingBucket, "gala")
		kept = string(b)
		select {
		case <-late:
			t.Fatalf("kept is %s", kept)
		case <-time.After(10 * time.Millisecond):
		}
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	_, stop = runLive(t, Options{Show: file, StateDir: dir, Log: log.logger()})
	log.await(t, "ready", 2)
	log.await(t, "top 2.5 wild", 1)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Put(lastingBucket, "gala", []byte("{")); err != nil {
		t.Fatal(err)
	}
	s.Close()
	_, stop = runLive(t, Options{Show: file, StateDir: dir, Log: log.logger()})
	log.await(t, "what the last run has left cannot be read", 1)
	log.await(t, "top 1 calm", 2)
	log.await(t, "ready", 3)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

// TestOperateByControl answers what programs of the same user ask.
func TestOperateByControl(t *testing.T) {
	log := newLines()
	file := filepath.Join(t.TempDir(), "gala.lua")
	save(t, file, `local show = require "show"
show.param{ "speed", default = 1, max = 4, unit = "Hz" }
show.trigger("bump", function(...) show.log.info("bump %s", table.concat({ ... }, " ")) end)
show.on("start", function() show.log.info("ready") end)`)
	h, stop := runLive(t, Options{Show: file, Log: log.logger()})
	log.await(t, "ready", 1)
	for asked, want := range map[string]string{
		"param":              "true speed = 1 Hz",
		"param speed":        "true speed = 1 Hz; it takes 4 Hz or less",
		"param sped":         `false no param is called "sped" (did you mean "speed"?)`,
		"param speed 9":      `false speed must be 4 Hz or less, got "9"`,
		"trigger bump 2 big": "true bump fired",
		"trigger dump":       `false no trigger is called "dump" (did you mean "bump"?)`,
		"go":                 "false the show has no cue lists",
		"master 50% 1":       "true master 50% over 1s",
		"dance":              `false there is no command "dance"`,
	} {
		words := strings.Fields(asked)
		r := h.command(control.Request{Command: words[0], Words: words[1:]})
		if got := map[bool]string{true: "true ", false: "false "}[r.OK] + r.Text; got != want {
			t.Errorf("%s: %s, want %s", asked, got, want)
		}
	}
	log.await(t, "bump 2 big", 1)
	awaitStatus(t, h, "master", func(s Status) bool { return strings.Contains(s.String(), ", speed = 1 Hz, master 50%") })
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}
