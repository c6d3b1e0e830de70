package script

import (
	"fmt"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"showrun/runtime/engine"
)

// cast runs the global function of the script in a shadow, in a task at an instant, and
// writes what it would have emitted, as in "0.5:12".
func (s *stand) cast(at time.Duration, function string) string {
	s.t.Helper()
	var parts []string
	err := s.gen.Do("cast", at, func() {
		casts, err := s.gen.Shadow("shadow", nil, s.gen.L.GetGlobal(function).(*lua.LFunction), nil)
		for _, c := range casts {
			parts = append(parts, fmt.Sprintf("%g:%g", c.After.Seconds(), c.Command.(engine.Set).Value))
		}
		if err != nil {
			parts = append(parts, err.Error())
		}
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return strings.Join(parts, " ")
}

// TestShadows has functions do what they do in a shadow: nothing of it comes to pass, and it
// all has its instant.
func TestShadows(t *testing.T) {
	s := live(t, `
		function waits() t.emit(1) t.sleep(2) t.emit(2) t.sleep("1b") t.emit(3) t.sync(4) t.emit(4) print "said" end
		function begins() t.run("x", function() t.sleep(0.5) t.emit(1) t.run("y", function() t.emit(2) end) end) t.after(0.25, function() t.emit(3) end)
			t.every(0.1, function() t.emit(99) end) t.on_beat(1, function() t.emit(99) end) t.on("e", function() t.emit(99) end) t.emit(4) end
		function endless() local n = 0 while true do n = n + 1 t.emit(n % 7) t.sleep(0.01) end end
		function caught() while true do pcall(t.sleep, 1) end end
		function fans() for _ = 1, 1e6 do t.run("x", function() end) end end
		function fails() t.emit(1) error("no lamp") end
		function inside() t.emit(1) pcall(function() t.sleep(1) error("x") end) t.emit(2) local c = coroutine.wrap(function() t.sleep(1) t.emit(3) end) c() end
		function cancels() local x = t.run("x", function() t.emit(9) end) t.cancel(x) end
	`)
	for function, want := range map[string]string{
		"waits":   "0:1 2:2 2.5:3 4:4",
		"begins":  "0:4 0.25:3 0.5:1 0.5:2",
		"fails":   "0:1 shadow: show.lua:8: no lamp",
		"inside":  "0:1 1:2 2:3",
		"caught":  "",
		"fans":    "",
		"cancels": "",
	} {
		if got := s.cast(0, function); got != want {
			t.Errorf("%s: %s, want %s", function, got, want)
		}
	}
	if got := strings.Fields(s.cast(0, "endless")); len(got) != maxWaits+1 {
		t.Errorf("endless: %d commands", len(got))
	}
	s.run(10 * time.Second)
	s.gen.Deliver(Event{Topic: "e", At: s.now})
	if len(s.batches)+len(s.failures) > 0 || s.gen.Stats().Tasks > 0 {
		t.Errorf("came to pass: %v %v", s.batches, s.failures)
	}
}

// TestAShadowHasABudget ends the task that asks for one that computes for ever.
func TestAShadowHasABudget(t *testing.T) {
	s := live(t, `function spins() while true do end end`, func(c *Config) { c.Budget = 100_000 })
	s.cast(0, "spins")
	if len(s.failures) != 1 || !strings.Contains(s.failures[0], "without waiting") {
		t.Errorf("failures %q", s.failures)
	}
	if got := s.cast(0, "spins"); got != "" || len(s.failures) != 2 {
		t.Errorf("%q, failures %q", got, s.failures)
	}
}

// TestAScopeEndsWhatCameOfIt cancels the tasks and handlers that a function has begun, and
// filters what they emit.
func TestAScopeEndsWhatCameOfIt(t *testing.T) {
	s := live(t, `
		function begins() t.run("x", function() while true do t.sleep(1) t.emit(1) t.emit(2) end end)
			t.every(1, function() t.emit(3) end) t.on("e", function() t.emit(4) end) end
		t.every(1, function() t.emit(5) end)
	`)
	scope := &Scope{Keep: func(c engine.Command) bool { return c.(engine.Set).Value != 2 }}
	s.gen.Do("begin", 0, func() {
		s.gen.Within(scope, func() { s.gen.Run("begins", s.gen.L.GetGlobal("begins").(*lua.LFunction), nil) })
		s.gen.Emit(engine.Set{Value: 2}) // not of the scope
	})
	emitted := func() string {
		var parts []string
		for _, b := range s.batches {
			for _, c := range b.Commands {
				if set, ok := c.(engine.Set); ok {
					parts = append(parts, fmt.Sprintf("%g:%g", b.At.Seconds(), set.Value))
				}
			}
		}
		s.batches = nil
		return strings.Join(parts, " ")
	}
	s.run(1500 * time.Millisecond)
	s.gen.Deliver(Event{Topic: "e", At: s.now})
	if got, want := emitted(), "0:2 1:5 1:3 1:1 1.5:4"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	s.gen.Do("end", s.now, func() { s.gen.EndScope(scope) })
	s.gen.Deliver(Event{Topic: "e", At: s.now})
	s.run(3500 * time.Millisecond)
	if got, want := emitted(), "2:5 3:5"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
