-- test: tests of a show, in virtual time.
--
--   local test = require "test"
--
--   test("the wash goes red on the drop", function(t)
--     t:advance("8b")
--     t:expect(wash){ red = 255 }
--   end)
--
-- Every test begins at beat 0 of a run of its own, or a thousandth of a second after it:
-- what happens on a beat has happened when the test has advanced to it.
local _, blame = ...
local clock = require "clock"
local check = require "showrun.check"

local there, trial = pcall(require, "trial") -- where tests are declared, if they are run
if not there then blame("test: tests are not part of a show; they are run by themselves") end

local T = {}
T.__index = T

-- Lets time pass: a duration, in beats or seconds. What looking has taken is part of it.
function T:advance(duration)
  local amount, unit = check.duration("test:advance", "the duration", duration)
  local looked = unit == "b" and self.looked * clock.tempo() / 60 or self.looked
  if amount > looked then
    self.looked = 0
    clock.sleep(unit == "b" and ("%.9fb"):format(amount - looked) or amount - looked)
  else
    self.looked = self.looked * (1 - amount / looked)
  end
end

-- Waits until what happens now can be seen: two and a half milliseconds, more than there is
-- from one frame of a test to the next.
function T:look()
  if self.seen == clock.time() then return end
  clock.sleep(0.0025)
  self.looked, self.seen = self.looked + 0.0025, clock.time()
end

-- Levels may differ by what rounding makes of them, and colours, which are often on their
-- way, by a little more.
local function differs(got, want)
  if type(got) == "string" and type(want) == "string" and got:match("^#%x%x%x%x%x%x$") and want:match("^#%x%x%x%x%x%x$") then
    for i = 2, 6, 2 do
      if math.abs(tonumber(got:sub(i, i + 1), 16) - tonumber(want:sub(i, i + 1), 16)) > 2 then return true end
    end
    return false
  end
  if type(got) == "number" and type(want) == "number" then return math.abs(got - want) > 1.01 end
  return got ~= want
end

local function shown(v) return type(v) == "number" and ("%g"):format(v) or check.describe(v) end

-- t:expect(wash){ red = 255, color = "#ff0000" } compares present levels, of anything with
-- :get, such as a fixture, a group or a universe. It looks first.
function T:expect(target)
  if type(target) ~= "userdata" then check.wrong("test:expect", "the target", "something with levels, such as a fixture", target) end
  return function(levels)
    self:look()
    for name, want in pairs(levels) do
      local got
      local message = check.objection(function() got = target:get(name) end)
      if message then check.fail("test:expect", (message:gsub("^.-:get: ", ""))) end
      if type(want) == "string" and want:match("%%$") then want = tonumber((want:gsub("%%", ""))) * 2.55 end
      if differs(got, want) then
        blame(("%s: %s is %s, expected %s, at beat %g"):format(tostring(target), tostring(name), shown(got), shown(want), clock.beats()))
      end
    end
  end
end

-- Compares two values, and tables by what they hold.
local function same(got, want)
  if type(got) == "number" and type(want) == "number" then return math.abs(got - want) < 1e-6 end
  if type(got) ~= "table" or type(want) ~= "table" then return got == want end
  for k, v in pairs(want) do if not same(got[k], v) then return false end end
  for k in pairs(got) do if want[k] == nil then return false end end
  return true
end

local function list(v)
  if type(v) ~= "table" then return shown(v) end
  local parts = {}
  for k, x in pairs(v) do parts[#parts + 1] = (type(k) == "number" and "" or k .. " = ") .. list(x) end
  return "{ " .. table.concat(parts, ", ") .. " }"
end

function T:equal(got, want)
  if not same(got, want) then blame(("got %s, expected %s"):format(list(got), list(want))) end
end

-- Expects that fn raises an error with this text in it.
function T:fails(fn, text)
  local fine, message = pcall(fn)
  if fine then blame(('no error, expected "%s"'):format(text)) end
  if not tostring(message):find(text, 1, true) then blame(('the error is "%s", expected "%s"'):format(tostring(message), text)) end
end

-- The messages that were sent since the last time, as a list of texts.
function T:sent() return trial.sent() end

return function(name, fn)
  check.text("test", "the name", name)
  check.fn("test", "the body", fn)
  trial.declare(name, function()
    clock.sleep(0.001)
    fn(setmetatable({ looked = 0 }, T))
  end)
end
