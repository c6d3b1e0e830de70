-- Play: "The Letter", twelve cues called by a stage manager.
--
-- A cue names what changes. Everything else tracks: it stays as earlier cues left it.
local cue    = require "cue"
local show   = require "show"
local signet = require "signet"
local stage  = require "stage"

-- The rig. The spot is a file of the Open Fixture Library, so pan and tilt are degrees,
-- colours find their place on the wheel, and gobos have names.
local net = signet.sender{}
local one = net:universe(1)

local house = stage.fixture{ name = "house", kind = "dimmer", at = one:slot(1) }
local front, sky = { name = "front" }, { name = "sky" }
for i = 1, 3 do front[i] = stage.fixture{ name = "front " .. i, kind = "dimmer", at = one:slot(1 + i) } end
for i = 1, 4 do sky[i] = stage.fixture{ name = "sky " .. i, kind = "rgbw", at = one:slot(1 + 4 * i) } end
front, sky = stage.group(front), stage.group(sky)
local spot = stage.fixture{ name = "spot", profile = "fixtures/spot.json", at = one:slot(21) }

local lamp  = stage.fixture{ name = "desk lamp", kind = "dimmer", at = one:slot(32) }
local radio = stage.fixture{ name = "radio",     kind = "dimmer", at = one:slot(33) }
local bell  = stage.fixture{ name = "doorbell",  kind = "dimmer", at = one:slot(34) }

house:set("100%") -- the audience comes in before the first cue

-- Timecode for the storm: cue 9 starts it, the sound computer plays along, and so does
-- the list "storm" below. If the computer is the one that sends it, take this line away,
-- and what starts and stops it.
local reel = net:timecode(1, { rate = 25 })

-- The play. The first list is the main one: GO without a name goes there.
local play = cue.list{ name = "play" }

play:cue{ 1, "Preset", fade = 3,
  look = { [sky] = { color = "navy", intensity = "30%" } } }

play:cue{ 2, "House to half", fade = 3, hang = 1,                -- 3 follows 1 s after the fade
  look = { [house] = "50%" } }

play:cue{ 3, "House out", fade = { down = 4 },
  look = { [house] = 0, [sky] = 0 } }

play:cue{ 4, "Dawn", fade = { intensity = 4, color = 8 }, follow = 6, -- 5 follows 6 s after GO
  look = { [sky] = { color = "orangered", intensity = "60%" }, [front] = "30%" } }

play:cue{ 5, "Morning", fade = 5,
  look = { [sky] = { color = "lightskyblue", intensity = "100%" }, [front] = "70%" } }

play:cue{ 6, "Anna at the desk", fade = { up = 2, down = 5 }, mark = true, -- the spot finds the desk in the dark
  look = { [spot] = { pan = -40, tilt = 50, color = "peachpuff", intensity = "80%" }, [front] = "40%" } }

play:cue{ 7, "The letter", fade = 3, cue_only = true,            -- ends with the next cue
  look = { [sky] = "30%", ["front 1"] = 0, ["front 3"] = 0 } }

play:cue{ 8, "She hides it", fade = 0.5, wait = 1,               -- a second after GO
  look = { [front] = "60%" } }

play:cue{ 9, "Storm", fade = { up = 1, down = 2 },
  look = { [sky] = { color = "midnightblue", intensity = "20%" }, [front] = "15%", [spot] = 0 },
  go = function() reel:start("01:00:00:00") end }

play:cue{ 10, "Tom in the door", fade = { intensity = 0, color = 3 }, mark = true,
  block = true,                                                  -- the storm has moved the sky meanwhile
  look = { [spot] = { pan = 65, tilt = 35, color = "lightblue", gobo = "dots", intensity = "100%" } },
  go = function() reel:stop() end }

play:cue{ 11, "Blackout",
  look = { [sky] = 0, [front] = 0, [spot] = 0 } }

play:cue{ 12, "Bows", wait = 2, fade = 1,
  look = { [front] = "100%", [sky] = { color = "gold", intensity = "80%" }, [house] = "30%" } }

-- The storm goes by timecode: each flash when its position is reached or passed.
local storm = cue.list{ name = "storm", timecode = signet.receiver{}:timecode(1) }

local function flash(level, tail)
  return function()
    sky:set{ color = "white", intensity = level }
    sky:fade({ color = "midnightblue", intensity = "20%" }, tail)
  end
end
storm:cue{ 1, "Far off",  at = "01:00:02:00", go = flash("40%", 0.4) }
storm:cue{ 2, "Nearer",   at = "01:00:03:12", go = flash("70%", 0.8) }
storm:cue{ 3, "Overhead", at = "01:00:05:20", go = flash("100%", 1.5) }

-- What the sound operator has at hand: practicals that go with a sound. Lists track each
-- for itself, so neither operator takes anything away from the other.
local sound = cue.list{ name = "sound" }
sound:cue{ 1, "Lamp on",    look = { [lamp] = "60%" } }
sound:cue{ 2, "Radio warms up", look = { [radio] = "100%" }, fade = 2 }
sound:cue{ 3, "Doorbell",   look = { [bell] = "100%" }, follow = 0.4 }
sound:cue{ 4, "Silence",    look = { [bell] = 0 } }
sound:cue{ 5, "Power fails", look = { [lamp] = 0, [radio] = 0 }, fade = { down = 0.2 } }

-- The stage manager's words: what stands in cues.csv for the next cue.
local calls = {}
for _, row in ipairs(show.data("cues.csv")) do calls[row.cue] = row.call end

play:on("go", function(c)
  local next = play.next
  show.log.info("%s is on; %s", c, next and ("next %s: %s"):format(next, calls[next.number] or "?") or "that was the last")
end)
