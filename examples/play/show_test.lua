-- "The Letter", rehearsed without actors.
local stage = require "stage"
local house, spot = stage.get "house", stage.get "spot"

-- GO until a cue is on, and what follows by itself has followed.
local function at(t, number)
  t:ctl("jump play " .. number)
  t:advance(0.1)
  t:expect_cue("play", number)
end

test("the audience comes in by the light of the house", function(t)
  t:expect(house){ intensity = "100%" }
  t:expect_cue "play"
end)

test("house to half, and out by itself", function(t)
  t:go("play", 1)
  t:go("play")
  t:advance(3)
  t:expect(house){ intensity = "50%" }
  t:until_cue("play", "House out", "2s")
  t:advance(4)
  t:expect(house){ intensity = 0 }
  t:expect "sky" { intensity = 0 }
end)

test("the spot never moves while it is lit", function(t)
  local pan
  t:never(function()
    local before, now = pan, spot:get("pan")
    pan = now
    return before and spot:get("intensity") > 0 and math.abs(now - before) > 0.1
  end)
  at(t, 5)
  t:go("play")
  t:advance(6)
  t:expect(spot){ pan = -40, tilt = 50, intensity = "80%" }
  t:go("play") -- the letter
  t:advance(3)
  t:expect(spot){ intensity = "80%" }
end)

test("what the letter changes ends with it", function(t)
  at(t, 7)
  t:expect "front 1" { intensity = 0 }
  t:go("play")
  t:advance(2)
  t:expect "front" { intensity = "60%" }
end)

test("the storm goes by timecode", function(t)
  at(t, 8)
  t:go("play")
  t:advance(6)
  t:expect "spot" { intensity = 0 }
end)

test("lists track each for itself", function(t)
  t:go("sound", "Lamp on")
  at(t, 11)
  t:expect "desk lamp" { intensity = "60%" }
  t:go("sound", "Doorbell")
  t:until_cue("sound", "Silence", "1s")
  t:expect "doorbell" { intensity = 0 }
end)
