-- Pixels: a wall of 1,000 RGB pixels, painted in Lua 60 times a second, on the beat.
local clock     = require "clock"
local stage     = require "stage"
local show      = require "show"
local signet    = require "signet"
local stagelinq = require "stagelinq"

-- 170 pixels fill a universe, so the wall hangs on six. With sync they all change in the
-- same moment: without it, a picture that moves is torn where one universe ends.
local RATE, COLUMNS, ROWS = 60, 50, 20
local net = signet.sender{ rate = RATE, sync = true }

-- Pixel 1 is at the top left, 2 to its right, and so on row by row.
local pixels = { name = "wall" }
for i = 0, COLUMNS * ROWS - 1 do
  local universe, slot = math.floor(i / 170) + 1, i % 170 * 3 + 1
  pixels[i + 1] = stage.fixture{ name = "pixel " .. i + 1, kind = "rgb", at = net:universe(universe):slot(slot) }
end
local wall = stage.group(pixels)

clock.follow(stagelinq.sink{}:master())

-- The picture: red, green and blue of each pixel in turn, 0-255. It is one table for the
-- whole show. At 60 pictures a second, tables made anew would be most of the work.
local picture = {}
for i = 1, 3 * #wall do picture[i] = 0 end

-- Colours by number, 0-255 round the colour circle, worked out once: three sines, a third
-- of the circle apart.
local red, green, blue = {}, {}, {}
for i = 0, 255 do
  local a = i / 256 * 2 * math.pi
  red[i], green[i], blue[i] = 127.5 + 127.5 * math.cos(a), 127.5 + 127.5 * math.cos(a - 2.094), 127.5 + 127.5 * math.cos(a + 2.094)
end

-- A pattern paints the picture of an instant: beats is the position in beats, such as
-- 16.25, and level how bright the most of it is, 0-1. Locals are faster than globals.
local floor, abs, exp, sin, sqrt, random = math.floor, math.abs, math.exp, math.sin, math.sqrt, math.random
local patterns = {}

-- The colours of the circle go across the wall, once in two bars, and lean a little.
function patterns.rainbow(beats, level)
  local i = 1
  for y = 0, ROWS - 1 do
    for x = 0, COLUMNS - 1 do
      local hue = floor(256 * (x / COLUMNS + y / 80 - beats / 8)) % 256
      picture[i], picture[i + 1], picture[i + 2] = level * red[hue], level * green[hue], level * blue[hue]
      i = i + 3
    end
  end
end

-- On each beat a ring leaves the middle; the next beat has another colour.
function patterns.rings(beats, level)
  local i, radius, hue = 1, beats % 1 * 30, floor(beats) * 47 % 256
  local r, g, b = level * red[hue], level * green[hue], level * blue[hue]
  for y = 0, ROWS - 1 do
    for x = 0, COLUMNS - 1 do
      local dx, dy = x - 24.5, y - 9.5
      local part = 1 - abs(sqrt(dx * dx + dy * dy) - radius) / 4
      if part < 0 then part = 0 end
      picture[i], picture[i + 1], picture[i + 2] = part * r, part * g, part * b
      i = i + 3
    end
  end
end

-- Columns jump up on the beat, each as high as it likes, and fall until the next one.
local heights = {}
function patterns.meters(beats, level)
  local fall = exp(-2 * (beats % 1))
  for x = 0, COLUMNS - 1 do
    local noise = sin(floor(beats) * 12.9898 + floor(x / 5) * 78.233) * 43758.5453
    heights[x] = ROWS * (0.3 + 0.7 * (noise - floor(noise))) * fall
  end
  local i = 1
  for y = 0, ROWS - 1 do
    local hue = floor(120 - 6 * (ROWS - y)) % 256        -- green at the bottom, red on top
    for x = 0, COLUMNS - 1 do
      local part = heights[x] - (ROWS - 1 - y)           -- the top pixel is lit by a part
      part = level * (part < 0 and 0 or part > 1 and 1 or part)
      picture[i], picture[i + 1], picture[i + 2] = part * red[hue], part * green[hue], part * blue[hue]
      i = i + 3
    end
  end
end

-- Sparks, most of them on the beat. What is left in the picture fades: this pattern goes
-- on from the one before.
function patterns.sparks(beats, level)
  for i = 1, #picture do picture[i] = picture[i] * 0.92 end
  for _ = 1, beats % 1 < 0.1 and 30 or 2 do
    local i, hue = 3 * random(0, #wall - 1) + 1, floor(beats * 8) % 256
    picture[i], picture[i + 1], picture[i + 2] = level * (127 + red[hue] / 2), level * (127 + green[hue] / 2), level * (127 + blue[hue] / 2)
  end
end

-- What people operate.
local pattern    = show.param{ "pattern", choices = { "rainbow", "rings", "meters", "sparks" } }
local brightness = show.param{ "brightness", default = 50, min = 0, max = 100, step = 5, unit = "%" }
local speed      = show.param{ "speed", default = 1, min = 0.25, max = 4, step = 0.25, unit = "times the beat" }

-- The flash: all white, dying away within a beat. It lies over whatever is painted.
local flashed = -1
show.trigger("flash", function() flashed = clock.beats() end)

-- 60 pictures a second. One handler is one frame, so a picture is never seen half painted;
-- time stands still in it, so all pixels are those of the same instant.
clock.every(1 / RATE, function()
  local beats, level = clock.beats(), brightness:get() / 100
  patterns[pattern:get()](beats * speed:get(), level)
  local white = 255 * level * (1 - (beats - flashed))
  if flashed >= 0 and white > 0 then
    for i = 1, #picture do if picture[i] < white then picture[i] = white end end
  end
  wall:pixels(picture)
end)
