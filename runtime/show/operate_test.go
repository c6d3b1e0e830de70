package show_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"showrun/runtime/show"
)

// TestOperate: what is asked is checked at once, and done in the next turn.
func TestOperate(t *testing.T) {
	h := newLab(t, "")
	h.lists = []show.List{{Name: "main", Cues: []show.Cue{{"1", ""}, {"2", ""}}}}
	h.load("") // a board of its own
	h.run(time.Second)
	for _, op := range []show.Operation{show.Go{}, show.Go{Cue: "2.0"}, show.Jump{Cue: "1", Over: time.Second}, show.Back{}, show.StopList{}} {
		if err := h.m.Operate(op); err != nil {
			t.Error(err)
		}
	}
	if err := h.m.Operate(show.Go{List: "mian"}); err == nil {
		t.Error("a list that there is not: no error")
	}
	h.run(2 * time.Second)
	want := "1.000 show.Go{main }, 1.000 show.Go{main 2}, 1.000 show.Jump{main 1 1s}, 1.000 show.Back{main}, 1.000 show.StopList{main}"
	if got := strings.Join(h.operated, ", "); got != want {
		t.Errorf("done %s\n want %s", got, want)
	}
}

// TestOperateLight: master and blackout scale what a script has set, and the board tells
// who else has moved them.
func TestOperateLight(t *testing.T) {
	h := newLab(t, `
local stage = require "stage"
stage.fixture{ name = "front", kind = "dimmer", at = one:slot(1) }:set(200)
clock.after(3, function() stage.master(51) end)`)
	level := func(at time.Duration, want byte) {
		t.Helper()
		h.run(at)
		if got := h.frames[len(h.frames)-1].value; got != want {
			t.Errorf("at %v level %d, want %d", at, got, want)
		}
	}
	level(time.Second, 200)
	h.m.Operate(show.Master{Level: 127.5, Over: time.Second})
	level(1500*time.Millisecond, 150)
	level(2*time.Second, 100)
	h.m.Operate(show.Blackout{On: true})
	level(2500*time.Millisecond, 0)
	if b := h.m.Board(); b.Master != 127.5 || !b.Blackout {
		t.Errorf("the board has master %v, blackout %v", b.Master, b.Blackout)
	}
	h.m.Operate(show.Blackout{})
	level(4*time.Second, 40)
	if b := h.m.Board(); b.Master != 51 || b.Blackout {
		t.Errorf("the board has master %v, blackout %v", b.Master, b.Blackout)
	}
}

// TestOperateInACrowd: more than the script can take is refused, and of one param the newest
// value is enough while it is behind.
func TestOperateInACrowd(t *testing.T) {
	h := newLab(t, `show.param{ "p", default = 0 }:on(function(v) mark("p", v) end) show.trigger("t")`)
	h.run(time.Second)
	for n := range 10_000 {
		if err := h.m.Operate(show.SetParam{Name: "p", Value: float64(n + 1)}); err != nil {
			t.Fatalf("%d: %v", n, err)
		}
	}
	var err error
	fired := 0
	for ; err == nil && fired < 10_000; fired++ {
		err = h.m.Operate(show.Fire{Name: "t"})
	}
	if err != show.ErrBusy {
		t.Errorf("%d triggers are taken: %v", fired, err)
	}
	h.run(2 * time.Second)
	if n := len(h.marks); n == 0 || n > 100 || fmt.Sprint(h.marks[n-1].args) != "[p 10000]" {
		t.Errorf("%d changes, the last %v", n, h.marks[n-1])
	}
}

// TestOperateInVain, as often as somebody can press: the log tells of some.
func TestOperateInVain(t *testing.T) {
	h := newLab(t, "")
	h.lists = []show.List{{Name: "main", Cues: []show.Cue{{"1", ""}}}}
	h.load("")
	for range 500 {
		h.m.Operate(show.Go{List: "main"})
	}
	h.lists = nil
	h.load("")
	h.run(time.Second)
	if n := strings.Count(h.log.String(), "not done: "); n == 0 || n > 20 {
		t.Errorf("the log tells it %d times", n)
	}
}

// TestOperateAfterReload: what was asked of a load that goes is done by the next one if that
// has it too.
func TestOperateAfterReload(t *testing.T) {
	h := newLab(t, "")
	h.lists = []show.List{{Name: "main", Cues: []show.Cue{{"1", ""}}}, {Name: "haze", Cues: []show.Cue{{"1", ""}}}}
	h.load("")
	h.m.Operate(show.Go{List: "main"})
	h.m.Operate(show.Go{List: "haze"})
	h.lists = h.lists[:1]
	h.load("")
	h.run(time.Second)
	if got := strings.Join(h.operated, ", "); got != "0.000 show.Go{main }" {
		t.Errorf("done %s", got)
	}
	if !strings.Contains(h.log.String(), `not done: no cue list is called \"haze\"; there are main`) {
		t.Errorf("log %s", h.log.String())
	}
}

// TestOperateAtTheEnd: nobody is told that something was done which nobody does any more.
func TestOperateAtTheEnd(t *testing.T) {
	h := newLab(t, `show.trigger("t") show.on("stop", function() clock.sleep(1) end)`)
	h.run(time.Second)
	if err := h.m.Operate(show.Fire{Name: "t"}); err != nil {
		t.Error(err)
	}
	h.m.End(h.clock.Now())
	if err := h.m.Operate(show.Fire{Name: "t"}); err != show.ErrEnded {
		t.Errorf("at the end: %v", err)
	}
}

// TestOperationsAreReplayed: a record repeats what people did, also over a reload.
func TestOperationsAreReplayed(t *testing.T) {
	const text = `
local p = show.param{ "level", default = 10, min = 0, max = 255 }
one:set(1, p:get())
p:on(function(v) one:set(1, v) end)
show.trigger("bump", function(by) one:fade(1, by or 0, 0.5) end)
show.at("mon 18:00", function() one:set(2, 60) end)`
	r := newRecording(1)
	r.cfg.World.Date = func(at time.Duration) time.Time { return time.Date(2024, 5, 6, 17, 59, 58, 0, time.UTC).Add(at) }
	r.begin()
	script := labPrelude0 + text
	r.swap(r.prepare(t, script, show.FirstAfter(nil, show.Carried{Params: map[string]any{"level": 77.0}})))
	r.run(time.Second)
	r.m.Operate(show.SetParam{Name: "level", Value: 200.0})
	r.run(time.Second)
	r.m.Operate(show.Fire{Name: "bump", Args: []any{99.0}})
	r.run(time.Second)
	state, _ := r.m.CopyState()
	r.m.Operate(show.SetParam{Name: "level", Value: 50.0})
	r.run(time.Second)
	r.swap(r.prepare(t, script, state))
	if p, _ := r.m.Board().Param("level"); p.Value != 50.0 {
		t.Errorf("what was set while the new version loaded is %v there", p.Value)
	}
	r.m.Operate(show.Master{Level: 100, Over: time.Second})
	r.run(2 * time.Second)
	live := r.end()
	if again := r.repeated(t); live != again || strings.Count(live, "0/1=200") != 1 || !strings.Contains(live, "0/1=77") || !strings.Contains(live, "0/1=50") || !strings.Contains(live, "2.000000 0/2=60") {
		t.Errorf("live\n%s\nagain\n%s", live, again)
	}
}

const labPrelude0 = `local show, one = require "show", require "signet".sender{}:universe(1) `
