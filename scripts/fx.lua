-- fx: effects over a fixture or a group.
--
--   local fx = require "fx"
--
--   local run = fx.chase(washes, { every = "1/2b", look = { color = "amber" } })
--   run:cancel()
--
-- Every effect stands on the grid of its duration, counted from beat 0: two of the same
-- length are in step, whenever they were begun, and a new version of the show goes on in
-- step with the one before. Where it can be, an effect is a fade or a wave, which the engine
-- runs by itself and bends with the tempo; what is left for Lua is one call a step.
--
-- An effect has what it moves until another effect takes it over, or until it is cancelled.
-- What a show sets meanwhile holds until the next step of the effect.
local clock = require "clock"
local show  = require "show"
local stage = require "stage"
local check = require "showrun.check"
local grid  = require "showrun.grid"

local fx = {}

-- Effects ------------------------------------------------------------------------------

local owners = {}  -- by fixture and channel, the effect that moves it
local running = {} -- all effects that have not ended

local Effect = {}
Effect.__index = Effect

local function members(lamps)
  if getmetatable(lamps) == "stage.fixture" then return { lamps } end
  local list = {}
  for i = 1, #lamps do list[i] = lamps[i] end
  return list
end

-- Begins an effect on some channels of the lamps: start(effect) is called when the show is
-- live, leave(fixture) for every fixture it still has in the end, and forget(fixture), if
-- there is one, when an effect of another kind takes it over.
local function begin(name, lamps, channels, start, leave, forget)
  local self = setmetatable({
    name = name, lamps = members(lamps), has = {}, handles = {}, leave = leave, forget = forget,
  }, Effect)
  running[self] = true
  for _, fixture in ipairs(self.lamps) do
    self.has[fixture] = true
    owners[fixture] = owners[fixture] or {}
    for _, channel in ipairs(channels) do
      local before = owners[fixture][channel]
      if before and before ~= self then before:lose(fixture, self) end
      owners[fixture][channel] = self
    end
  end
  grid.when_live(name, function()
    if running[self] then start(self) end
  end)
  return self
end

-- What the version before has left, if it has just gone.
local function left_before()
  local left = show.state["showrun.fx"]
  if left and math.abs(clock.time() - left.at) < 0.001 then return left end
  return { effects = {}, intensities = {} }
end

-- Ends what the effect does by itself.
function Effect:over()
  running[self] = nil
  for _, handle in ipairs(self.handles) do handle:cancel() end
end

-- Another effect has taken a fixture over.
function Effect:lose(fixture, by)
  if self.has[fixture] and self.forget and by.name ~= self.name then self.forget(fixture) end
  self.has[fixture] = nil
  if next(self.has) == nil then self:over() end
end

-- Ends the effect. Cancelling twice is harmless.
function Effect:cancel()
  if not running[self] then return end
  self:over()
  local under_way = left_before().effects
  for _, fixture in ipairs(self.lamps) do
    if self.has[fixture] then
      self.leave(fixture)
      under_way[fixture.name] = nil
    end
  end
end

-- Calls fn(step) on every point of a grid while the effect runs.
function Effect:every(amount, unit, fn)
  self.handles[#self.handles + 1] = grid.every(self.name, amount, unit, fn)
end

-- Looks --------------------------------------------------------------------------------

local full = { intensity = 255 }

-- Levels as a table by name; a number or a percentage is an intensity. A colour alone means
-- light of that colour.
local function look_of(where, what, look, default)
  if look == nil then look = default end
  if type(look) == "number" or type(look) == "string" then look = { intensity = look } end
  if type(look) ~= "table" or next(look) == nil or #look > 0 then
    check.wrong(where, what, 'an intensity or a table such as { color = "red" }', look)
  end
  if look.color == nil or look.intensity ~= nil then return look end
  local lit = { intensity = 255 }
  for name, level in pairs(look) do lit[name] = level end
  return lit
end

-- What takes a look away: no intensity, and nothing on the other channels it names.
local function dark(look)
  local off = {}
  for name in pairs(look) do
    if name ~= "color" then off[name] = 0 end
  end
  return off
end

local function names(...)
  local list, seen = {}, {}
  for _, look in ipairs{ ... } do
    for name in pairs(look) do
      if not seen[name] then list[#list + 1], seen[name] = name, true end
    end
  end
  return list
end

-- What a fixture can do of a look: in a mixed group one has no colour, another no zoom.
local function possible(fixture, look)
  local part = {}
  for name, level in pairs(look) do
    if pcall(fixture.get, fixture, name) then part[name] = level end
  end
  return part
end

-- Looks and their absence, checked and parted by fixture: set(fixture), clear(fixture, tail).
local function looks(where, lamps, o)
  local look = look_of(where, "look", o.look, full)
  local off = o.off == nil and dark(look) or look_of(where, "off", o.off)
  check.levels(where, "look", lamps, look)
  check.levels(where, "off", lamps, off)
  local on_parts, off_parts = {}, {}
  for _, fixture in ipairs(members(lamps)) do
    on_parts[fixture], off_parts[fixture] = possible(fixture, look), possible(fixture, off)
  end
  return {
    channels = names(look, off),
    set = function(fixture) fixture:set(on_parts[fixture]) end,
    clear = function(fixture, tail)
      if tail then fixture:fade(off_parts[fixture], tail, { curve = "ease_out" }) else fixture:set(off_parts[fixture]) end
    end,
  }
end

-- Leaves channels where they are. What is read is a moment old, so it glides there.
local function holding(...)
  local channels = { ... }
  return function(fixture)
    local levels = {}
    for _, channel in ipairs(channels) do
      local fine, level = pcall(fixture.get, fixture, channel)
      if fine then levels[channel] = level end
    end
    fixture:fade(levels, "50ms")
  end
end

-- A duration that may be left out.
local function tail_of(where, what, v)
  if v == nil or v == 0 then return nil end
  return grid.duration(check.duration(where, what, v))
end

-- Chase --------------------------------------------------------------------------------

-- In which order a chase goes through n fixtures.
local orders = {
  forward  = function(n) local o = {} for i = 1, n do o[i] = i end return o end,
  backward = function(n) local o = {} for i = 1, n do o[i] = n + 1 - i end return o end,
  bounce   = function(n)
    local o = {}
    for i = 1, n do o[i] = i end
    for i = n - 1, 2, -1 do o[#o + 1] = i end
    return o
  end,
}
local order_names = { "forward", "backward", "bounce", "random" }

local function order_of(where, order, n)
  if type(order) ~= "table" then
    order = check.word(where, "order", order, order_names)
    return orders[order] and orders[order](n) -- nil for random
  end
  check.list(where, "order", order, "{ 1, 3, 2 }")
  for i, place in ipairs(order) do check.whole(where, "place " .. i .. " of order", place, 1, n) end
  return order
end

-- One fixture after the other gets a look, and loses it at the next step. Steps land on
-- their beat to the frame, which is why they are no wave.
--
--   every  how long a step takes
--   look   what the fixture gets; full intensity
--   off    what the others have; dark
--   order  "forward", "backward", "bounce", "random" or a list of places
--   tail   how long a fixture takes to go off; none
function fx.chase(lamps, options)
  local where = "fx.chase"
  check.lamps(where, lamps)
  local o = check.options(where, options, { "every", "look", "off", "order", "tail" })
  local amount, unit = check.duration(where, "every", o.every, "1b")
  local fixtures = members(lamps)
  local order = order_of(where, o.order, #fixtures)
  local tail = tail_of(where, "tail", o.tail)
  local look = looks(where, lamps, o)

  local lit -- the place that is lit
  local function step(self, n)
    local place
    if order then
      place = order[(n - 1) % #order + 1]
    else
      place = math.random(#fixtures - (lit and #fixtures > 1 and 1 or 0))
      if lit and place >= lit and #fixtures > 1 then place = place + 1 end -- never the same again
    end
    if lit and lit ~= place and self.has[fixtures[lit]] then look.clear(fixtures[lit], tail) end
    if self.has[fixtures[place]] then look.set(fixtures[place]) end
    lit = place
  end

  return begin(where, lamps, look.channels, function(self)
    for _, fixture in ipairs(fixtures) do
      if self.has[fixture] then look.clear(fixture) end
    end
    step(self, grid.step(amount, unit))
    self:every(amount, unit, function(n) step(self, n) end)
  end, look.clear)
end

-- Ramp ---------------------------------------------------------------------------------

-- A channel goes from one level to another again and again, as a wave in the engine.
--
--   every    how long a ramp takes
--   channel  which; "intensity"
--   from to  levels; 0 and 255, the other way round it falls
--   spread   over how many ramps the fixtures of a group lie one after the other; 0
--   shape    "saw", or another one of fixture:wave
function fx.ramp(lamps, options)
  local where = "fx.ramp"
  check.lamps(where, lamps)
  local o = check.options(where, options, { "every", "channel", "from", "to", "spread", "shape" })
  local amount, unit = check.duration(where, "every", o.every, "1bar")
  local channel = o.channel == nil and "intensity" or check.text(where, "channel", o.channel)
  local wave = {
    channels = { channel }, shape = check.word(where, "shape", o.shape, { "saw", "sine", "triangle", "square", "random" }),
    period = grid.duration(amount, unit), from = o.from, to = o.to,
    spread = check.number(where, "spread", o.spread, 0, 1000, 0), phase = 0,
  }
  local message = check.objection(lamps.wave, lamps, wave)
  if message then check.fail(where, message) end

  return begin(where, lamps, { channel }, function()
    wave.phase = grid.position(amount, unit) % 1
    lamps:wave(wave)
  end, holding(channel))
end

-- Colours ------------------------------------------------------------------------------

local function colour_of(v)
  if type(v) == "table" and v.color ~= nil then return v.color end
  return v
end

-- Calls fade(fixture, i, step, duration) for each fixture that makes colours: for what is
-- left of the step that is now, unless such a fade is under way there, and for all others.
local function glide(name, lamps, amount, unit, fade)
  local coloured = {}
  for _, fixture in ipairs(members(lamps)) do coloured[fixture] = (pcall(fixture.get, fixture, "color")) end
  local self = begin(name, lamps, { "color" }, function(self)
    local function go(step, duration, except)
      for i, fixture in ipairs(self.lamps) do
        if self.has[fixture] and coloured[fixture] and except[fixture.name] ~= name then
          fade(fixture, i, step, duration)
        end
      end
    end
    go(grid.step(amount, unit), grid.rest(amount, unit), left_before().effects)
    self:every(amount, unit, function(step) go(step, grid.duration(amount, unit), {}) end)
  end, holding("color"))
  self.glides = true
  return self
end

-- A group goes from one colour to the next, round and round.
--
--   every  how long one colour takes
--   fade   how much of that the way to the next takes; all of it. 0 jumps
--   shift  how many colours each fixture is ahead of the one before it; 0
function fx.cycle(lamps, colours, every, options)
  local where = "fx.cycle"
  check.lamps(where, lamps)
  check.list(where, "the colours", colours, '{ "red", "blue" }')
  local list = {}
  for i, c in ipairs(colours) do
    list[i] = colour_of(c)
    check.levels(where, "colour " .. i, lamps, { color = list[i] })
  end
  local amount, unit = check.duration(where, "the duration of a colour", every)
  local o = check.options(where, options, { "fade", "shift" })
  local shift = check.whole(where, "shift", o.shift, 0, 1000, 0)
  local jumps = o.fade == 0
  local fade = tail_of(where, "fade", o.fade)

  -- The colour of the i-th fixture in a step.
  local function colour(step, i) return list[(step - 1 + (i - 1) * shift) % #list + 1] end

  return glide(where, lamps, amount, unit, function(fixture, i, step, duration)
    if jumps then
      fixture:set{ color = colour(step, i) }
    else
      fixture:fade({ color = colour(step + 1, i) }, fade or duration)
    end
  end)
end

-- The hue goes round, each fixture of a group a bit ahead of the one before it.
--
--   every       how long once round takes; 4 bars
--   spread      over how many rounds the fixtures of a group lie; 1
--   saturation  0-1; 1
--   value       0-1; 1
function fx.rainbow(lamps, options)
  local where = "fx.rainbow"
  check.lamps(where, lamps)
  local o = check.options(where, options, { "every", "spread", "saturation", "value" })
  local amount, unit = check.duration(where, "every", o.every, "4bar")
  local spread = check.number(where, "spread", o.spread, 0, 1000, 1)
  local saturation = check.number(where, "saturation", o.saturation, 0, 1, 1)
  local value = check.number(where, "value", o.value, 0, 1, 1)
  check.levels(where, "the group", lamps, { color = "white" })

  -- Between two corners of the wheel of colours a fade goes along its edge. A round of
  -- twelve steps has the corners in it, and asks little of Lua.
  local steps = 12
  local part = amount / steps
  local ahead = spread / #members(lamps)
  return glide(where, lamps, part, unit, function(fixture, i, step, duration)
    local hue = 360 * (step / steps + ahead * (i - 1))
    fixture:fade({ color = { h = hue, s = saturation, v = value } }, duration)
  end)
end

-- Sparkle ------------------------------------------------------------------------------

-- Fixtures by chance flash up and die away.
--
--   every   how long from one to the next; 1/4 beat
--   count   how many at a time; 1
--   chance  with which probability there is any, 0-1; 1
--   look    what they get; full intensity
--   off     what they die away to; dark
--   tail    how long that takes; 1/2 beat
function fx.sparkle(lamps, options)
  local where = "fx.sparkle"
  check.lamps(where, lamps)
  local o = check.options(where, options, { "every", "count", "chance", "look", "off", "tail" })
  local amount, unit = check.duration(where, "every", o.every, "1/4b")
  local fixtures = members(lamps)
  local count = check.whole(where, "count", o.count, 1, #fixtures, 1)
  local chance = check.number(where, "chance", o.chance, 0, 1, 1)
  local tail = tail_of(where, "tail", o.tail == nil and "1/2b" or o.tail)
  local look = looks(where, lamps, o)

  return begin(where, lamps, look.channels, function(self)
    for _, fixture in ipairs(fixtures) do
      if self.has[fixture] then look.clear(fixture) end
    end
    local before = {}
    self:every(amount, unit, function()
      if not tail then
        for _, fixture in ipairs(before) do
          if self.has[fixture] then look.clear(fixture) end
        end
      end
      before = {}
      if chance < 1 and math.random() >= chance then return end
      local drawn = {} -- places, as many different ones as there are to be
      for _ = 1, count do
        local place
        repeat place = math.random(#fixtures) until not drawn[place]
        drawn[place] = true
        local fixture = fixtures[place]
        if self.has[fixture] then
          look.set(fixture)
          if tail then look.clear(fixture, tail) end
          before[#before + 1] = fixture
        end
      end
    end)
  end, look.clear)
end

-- Strobe -------------------------------------------------------------------------------

-- Faster flashes than these can bring on a seizure in people who are prone to it.
local safe_rate = 4 -- a second

-- The intensities that fixtures go back to after their flashes, by name.
local intensities = {}

-- All flash together, as a wave in the engine.
--
--   rate    flashes a second; 4
--   every   or how long from one flash to the next, such as "1/2b"
--   width   which part of that is lit, 0-1; 0.25
--   level   the intensity of a flash; 255
--   unsafe  true for more than four flashes a second: warn the house first
function fx.strobe(lamps, options)
  local where = "fx.strobe"
  check.lamps(where, lamps)
  local o = check.options(where, options, { "rate", "every", "width", "level", "unsafe" })
  if o.rate ~= nil and o.every ~= nil then check.fail(where, "give either rate or every") end
  local unsafe = check.flag(where, "unsafe", o.unsafe)
  local width = check.number(where, "width", o.width, 0, 1, 0.25)
  local level = o.level == nil and 255 or o.level
  check.levels(where, "level", lamps, { intensity = level })
  local amount, unit = 1 / check.number(where, "rate", o.rate, 0.01, 100, safe_rate), "s"
  if o.every ~= nil then amount, unit = check.duration(where, "every", o.every) end

  -- The length of a flash that is safe now. One in beats is doubled until it is, and so
  -- stays with the beat; as the tempo goes up that may be so in the middle of a show.
  local warned
  local function safe()
    local seconds = unit == "b" and 60 / clock.tempo() or 1
    local length = amount
    if unsafe then return length end
    if unit == "s" then length = math.max(length, 1 / safe_rate) end
    while length * seconds < 1 / safe_rate - 1e-9 do length = 2 * length end
    if length ~= amount and not warned then
      warned = true
      show.log.warn("%s: %.3g flashes a second are more than %d, which is not safe for everybody; it does %.3g (unsafe = true does them all)",
        where, 1 / (amount * seconds), safe_rate, 1 / (length * seconds))
    end
    return length
  end

  return begin(where, lamps, { "intensity" }, function(self)
    for _, fixture in ipairs(self.lamps) do
      local fine, intensity = pcall(fixture.get, fixture, "intensity")
      if fine and not intensities[fixture.name] then
        intensities[fixture.name] = left_before().intensities[fixture.name] or intensity
      end
    end
    local length
    local function flash()
      local now = safe()
      if now == length then return end
      length = now
      for _, fixture in ipairs(self.lamps) do
        if self.has[fixture] and intensities[fixture.name] then
          fixture:wave{
            channels = { "intensity" }, shape = "square", period = grid.duration(length, unit),
            from = 0, to = level, width = width, phase = grid.position(length, unit) % 1,
          }
        end
      end
    end
    flash()
    if unit == "b" then self.handles[1] = clock.on("tempo", flash) end
  end, function(fixture)
    if intensities[fixture.name] then fixture:set{ intensity = intensities[fixture.name] } end
    intensities[fixture.name] = nil
  end, function(fixture) intensities[fixture.name] = nil end)
end

-- With a new version all effects end, and those it has begin, within one frame. It is told
-- what there was: a fade of colours that is under way goes on to its end, and in the middle
-- of a flash there is nothing to see of what a fixture goes back to.
show.on("unload", function()
  local left = { at = clock.time(), effects = {}, intensities = {} }
  for name, intensity in pairs(intensities) do left.intensities[name] = intensity end
  local list = {}
  for effect in pairs(running) do list[#list + 1] = effect end
  for _, effect in ipairs(list) do
    for fixture in pairs(effect.has) do
      if effect.glides then left.effects[fixture.name] = effect.name end
    end
    if effect.glides then effect:over() else effect:cancel() end
  end
  show.state["showrun.fx"] = left
end)

return fx
