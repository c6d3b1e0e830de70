package bindings

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// cueMistakes are what authors of cues write, and what they are told.
var cueMistakes = []struct{ call, want string }{
	{`cue.list("main")`, `cue.list: the options must be a table such as { name = … }, got "main"`},
	{`cue.list{}`, `cue.list: there is a cue list called "main" already; give each list a name, as in cue.list{ name = "sound" }`},
	{`cue.list{ name = "main" }`, `cue.list: there is a cue list called "main" already`},
	{`cue.list{ nam = "x" }`, `cue.list: unknown option 'nam' (did you mean 'name'?)`},
	{`cue.list{ name = 5 }`, `cue.list: name must be a string, got 5`},
	{`cue.list{ name = "x", timecode = net }`, `cue.list: timecode must be a source such as signet.receiver{}:timecode(1), got a signet.sender`},
	{`cue.list{ name = "x", timecode = net:timecode(1) }`, `cue.list: timecode must be a source such as signet.receiver{}:timecode(1), got a signet.timecode`},
	{`cue.lists{}`, `cue has no 'lists' (did you mean 'list'?)`},
	{`list:cue(1, "Preset")`, `cue.list:cue: the cue must be a table such as { 1, "Preset", look = { … } }, got 1`},
	{`list:cue{}`, `cue.list:cue: the number of the cue must be a number, which comes first, as in { 1, "Preset" }, got nil`},
	{`list:cue{ "1", "Preset" }`, `cue.list:cue: the number of the cue must be a number, which comes first, as in { 1, "Preset" }, got "1"; a number stands without quotes`},
	{`list:cue{ "Preset", 1 }`, `cue.list:cue: the number of the cue must be a number, which comes first, as in { 1, "Preset" }, got "Preset"`},
	{`list:cue{ -1 }`, `cue.list:cue: the number of the cue must be 0 to 999999, with at most three decimals, got -1`},
	{`list:cue{ 0/0 }`, `cue.list:cue: the number of the cue must be 0 to 999999, with at most three decimals, got NaN`},
	{`list:cue{ 1.00001 }`, `cue.list:cue: the number of the cue must be 0 to 999999, with at most three decimals, got 1.00001`},
	{`list:cue{ 1, 2 }`, `cue.list:cue: the label must be a string, got 2`},
	{`list:cue{ 1, "a", "b" }`, `cue.list:cue: a cue is { number, "label", … }, got 3 values without a name`},
	{`list:cue{ 5 } list:cue{ 5, "Storm" }`, `cue.list:cue: there is a cue 5 already, at show.lua:11`},
	{`list:cue{ 5, "Storm" } list:cue{ 5.0 }`, `cue.list:cue: there is a cue 5 Storm already, at show.lua:11`},
	{`list:cue{ 1, folow = 2 }`, `cue.list:cue: unknown option 'folow' (did you mean 'follow'?)`},
	{`list:cue{ 1, Fade = 2 }`, `cue.list:cue: unknown option 'Fade' (did you mean 'fade'?)`},
	{`list:cue{ 1, delay = 2 }`, `cue.list:cue: unknown option 'delay' (did you mean 'wait'?)`},
	{`list:cue{ 1, cueonly = true }`, `cue.list:cue: unknown option 'cueonly' (did you mean 'cue_only'?)`},
	{`list:cue{ 1, time = 2 }`, `cue.list:cue: unknown option 'time' (did you mean 'fade'?)`},
	{`list:cue{ number = 1 }`, `cue.list:cue: the number and the label of a cue stand without names, as in { 1, "Preset" }`},
	{`list:cue{ 1, wait = -1 }`, `cue.list:cue: cue 1: wait must be ` + duration + `, got -1`},
	{`list:cue{ 1, wait = "1" }`, `cue.list:cue: cue 1: wait must be ` + duration + `, got "1": a unit is missing: ms, s, m, h, b (beats) or bar`},
	{`list:cue{ 1, follow = "soon" }`, `cue.list:cue: cue 1: follow must be ` + duration + `, got "soon": a number comes first`},
	{`list:cue{ 1, follow = true }`, `cue.list:cue: cue 1: follow must be ` + duration + `, got true`},
	{`list:cue{ 1, hang = "-x" }`, `cue.list:cue: cue 1: hang, without its minus, must be ` + duration + `, got "x": a number comes first`},
	{`list:cue{ 1, hang = -1e9 }`, `cue.list:cue: cue 1: hang, without its minus, must be ` + duration + `, got 1000000000`},
	{`list:cue{ 1, hang = "soon" }`, `cue.list:cue: cue 1: hang must be ` + duration + `, got "soon": a number comes first`},
	{`list:cue{ 1, follow = 2, hang = 1 }`, `cue.list:cue: cue 1: give either follow, which counts from the start of the cue, or hang, which counts from the end of its fades`},
	{`list:cue{ 1, block = 1 }`, `cue.list:cue: block must be true or false, got 1`},
	{`list:cue{ 1, mark = "yes" }`, `cue.list:cue: mark must be true or false, got "yes"`},
	{`list:cue{ 1, fade = -2 }`, `cue.list:cue: cue 1: fade must be ` + duration + `, got -2`},
	{`list:cue{ 1, fade = {} }`, `cue.list:cue: cue 1: fade is an empty table; it has up, down, intensity, color, position or beam`},
	{`list:cue{ 1, fade = { 2, 3 } }`, `cue.list:cue: cue 1: fade has no 1; it has up, down, intensity, color, position and beam`},
	{`list:cue{ 1, fade = { upp = 2 } }`, `cue.list:cue: cue 1: fade has no "upp"; it has up, down, intensity, color, position and beam`},
	{`list:cue{ 1, fade = { colour = 2 } }`, `cue.list:cue: cue 1: fade has no "colour" (did you mean 'color'?)`},
	{`list:cue{ 1, fade = { up = 2, intensity = 3 } }`, `cue.list:cue: cue 1: fade: up and down are what intensity takes; give either those or intensity`},
	{`list:cue{ 1, fade = { up = "2" } }`, `cue.list:cue: cue 1: fade up must be ` + duration + `, got "2": a unit is missing: ms, s, m, h, b (beats) or bar`},
	{`list:cue{ 1, go = "dim" }`, `cue.list:cue: cue 1: go must be a function, as in go = function() … end, got "dim"`},
	{`list:cue{ 1, at = "00:00:10:00" }`, `cue.list:cue: cue 1: at: list "main" has no timecode; give it one, as in cue.list{ timecode = signet.receiver{}:timecode(1) }`},
	{`film:cue{ 1, at = "10" }`, `cue.list:cue: cue 1: at must be a position such as "01:02:03:04" (hours, minutes, seconds, frames), got "10"`},
	{`film:cue{ 1, at = 10 }`, `cue.list:cue: cue 1: at must be a position such as "01:02:03:04" (hours, minutes, seconds, frames), got 10`},
	{`film:cue{ 1, at = "00:60:10:00" }`, `cue.list:cue: cue 1: at must be a position such as "01:02:03:04" (hours, minutes, seconds, frames), got "00:60:10:00"`},
	{`film:cue{ 1, at = "00:00:10" }`, `cue.list:cue: cue 1: at must be a position such as "01:02:03:04" (hours, minutes, seconds, frames), got "00:00:10"`},
	{`list:cue{ 1, look = 255 }`, `cue.list:cue: cue 1: look must be a table by fixture, such as { [wash] = { color = "red" }, ["spots"] = 0 }, got 255`},
	{`list:cue{ 1, look = { spot = 255 } }`, `cue.list:cue: cue 1: look: no fixture or group is called "spot" (did you mean 'spots'?)`},
	{`list:cue{ 1, look = { ["nowhere"] = 255 } }`, `cue.list:cue: cue 1: look: no fixture or group is called "nowhere"; there are dim, head, spots and wash`},
	{`list:cue{ 1, look = { 255 } }`, `cue.list:cue: cue 1: look: what a look names must be a fixture, a group or the name of one, got 1; write [wash] = … or ["wash"] = … for each`},
	{`list:cue{ 1, look = { [list] = 255 } }`, `cue.list:cue: cue 1: look: what a look names must be a fixture, a group or the name of one, got a cue.list`},
	{`list:cue{ 1, look = { [wash] = { gren = 255 } } }`, `cue.list:cue: cue 1: look of wash: fixture "wash" has no channel "gren" (did you mean "green"?); it has red, green, blue`},
	{`list:cue{ 1, look = { wash = { red = 256 } } }`, `cue.list:cue: cue 1: look of wash: red must be a number 0-255, got 256`},
	{`list:cue{ 1, look = { wash = { red = "full" } } }`, `cue.list:cue: cue 1: look of wash: red must be a number 0-255, got "full"`},
	{`list:cue{ 1, look = { wash = "red" } }`, `cue.list:cue: cue 1: look of wash: the levels must be a number, a list or a table by channel name, got "red"; a colour is written { color = "red" }`},
	{`list:cue{ 1, look = { wash = { color = "rde" } } }`, `cue.list:cue: cue 1: look of wash: color: "rde": no colour has that name (did you mean "red"?)`},
	{`list:cue{ 1, look = { dim = { color = "red" } } }`, `cue.list:cue: cue 1: look of dim: color: fixture "dim" makes no colour; it has dimmer`},
	{`list:cue{ 1, look = { dim = "150%" } }`, `cue.list:cue: cue 1: look of dim: the level must be a number 0-255, or a text "0%"-"100%", got "150%"`},
	{`list:cue{ 1, look = { dim = true } }`, `cue.list:cue: cue 1: look of dim: the levels must be a number, a list or a table by channel name, got true`},
	{`list:cue{ 1, look = { spots = { 1, 2, 3 } } }`, `cue.list:cue: cue 1: look of spots: 3 levels for fixture "dim", which has 1 channels`},
	{`list:go()`, `cue.list:go: a list is operated in a task or a handler, such as show.on("start", …): at the top level it would be again with every reload`},
	{`list:jump(1)`, `cue.list:jump: a list is operated in a task or a handler, such as show.on("start", …): at the top level it would be again with every reload`},
	{`list:look(1)`, `cue.list:look: there is no cue 1; the list has no cues`},
	{`list:look()`, `cue.list:look: the number of the cue must be a number, got nil`},
	{`list:on("Go", f)`, `cue.list:on: the event must be go, done or stop, got "Go" (did you mean 'go'?)`},
	{`list:on("go")`, `cue.list:on: the callback must be a function, got nil; was it called where it should be passed, as f() for f?`},
	{`list:on()`, `cue.list:on: the event must be go, done or stop, got nil`},
	{`list.go()`, `cue.list:go: must be called on a cue.list with a colon, as in x:go(…)`},

	{`print(list.curent)`, `cue.list has no 'curent' (did you mean 'current'?)`},
	{`list.current = 5`, `cue.list: fields cannot be set ('current')`},
	{`print(list:cue{ 1 }.name)`, `cue has no 'name'; it has label and number`},
}

// cueSlips are the same in a task, once there are the cues 1, 2.5 and 7.
var cueSlips = []struct{ call, want string }{
	{`list:go(3)`, `cue.list:go: there is no cue 3; the nearest are 2.5 and 7 End`},
	{`list:go(8)`, `cue.list:go: there is no cue 8; the last is 7 End`},
	{`list:go("1")`, `cue.list:go: the number of the cue must be a number, got "1"; a number stands without quotes`},
	{`list:go(two[1])`, `cue.list:go: the number of the cue must be a number, got a cue`},
	{`list:jump(0.5)`, `cue.list:jump: there is no cue 0.5; the first is 1 Preset`},
	{`list:jump()`, `cue.list:jump: the number of the cue must be a number, got nil`},
	{`list:jump(1, "fast")`, `cue.list:jump: the duration must be ` + duration + `, got "fast": a number comes first`},
	{`list:jump(1, -2)`, `cue.list:jump: the duration must be ` + duration + `, got -2`},
	{`list:look(2)`, `cue.list:look: there is no cue 2; the nearest are 1 Preset and 2.5`},
	{`none:go()`, `cue.list:go: list "none" has no cues; list:cue{ 1, … } makes one`},
	{`none:jump(1)`, `cue.list:jump: list "none" has no cues; list:cue{ 1, … } makes one`},
	{`none:look(1)`, `cue.list:look: there is no cue 1; the list has no cues`},
	{`list:cue{ 9 }`, `cue.list:cue: cues are made while the show loads: at the top level of the script, not in a task or a handler`},
	{`cue.list{ name = "late" }`, `cue.list: cue lists are made while the show loads: at the top level of the script, not in a task or a handler`},
}

// TestMistakesInCues makes each of them.
func TestMistakesInCues(t *testing.T) {
	before := cues + `local none, two = cue.list{ name = "none" }, cue.list{ name = "two" } two:cue{ 1 } local function f() end
local film = cue.list{ name = "film", timecode = signet.receiver{}:timecode(1) }
`
	line := strings.Count(prelude+before, "\n") + 1
	for _, m := range cueMistakes {
		s := newStand(t)
		err := s.load(map[string]string{"show.lua": prelude + before + m.call})
		if want := fmt.Sprintf("show.lua:%d: %s", line, m.want); err == nil || err.Error() != want {
			t.Errorf("%s\nraised %v\n  want %s", m.call, err, want)
		}
	}
	for _, m := range cueSlips {
		s := live(t, before+`list:cue{ 1, "Preset" } list:cue{ 7, "End" } list:cue{ 2.5 } clock.run("t", function()
`+m.call+"\nend)")
		s.run(100 * time.Millisecond)
		s.wantFailures(fmt.Sprintf("t: show.lua:%d: %s", line+1, m.want))
	}
}
