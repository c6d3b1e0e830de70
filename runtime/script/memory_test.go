package script

import (
	"bytes"
	"log/slog"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"
)

// room is a limit of memory with so many MiB to go.
func room(mib uint64) func(*Config) {
	return func(c *Config) {
		for range 3 { // what was before goes in several steps
			runtime.GC()
		}
		c.Memory = bytesOf(liveHeap) + mib<<20
		c.Stopwatch = c.Now // no guard goes by the clock
	}
}

// TestWhoGrowsIsStopped: what makes the show hold more and more is stopped and named,
// whether it takes much at one go or little, in a handler or in a task. What makes garbage
// is not.
func TestWhoGrowsIsStopped(t *testing.T) {
	const (
		garbage = "\n" + `t.every("0.1", function() local n = 0 for i = 1, 6 do local s = ("x"):rep(100000) .. i n = n + #s end log("garbage") end)`
		much    = `keep[#keep + 1] = make(3000)`
		little  = `keep[#keep + 1] = make(120)`
	)
	for name, c := range map[string]struct {
		text   string
		greedy string // the line that is stopped
	}{
		"nobody":              {``, ""},
		"a handler":           {`t.every("0.1", function() ` + much + ` end)`, "show.lua:2"},
		"little by little":    {`t.every("0.01", function() ` + little + ` end)`, "show.lua:2"},
		"a task":              {`t.run("task", function() while true do t.sleep("0.1") ` + much + ` end end)`, "show.lua:2"},
		"a chain":             {`local function again() ` + much + ` t.after("0.1", again) end again()`, "show.lua:2"},
		"task after task":     {`t.every("0.1", function() t.run("task", function() ` + much + ` end) end)`, "show.lua:2"},
		"protected":           {`t.every("0.1", function() pcall(function() ` + much + ` end) end)`, "show.lua:2"},
		"what comes and goes": {`t.every("0.1", function() keep[1] = make(3000) end)`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := live(t, `local keep = {} local function make(n) local t = {} for i = 1, n do t[i] = { i } end return t end`+"\n"+c.text+garbage, room(8))
			s.run(10 * time.Second)
			if c.greedy == "" {
				if len(s.failures) > 0 {
					t.Errorf("stopped %q", s.failures)
				}
			} else if len(s.failures) == 0 || slices.ContainsFunc(s.failures, func(f string) bool {
				return !strings.Contains(f, c.greedy) || !strings.Contains(f, errMemory.Error())
			}) {
				t.Errorf("failures %q", s.failures)
			}
			if n := len(s.log); n != 100 {
				t.Errorf("garbage was made %d times, want 100", n)
			}
			s.gen.End()
		})
	}
}

// TestAReplayStopsWhoGrew at the same place, whatever it holds itself.
func TestAReplayStopsWhoGrew(t *testing.T) {
	var heard []Heard
	run := func(o *Oracle, edit func(*Config)) *stand {
		s := live(t, `local keep = {} t.every("0.1", function() local t = {} for i = 1, 3000 do t[i] = { i } end keep[#keep + 1] = t log(#keep) end)`,
			edit, func(c *Config) { c.Oracle = o })
		s.run(8 * time.Second)
		s.gen.End()
		return s
	}
	once := run(Live(World{}, func(h Heard) { heard = append(heard, h) }), room(8))
	o := Replay(nil)
	o.Feed(heard...)
	again := run(o, func(*Config) {})
	if len(once.failures) == 0 || !slices.Equal(once.failures, again.failures) || !slices.Equal(once.log, again.log) || o.Err() != nil {
		t.Errorf("live %q, replayed %q, %v", once.failures, again.failures, o.Err())
	}
}

// TestMuchIsToldInTime: from half the limit on, though the runtime itself would not have
// looked what is alive for long.
func TestMuchIsToldInTime(t *testing.T) {
	var said bytes.Buffer
	asked := 0
	s := live(t, `local keep = {} t.every("1", function() local t = {} for i = 1, 6000 do t[i] = { i } end keep[#keep + 1] = t end)`,
		room(16), func(c *Config) {
			c.Memory += c.Memory // half of it is 16 MiB to go
			c.Collect = func() { asked++; runtime.GC() }
			c.Log = slog.New(slog.NewTextHandler(&said, nil))
		})
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	s.run(40 * time.Second)
	s.gen.End()
	if !strings.Contains(said.String(), "of memory; past") || asked == 0 || asked > 6 {
		t.Errorf("asked %d times\n%s", asked, &said)
	}
}
