package bindings

import (
	"fmt"
	"testing"
	"time"
)

// TestGoodbye: what the handlers of the end fade, wait for and begin plays out, for five
// seconds at most; nothing else of the show goes on.
func TestGoodbye(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		ended time.Duration // at least, and not a tenth of a second more
		level byte          // of the first slot then
		log   []string
	}{
		"nothing to say":  {`clock.every(0.1, function() one:set(1, 7) end)`, 0, 7, nil},
		"one fade":        {`show.on("stop", function() one:fade(1, 200, 2) end)`, 2 * time.Second, 200, nil},
		"a fade in beats": {`clock.set_tempo(60) show.on("stop", function() one:fade(1, 200, "2b") end)`, 2 * time.Second, 200, nil},
		"with waits": {`show.on("stop", function()
			one:fade(1, 200, 1) clock.sleep(1.5) print("dark") one:fade(1, 0, 1) clock.sleep(1) one:set(1, 9) end)`, 2500 * time.Millisecond, 9, []string{"2.550 dark"}},
		"two handlers":   {`show.on("stop", function() one:fade(1, 200, 1) end) show.on("stop", function() clock.sleep(2) print("two") end)`, 2 * time.Second, 200, []string{"3.050 two"}},
		"a task":         {`show.on("stop", function() clock.run(function() clock.sleep(1) one:set(1, 8) end) end)`, time.Second, 8, nil},
		"a timer":        {`show.on("stop", function() clock.after(1, function() one:fade(1, 8, 1) end) end)`, 2 * time.Second, 8, nil},
		"on the beat":    {`clock.set_tempo(60) show.on("stop", function() clock.sync(4) one:set(1, 8) end)`, 2900 * time.Millisecond, 8, nil},
		"too long":       {`show.on("stop", function() one:fade(1, 200, 10) end)`, 5 * time.Second, 100, nil},
		"for good":       {`show.on("stop", function() while true do one:set(1, 5) clock.sleep(0.1) end end)`, 5 * time.Second, 5, nil},
		"a stage fade":   {`local lamp = stage.fixture{ name = "lamp", kind = "dimmer", at = one:slot(1) } show.on("stop", function() lamp:fade(200, 2) end)`, 2 * time.Second, 200, nil},
		"an error":       {`show.on("stop", function() one:fade(1, 200, 1) error("oh") end)`, time.Second, 200, nil},
		"only they":      {`clock.every(0.1, function() one:set(1, 7) end) clock.run(function() while true do clock.sleep(0.1) one:set(1, 7) end end) clock.on_beat(1, function() one:set(1, 7) end) show.on("stop", function() one:fade(1, 200, 2) end)`, 2 * time.Second, 200, nil},
		"what went on":   {`one:fade(1, 250, 60)`, 0, 4, nil},
		"never a repeat": {`show.on("stop", function() one:set(1, 6) clock.every(0.1, function() one:set(1, 7) end) end)`, 0, 6, nil},
	} {
		s := live(t, c.text)
		s.run(time.Second)
		s.log = nil
		s.virtual.End()
		took := s.now() - time.Second
		if took < c.ended || took > c.ended+200*time.Millisecond {
			t.Errorf("%s: the goodbye took %v, want %v", name, took, c.ended)
		}
		if got := s.levels[0][0]; max(got, c.level)-min(got, c.level) > 5 {
			t.Errorf("%s: ended at %d, want %d", name, got, c.level)
		}
		if fmt.Sprint(s.log) != fmt.Sprint(c.log) {
			t.Errorf("%s: logged %q", name, s.log)
		}
	}
}
