package host

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings"
	"showrun/runtime/script"
	"showrun/runtime/show"
)

// lines collects a log and can be waited on.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{}
}

func newLines() *lines { return &lines{more: make(chan struct{}, 1)} }

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	l.text.Write(p)
	l.mu.Unlock()
	select {
	case l.more <- struct{}{}:
	default:
	}
	return len(p), nil
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *lines) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelInfo}))
}

// await waits until the log holds text so many times.
func (l *lines) await(t *testing.T, text string, times int) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for strings.Count(l.String(), text) < times {
		select {
		case <-l.more:
		case <-deadline:
			t.Fatalf("%q not %d times in the log:\n%s", text, times, l)
		}
	}
}

// swell is a show whose levels change in every frame.
const swell = `local clock, stage, net = require "clock", require "stage", require "signet".sender{}
local lamp = stage.fixture{ name = "lamp", kind = "dimmer", at = net:universe(1):slot(1) }
clock.every("10ms", function()
  lamp:set(math.floor(clock.time() * 100) % 256)
end)
`

// save writes a show as editors do: a new file that takes the place of the old.
func save(t *testing.T, file, text string) {
	t.Helper()
	tmp := file + "~"
	if err := os.WriteFile(tmp, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(tmp, file); err != nil {
		t.Fatal(err)
	}
}

func heap() uint64 {
	runtime.GC()
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// TestReload saves a show again and again while it runs, every tenth time broken.
// With -measure it does so 200 times and prints what the frames thought of it.
func TestReload(t *testing.T) {
	times := 20
	if *measureFor > 0 {
		times = 200
	}
	file := filepath.Join(t.TempDir(), "show.lua")
	save(t, file, swell)
	log, rec := newLines(), newTape()
	h, stop := runLive(t, Options{Show: file, Rig: true, Protocols: hearing(rec.record), Log: log.logger()})
	<-rec.arrived
	var goroutines int
	var memory uint64
	good, bad := 0, 0
	for i := 1; i <= times; i++ {
		switch {
		case i%10 == 0:
			bad++
			save(t, file, swell+"\nlocal x = = 1")
			log.await(t, "not reloaded", bad)
		default:
			good++
			save(t, file, fmt.Sprintf("%s\n-- version %d", swell, i%2))
			log.await(t, "show reloaded", good)
		}
		if i == 10 {
			goroutines, memory = runtime.NumGoroutine(), heap()
		}
	}
	if got := h.Status().Generation; got != good+1 {
		t.Errorf("generation %d after %d good saves", got, good)
	}
	if n := runtime.NumGoroutine(); n > goroutines+2 {
		t.Errorf("goroutines grew from %d to %d", goroutines, n)
	}
	t.Logf("heap %.2f MiB after 10 reloads, %.2f MiB after %d", float64(memory)/(1<<20), float64(heap())/(1<<20), times)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	packets := rec.all()
	if n := lost(packets); n > 0 {
		t.Errorf("%d packets lost", n)
	}
	t.Log(intervals(packets))
	if !strings.Contains(log.String(), "show.lua:7:11: ") {
		t.Errorf("the broken saves are not named by file and line:\n%s", log)
	}
}

// TestReloadKeepsWhatLives checks that state, levels and the beat go on while the
// code changes.
func TestReloadKeepsWhatLives(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "show.lua")
	show := func(version int) string {
		return fmt.Sprintf(`
local show, net = require "show", require "signet".sender{}
local u = net:universe(1)
show.state.loads = (show.state.loads or 0) + 1
if show.generation == 1 then u:set(1, 77) end
u:set(2, %d)
show.on("start", function() show.log.info("event start") end)
show.on("reload", function() show.log.info("event reload, loads %%d", show.state.loads) end)
show.on("unload", function() show.log.info("event unload") end)
show.on("stop", function() u:set(3, 99) show.log.info("event stop") end)`, version)
	}
	save(t, file, show(10))
	log, rec := newLines(), newTape()
	_, stop := runLive(t, Options{Show: file, Rig: true, Protocols: hearing(rec.record), Log: log.logger()})
	log.await(t, "event start", 1)
	save(t, file, show(20))
	log.await(t, "event reload, loads 2", 1)
	log.await(t, "event unload", 1)
	for {
		<-rec.arrived
		if p := rec.all(); p[len(p)-1].levels[1] == 20 {
			break
		}
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	log.await(t, "event stop", 1)
	packets := rec.all()
	last := packets[len(packets)-1].levels
	if last[0] != 77 || last[1] != 20 || last[2] != 99 {
		t.Errorf("last levels %v, want 77 20 99: the level of before, the new one, and the goodbye", last[:3])
	}
}

// TestReloadWithMuchState checks that a state of 60,000 entries goes over to the next
// load without a beat lost or heard twice, but for those that a machine which is too slow
// leaves out and counts, and that a table in it that is held in two places is one
// afterwards.
func TestReloadWithMuchState(t *testing.T) {
	file := filepath.Join(t.TempDir(), "show.lua")
	const text = `
local show, clock = require "show", require "clock"
local s = show.state
if show.generation == 1 then
  s.beats, s.skipped, s.log = 0, 0, {}
  for i = 1, 20000 do s.log[i] = { at = i, name = "n" .. i } end
  s.first = s.log[1]
  clock.set_tempo(600)
end
clock.on_beat(1, function(b)
  local beat = b.number
  s.beats = s.beats + 1
  s.first.at = s.first.at + 1
  s.last = s.last or beat - 1
  if beat <= s.last then show.log.warn("beat " .. beat .. " after " .. s.last) end
  s.skipped = s.skipped + beat - s.last - 1
  s.last = beat
  if s.log[1].at ~= 1 + s.beats or #s.log ~= 20000 then show.log.warn("the state came apart") end
end)
show.on("stop", function() show.log.info(s.skipped .. " beats left out in " .. show.generation .. " generations") end)
`
	save(t, file, text)
	log := newLines()
	h, stop := runLive(t, Options{Show: file, Log: log.logger()})
	log.await(t, "show loaded", 1)
	const times = 5
	for i := 1; i <= times; i++ {
		save(t, file, fmt.Sprintf("%s-- version %d", text, i%2))
		log.await(t, "show reloaded", i)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	late := h.show.Stats().Late
	log.await(t, fmt.Sprintf("%d beats left out in %d generations", h.show.Counts().Skipped, times+1), 1)
	for _, wrong := range []string{`msg="beat `, "the state came apart"} { // slow it may be
		if text := log.String(); strings.Contains(text, wrong) {
			t.Error(text)
		}
	}
	t.Logf("%d batches late, the worst by %v", late.Count, late.Worst)
}

// TestHostileHandlers runs handlers that loop, fail and ask for too much beside one
// that does its work.
func TestHostileHandlers(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "show.lua")
	save(t, file, `local clock, stage, net = require "clock", require "stage", require "signet".sender{}
local lamp = stage.fixture{ name = "lamp", kind = "dimmer", at = net:universe(1):slot(1) }
lamp:fade(255, 5)
clock.after(0.2, function() require "show".log.info("spinning") while true do end end)
clock.after(0.2, function() error("x") end)
clock.after(0.2, function() return ("x"):rep(1e10) end)
clock.after(0.3, function() require "show".log.info("still here") end)
`)
	log, rec := newLines(), newTape()
	_, stop := runLive(t, Options{Show: file, Rig: true, Protocols: hearing(rec.record), Log: log.logger()})
	log.await(t, "spinning", 1)
	before := len(rec.all())
	log.await(t, "show.lua:4: ran for more than ", 1)
	during := len(rec.all()) - before
	log.await(t, "still here", 1)
	for _, want := range []string{"show.lua:5: x", "show.lua:6: "} {
		log.await(t, want, 1)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	packets := rec.all()
	t.Log(intervals(packets))
	if n := lost(packets); n > 0 {
		t.Errorf("%d packets lost", n)
	}
	if during < 3 {
		t.Errorf("%d packets while a handler ran for the whole of its budget: frames waited for the script", during)
	}
}

// hanging are bindings with a module hang, whose function wait returns when it may.
type hanging struct {
	show.Bindings
	may <-chan struct{}
}

func (b hanging) Modules() []script.Module {
	return append(b.Bindings.Modules(), script.Module{Name: "hang", Open: func(_ *script.Generation, L *lua.LState) *lua.LTable {
		return L.SetFuncs(L.NewTable(), map[string]lua.LGFunction{"wait": func(*lua.LState) int { <-b.may; return 0 }})
	}})
}

func (b hanging) TakeState(before show.Bindings) error {
	return b.Bindings.TakeState(before.(hanging).Bindings)
}

// TestStuckScriptIsReplaced lets a handler sit in a call that cannot be interrupted: the
// show is loaded afresh and the frames go on.
func TestStuckScriptIsReplaced(t *testing.T) {
	before := runtime.NumGoroutine()
	dir := t.TempDir()
	file := filepath.Join(dir, "show.lua")
	save(t, file, swell+`
local show, hang = require "show", require "hang"
show.log.info("top level of %d", show.generation)
if show.generation == 1 then clock.after(0.2, hang.wait) end
`)
	log, rec, may := newLines(), newTape(), make(chan struct{})
	_, stop := runLive(t, Options{
		Show: file, Rig: true, Protocols: hearing(rec.record), Log: log.logger(),
		Bind:  func(s show.Scene) show.Bindings { return hanging{bindings.New(s), may} },
		Guard: 30 * time.Millisecond, Grace: 20 * time.Millisecond,
	})
	log.await(t, "has been abandoned; levels stay", 1)
	log.await(t, "why=stuck", 1)
	log.await(t, "top level of 2", 1)
	<-rec.arrived
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	close(may) // the abandoned goroutine ends when its call comes back
	for deadline := time.After(30 * time.Second); runtime.NumGoroutine() > before; {
		select {
		case <-time.After(10 * time.Millisecond):
		case <-deadline:
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
}

// TestOnlyFilesOfTheShow: a file beside the show that it does not use changes nothing; one
// that it asked for does, also in vain, and so does one that a failed load asked for.
func TestOnlyFilesOfTheShow(t *testing.T) {
	t.Parallel()
	dir, log := t.TempDir(), newLines()
	file := filepath.Join(dir, "show.lua")
	save(t, file, `require "part" pcall(require, "later")`)
	save(t, filepath.Join(dir, "part.lua"), "x = 1")
	_, stop := runLive(t, Options{Show: file, Rig: true, Log: log.logger()})
	log.await(t, "show loaded", 1)
	reloads, failures := 0, 0
	for _, step := range []struct{ name, text, logged string }{
		{"other.lua", "y = 1", ""},
		{"part.lua", "x = 2", "show reloaded"},
		{"later.lua", "z = 1", "show reloaded"},
		{"show.lua", `require "part" require "more"`, "not reloaded"},
		{"later.lua", "z = 2", ""}, // the load that failed did not come so far
		{"more.lua", "", "show reloaded"},
		{"later.lua", "z = 3", ""},
		{"more.lua", "z = 2", "show reloaded"},
	} {
		save(t, filepath.Join(dir, step.name), step.text)
		switch step.logged {
		case "show reloaded":
			reloads++
			log.await(t, step.logged, reloads)
		case "not reloaded":
			failures++
			log.await(t, step.logged, failures)
		}
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if text := log.String(); strings.Count(text, "show reloaded") != reloads || strings.Count(text, "not reloaded") != failures {
		t.Errorf("files that nobody asked for were loaded:\n%s", text)
	}
	// Nor does the name of a system call help anybody.
	os.Remove(file)
	_, err := newHost(Options{Show: dir})
	if want := "has no show.lua"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v", err)
	}
}

// TestReloadOfAShowThatLoops: what was saved comes in between two handlers that loop for
// ever, not once chance has it.
func TestReloadOfAShowThatLoops(t *testing.T) {
	t.Parallel()
	log := newLines()
	file := filepath.Join(t.TempDir(), "show.lua")
	const text = `local clock = require "clock"
for i = 1, 5 do clock.every(0.01, function() while true do end end) end`
	save(t, file, text)
	h, stop := runLive(t, Options{Show: file, Rig: true, Log: log.logger(), Guard: 300 * time.Millisecond})
	log.await(t, "ran for more than", 5)
	overruns := 0
	const times = 5
	for range times {
		before := strings.Count(log.String(), "ran for more than")
		if !h.onScriptLoop(t.Context(), func() {}) {
			t.Fatal("the script loop has ended")
		}
		overruns += strings.Count(log.String(), "ran for more than") - before
	}
	if overruns > 2*times {
		t.Errorf("%d calls waited for %d handlers to be stopped", times, overruns)
	}
	save(t, file, text+" -- saved")
	log.await(t, `msg="show reloaded"`, 1)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

// TestDataReloads: a file of data that is saved is a new version of the show; one that is
// broken changes nothing.
func TestDataReloads(t *testing.T) {
	t.Parallel()
	dir, log := t.TempDir(), newLines()
	file, data := filepath.Join(dir, "show.lua"), filepath.Join(dir, "songs.json")
	save(t, file, `local show = require "show" local songs = show.data("songs.json")
local say = function() show.log.info("title %s", songs.title) end
show.on("start", say) show.on("reload", say)`)
	save(t, data, `{"title": "Storm"}`)
	_, stop := runLive(t, Options{Show: file, Log: log.logger()})
	log.await(t, "title Storm", 1)
	save(t, data, `{"title": "Calm",}`)
	log.await(t, `show.data: songs.json: line 1, column 18: unexpected '}'`, 1)
	save(t, data, `{"title": "Calm"}`)
	log.await(t, "title Calm", 1)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}
