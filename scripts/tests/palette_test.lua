local clock   = require "clock"
local palette = require "palette"
local signet  = require "signet"
local stage   = require "stage"
local test    = require "test"

local one  = signet.sender{}:universe(1)
local wash = stage.fixture{ name = "wash", kind = "rgb", at = one:slot(1) }
local head = stage.fixture{ name = "head", kind = "moving_head", at = one:slot(11), range = { pan = 540, tilt = 270 } }

local p = palette.new{
  warm   = "orange",
  cold   = { 0, 0, 255 },
  lagoon = { h = 180, s = 0.5 },
  singer = { pan = -20, tilt = 35, color = "linen" },
}

test("an entry is levels", function(t)
  wash:set(p.warm)
  head:set(p.singer)
  t:advance(0.1)
  t:expect(wash){ red = 255, green = 165, blue = 0, color = "#ffa500" }
  t:look()
  t:equal({ math.floor(head:get("pan") + 0.5), math.floor(head:get("tilt") + 0.5) }, { -20, 35 })
  wash:fade(p.cold, "1b")
  t:advance("1b")
  t:expect(wash){ red = 0, blue = 255 }
  wash:set{ color = p.warm, intensity = "50%" }
  t:advance(0.1)
  t:expect(wash){ red = "50%", blue = 0 }
end)

test("blends are as bright as their ends", function(t)
  t:equal(palette.blend("red", "blue", 0.5), { color = { 255, 0, 255 } })
  t:equal(palette.blend(p.warm, p.cold, 0), { color = { 255, 165, 0 } })
  t:equal(palette.blend(p.warm, p.cold, 1), { color = { 0, 0, 255 } })
  t:equal(palette.blend("black", "white", 0.5), { color = { 127.5, 127.5, 127.5 } })
  t:equal(palette.blend({ pan = 0, intensity = 10 }, { pan = 30, intensity = 20 }, 0.5), { pan = 15, intensity = 15 })
  t:equal(palette.blend({ pan = 0, color = "red" }, { tilt = 5 }, 0.2), { pan = 0, color = "red", tilt = 5 })
end)

test("a blend is where a fade is half-way", function(t)
  wash:set(p.lagoon)
  t:advance(0.1)
  wash:fade(p.warm, 2)
  t:advance(1)
  t:look()
  local half = palette.blend(p.lagoon, p.warm, 0.5).color
  t:equal(math.abs(wash:get("red") - half[1]) < 3 and math.abs(wash:get("green") - half[2]) < 3 and math.abs(wash:get("blue") - half[3]) < 3, true)
end)

test("steps", function(t)
  local list = palette.steps("black", "white", 3)
  t:equal({ #list, list[1].color[1], list[2].color[1], list[3].color[1] }, { 3, 0, 127.5, 255 })
end)

test("names that are not there", function(t)
  t:fails(function() return p.wram.color end, [[palette: there is no "wram" (did you mean 'warm'?)]])
  t:fails(function() p.new = "red" end, [[palette: "new" cannot be put in later; give it to palette.new]])
end)
