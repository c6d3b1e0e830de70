-- seq: sequences of values, and how they are played.
--
--   local hats = seq.euclid(5, 8)                          -- x.x.xx.x
--   seq.play("1/4b", hats, function() … end, { swing = 0.6 })
--   hats:set(seq.euclid(7, 8))                             -- while it plays
local check = require "showrun.check"
local grid  = require "showrun.grid"

local seq = {}

local Sequence = {}
Sequence.__index = Sequence

-- The value at a place, from 1; after the last comes the first again.
function Sequence:at(place)
  check.number("seq:at", "the place", place, -1e15, 1e15)
  return self.values[(math.floor(place) - 1) % #self.values + 1]
end

-- The next value, and its place. This counts by itself; a new version of the show begins
-- at the first again, where seq.play and seq:at stay in step with the beat.
function Sequence:next()
  self.place = self.place % #self.values + 1
  return self.values[self.place], self.place
end

-- Begins again: the next value is the first.
function Sequence:reset() self.place = 0 end

-- Puts other values in, from a list or another sequence, also while it plays. The place
-- stays.
function Sequence:set(values)
  if getmetatable(values) == Sequence then values = values.values end
  check.list("seq:set", "the values", values, '{ 1, 2, 3 }')
  local own = {} -- a copy: the list stays the caller's
  for i = 1, #values do own[i] = values[i] end
  self.values = own
  return self
end

function Sequence:__len() return #self.values end

-- "x..x..x." for one of hits and rests, else its values.
function Sequence:__tostring()
  local marks = {}
  for i, v in ipairs(self.values) do
    marks[i] = v == true and "x" or v == false and "." or " " .. tostring(v)
  end
  return (table.concat(marks):gsub("^ ", ""))
end

-- A sequence of values. A rest is false.
function seq.new(values)
  if getmetatable(values) ~= Sequence then check.list("seq.new", "the values", values, '{ 1, 2, 3 }') end
  return setmetatable({ place = 0 }, Sequence):set(values)
end

-- Spreads a number of hits over a number of steps as evenly as it goes, which makes many
-- a rhythm that people have danced to for long: 3 in 8 is x..x..x. The rhythm begins so
-- many steps later as shift says. Hits are true, rests are false.
function seq.euclid(hits, steps, shift)
  check.whole("seq.euclid", "the number of steps", steps, 1, 1024)
  check.whole("seq.euclid", "the number of hits", hits, 0, steps)
  shift = check.whole("seq.euclid", "the shift", shift, -1024, 1024, 0)
  local values = {}
  for step = 1, steps do
    values[step] = (step - 1 - shift) * hits % steps < hits
  end
  return seq.new(values)
end

-- True with a probability of 0-1.
function seq.chance(probability)
  check.number("seq.chance", "the probability", probability, 0, 1)
  return math.random() < probability
end

-- Plays a sequence: every so long fn(value, step) with the next value. Rests (false) are
-- passed over. The step is counted from beat 0, so that the sequence stays in place when a
-- new version of the show takes over.
--
--   swing   0.5 is straight; 0.66 has every second step late, as in a triplet
--   chance  with which probability a value is played, 0-1
function seq.play(every, sequence, fn, options)
  local where = "seq.play"
  local amount, unit = check.duration(where, "the length of a step", every)
  if getmetatable(sequence) ~= Sequence then
    check.list(where, "the sequence", sequence, "seq.euclid(3, 8) or { 1, 2, 3 }")
    sequence = seq.new(sequence)
  end
  check.fn(where, "the callback", fn)
  local o = check.options(where, options, { "swing", "chance" })
  local swing = check.number(where, "swing", o.swing, 0.5, 0.8, 0.5)
  local chance = check.number(where, "chance", o.chance, 0, 1, 1)

  local function play(step)
    local value = sequence:at(step)
    if value and (chance == 1 or math.random() < chance) then fn(value, step) end
  end

  -- Two grids, each with every second step: that of the late ones can be moved.
  local pair = 2 * amount
  local early = grid.every(where, pair, unit, function(n) play(2 * n - 1) end)
  local late  = grid.every(where, pair, unit, function(n) play(2 * n) end, pair * swing)
  return { sequence = sequence, cancel = function() early:cancel() late:cancel() end }
end

return seq
