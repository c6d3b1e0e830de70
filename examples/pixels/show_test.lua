-- A wall of a thousand pixels.
local stage = require "stage"

test("a flash is white, and gone after a beat", function(t)
  t:set("pattern", "meters")
  t:advance("1b")
  t:press("flash")
  t:advance(0.1) -- longer than the look-ahead, for which pictures are painted already
  t:expect "pixel 1" { red = function(level) return level > 100 end }
  t:advance("1b")
  t:expect "pixel 1" { color = "black" }
end)

test("the brightness is a limit", function(t)
  t:set("brightness", 10)
  t:advance(0.1)
  t:never(function() return stage.get "pixel 500":get("red") > 26 end)
  t:advance("4b")
end)
