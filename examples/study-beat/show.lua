-- A beat: three lamps that keep time.
local clock     = require "clock"
local stage     = require "stage"
local sacn      = require "sacn"
local stagelinq = require "stagelinq"
local seq       = require "seq"

local one   = sacn.sender{}:universe(1)
local kick  = stage.fixture{ name = "kick",  kind = "dimmer", at = one:slot(1) }
local snare = stage.fixture{ name = "snare", kind = "dimmer", at = one:slot(2) }
local hat   = stage.fixture{ name = "hat",   kind = "dimmer", at = one:slot(3) }

-- Whose beat it is: that of the player who leads. Without one it runs on at the last tempo.
clock.follow(stagelinq.sink{}:master())

-- On every beat. This runs up to 50 ms before the beat; the light is on it.
clock.on_beat(1, function(beat)
  kick:set(beat.in_bar == 1 and 255 or 150)
  kick:fade(0, "1/2b")
end)

-- On the second and the fourth of a bar: every two beats, one beat on.
clock.on_beat(2, function()
  snare:set(200)
  snare:fade(0, "1b", { curve = "ease_out" })
end, 1)

-- Three hits on eight eighths, spread as evenly as they go.
seq.play("1/2b", seq.euclid(3, 8), function()
  hat:set(120)
  hat:fade(0, "1/4b")
end)
