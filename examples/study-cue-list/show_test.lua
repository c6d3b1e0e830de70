-- showrun test examples/study-cue-list
local stage = require "stage"
local front, back, lamp = stage.get "front", stage.get "back", stage.get "desk lamp"

test("nothing moves before GO", function(t)
  t:advance("1m")
  t:expect_cue("main")
  t:expect(front){ intensity = 0 }
end)

test("the night tracks through the second cue", function(t)
  t:go() t:advance(3)
  t:go() t:advance(1)
  t:expect_cue("main", "She comes in")
  t:expect(lamp){ intensity = "60%" }
  t:expect(back){ color = "navy", intensity = "30%" }
end)

test("the fourth cue follows a second after the morning is there", function(t)
  t:go("main", 3)
  t:advance(6.9)
  t:expect_cue("main", 3)
  t:until_cue("main", 4, "1s")
  t:advance(2.1)
  t:expect(front){ intensity = "100%" }
end)
