-- Machines: what must never happen comes first.
local stage = require "stage"
local valve = "theater.valve 127.0.0.1:23000"
local motors = "theater.motion 127.0.0.1:21000"

-- What the top level says to the machines is none of a test.
local function quiet(t) t:sent() end

test("nothing moves before somebody has looked", function(t)
  t:press("up")
  t:press("down")
  t:deck{ bpm = 120 }:play()
  t:advance("16bar")
  t:expect_nothing_sent(valve)
end)

test("up: the winch, and then the wings open and are shut again", function(t)
  quiet(t)
  t:advance(1)
  t:expect "work" { intensity = 120 }
  t:press("homed")
  t:press("up")
  t:advance(1)
  t:expect "work" { intensity = 0 }
  t:wait(function()
    for _, text in ipairs(t:sent()) do
      if text:find(valve, 1, true) then return true end
    end
  end, "20s")
  t:expect_sent(valve, 1, 60)
  t:expect_sent(valve, 2, 60)
  t:advance(1.6)
  t:expect_sent(valve, 1, 0)
  t:expect_sent(valve, 2, 0)
end)

test("the height is within the building", function(t)
  t:fails(function() t:set("height", 800) end, "0 to 720")
end)
