package script

import (
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"showrun/runtime/beat"
)

// TestNothingComesBackForTheGoodbye: what has run for a beat that a jump then takes away
// does not wait for it again.
func TestNothingComesBackForTheGoodbye(t *testing.T) {
	s := live(t, `function look() log("look") end t.on("stop", function() t.sleep("2b") log("bye") end)`)
	s.gen.AtBeat("at_beat", beat.FromFloat(1), s.gen.L.GetGlobal("look").(*lua.LFunction), nil)
	s.run(480 * time.Millisecond)
	if err := s.gen.Goodbye(Event{Topic: "stop", At: s.now}); err != nil {
		t.Fatal(err)
	}
	s.setTimeline(beat.Timeline{Epoch: 2, Origin: s.now, BPM: 120})
	s.run(5 * time.Second)
	s.wantLog("0.500 look", "1.480 bye")
	if s.gen.Unfinished() {
		t.Error("it goes on")
	}
}
