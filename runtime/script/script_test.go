package script

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	lua "github.com/yuin/gopher-lua"
	"go.uber.org/goleak"

	"showrun/runtime/beat"
	"showrun/runtime/engine"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stand is a generation under test with a clock that stands still between steps.
type stand struct {
	t        testing.TB
	gen      *Generation
	now      time.Duration
	log      []string
	failures []string
	disabled []string
	batches  []engine.Batch
	unhang   chan struct{}
}

const lookahead = 50 * time.Millisecond

// straight is a plan in which the beat goes by one timeline.
func straight(tl beat.Timeline) *beat.Plan {
	return beat.NewPlan(beat.Course{{Line: tl, Tempo: tl.BPM}}, nil)
}

// setTimeline moves the beat of the show from now on.
func (s *stand) setTimeline(tl beat.Timeline) {
	s.gen.SetPlan(beat.NewPlan(beat.Course{{From: s.now, Line: tl, Tempo: tl.BPM}}, nil), s.now)
}

// setDeck moves the beat of the source "deck" from now on.
func (s *stand) setDeck(tl beat.Timeline) {
	s.gen.SetPlan(beat.NewPlan(s.gen.published.Course, map[string]beat.Course{"deck": {{From: s.now, Line: tl}}}), s.now)
}

// newStand loads files, show.lua among them, with a module "t" of waits.
func newStand(t testing.TB, files map[string]string, edit ...func(*Config)) (*stand, error) {
	t.Helper()
	s := &stand{t: t, unhang: make(chan struct{})}
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	start := time.Now()
	cfg := Config{
		Show: fsys, Main: "show.lua", Modules: []Module{{Name: "t", Open: s.module}},
		Number: 1, Seed: 1, Lookahead: lookahead,
		Plan:      straight(beat.Timeline{Epoch: 1, BPM: 120}),
		Budget:    3e6,
		Guard:     time.Minute,
		Now:       func() time.Duration { return s.now },
		Stopwatch: func() time.Duration { return time.Since(start) },
		Submit:    func(b engine.Batch) uint64 { s.batches = append(s.batches, b); return 0 },
		Failed: func(f *Failure) {
			s.failures = append(s.failures, f.Error()+"\n"+f.Trace)
			if f.Disabled != "" {
				s.disabled = append(s.disabled, f.Disabled)
			}
		},
		Log: slog.New(slog.DiscardHandler),
	}
	for _, f := range edit {
		f(&cfg)
	}
	gen, err := Load(context.Background(), cfg)
	if err != nil {
		return nil, err
	}
	s.gen = gen
	t.Cleanup(gen.End)
	return s, nil
}

// live loads one file and starts it at 0.
func live(t testing.TB, text string, edit ...func(*Config)) *stand {
	t.Helper()
	s, err := newStand(t, map[string]string{"show.lua": `local t = require "t" local log = t.log ` + text}, edit...)
	if err != nil {
		t.Fatal(err)
	}
	s.gen.Start(0)
	return s
}

func (s *stand) module(g *Generation, L *lua.LState) *lua.LTable {
	span := func(L *lua.LState, i int) Span {
		if b, ok := strings.CutSuffix(L.CheckString(i), "b"); ok {
			var f float64
			fmt.Sscan(b, &f)
			return Span{Beats: beat.FromFloat(f)}
		}
		return Span{Time: time.Duration(float64(L.CheckNumber(i)) * 1e9)}
	}
	grid := func(L *lua.LState, i int) beat.Grid { return beat.Grid{Quantum: float64(L.CheckNumber(i))} }
	m := L.NewTable()
	for name, f := range map[string]func(L *lua.LState) int{
		"log": func(L *lua.LState) int {
			var parts []string
			for i := 1; i <= L.GetTop(); i++ {
				parts = append(parts, L.Get(i).String())
			}
			s.log = append(s.log, fmt.Sprintf("%.3f %s", g.Instant().Seconds(), strings.Join(parts, " ")))
			return 0
		},
		"sleep": func(L *lua.LState) int { g.Sleep(L, span(L, 1)); return 0 },
		"sync": func(L *lua.LState) int {
			g.Sync(L, grid(L, 1))
			return 0
		},
		"run": func(L *lua.LState) int {
			task := g.Run(L.CheckString(1), L.CheckFunction(2), nil)
			ud := L.NewUserData()
			ud.Value = task
			L.Push(ud)
			return 1
		},
		"cancel": func(L *lua.LState) int {
			switch v := L.CheckUserData(1).Value.(type) {
			case *Task:
				v.Cancel()
			case *Handle:
				v.Cancel()
			}
			return 0
		},
		"on_beat": func(L *lua.LState) int {
			ud := L.NewUserData()
			ud.Value = g.OnBeat("on_beat", grid(L, 1), L.CheckFunction(2), func(_ *lua.LState, t *Task, _ Event) []lua.LValue {
				_, b := t.At()
				return []lua.LValue{lua.LNumber(b.Float())}
			})
			L.Push(ud)
			return 1
		},
		"on_deck_beat": func(L *lua.LState) int {
			g.OnBeatOf("deck", "on_deck_beat", grid(L, 1), L.CheckFunction(2), func(_ *lua.LState, t *Task, _ Event) []lua.LValue {
				_, b := t.At()
				return []lua.LValue{lua.LNumber(b.Float())}
			})
			return 0
		},
		"every": func(L *lua.LState) int { g.Every("every", span(L, 1).Time, L.CheckFunction(2)); return 0 },
		"after": func(L *lua.LState) int { g.After("after", span(L, 1), L.CheckFunction(2)); return 0 },
		"on": func(L *lua.LState) int {
			g.On("on", L.CheckFunction(2), nil, L.CheckString(1))
			return 0
		},
		"emit":  func(L *lua.LState) int { g.Emit(engine.Set{Value: float64(L.CheckNumber(1))}); return 0 },
		"hang":  func(*lua.LState) int { <-s.unhang; return 0 },
		"panic": func(L *lua.LState) int { panic("a bug in a binding") },
	} {
		m.RawSetString(name, L.NewFunction(f))
	}
	return m
}

// run steps through time like the script loop would, until the end given.
func (s *stand) run(until time.Duration) {
	s.t.Helper()
	for {
		next := s.gen.Next()
		if next > until {
			s.now = until
			return
		}
		s.now = max(s.now, next)
		if _, err := s.gen.Step(s.now); err != nil {
			s.t.Fatal(err)
		}
	}
}

func (s *stand) wantLog(want ...string) {
	s.t.Helper()
	if got := strings.Join(s.log, "\n"); got != strings.Join(want, "\n") {
		s.t.Errorf("log:\n%s\nwant:\n%s\nfailures: %v", got, strings.Join(want, "\n"), s.failures)
	}
}

func TestLogicalTimeDoesNotDrift(t *testing.T) {
	s := live(t, `t.run("a", function() for i = 1, 3 do log("a", i) t.sleep("0.1") end end)
		t.run("b", function() for i = 1, 2 do log("b", i) t.sleep("0.15") end end)`)
	s.run(time.Second)
	s.wantLog("0.000 a 1", "0.000 b 1", "0.100 a 2", "0.150 b 2", "0.200 a 3")
}

func TestBeatsRunAheadByTheLookahead(t *testing.T) {
	s := live(t, `t.on_beat(1, function(b) log("beat", b) t.emit(b) end)`)
	s.gen.Step(400 * time.Millisecond)
	if len(s.batches) != 0 {
		t.Fatal("too early")
	}
	if next := s.gen.Next(); next != 450*time.Millisecond {
		t.Errorf("next = %v", next)
	}
	s.run(time.Second - 51*time.Millisecond)
	s.wantLog("0.500 beat 1")
	b := s.batches[0]
	if b.At != 500*time.Millisecond || b.Beat != beat.Beat || !b.OnBeat || b.Epoch != 1 {
		t.Errorf("stamp %+v", b.Stamp)
	}
}

func TestTempoChangeMovesWaits(t *testing.T) {
	s := live(t, `t.run("a", function() while true do t.sync(1) log("sync") end end)`)
	s.run(600 * time.Millisecond)
	// From 0.6 s (beat 1.2) on at double tempo: beat 2 is at 0.8 s.
	s.setTimeline(beat.Timeline{Epoch: 1, Origin: 600 * time.Millisecond, Beat: 1_200_000, BPM: 240})
	s.run(1100 * time.Millisecond)
	s.wantLog("0.500 sync", "0.800 sync", "1.050 sync")
}

func TestNudgeBackDoesNotRepeatABeat(t *testing.T) {
	s := live(t, `t.on_beat(1, function(b) log(b) end) t.run("x", function() while true do t.sync(1) log("sync") end end)`)
	s.run(460 * time.Millisecond) // beat 1 has fired, 40 ms ahead
	s.setTimeline(beat.Timeline{Epoch: 1, Origin: 460 * time.Millisecond, Beat: 800_000, BPM: 120})
	s.run(1060 * time.Millisecond)
	s.wantLog("0.500 1", "0.500 sync", "1.060 2", "1.060 sync")
}

func TestJumpReanchorsWaits(t *testing.T) {
	s := live(t, `t.run("grid", function() t.sync(1) log("grid", 1) t.sync(4) log("grid", 4) end)
		t.run("beats", function() t.sleep("4b") log("four beats later") end)
		t.run("time", function() t.sleep("2") log("two seconds later") end)`)
	s.run(time.Second)
	// At 1 s the deck jumps from beat 2 to beat 17.
	s.setTimeline(beat.Timeline{Epoch: 2, Origin: time.Second, Beat: 17 * beat.Beat, BPM: 120})
	s.run(4 * time.Second)
	// 4 beats from beat 0 had 2 left: beat 19 = 2 s. The grid goes on at beat 20.
	s.wantLog("0.500 grid 1", "2.000 four beats later", "2.000 two seconds later", "2.500 grid 4")
}

func TestPausedSourceHoldsBeats(t *testing.T) {
	s := live(t, `t.on_beat(1, function(b) log(b) end)`)
	s.run(700 * time.Millisecond)
	s.setTimeline(beat.Timeline{Epoch: 1, Origin: s.now, Beat: 1_400_000, BPM: 120, Stopped: true})
	s.run(10 * time.Second)
	s.wantLog("0.500 1")
	s.setTimeline(beat.Timeline{Epoch: 1, Origin: s.now, Beat: 1_400_000, BPM: 120})
	s.run(10400 * time.Millisecond)
	s.wantLog("0.500 1", "10.300 2")
}

func TestBeatsOfAnotherSource(t *testing.T) {
	s := live(t, `t.on_deck_beat(1, function(b) log("deck", b) t.emit(1) end) t.on_beat(2, function(b) log("show", b) end)`)
	s.run(600 * time.Millisecond)
	if got := s.gen.Sources(); len(got) != 1 || got[0] != "deck" {
		t.Fatalf("sources %v", got)
	}
	s.setDeck(beat.Timeline{Epoch: 7, Origin: 600 * time.Millisecond, Beat: 100_500_000, BPM: 60})
	s.run(2200 * time.Millisecond)
	s.wantLog("1.000 show 2", "1.100 deck 101", "2.000 show 4", "2.100 deck 102")
	if b := s.batches[0]; b.Source != "deck" || b.Beat != 101*beat.Beat || b.At != 1100*time.Millisecond {
		t.Errorf("stamp %+v: it does not follow the deck", b.Stamp)
	}
}

func TestLateByMoreThanASecondSkips(t *testing.T) {
	s := live(t, `t.on_beat(1, function(b) log(b) end) t.every("0.5", function() log("tick") end)`)
	s.gen.Step(0)
	s.now = 5200 * time.Millisecond
	s.gen.Step(s.now)
	s.run(6 * time.Second)
	if st := s.gen.Stats(); st.Skipped == 0 {
		t.Error("nothing counted as skipped")
	}
	if len(s.log) > 8 {
		t.Errorf("rushed through what was missed: %v", s.log)
	}
}

func TestWaitsInsidePcallIteratorsAndCoroutines(t *testing.T) {
	s := live(t, `t.run("a", function()
		local level = 0
		local function set(x) level = x end
		log(pcall(function() t.sleep("0.1") error("boom") end))
		set(5) level = level + 1
		log("shared local", level)
		for i in coroutine.wrap(function() for i = 1, 2 do t.sleep("0.1") coroutine.yield(i) end end) do log("it", i) end
		log(xpcall(function() t.sleep("0.1") error("x") end, function(e) return "handled " .. e end))
	end)`)
	s.run(time.Second)
	s.wantLog("0.100 false show.lua:4: boom", "0.100 shared local 6", "0.200 it 1", "0.300 it 2", "0.400 false handled show.lua:8: x")
}

func TestWaitingWhereItIsNotPossible(t *testing.T) {
	_, err := newStand(t, map[string]string{"show.lua": `local t = require "t"` + "\n" + `t.sleep("1")`})
	if err == nil || !strings.Contains(err.Error(), "show.lua:2: cannot wait here") {
		t.Errorf("top level: %v", err)
	}
	s := live(t, `t.run("a", function() table.sort({3, 1, 2}, function(a, b) t.sleep("1") return a < b end) end)`)
	s.run(time.Second)
	if len(s.failures) != 1 || !strings.Contains(s.failures[0], "cannot wait here: inside the comparator") {
		t.Errorf("sort: %v", s.failures)
	}
}

func TestCancel(t *testing.T) {
	s := live(t, `local a
		a = t.run("a", function() while true do pcall(function() t.sleep("0.2") end) log("a") end end)
		t.run("b", function() t.sleep("0.5") t.cancel(a) t.cancel(a) log("cancelled") end)
		local c = t.run("c", function() log("never") end) t.cancel(c)`)
	s.run(2 * time.Second)
	s.wantLog("0.200 a", "0.400 a", "0.500 cancelled")
	if n := s.gen.Stats().Tasks; n != 0 {
		t.Errorf("%d tasks left", n)
	}
}

func TestCancellingItself(t *testing.T) {
	s := live(t, `local me me = t.run("me", function() t.cancel(me) log("began") t.sleep("0.1") log("never") end)`)
	s.run(time.Second)
	s.wantLog("0.000 began")
	if n := s.gen.Stats().Tasks; n != 0 {
		t.Errorf("%d tasks left", n)
	}
}

func TestCoroutinesCannotRunTwice(t *testing.T) {
	s := live(t, `t.run("circle", function()
			local a, b
			a = coroutine.create(function() return coroutine.resume(b) end)
			b = coroutine.create(function() log("inner", coroutine.status(a), coroutine.status(b), coroutine.resume(a)) end)
			log("outer", coroutine.resume(a))
		end)
		local shared = coroutine.wrap(function() while true do t.sleep("0.1") coroutine.yield("value") end end)
		t.run("first", function() log("first", shared()) end)
		t.run("second", function() t.sleep("0.05") log("second", pcall(function() return (shared()) end)) end)
		t.run("thread", function() log("running", coroutine.running()) end)`)
	s.run(time.Second)
	s.wantLog(
		"0.000 inner normal running false cannot resume normal coroutine", "0.000 outer true true",
		"0.000 running nil",
		"0.050 second false show.lua:9: cannot resume normal coroutine", "0.100 first value",
	)
}

func TestNestingIsBounded(t *testing.T) {
	for _, body := range []string{
		`local function f() pcall(f) error("deep") end f()`,
		`local function f() (("x"):gsub("x", f)) end local function g() pcall(g) f() end g()`,
		`local function f() coroutine.wrap(f)() end f()`,
		`local mt = {} mt.__unm = function(x) return -x end local x = setmetatable({}, mt) local function g() pcall(g) return -x end g()`,
	} {
		s := live(t, `t.run("deep", function() `+body+` end) t.on_beat(1, function() log("next") end)`, func(c *Config) { c.Guard, c.Grace = time.Second, 20*time.Second })
		s.run(550 * time.Millisecond)
		if len(s.failures) != 1 {
			t.Errorf("%s: failures %q", body, s.failures)
		}
		s.wantLog("0.500 next")
	}
}

func TestWhoCancelsItselfTakesNobodyAlong(t *testing.T) {
	for _, body := range []string{`while true do end`, `while true do pcall(t.sleep, "1") end`} {
		s := live(t, `local me me = t.run("me", function() t.cancel(me) `+body+` end) t.after("0.5", function() log("innocent") end)`)
		s.run(time.Second)
		s.wantLog("0.500 innocent")
	}
}

func TestErrorsOfAnyKind(t *testing.T) {
	s := live(t, `log(pcall(error)) log(pcall(error, { 1 })) log(xpcall(function() error("a") end, function() error("b") end))`)
	if got := strings.Join(s.log, "|"); !strings.Contains(got, "false nil|") || !strings.HasSuffix(got, "false show.lua:1: b") {
		t.Errorf("log %q", s.log)
	}
}

func TestAJumpInPhaseBringsNoBeatTwice(t *testing.T) {
	s := live(t, `t.on_beat(1, function(b) log(b) end) t.run("x", function() while true do t.sync(1) log("sync") end end)`)
	s.run(470 * time.Millisecond) // beat 1 has been run ahead
	s.setTimeline(beat.Timeline{Epoch: 2, Beat: 4 * beat.Beat, BPM: 120})
	s.run(1050 * time.Millisecond)
	s.wantLog("0.500 1", "0.500 sync", "1.000 6", "1.000 sync")
}

func TestSourcesWithNobodyWaitingAreForgotten(t *testing.T) {
	s := live(t, `t.run("x", function() t.sleep("2") t.on_deck_beat(1, function(b) log(b) end) end)`)
	s.setDeck(beat.Timeline{Epoch: 3, Beat: 342 * beat.Beat, BPM: 120})
	s.gen.Sources()
	s.run(2 * time.Second)
	s.setDeck(beat.Timeline{Epoch: 3, Beat: 342 * beat.Beat, BPM: 120})
	s.run(2600 * time.Millisecond)
	s.wantLog("2.500 347")
}

func TestThirdsDoNotDrift(t *testing.T) {
	s := live(t, `local n, last = 0 t.on_beat(1 / 3, function(b) n = n + 1 last = b end)
		t.run("end", function() t.sync(3000) t.sleep("0.01") log(n, last) end)`)
	s.run(1501 * time.Second)
	s.wantLog("1500.010 9000 3000")
}

func TestEndUnwindsEverything(t *testing.T) {
	s := live(t, `for i = 1, 20 do t.run("t" .. i, function() while true do pcall(function() t.sleep("10") end) end end) end`)
	s.run(time.Second)
	s.gen.End()
	if n := s.gen.Stats().Tasks; n != 0 {
		t.Errorf("%d tasks left", n)
	}
}

func TestRunawaysAreStopped(t *testing.T) {
	for name, body := range map[string]string{
		"loop":                `while true do end`,
		"loop in pcall":       `while true do pcall(function() while true do end end) end`,
		"loop in a coroutine": `coroutine.wrap(function() while true do end end)()`,
		"string growth":       `local s = "x" while true do s = s .. s end`,
		"huge repetition":     `local s = ("x"):rep(1e10)`,
		"table growth":        `local t = {} local i = 0 while true do i = i + 1 t[i] = { i } end`,
		"backtracking":        `string.find(string.rep("a", 40), string.rep("a*", 12) .. "b")`,
		"deep recursion":      `local function f() return 1 + f() end f()`,
	} {
		t.Run(name, func(t *testing.T) {
			s := live(t, `t.run("bad", function() `+body+" end)\nt.on_beat(1, function() log('next') end)", func(c *Config) { c.Memory = 64 << 20 })
			s.run(550 * time.Millisecond)
			if len(s.failures) != 1 || !strings.Contains(s.failures[0], "show.lua:1:") {
				t.Errorf("failures %q", s.failures)
			}
			s.wantLog("0.500 next")
		})
	}
}

func TestACallThatHangsIsAbandoned(t *testing.T) {
	s := live(t, `t.run("hang", function() t.hang() log("came back") end) t.on_beat(1, function() end)`, func(c *Config) {
		c.Guard, c.Grace = 20*time.Millisecond, 20*time.Millisecond
	})
	if _, err := s.gen.Step(0); !errors.Is(err, ErrStuck) {
		t.Fatalf("Step: %v", err)
	}
	s.gen.End() // leaves the goroutine alone
	close(s.unhang)
	s.gen.workers.Wait() // it ends by itself and touches nothing more
	s.wantLog()
	if len(s.failures) != 1 || !strings.Contains(s.failures[0], "show.lua:1") {
		t.Errorf("failures %q", s.failures)
	}
}

func TestErrorsNameFileLineAndTask(t *testing.T) {
	s := live(t, "\nlocal function inner() local x = nil return x.y end\nt.run('fail', function()\n t.sleep('0.1')\n inner()\nend)\nt.run('go', function() t.panic() end)")
	s.run(time.Second)
	if len(s.failures) != 2 {
		t.Fatalf("failures %q", s.failures)
	}
	if f := s.failures[1]; !strings.HasPrefix(f, "fail: show.lua:2:") || !strings.Contains(f, "show.lua:5:") {
		t.Errorf("failure %q", f)
	}
	if f := s.failures[0]; !strings.Contains(f, "a bug in a binding") {
		t.Errorf("failure %q", f)
	}
}

func TestTenFailuresDisableAHandler(t *testing.T) {
	s := live(t, `local n = 0 t.every("0.01", function() n = n + 1 log(n) error("no") end)`)
	s.run(time.Second)
	if len(s.log) != 10 || len(s.disabled) != 1 || !strings.Contains(s.disabled[0], "every show.lua:1 failed ten times in a row") {
		t.Errorf("%d calls, disabled %q", len(s.log), s.disabled)
	}
}

func TestOneHandlerOneBatch(t *testing.T) {
	s := live(t, `t.emit(1) t.emit(2) t.run("a", function() t.emit(3) t.emit(4) t.sleep("0.1") t.emit(5) end)`)
	s.run(time.Second)
	var got []string
	for _, b := range s.batches {
		got = append(got, fmt.Sprintf("%v %d", b.At, len(b.Commands)-1)) // besides the source
	}
	if fmt.Sprint(got) != "[0s 2 0s 2 100ms 1]" {
		t.Errorf("batches %v", got)
	}
}

func TestLatenessIsCounted(t *testing.T) {
	s := live(t, `t.after("0.5", function() t.emit(1) end)`)
	s.now = 700 * time.Millisecond
	s.gen.Step(s.now)
	if st := s.gen.Stats(); st.Late != 1 || st.MaxLate != 200*time.Millisecond || st.LateAt != "show.lua:1" {
		t.Errorf("stats %+v", st)
	}
}

func TestEvents(t *testing.T) {
	s := live(t, `t.on("x", function() log("one") t.sleep("0.1") log("later") end) t.on("x", function() log("two") end)`)
	s.now = 200 * time.Millisecond
	s.gen.Deliver(Event{Topic: "x", At: 190 * time.Millisecond})
	s.gen.Deliver(Event{Topic: "y"})
	s.run(time.Second)
	s.wantLog("0.190 one", "0.190 two", "0.290 later")
	if st := s.gen.Stats(); st.Late != 0 {
		t.Error("a reaction counted as late")
	}
}

func TestSpinningWithoutTimeIsAnError(t *testing.T) {
	s := live(t, `t.run("spin", function() while true do t.sleep("0") end end) t.on_beat(1, function() log("beat") end)`)
	s.run(600 * time.Millisecond)
	if len(s.failures) != 1 || !strings.Contains(s.failures[0], "without time passing") {
		t.Errorf("failures %v", s.failures)
	}
	s.wantLog("0.500 beat")
}

func TestRequire(t *testing.T) {
	files := map[string]string{
		"show.lua":      `local t = require "t" local m = require "lib.m" t.log(m.v, require("lib.m") == m, require("n")) t.log(pcall(require, "../secret")) t.log(pcall(require, "a"))`,
		"lib/m.lua":     `return { v = 42 }`,
		"n/init.lua":    `return "init"`,
		"a.lua":         `require "b"`,
		"b.lua":         `require "a"`,
		"../secret.lua": `return 1`,
	}
	s, err := newStand(t, files)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(s.log, "\n")
	for _, want := range []string{"42 true init", `no module "../secret"`, "a -> b -> a"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestAnEmptyFileIsNoReload(t *testing.T) {
	again := func(c *Config) { c.Number = 2 }
	if _, err := newStand(t, map[string]string{"show.lua": " -- nothing\n"}, again); err == nil || !strings.Contains(err.Error(), "the file is empty") {
		t.Errorf("reload: %v", err)
	}
	if _, err := newStand(t, map[string]string{"show.lua": ""}); err != nil {
		t.Errorf("first load: %v", err)
	}
}

func TestDeepRecursionHasALine(t *testing.T) {
	s := live(t, "\nt.run('deep', function() local function f() return f() + 1 end f() end)")
	s.run(time.Second)
	if len(s.failures) != 1 || !strings.HasPrefix(s.failures[0], "deep: show.lua:2: stack overflow") || strings.Contains(s.failures[0], "goroutine") {
		t.Errorf("failures %q", s.failures)
	}
}

func TestLoadErrors(t *testing.T) {
	for text, want := range map[string]string{
		"local x = = 1":          "show.lua:1:11: ",
		"for i = 1, 2 do":        "show.lua:1: ",
		"\nerror('no')":          "show.lua:2: no",
		"while true do end":      "show.lua:1: ran for more than 3 million instructions without waiting",
		"require 'bad'":          "bad.lua:1:",
		"local x = nil; x.y = 1": "show.lua:1: ",
	} {
		_, err := newStand(t, map[string]string{"show.lua": text, "bad.lua": "x x x"})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
		var f *Failure
		if !errors.As(err, &f) {
			t.Errorf("%q: %T", text, err)
		}
	}
}

func TestTwoRunsAreTheSame(t *testing.T) {
	text := `for i = 1, 20 do t.run("t" .. i, function() for k = 1, 5 do log(i, k, math.random(100)) t.sleep(tostring((i * 7 % 5) / 10)) end end) end`
	a, b := live(t, text), live(t, text)
	a.run(10 * time.Second)
	b.run(10 * time.Second)
	b.wantLog(a.log...)
	if len(a.log) != 100 {
		t.Errorf("%d lines", len(a.log))
	}
}

func TestInboxKeepsTheNewestOfAKey(t *testing.T) {
	b := NewInbox(3)
	for i := range 10 {
		b.Put(Event{Topic: "k", Key: "k", Value: i})
	}
	for i := range 5 {
		b.Put(Event{Topic: "x", Value: i})
	}
	got := b.Take(nil, 9)
	if len(got) != 3 || got[0].Value != 9 || b.Dropped() != 3 {
		t.Errorf("took %v, dropped %d", got, b.Dropped())
	}
}

// TestInboxKeepsTheRest: what a turn has no room for stays, under the same bounds, and
// the newest of a key in the place of the one before it.
func TestInboxKeepsTheRest(t *testing.T) {
	b := NewInbox(4)
	for i, key := range []string{"a", "b", "", ""} {
		b.Put(Event{Key: key, Value: i})
	}
	values := func(events []Event) string {
		var list []any
		for _, ev := range events {
			list = append(list, ev.Value)
		}
		return fmt.Sprint(list)
	}
	one := []Event{{Value: "waits"}}
	if got := values(b.Take(one, 2)); got != "[waits 0]" {
		t.Error(got)
	}
	b.Put(Event{Key: "a", Value: 4}) // the one before it is gone
	b.Put(Event{Key: "b", Value: 5})
	if b.Put(Event{Value: 6}) || b.Dropped() != 1 || b.Len() != 4 {
		t.Error("there is more room than the limit")
	}
	if got := values(b.Take(nil, 9)); got != "[5 2 3 4]" {
		t.Error(got)
	}
	for i, want := range []bool{true, true, false} {
		if b.Put(Event{From: "x", Value: i}) != want {
			t.Errorf("event %d of one source: room %v", i, !want)
		}
	}
	if b.Take(nil, 1); !b.Put(Event{From: "x"}) {
		t.Error("a source whose events were taken has no room")
	}
}
