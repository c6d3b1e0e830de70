package bindings

import (
	"testing"
	"time"
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
