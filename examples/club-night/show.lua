-- Club night: the light of a DJ set that plays by itself, and a desk for whoever wants to
-- lend a hand. Tracks that tracks.json knows have parts of their own; all others go by bars
-- and phrases.
local clock     = require "clock"
local show      = require "show"
local stagelinq = require "stagelinq"
local looks     = require "looks"
local rig       = require "rig"

local dj = stagelinq.sink{}
clock.follow(dj:master())

-- What the light jockey has at hand.
local schemes = {
  ice  = { "blue", "cyan", "white" },
  fire = { "red", "orangered", "orange" },
  acid = { "lime", "magenta", "blueviolet" },
}
local colour = show.param{ "colour", choices = { "ice", "fire", "acid" } }
local energy = show.param{ "energy", default = 50, min = 0, max = 100, step = 5, unit = "%" }
local fast   = show.param{ "fast_strobe", default = false } -- more than four flashes a second: warn the house

local function blind()
  rig.blinders:set(255)
  rig.blinders:fade(0, "2b", { curve = "ease_out" })
end
show.trigger("blinder", blind)

-- The look that is on. It is a trigger, so that people change it in the same way as the
-- show does, and so that its effects belong to the show and not to the track that asked.
local current, effects = show.state.look, {}
if show.generation == 1 or not looks[current] then current = "idle" end

local function begin()
  for _, effect in ipairs(effects) do effect:cancel() end
  effects = looks[current]{ colours = schemes[colour:get()], energy = energy:get() / 100, fast = fast:get() }
end

local look = show.trigger("look", function(name)
  if not looks[name] then return show.log.warn("there is no look %s", name) end
  if name == current then return end
  current, show.state.look = name, name
  show.log.info("look %s", name)
  begin()
end)
for _, param in ipairs{ colour, energy, fast } do param:on(begin) end
begin()

-- Tracks that we know: a part begins at its bar and lasts until the next one.
for _, known in ipairs(show.data("tracks.json")) do
  stagelinq.track(known.track, function(deck)
    for i, part in ipairs(known.parts) do
      local next = known.parts[i + 1]
      deck:between(part.at, next and next.at or "9999bar", {
        enter = function() look:fire(part.look) end,
        start = function(_, how) if part.look == "drop" and not how.late then blind() end end,
      })
    end
  end, { master = true })
end

-- All others: four phrases of 8 bars, and the fourth is the drop.
stagelinq.track(function(deck)
  local function by_phrase(beat)
    local bar = (math.floor(beat / 4) % 32) + 1
    look:fire(bar > 24 and "drop" or bar > 22 and "build" or "groove")
    if bar == 25 and beat % 4 == 0 then blind() end
  end
  by_phrase(deck.beat or 0)
  deck:on_beat("1bar", function(beat) by_phrase(beat.number) end)
end, { master = true })

-- The kick is on every beat, whatever the look.
clock.on_beat(1, function(beat)
  rig.kick:set(beat.in_bar == 1 and 255 or 160)
  rig.kick:fade(0, "1/2b")
end)

-- A hot cue, a loop, another deck: the beat is elsewhere, and the effects go there with it.
clock.on("jump", begin)

dj:master():on("track", function(deck) show.log.info("now %s by %s", deck.title, deck.artist) end)
dj:on("lost", function(player) show.log.warn("%s is gone, the beat runs on", player.name) end)
