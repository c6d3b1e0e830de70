local clock  = require "clock"
local map    = require "map"
local signet = require "signet"
local stage  = require "stage"
local test   = require "test"

local spot = stage.fixture{ name = "spot", kind = "dimmer", at = signet.sender{}:universe(1):slot(1) }

test("ranges", function(t)
  t:equal({ map.range(64, 0, 128, 0, 255), map.range(-5, 0, 10, 0, 1), map.range(15, 0, 10, 0, 1) }, { 127.5, 0, 1 })
  t:equal({ map.range(2, 0, 10, 100, 0), map.range(8, 10, 0, 0, 100) }, { 80, 20 })
  t:equal(map.range(0.5, 0, 1, 0, 100, "ease_in"), 25)
  t:equal({ map.clamp(-1, 0, 5), map.clamp(9, 0, 5), map.clamp(3, 0, 5) }, { 0, 5, 3 })
  t:equal({ map.mix(10, 20, 0.25), map.round(13, 5), map.round(2.4), map.round(-0.3, 0.25) }, { 12.5, 15, 2, -0.25 })
end)

test("points", function(t)
  local heat = map.points{ { 0, 0 }, { 10, 100 }, { 20, 50 } }
  t:equal({ heat(-1), heat(5), heat(10), heat(15), heat(99) }, { 0, 50, 100, 75, 50 })
end)

test("curves are those of fades", function(t)
  for _, name in ipairs{ "linear", "ease", "ease_in", "ease_out", "smooth", "step", "snap" } do
    t:equal({ map.curve(name, 1), map.curve(name, 7) }, { 1, 1 })
    spot:set(0)
    t:advance(0.1)
    spot:fade(255, 1, { curve = name })
    for i = 1, 4 do
      t:advance(0.2)
      t:look()
      t:equal(math.abs(spot:get("dimmer") - 255 * map.curve(name, i / 5)) < 3, true)
    end
    t:advance(0.3)
  end
end)
