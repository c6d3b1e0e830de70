-- A cue list: a scene of four cues, called by whoever has the button.
local cue   = require "cue"
local stage = require "stage"
local sacn  = require "sacn"

local one   = sacn.sender{}:universe(1)
local front = stage.fixture{ name = "front", kind = "dimmer", at = one:slot(1) }
local back  = stage.group{ name = "back",
  stage.fixture{ name = "back left",  kind = "rgb", at = one:slot(11) },
  stage.fixture{ name = "back right", kind = "rgb", at = one:slot(14) },
}
local lamp  = stage.fixture{ name = "desk lamp", kind = "dimmer", at = one:slot(5) }

-- A cue names what changes. Everything else tracks: it stays as earlier cues left it.
local list = cue.list{}

list:cue{ 1, "Night", fade = 3,
  look = { [back] = { color = "navy", intensity = "30%" } } }

list:cue{ 2, "She comes in", fade = { up = 1, down = 4 },
  look = { [lamp] = "60%", [front] = "40%" } }

list:cue{ 3, "Morning", fade = { intensity = 4, color = 6 }, hang = 1,   -- 4 follows a second after it is there
  look = { [back] = { color = "gold", intensity = "100%" }, [lamp] = 0 } }

list:cue{ 4, "Full", fade = 2,
  look = { [front] = "100%" } }
