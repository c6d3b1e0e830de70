package script

import (
	"fmt"
	"testing"
	"time"
)

// TestTimes: what runs is counted by its name and line, a wait apart, and of names that
// scripts make up without end only so many are told apart.
func TestTimes(t *testing.T) {
	s := live(t, `t.every("1", function() t.log("tick") end)
		t.run("walker", function() for i = 1, 3 do t.sleep("1") end end)
		t.on("x", function() local n = 0 for i = 1, 1e5 do n = n + i end end)
		t.on("many", function() for i = 1, 400 do t.run("made up " .. i, function() t.log(i) end) end end)`)
	s.run(3500 * time.Millisecond)
	s.gen.Deliver(Event{Topic: "x", At: s.now})
	runs, worst := map[string]uint64{}, map[string]time.Duration{}
	list := s.gen.Times().List()
	for _, x := range list {
		runs[x.Name], worst[x.Name] = x.Runs, x.Worst
		if x.Worst > x.Total || x.Total < 0 {
			t.Errorf("%+v", x)
		}
	}
	if fmt.Sprint(runs) != "map[every show.lua:1:3 on show.lua:3:1 walker show.lua:2:4]" || worst["on show.lua:3"] <= 0 {
		t.Errorf("%v %v", runs, worst)
	}
	s.gen.Deliver(Event{Topic: "many", At: s.now})
	s.run(4 * time.Second)
	list = s.gen.Times().List()
	last := list[len(list)-1]
	if len(list) != maxTimed+1 || last.Name != timedRest || last.Runs != 400-(maxTimed-4) {
		t.Errorf("%d, the last %+v", len(list), last)
	}
}

// TestReplayTakesNoTimes: what a stopwatch says must not matter there.
func TestReplayTakesNoTimes(t *testing.T) {
	s := live(t, `t.every("1", function() end)`, func(c *Config) { c.Oracle = Replay(nil) })
	s.run(2 * time.Second)
	if list := s.gen.Times().List(); list != nil {
		t.Error(list)
	}
}

// BenchmarkTimes is what it costs a run of a handler to be counted.
func BenchmarkTimes(b *testing.B) {
	var x timed
	b.ReportAllocs()
	for n := time.Duration(0); b.Loop(); n++ {
		x.add(n % 1000)
	}
}
