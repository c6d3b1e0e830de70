package host

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"showrun/runtime/show"
	"showrun/runtime/store"
)

const pointShow = `local show, clock, stage, lights = require "show", require "clock", require "stage", require "theater".lighting{ port = 9 }
local lamp = stage.fixture{ name = "lamp", kind = "dimmer", at = lights:slot("lamp", 1) }
lamp:set(5)
local speed = show.param{ "speed", default = 1 }
show.state.loads = (show.state.loads or 0) + 1
show.on("start", function() lamp:set(200) clock.after(0.2, function() show.log.info("started " .. show.state.loads .. " " .. speed:get() .. " " .. lamp:get("dimmer")) end) end)
show.on("reload", function() clock.after(0.2, function() show.log.info("went on " .. show.state.loads .. " " .. speed:get() .. " " .. lamp:get("dimmer")) end) end)
`

// leftPoint runs a show and returns the folder that it leaves, as if it had been killed.
func leftPoint(t *testing.T) (dir, file string) { return leftPointOf(t, pointShow, false) }

// leftPointOf does so with what is made of that show, on a rig or not.
func leftPointOf(t *testing.T, text string, rig bool) (dir, file string) {
	t.Helper()
	dir, log := t.TempDir(), newLines()
	file = filepath.Join(t.TempDir(), "gala.lua")
	save(t, file, text)
	h, stop := runLive(t, Options{Show: file, StateDir: dir, Log: log.logger(), Rig: rig})
	log.await(t, "started 1 1 200", 1)
	if _, err := h.Operate(show.SetParam{Name: "speed", Value: 3.0}); err != nil {
		t.Fatal(err)
	}
	var left []byte
	late := time.After(20 * time.Second)
	for changes := h.show.Changes(); ; { // one that was begun after all that
		var p show.Point
		taken := make(chan struct{})
		h.show.Point(&p, func() { close(taken) })
		<-taken
		if p.Carried.Params["speed"] == 3.0 && h.show.Changes() >= changes {
			if err := h.writePoint(&p); err != nil {
				t.Fatal(err)
			}
			break
		}
		select {
		case <-late:
			t.Fatal("the param is in no point")
		case <-time.After(10 * time.Millisecond):
		}
	}
	left, err := os.ReadFile(filepath.Join(dir, "gala.resume"))
	if err != nil {
		t.Fatal(err)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "gala.resume")); !os.IsNotExist(err) {
		t.Errorf("an orderly end leaves a restore point: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "gala.resume"), left, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, file
}

// TestResumed: what the restore point is good for decides whether the show goes on from it.
func TestResumed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*pointLine)
		fresh  bool
		rig    bool
		says   string
		want   string
	}{
		"killed a moment ago":    {says: "the show goes on where it would be by now", want: "went on 2 3 200"},
		"killed hours ago":       {change: func(l *pointLine) { l.Written = l.Written.Add(-11 * time.Hour) }, says: "goes on where it would be", want: "went on 2 3 200"},
		"killed yesterday":       {change: func(l *pointLine) { l.Written = l.Written.Add(-13 * time.Hour) }, says: "that is more than 12h0m0s ago", want: "started 2 3 200"},
		"twice within a minute":  {change: func(l *pointLine) { l.Resumed = l.Written.Add(-30 * time.Second) }, says: "broken off again within a minute", want: "started 2 3 200"},
		"before it had a point":  {change: func(l *pointLine) { l.Resumed = l.Written.Add(30 * time.Second) }, says: "broken off again within a minute", want: "started 2 3 200"},
		"twice, but not so soon": {change: func(l *pointLine) { l.Resumed = l.Written.Add(-90 * time.Second) }, says: "goes on where it would be", want: "went on 2 3 200"},
		"another file":           {change: func(l *pointLine) { l.File = "other.lua" }, says: "what was broken off is another file", want: "started 2 3 200"},
		"of a rig":               {change: func(l *pointLine) { l.Rig = true }, says: "one of the two is on a rig", want: "started 2 3 200"},
		"on a rig":               {rig: true, says: "one of the two is on a rig", want: "started 2 3 200"},
		"forgotten":              {fresh: true, says: "show loaded", want: "started 1 1 200"},
		"a wall clock set back":  {change: func(l *pointLine) { l.Written = l.Written.Add(time.Hour) }, says: "goes on where it would be", want: "went on 2 3 200"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, file := leftPoint(t)
			s, err := store.Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			text, b, err := s.ReadPoint("gala")
			if err != nil {
				t.Fatal(err)
			}
			var l pointLine
			if err := json.Unmarshal([]byte(text), &l); err != nil {
				t.Fatal(err)
			}
			if c.change != nil {
				c.change(&l)
			}
			if err := s.WritePoint("gala", writtenLine(l), b); err != nil {
				t.Fatal(err)
			}
			s.Close()
			log := newLines()
			_, stop := runLive(t, Options{Show: file, StateDir: dir, Log: log.logger(), Fresh: c.fresh, Rig: c.rig})
			log.await(t, c.says, 1)
			log.await(t, c.want, 1)
			if err := stop(); err != nil {
				t.Fatal(err)
			}
			// An orderly end is not gone on from, but what lasts is there.
			log = newLines()
			_, stop = runLive(t, Options{Show: file, StateDir: dir, Log: log.logger()})
			log.await(t, "started ", 1)
			if strings.Contains(log.String(), "broken off") {
				t.Errorf("after an orderly end: %s", log)
			}
			if want := map[bool]string{false: "started 3 3 200", true: "started 2 1 200"}[c.fresh]; !strings.Contains(log.String(), want) {
				t.Errorf("want %s: %s", want, log)
			}
			if err := stop(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestADeckIsFollowedAgain after a crash, though it was a handler of the start that said so,
// and no start is told: the beat goes on with what drove it, and is led to where that is now.
func TestADeckIsFollowedAgain(t *testing.T) {
	t.Parallel()
	dir, file := leftPointOf(t, pointShow+`
local deck = require "stagelinq".sink{}:deck(1)
show.on("start", function() clock.follow(deck) end)
clock.on_beat(1, function() if deck.beat and math.abs(clock.beats() - deck.beat) < 0.01 then show.log.info("with the deck") end end)
`, true)
	log := newLines()
	h, stop := runLive(t, Options{Show: file, StateDir: dir, Log: log.logger(), Rig: true})
	log.await(t, "went on 2 3 200", 1)
	log.await(t, "with the deck", 2)
	if source := h.show.Plan().Course.Turn(h.clock.Now()).Source; !strings.HasSuffix(source, "deck 1") {
		t.Errorf("the beat is driven by %q", source)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

// TestDamagedPoint: one that cannot be read, wherever it is damaged or cut off, is set aside,
// and the show starts.
func TestDamagedPoint(t *testing.T) {
	t.Parallel()
	dir, file := leftPoint(t)
	name := filepath.Join(dir, "gala.resume")
	good, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for i, damage := range []func(b []byte) []byte{
		func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
		func(b []byte) []byte { return b[:len(b)-7] },
		func(b []byte) []byte { return b[:40] },
		func([]byte) []byte { return nil },
	} {
		if err := os.WriteFile(name, damage(bytes.Clone(good)), 0o600); err != nil {
			t.Fatal(err)
		}
		log := newLines()
		_, stop := runLive(t, Options{Show: file, StateDir: dir, Log: log.logger()})
		log.await(t, "its restore point cannot be used and is set aside", 1)
		log.await(t, "started ", 1)
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		if aside, _ := filepath.Glob(name + ".aside-*"); len(aside) != i+1 {
			t.Errorf("set aside: %v", aside)
		}
	}
}

// TestPointOfAShowThatDoesNotLoad is as good as before for the next try.
func TestPointOfAShowThatDoesNotLoad(t *testing.T) {
	t.Parallel()
	dir, file := leftPoint(t)
	save(t, file, "this is no Lua")
	log := newLines()
	h, err := newHost(Options{Show: file, StateDir: dir, Log: log.logger()})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Run(t.Context()); err == nil {
		t.Fatal("it loads")
	}
	save(t, file, pointShow)
	_, stop := runLive(t, Options{Show: file, StateDir: dir, Log: log.logger()})
	log.await(t, "went on 2 3 200", 1)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

// TestReloadAsk: a new version is checked at once, and goes live when somebody asks.
func TestReloadAsk(t *testing.T) {
	t.Parallel()
	log := newLines()
	file := filepath.Join(t.TempDir(), "gala.lua")
	text := func(version string) string {
		return `require "show".log.info("version ` + version + ` loads") local show = require "show" show.on("reload", function() show.log.info("version ` + version + ` is live") end)`
	}
	save(t, file, text("one"))
	h, stop := runLive(t, Options{Show: file, Log: log.logger(), Reload: ReloadAsk})
	log.await(t, "show loaded", 1)
	save(t, file, text("two")+" +")
	log.await(t, "not reloaded, the running show goes on", 1)
	if h.Alarm() == nil {
		t.Error("no alarm says that it does not load")
	}
	save(t, file, text("three"))
	log.await(t, "a new version is waiting", 1)
	if a := h.Alarm(); a != nil {
		t.Errorf("what loads is waiting, and the alarm is still %+v", a)
	}
	if s := h.Status(); !s.NewVersion || s.Generation != 1 || s.ReloadErrors != 0 || !strings.Contains(s.String(), "A NEW VERSION IS WAITING") {
		t.Errorf("status %v", s)
	}
	if err := h.Reload("test"); err != nil {
		t.Fatal(err)
	}
	log.await(t, "version three is live", 1)
	log.await(t, "show reloaded", 1)
	if s := h.Status(); s.NewVersion || s.Generation != 2 {
		t.Errorf("status %v", s)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

// TestReloadAtABar: live, the first thing that a new version does is the first beat of a bar.
func TestReloadAtABar(t *testing.T) {
	t.Parallel()
	log := newLines()
	file := filepath.Join(t.TempDir(), "gala.lua")
	text := func(version string) string {
		return `local clock, show = require "clock", require "show" clock.set_tempo(200)
clock.on_beat(1, function(b) show.log.info("` + version + ` " .. b.in_bar) end)`
	}
	save(t, file, text("old"))
	_, stop := runLive(t, Options{Show: file, Log: log.logger(), ReloadAt: AtBar})
	log.await(t, "old 2", 1)
	save(t, file, text("new"))
	log.await(t, "new 2", 1)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(log.String(), `msg="new `)
	before := strings.LastIndex(log.String()[:strings.Index(log.String(), `msg="new `)], `msg="old `)
	if !strings.HasPrefix(after, "1") || !strings.HasPrefix(log.String()[before:], `msg="old 4`) {
		t.Errorf("the swap: %s", log)
	}
}
