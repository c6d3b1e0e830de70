-- loop: live loops.
--
--   local loop = require "loop"
--
--   loop("hats", "1/4b", function(pass) … end)
--
-- Each pass begins on a multiple of its length, counted from beat 0. Save the show with
-- another body: every loop goes on in step, and takes what is new at its next pass. A loop
-- that is gone from the file has played its last pass.
local check = require "showrun.check"
local grid  = require "showrun.grid"

local loops = {} -- those there are, by name

local Loop = {}
Loop.__index = Loop

-- Ends the loop; a pass that has begun runs to its end.
function Loop:cancel()
  self.points:cancel()
  if loops[self.name] == self then loops[self.name] = nil end
end

-- Begins a loop, or gives the one of that name another body.
-- fn(pass, beat): the number of the pass, from 1 at beat 0, and the beat it stands on.
local function loop(name, every, fn)
  check.text("loop", "the name", name)
  local amount, unit = check.duration("loop", "the length of a pass", every)
  check.fn("loop", "the body", fn)

  local before = loops[name]
  if before and not grid.is_live() then
    check.fail("loop", ('there is a loop "%s" in this version already; each has a name of its own'):format(name))
  elseif before then
    before:cancel()
  end
  local self = setmetatable({ name = name }, Loop)
  self.points = grid.every("loop " .. name, amount, unit, fn)
  loops[name] = self
  return self
end

return loop
