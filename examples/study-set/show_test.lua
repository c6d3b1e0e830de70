-- showrun test examples/study-set
local stage = require "stage"
local strobe, wall = stage.get "strobe", stage.get "wall"

test("a track that is known: the drop is in its third bar", function(t)
  t:deck{ title = "Click", artist = "Virtual rig", bpm = 120 }:play()
  t:advance("7b")
  t:expect(strobe){ intensity = 0 }
  t:advance("1.1b")
  t:expect(strobe){ intensity = function(level) return level > 220 end }
  t:expect(wall){ intensity = function(level) return level > 150 end }
end)

test("one that is not known has none", function(t)
  t:deck{ title = "Something", artist = "Somebody", bpm = 120 }:play()
  t:never(function() return strobe:get("dimmer") > 0 end)
  t:advance("12bar")
end)
