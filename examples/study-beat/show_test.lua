-- showrun test examples/study-beat
local stage = require "stage"
local kick, snare = stage.get "kick", stage.get "snare"

local function above(least) return function(level) return level > least end end
local function below(most) return function(level) return level < most end end

test("the kick is on every beat, loudest on the first of a bar", function(t)
  t:deck{ bpm = 125, title = "A" }:play()
  t:advance("8.1b")
  t:expect(kick){ intensity = above(180) }
  t:advance("1/2b")
  t:expect(kick){ intensity = 0 }
  t:advance("1/2b")
  t:expect(kick){ intensity = below(150) }
end)

test("the snare is on the second and the fourth", function(t)
  t:deck{ bpm = 125, title = "A" }:play()
  t:advance("8.9b")
  t:expect(snare){ intensity = below(20) }
  for beat = 2, 8, 2 do
    t:advance("1/4b")
    t:expect(snare){ intensity = above(100) }
    t:advance("7/4b")
  end
end)
