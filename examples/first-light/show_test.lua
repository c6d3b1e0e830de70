-- What first light promises: run it with showrun test examples/first-light.
local stage = require "stage"
local flash = stage.get "flash"

test("it begins with a look, and without a player", function(t)
  t:expect "washes" { red = 60, green = 20, blue = 0 }
end)

test("the flash is on the beat, and dies away", function(t)
  t:advance("4b")
  t:expect(flash){ intensity = 255 }
  t:advance("3/4b")
  t:expect(flash){ intensity = 0 }
  t:advance("1/4b")
  t:expect(flash){ intensity = 140 }
end)

test("the washes have their next colour by the end of a bar", function(t)
  t:advance("4bar")
  t:expect "washes" { color = { 0, 255, 90 } }
end)

test("the DJ has the tempo", function(t)
  local dj = t:deck{ bpm = 90, title = "Slow" }
  dj:play()
  t:advance("4b")
  t:ok(math.abs(t.time - 4 * 60 / 90) < 0.05, "four beats took " .. t.time .. " s")
  t:expect(flash){ intensity = 255 }
end)

test("every eight bars the washes blink white, one after the other", function(t)
  t:advance("32b")
  t:expect "left" { color = "white" }
  t:advance("1/2b")
  t:expect "centre" { color = "white" }
end)
