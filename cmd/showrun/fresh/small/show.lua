-- NAME: two lamps, a beat and a cue list. Save this file while it runs: the new version takes
-- over between two frames.
local clock, cue, sacn    = require "clock", require "cue", require "sacn"
local show, stage, stagelinq = require "show", require "stage", require "stagelinq"

-- Where the beat comes from, and where light goes to.
local dj  = stagelinq.sink{}
local one = sacn.sender{}:universe(1)
clock.follow(dj:master())

-- What hangs there.
local wash = stage.fixture{ name = "wash", kind = "rgb", at = one:slot(1) }
local spot = stage.fixture{ name = "spot", kind = "dimmer", at = one:slot(4) }

-- A flash on every beat, as bright as people want it.
local flash = show.param{ "flash", default = 200, min = 0, max = 255 }
clock.on_beat(1, function()
  spot:set(flash:get())
  spot:fade(0, "3/4b", { curve = "ease_out" })
end)

-- GO is the space bar, a button of the console, or: showrun ctl go
local main = cue.list{}
main:cue{ 1, "House",  look = { [wash] = { color = "orange", intensity = "30%" } }, fade = 2 }
main:cue{ 2, "Blue",   look = { [wash] = { color = "navy", intensity = "100%" } }, fade = "1bar" }
main:cue{ 3, "Black",  look = { [wash] = { intensity = 0 } }, fade = 5 }
