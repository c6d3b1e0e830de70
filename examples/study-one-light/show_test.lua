-- showrun test examples/study-one-light
local stage = require "stage"
local lamp  = stage.get "lamp"

test("the lamp breathes: two seconds in, two seconds out", function(t)
  t:expect(lamp){ color = "orange", intensity = "20%" }
  t:advance(2)
  t:expect(lamp){ intensity = "100%" }
  t:advance(2)
  t:expect(lamp){ intensity = "20%" }
end)

test("after ten minutes it is where it should be", function(t)
  t:advance("10m")
  t:expect(lamp){ intensity = "20%" }
  t:advance(2)
  t:expect(lamp){ intensity = "100%" }
end)
