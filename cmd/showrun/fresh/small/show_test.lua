-- Tests of the show, in virtual time: showrun test
local stage = require "stage"

local wash, spot = stage.get "wash", stage.get "spot"

test("the spot flashes on the beat", function(t)
  t:advance("4b")
  t:expect(spot){ intensity = 200 }
  t:advance("3/4b")
  t:expect(spot){ intensity = 0 }
end)

test("the first cue brings the house light", function(t)
  t:go("main")
  t:advance(3)
  t:expect(wash){ color = "orange", intensity = "30%" }
end)
