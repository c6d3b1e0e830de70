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

-- Ends the loop; a body that has begun runs to its end.
function Loop:cancel()
  for _, points in ipairs(self.points) do points:cancel() end
  if loops[self.name] == self then loops[self.name] = nil end
end

-- Begins a loop, or gives the one of that name another body.
-- body(pass, beat): the number of the pass, from 1 at beat 0, and the beat it stands on. A
-- list of bodies parts the pass evenly between them; false is a rest.
local function loop(name, every, body)
  check.text("loop", "the name", name)
  local amount, unit = check.duration("loop", "the length of a pass", every)
  local parts = { body }
  if type(body) == "table" then
    parts = check.list("loop", "the body", body, "{ fn, false, fn }")
    for i, part in ipairs(parts) do
      if part then check.fn("loop", "part " .. i .. " of the body", part) end
    end
  else
    check.fn("loop", "the body", body)
  end

  local before = loops[name]
  if before and not grid.is_live() then
    check.fail("loop", ('there is a loop "%s" in this version already; each has a name of its own'):format(name))
  elseif before then
    before:cancel()
  end
  local self = setmetatable({ name = name, points = {} }, Loop)
  for i, part in ipairs(parts) do
    if part then
      self.points[#self.points + 1] = grid.every("loop " .. name, amount, unit, part, (i - 1) * amount / #parts)
    end
  end
  loops[name] = self
  return self
end

return loop
