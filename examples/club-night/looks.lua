-- The looks: each begins effects and returns them, so that whoever changes the look can end
-- them. mood has colours, energy (0-1) and fast. An effect keeps what it moves until another
-- takes it over, so every look says what all lamps do.
local fx  = require "fx"
local rig = require "rig"

local looks = {}

-- The heads go from side to side, one behind the other.
local function sway(every, pan, tilt)
  return fx.ramp(rig.heads, { channel = "pan", every = every, from = -pan, to = pan, shape = "sine", spread = 0.5 }),
    fx.ramp(rig.heads, { channel = "tilt", every = every, from = 20, to = 20 + tilt, shape = "sine", spread = 1 })
end

-- Before the first track, and where a track is quiet: a slow wash.
function looks.idle(mood)
  return {
    fx.cycle(rig.pars, mood.colours, "8bar", { shift = 1 }),
    fx.ramp(rig.pars, { every = "4bar", from = "10%", to = "40%", shape = "sine", spread = 1 }),
    fx.cycle(rig.heads, mood.colours, "8bar"),
    fx.ramp(rig.heads, { every = "8bar", from = 0, to = "20%", shape = "sine", spread = 1 }),
    sway("8bar", 20, 10),
  }
end

-- Most of the time: colours go round, a chase on the beat, the heads move.
function looks.groove(mood)
  return {
    fx.cycle(rig.pars, mood.colours, "4bar", { shift = 1 }),
    fx.chase(rig.pars, { every = mood.energy > 0.5 and "1/2b" or "1b", order = "bounce", off = "25%" }),
    fx.cycle(rig.heads, mood.colours, "8bar"),
    fx.ramp(rig.heads, { every = "2bar", from = "20%", to = "70%", shape = "triangle", spread = 1 }),
    sway("4bar", 20 + 50 * mood.energy, 30),
  }
end

-- Before a drop: white, faster, brighter.
function looks.build(mood)
  return {
    fx.chase(rig.pars, { every = "1/4b", look = { color = "white" } }),
    fx.cycle(rig.heads, { "white" }, "1bar"),
    fx.ramp(rig.heads, { every = "1b", from = "100%", to = 0 }),
    sway("2bar", 20 + 50 * mood.energy, 50),
  }
end

-- The drop. The strobe keeps to four flashes a second unless it may be fast.
function looks.drop(mood)
  return {
    fx.rainbow(rig.pars, { every = "2bar" }),
    fx.ramp(rig.pars, { every = "1b", from = "100%", to = "30%" }),
    fx.cycle(rig.heads, mood.colours, "2bar", { shift = 1 }),
    fx.ramp(rig.heads, { every = "1b", from = "100%", to = "50%" }),
    fx.strobe(rig.strobe, { every = mood.fast and "1/4b" or "1b", unsafe = mood.fast, width = 0.15 }),
    sway("1bar", 20 + 50 * mood.energy, 60),
  }
end

return looks
