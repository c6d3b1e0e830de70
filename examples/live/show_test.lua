-- What may be edited while it plays goes on being true.
local stage = require "stage"

test("a hit lands on the beat", function(t)
  t:advance("4b")
  t:expect "front 1" { intensity = 255 }
end)

test("the lift comes in its bar only, and is safe", function(t)
  local flash, last, flashes = stage.get "flash", 0, {}
  t:never(function()
    local level = flash:get("dimmer")
    if level > 0 and last == 0 then flashes[#flashes + 1] = t.time end
    last = level
    return #flashes > 4 and flashes[#flashes] - flashes[#flashes - 4] < 0.99
  end)
  t:advance("24bar")
  t:ok(#flashes >= 8, "there were " .. #flashes .. " flashes")
end)
