package bindings

import (
	"strings"
	"testing"
	"time"

	"showrun/runtime/show"
)

// cues stands before the cue lists of tests: a wash, two heads, and a list.
const cues = `
local cue = require "cue"
local wash = stage.fixture{ name = "wash", kind = "rgb", at = one:slot(1) }
local dim = stage.fixture{ name = "dim", kind = "dimmer", at = one:slot(4) }
local head = stage.fixture{ name = "head", channels = { "dimmer", "pan", "zoom" }, at = one:slot(5) }
local spots = stage.group{ name = "spots", dim, head }
local list = cue.list{ name = "main" }
local function at(t, f) clock.after(t, f) end
`

func TestCuesFollowOneAnother(t *testing.T) {
	s := live(t, cues+`
list:cue{ 1, "Preset", look = { [dim] = 100 }, fade = 2 }
list:cue{ 2, "Dark", look = { spots = 0, [wash] = { red = 200 } }, fade = { up = 1, down = 2 }, follow = 3 }
list:cue{ 3, look = { head = { dimmer = 255, pan = 90 } }, wait = 0.5, hang = -1, fade = 2 }
list:cue{ 4, go = function() dim:fade(50, 1) clock.sleep(2) wash:set{ blue = 9 } end }
list:on("go", function(c) print("go", c.number, c.label) end)
list:on("done", function(c) print("done", c) end)
at(1, function() list:go() end)
at(4, function() list:go() end)
`)
	s.wantLevels("2s 4=50")
	s.wantLevels("3s 4=100")
	s.wantLevels("5s 4=50 1=200")
	s.wantLevels("6s 4=0")
	s.wantLevels("7.4s 5=0 6=0")
	s.wantLevels("8.5s 5=128 6=45")
	s.wantLevels("9.5s 5=255 6=90 4=50")
	s.wantLevels("11s 4=50 3=9")
	s.wantLog("1.000 go	1	Preset", "3.000 done	cue 1 Preset", "4.000 go	2	Dark", "6.000 done	cue 2 Dark",
		"7.500 go	3	nil", "8.500 go	4	nil", "10.500 done	cue 4")
	s.run(20 * time.Second)
	s.wantFailures()
}

// TestAReloadKeepsAList saves the file in the middle of a fade, a follow, a hang and a wait,
// and in the middle of a function.
func TestAReloadKeepsAList(t *testing.T) {
	text := cues + `
list:cue{ 1, look = { dim = 200 }, fade = 4, follow = 5 }
list:cue{ 2, look = { dim = 100 }, fade = 2, hang = 1 }
list:cue{ 3, look = { dim = 0 }, wait = 2 }
list:cue{ 4, go = function() dim:fade(80, 2) clock.sleep(3) wash:set(9) end }
list:on("go", function(c) print("go", c.number, show.generation) end)
show.on("start", function() list:go() end)
`
	s := newStand(t)
	if err := s.load(map[string]string{"show.lua": prelude + text}); err != nil {
		t.Fatal(err)
	}
	s.wantLevels("2s 4=100")
	s.reload(text)
	s.wantLevels("3s 4=150") // the fade goes on
	s.run(4500 * time.Millisecond)
	s.reload(text)
	s.wantLevels("6s 4=150") // the follow has come at 5 s
	s.reload(text)
	s.run(9 * time.Second) // the hang came at 8 s, the wait is until 10 s
	s.reload(text)
	s.wantLevels("9.9s 4=100")
	s.wantLevels("10.1s 4=0")
	s.show.G.Do("test", s.now(), func() { s.show.list("main").Operate(show.Go{List: "main"}) })
	s.wantLevels("11s 4=36")
	s.reload(text)
	s.wantLevels("14s 1=9 2=9 3=9 4=80")
	s.wantLog("0.000 go	1	1", "5.000 go	2	3", "10.000 go	3	5", "10.100 go	4	5")
	s.wantFailures()
}

// TestAReloadBringsWhatWasEdited changes the look of the current cue, one before and one
// to come.
func TestAReloadBringsWhatWasEdited(t *testing.T) {
	first := cues + `
list:cue{ 1, look = { wash = { red = 10, green = 10 } } }
list:cue{ 2, look = { wash = { green = 20 }, dim = 20 } }
list:cue{ 3, look = { wash = { blue = 30 } } }
show.on("start", function() list:go() clock.after(1, function() list:go() end) end)
`
	s := newStand(t)
	if err := s.load(map[string]string{"show.lua": prelude + first}); err != nil {
		t.Fatal(err)
	}
	s.wantLevels("2s 1=10 2=20 3=0 4=20")
	second := strings.NewReplacer("red = 10, green = 10", "red = 11, green = 12", "dim = 20", "dim = 22", "blue = 30", "blue = 33").Replace(first)
	s.reload(second)
	s.wantLevels("3s 1=11 2=20 3=0 4=22")
	s.reload(strings.Replace(second, "list:cue{ 2,", "list:cue{ 2.5,", 1))
	s.wantLevels("4s 1=11 2=20 3=0 4=22")
	s.wantLog(`3.000 ERROR cue list "main": cue 2 is gone, at which it was; it stands at cue 1 now; the rest is kept`)
}

// TestFunctionsOfCues has functions that come late, fade as the cue says, call for other
// cues, and end with a jump.
func TestFunctionsOfCues(t *testing.T) {
	s := live(t, cues+`
list:cue{ 1, fade = { up = 2, down = 4 }, go = function(c) print(c.number) dim:fade(200) clock.sleep(3) dim:fade(10) wash:set(50) end }
list:cue{ 2, look = { dim = 100 }, fade = 1 }
list:cue{ 3, go = function() clock.every(0.5, function() print "tick" end) clock.run(function() while true do clock.sleep(1) dim:set(77) end end) end }
list:cue{ 4, go = function() list:jump(1, 0) clock.sleep(1) print("after") end }
at(1, function() list:go() end)
at(2, function() list:go() end)
at(6, function() list:go() end)
at(8.2, function() list:go() end)
`)
	s.wantLevels("2s 4=100")
	s.wantLevels("3s 4=100")
	s.wantLevels("5s 4=100 1=50") // too late for the dimmer, which cue 2 has
	s.wantLevels("7.5s 4=77")
	s.wantLevels("8.5s 4=10 1=50")
	s.wantLevels("12s 4=10 1=50")
	s.wantLog("1.000 1", "6.500 tick", "7.000 tick", "7.500 tick", "8.000 tick", "9.200 after")
	s.wantFailures()
}

// TestLooksAreComputed asks for looks without sending, also of functions: they wait in no
// time, order nothing and say nothing.
func TestLooksAreComputed(t *testing.T) {
	s := live(t, cues+`
local crane = require "theater".motion{}
list:cue{ 1, look = { wash = { red = 10 }, spots = 100 } }
list:cue{ 2, look = { dim = 0 }, cue_only = true, go = function() print "called" wash:fade({ green = 7 }, 3) clock.sleep(60)
  crane:spline("x", { 1, 2, 3 }) wash:wave{ channels = { "blue" }, period = 1 } while true do clock.sync(1) head:set{ zoom = 5 } end end }
list:cue{ 3, go = function() stage.blackout(true) clock.wait(list) wash:set{ red = 1 } clock.set_tempo(60) list:go() end }
local function text(n)
  local look = list:look(n)
  local function of(f, ...) local t = {} for i, c in ipairs{ ... } do t[i] = tostring((look[f] or {})[c]) end return table.concat(t, " ") end
  return of(wash, "red", "green", "blue") .. " | " .. of(dim, "dimmer") .. " | " .. of(head, "dimmer", "zoom")
end
at(1, function() for n = 1, 3 do print(text(n)) end print(clock.tempo(), list.current, list.next) end)
`)
	s.wantLevels("2s 1=0 4=0 5=0")
	s.wantLog("1.000 10 nil nil | 100 | 100 nil", "1.000 10 7 nil | 0 | 100 5", "1.000 1 nil nil | 100 | 100 nil", "1.000 120	nil	cue 1")
	s.wantFailures()
	if len(s.orders) > 0 {
		t.Errorf("orders %v", s.orders)
	}
}

// TestMovingInTheDark puts a head in place when its light is out.
func TestMovingInTheDark(t *testing.T) {
	s := live(t, cues+`
list:cue{ 1, look = { head = { dimmer = 255, pan = 10 } } }
list:cue{ 2, look = { head = 0 }, fade = 2 }
list:cue{ 3, look = { head = { dimmer = 255, pan = 90, zoom = 40 } }, fade = 4, mark = true }
for i = 1, 3 do at(3 * i, function() list:go() end) end
`)
	s.wantLevels("7.9s 5=13 6=10 7=0")
	s.wantLevels("8.1s 5=0 6=90 7=40")
	s.wantLevels("11s 5=128 6=90 7=40")
	s.wantFailures()
}

// TestListsDoNotDisturbOneAnother has two lists, of which each moves what it names.
func TestListsDoNotDisturbOneAnother(t *testing.T) {
	s := live(t, cues+`
local other = cue.list{ name = "other" }
list:cue{ 1, look = { dim = 100, wash = 10 } }
list:cue{ 2, look = { head = 50 } }
list:cue{ 3, look = { head = 60 }, block = true }
other:cue{ 1, look = { dim = 200 } }
other:cue{ 2, look = { dim = 210 } }
at(1, function() list:go() end)
at(2, function() other:go() end)
at(3, function() list:go() end)
at(4, function() list:go() end)
at(5, function() other:jump(2) end)
at(6, function() list:jump(1) end)
`)
	s.wantLevels("2.5s 4=200 1=10")
	s.wantLevels("3.5s 4=200 1=10 5=50")
	s.wantLevels("4.5s 4=100 1=10 5=60")
	s.wantLevels("5.5s 4=210 1=10 5=60")
	s.wantLevels("6.5s 4=100 1=10 5=0")
	s.wantFailures()
}

// TestWaitingForCues waits for events of a list.
func TestWaitingForCues(t *testing.T) {
	s := live(t, cues+`
list:cue{ 1, look = { dim = 1 }, fade = 1 }
list:cue{ 2, look = { dim = 2 } }
clock.run(function() print("go", clock.wait(list)) print("done", clock.wait(list, "done")) print("stop", clock.wait(list, "stop")) print(list.current, list.next) end)
at(1, function() list:go() end)
at(3, function() list:stop() end)
at(4, function() list:go(2) print(list.current == list[2], #list, list.next) list:back() print(list.current) list:reset() print(list.current, list.next) end)
`)
	s.run(5 * time.Second)
	s.wantLog("1.000 go	cue 1", "2.000 done	cue 1", "3.000 stop	cue 1", "3.000 cue 1	cue 2",
		"4.000 true	2	nil", "4.000 cue 1", "4.000 nil	cue 1")
	s.wantFailures()
}
