package script

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"showrun/runtime/beat"
)

func TestATurnIsCounted(t *testing.T) {
	s := live(t, `for i = 1, 600 do t.after("0.1", function() log(i) end) end`)
	var runs []int
	for more := true; more; {
		var err error
		if more, err = s.gen.Step(100 * time.Millisecond); err != nil {
			t.Fatal(err)
		}
		runs = append(runs, len(s.log))
	}
	if fmt.Sprint(runs) != fmt.Sprint([]int{TurnEntries, 2 * TurnEntries, 600}) {
		t.Errorf("after each turn %v had run", runs)
	}
	if more, _ := s.gen.Step(100 * time.Millisecond); more {
		t.Error("more to do when all is done")
	}
}

func TestATurnEndsAfterWhatTakesLong(t *testing.T) {
	s := live(t, `for i = 1, 6 do t.after("0.1", function()
		if i < 3 then for _ = 1, 2e5 do end elseif i < 5 then while true do end end
		log(i)
	end) end`, func(c *Config) { c.Budget = 500_000 })
	var runs []int
	for more := true; more; {
		more, _ = s.gen.Step(100 * time.Millisecond)
		runs = append(runs, len(s.log)+len(s.failures))
	}
	if fmt.Sprint(runs) != "[3 4 6]" {
		t.Errorf("after each turn %v had run", runs)
	}
}

func TestAChainWithoutTimeKeepsNobodyFromTheTurn(t *testing.T) {
	for name, chain := range map[string]string{
		"after": `local function again() t.after("0", again) end again()`,
		"run":   `local function again() t.run("x", again) end again()`,
		"fan":   `local function again() for i = 1, 2 do t.after("0", again) end end again()`,
		"both":  `local function again() t.run("x", function() t.after("0", again) end) end again()`,
	} {
		t.Run(name, func(t *testing.T) {
			s := live(t, chain+` t.on("x", function() log("event") end) t.on_beat(1, function() log("beat") end)`)
			s.now = 460 * time.Millisecond
			more, err := s.gen.Step(s.now)
			if !more || err != nil {
				t.Fatalf("more %v, %v", more, err)
			}
			s.gen.Deliver(Event{Topic: "x", At: s.now})
			s.wantLog("0.460 event")
			for turns := 0; more && turns < 2000; turns++ {
				if more, err = s.gen.Step(s.now); err != nil {
					t.Fatal(err)
				}
			}
			s.wantLog("0.460 event", "0.500 beat")
			if len(s.failures) == 0 || !strings.Contains(s.failures[0], "without time passing") {
				t.Errorf("failures %.300q", s.failures)
			}
		})
	}
}

func TestTasksAreBounded(t *testing.T) {
	s := live(t, `t.run("many", function()
		local n = 0
		print(pcall(function() while true do t.run("x", function() t.sleep("10") end) n = n + 1 end end))
		log(n, select(2, pcall(function() t.run("x", print) end)))
	end)`)
	s.run(100 * time.Millisecond)
	s.wantLog(fmt.Sprintf("0.000 %d show.lua:4: clock.run: %d tasks are unfinished, and more than that is not possible; let some of them end", MaxTasks-1, MaxTasks))
}

func TestStoppedTwiceInARowIsDisabled(t *testing.T) {
	s := live(t, `local n = 0
		t.every("0.1", function() n = n + 1 log(n) if n ~= 2 then while true do end end end)
		t.every("0.1", function() error("often") end)`, func(c *Config) { c.Budget = 10_000 })
	s.run(800 * time.Millisecond)
	s.wantLog("0.100 1", "0.200 2", "0.300 3", "0.400 4")
	if len(s.disabled) != 1 || !strings.HasPrefix(s.disabled[0], "every show.lua:2 had to be stopped twice in a row and is not called again until the next reload; let it do less") {
		t.Errorf("disabled %q", s.disabled)
	}
	if !strings.Contains(s.failures[0], "show.lua:2: ran for more than 10000 instructions without waiting") {
		t.Errorf("failures %q", s.failures)
	}
}

func TestStepsOfTheLibraryCount(t *testing.T) {
	s := live(t, `t.run("x", function() for i = 1, 1000 do (("a"):rep(1000)):find("b") end log("done") end)
		t.run("y", function() while true do (("a"):rep(10000)):find(".-b") end end)`, func(c *Config) { c.Budget = 1e6 })
	s.run(time.Second)
	s.wantLog("0.000 done")
	if len(s.failures) != 1 || !strings.Contains(s.failures[0], "1 million instructions") {
		t.Errorf("failures %q", s.failures)
	}
}

func TestEveryLosesOnlyWhatIsPast(t *testing.T) {
	s := live(t, `t.every("10", function() log("tick") end)`)
	s.gen.Step(0)
	s.now = 11500 * time.Millisecond // the first one comes 1.5 s late
	s.gen.Step(s.now)
	s.run(31 * time.Second)
	s.wantLog("10.000 tick", "20.000 tick", "30.000 tick")
	if n := s.gen.Stats().Skipped; n != 0 {
		t.Errorf("%d skipped", n)
	}
	s = live(t, `t.every("1", function() log("tick") end)`)
	s.gen.Step(0)
	s.now = 4500 * time.Millisecond
	s.gen.Step(s.now)
	s.run(6 * time.Second)
	s.wantLog("1.000 tick", "5.000 tick", "6.000 tick")
	if n := s.gen.Stats().Skipped; n != 3 {
		t.Errorf("%d skipped", n)
	}
	s = live(t, `t.on_beat(1, function(b) log(b) end)`) // every 0.5 s
	s.gen.Step(0)
	s.now = 3100 * time.Millisecond
	s.gen.Step(s.now)
	s.run(3600 * time.Millisecond)
	s.wantLog("0.500 1", "3.500 7")
	if n := s.gen.Stats().Skipped; n != 5 {
		t.Errorf("%d beats skipped", n)
	}
	s = live(t, `t.on_beat(10, function(b) log(b) end)`) // every 5 s
	s.gen.Step(0)
	s.now = 6500 * time.Millisecond
	s.gen.Step(s.now)
	s.run(11 * time.Second)
	s.wantLog("5.000 10", "10.000 20")
	if n := s.gen.Stats().Skipped; n != 0 {
		t.Errorf("%d skipped", n)
	}
}

func TestDetachedEndsAside(t *testing.T) {
	s := live(t, `for i = 1, 9000 do t.run("x", function() pcall(t.sleep, "10") t.emit(1) log("went on") end) end t.on_beat(1, function() log("beat") end)`)
	for more := true; more; {
		more, _ = s.gen.Step(0)
	}
	s.gen.Detach()
	if more, err := s.gen.Step(20 * time.Second); more || err != nil {
		t.Errorf("a detached generation steps: %v, %v", more, err)
	}
	s.gen.Deliver(Event{Topic: "x"})
	ended := make(chan struct{})
	go func() { s.gen.End(); close(ended) }()
	next := live(t, `t.on_beat(1, function(b) log(b) end)`)
	next.run(600 * time.Millisecond)
	next.wantLog("0.500 1")
	<-ended
	s.wantLog()
	if n := s.gen.Stats().Tasks; n != 0 || len(s.batches) != 0 {
		t.Errorf("%d tasks left, %d batches", n, len(s.batches))
	}
}

// endless takes the compiler many times longer than the tests that give it up.
func endless() string { return strings.Repeat("x = a"+strings.Repeat("+a", 450)+"\n", 80) }

// awaitCompilers waits for what was given up to come to its end.
func awaitCompilers() {
	for range cap(compilers) {
		compilers <- struct{}{}
	}
	for range cap(compilers) {
		<-compilers
	}
}

func TestCompilingIsGivenUp(t *testing.T) {
	defer awaitCompilers()
	var files = fstest.MapFS{"show.lua": {Data: []byte(endless())}}
	why := errors.New("the show ends")
	ctx, cancel := context.WithCancelCause(t.Context())
	loaded := make(chan error)
	go func() {
		_, err := Load(ctx, Config{Show: files, Main: "show.lua", Plan: straight(beat.Timeline{Epoch: 1, BPM: 120}), Stopwatch: func() time.Duration { return 0 }})
		loaded <- err
	}()
	for len(compilers) == 0 {
		runtime.Gosched()
	}
	cancel(why)
	err := <-loaded
	if err == nil || err.Error() != "show.lua: the show ends" {
		t.Errorf("Load: %v", err)
	}
}

// stopsWhileCompiling runs a show of which a task compiles something for too long, in a line,
// and another thing is due after 0.1 s.
func stopsWhileCompiling(t *testing.T, line string, files map[string]string) {
	t.Helper()
	defer awaitCompilers()
	s, err := newStand(t, files, func(c *Config) { c.Guard = 20 * time.Millisecond })
	if err != nil {
		t.Fatal(err)
	}
	s.gen.Start(0)
	s.run(time.Second)
	s.wantLog("0.100 after")
	if len(s.failures) != 1 || !strings.Contains(s.failures[0], line+": ran for more than 20ms") {
		t.Errorf("failures %q", s.failures)
	}
}

func TestAModuleThatCompilesTooLongStopsItsTask(t *testing.T) {
	stopsWhileCompiling(t, "show.lua:1", map[string]string{
		"show.lua": `local t = require "t" t.run("x", function() pcall(require, "long") t.log("never") end) t.after("0.1", function() t.log("after") end)`,
		"long.lua": endless(),
	})
}

func TestATextThatCompilesTooLongStopsItsTask(t *testing.T) {
	stopsWhileCompiling(t, "show.lua:2", map[string]string{
		"show.lua": `local t = require "t"
t.run("x", function() pcall(loadstring, ("x = a" .. ("+a"):rep(450) .. "\n"):rep(80)) t.log("never") end) t.after("0.1", function() t.log("after") end)`,
	})
}
