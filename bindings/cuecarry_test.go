package bindings

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"strings"
	"testing"
	"time"

	"showrun/runtime/show"
)

// TestListsGoOnAfterACrash has another process take up where lists stood, by their numbers.
func TestListsGoOnAfterACrash(t *testing.T) {
	text := prelude + cues + `
local other = cue.list{ name = "other" }
list:cue{ 1, look = { dim = 100 }, fade = 4, follow = 5 }
list:cue{ 2, look = { dim = 50 } }
other:cue{ 7, "Fan", go = function() wash:set{ red = 1 } clock.sleep(3) wash:set{ red = 200 } end }
list:on("go", function(c) print("go", c) end)
other:on("go", function(c) print("other", c) end)
show.on("start", function() if not list.current then list:go() other:go() end print(list.current, list.next, other.current, other.next) end)
`
	s := newStand(t)
	if err := s.load(map[string]string{"show.lua": text}); err != nil {
		t.Fatal(err)
	}
	s.run(2 * time.Second)
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(s.show.Carry().Lists); err != nil {
		t.Fatal(err)
	}
	var left show.Carried
	if err := gob.NewDecoder(&b).Decode(&left.Lists); err != nil {
		t.Fatal(err)
	}
	resume := func(text string) *stand {
		t.Helper()
		s := newStandOf(t, "show.lua", func(scene show.Scene) show.Bindings {
			scene.Carried = left
			return New(scene)
		}, lookahead)
		if err := s.load(map[string]string{"show.lua": text}); err != nil {
			t.Fatal(err)
		}
		return s
	}
	again := resume(text)
	again.wantLevels("2.9s 1=193") // what the function had still to do comes in the time it had
	again.wantLevels("4.9s 1=200")
	again.wantLevels("5.1s 4=50")
	again.wantLog("0.000 cue 1	cue 2	cue 7 Fan	nil", "5.000 go	cue 2")
	again.wantFailures()
	other := resume(strings.Replace(text, "list:cue{ 1,", "list:cue{ 1.5,", 1))
	other.run(6 * time.Second)
	other.wantLog(`0.000 ERROR cue list "main": cue 1 is gone, at which it was; it stands before its first cue now; its follow is off`,
		"0.000 cue 1.5	cue 2	cue 7 Fan	nil", "0.000 go	cue 1.5", "5.000 go	cue 2")
}

// TestOperatorsOfLists presses the buttons of people.
func TestOperatorsOfLists(t *testing.T) {
	s := live(t, cues+`
list:cue{ 1, "One", look = { dim = 10 }, fade = 2, follow = 5 }
list:cue{ 2.5, look = { dim = 20 }, wait = 3 }
list:cue{ 10, "Ten", look = { dim = 30 } }
`)
	do := func(op show.Operation) (err error) {
		s.show.G.Do("test", s.now(), func() { err = s.show.Operate(op) })
		return err
	}
	board := func() string {
		v := s.show.list("main").View()
		return fmt.Sprintf("%s>%s %v %s %v-%v", v.Current, v.Next, v.Pending.Kind, v.Pending.Cue, v.From, v.To)
	}
	want := func(at time.Duration, board0 string) {
		t.Helper()
		s.run(at)
		if got := board(); got != board0 {
			t.Errorf("at %v: %s, want %s", at, got, board0)
		}
	}
	want(time.Second, ">1   0s-0s")
	do(show.Go{List: "main"})
	want(2*time.Second, "1>2.5 follow 2.5 1s-3s")
	do(show.Go{List: "main"})
	want(3*time.Second, "1>2.5 wait 2.5 1s-3s")
	do(show.StopList{List: "main"})
	want(6*time.Second, "1>2.5   1s-3s")
	do(show.Jump{List: "main", Cue: "10", Over: time.Second})
	want(7*time.Second, "10>   6s-7s")
	if err := do(show.Go{List: "main"}); err == nil || err.Error() != "list main is at its end" {
		t.Error(err)
	}
	do(show.Back{List: "main"})
	want(8*time.Second, "2.5>10   7s-7s")
	do(show.Go{List: "main", Cue: "1"})
	s.wantLevels("10.1s 4=10")
	if v := s.show.list("main").View(); len(v.Cues) != 3 || v.Cues[2] != (show.Cue{Number: "10", Label: "Ten"}) {
		t.Errorf("cues %v", v.Cues)
	}
	s.wantFailures()
}

// TestWavesInLooks has waves begin in functions: they go on in a look, and end with it.
func TestWavesInLooks(t *testing.T) {
	s := live(t, cues+`
list:cue{ 1, look = { wash = { red = 10 } } }
list:cue{ 2, go = function() wash:wave{ channels = { "red" }, shape = "square", period = 2, from = 50, to = 100 } end }
list:cue{ 3, look = { dim = 5 } }
list:cue{ 4, go = function() stage.master(100) stage.blackout(true) end }
at(1, function() list:jump(3, 0) end)
at(4, function() list:jump(1, 0) end)
at(5, function() list:jump(4, 0) end)
at(6, function() list:jump(3, 0) end)
`)
	s.wantLevels("1.5s 1=100 4=5")
	s.wantLevels("2.5s 1=50 4=5")
	s.wantLevels("4.5s 1=10 4=0")
	s.wantLevels("5.5s 1=0 4=0")
	s.wantLevels("6.5s 1=100 4=5")
	s.wantFailures()
}

// TestAListIsGone, or has another name: the report tells where it was.
func TestAListIsGone(t *testing.T) {
	const lists = `local start = { "main", "haze", "rest" }
for _, name in ipairs(start) do
  if keep[name] then
    local l = name == "main" and list or cue.list{ name = name }
    l:cue{ 1, look = { dim = 10 }, follow = 5 } l:cue{ 2 }
    if show.generation == 1 and name ~= "rest" then at(0.5, function() l:go() end) end
  end
end`
	s := live(t, cues+`local keep = { main = true, haze = true, rest = true }
`+lists)
	s.run(time.Second)
	s.reload(cues + `local keep = { main = true }
` + lists)
	s.run(7 * time.Second)
	if got := s.show.list("main").View().Current; got != "2" {
		t.Errorf("the other list is at %q", got)
	}
	s.wantLog(`1.000 ERROR cue list "haze" is gone, which was at cue 1; its follow is off; the rest is kept`)
	s.wantFailures()
}
