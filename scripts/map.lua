-- map: from one range of numbers to another.
local check = require "showrun.check"

local map = {}

local function number(where, what, v) return check.number(where, what, v, -math.huge, math.huge) end

-- x, but not less than lo and not more than hi.
function map.clamp(x, lo, hi)
  number("map.clamp", "the number", x) number("map.clamp", "the least", lo) number("map.clamp", "the most", hi)
  return math.max(lo, math.min(hi, x))
end

-- The number a part t of the way from a to b, 0-1.
function map.mix(a, b, t)
  number("map.mix", "the first number", a) number("map.mix", "the second number", b) number("map.mix", "the part", t)
  return a + (b - a) * t
end

-- The courses that fades have too, for a part 0-1 of the way.
local curves = {
  linear   = function(t) return t end,
  ease     = function(t) return (1 - math.cos(math.pi * t)) / 2 end,
  ease_in  = function(t) return t * t end,
  ease_out = function(t) return t * (2 - t) end,
  smooth   = function(t) return t * t * (3 - 2 * t) end,
  step     = function(t) return t < 1 and 0 or 1 end,
  snap     = function() return 1 end,
}
local names = { "linear", "ease", "ease_in", "ease_out", "smooth", "step", "snap" }

-- How far a curve has got at a part 0-1 of its way.
function map.curve(name, t)
  check.word("map.curve", "the curve", name == nil and "" or name, names)
  number("map.curve", "the part", t)
  return curves[name](math.max(0, math.min(1, t)))
end

-- x from the range lo-hi to the range from-to, and never beyond: map.range(64, 0, 127, 0, 255)
-- for a knob. With a curve it takes that way.
function map.range(x, lo, hi, from, to, curve)
  local where = "map.range"
  number(where, "the number", x)
  number(where, "the first end", lo) number(where, "the last end", hi)
  number(where, "the new first end", from) number(where, "the new last end", to)
  curve = check.word(where, "the curve", curve, names)
  if lo == hi then check.fail(where, ("the range must have two ends, got %s twice"):format(tostring(lo))) end
  local t = math.max(0, math.min(1, (x - lo) / (hi - lo)))
  return from + (to - from) * curves[curve](t)
end

-- A function that goes through points in straight lines: map.points{ { 0, 0 }, { 20, 200 } }.
function map.points(points)
  local where = "map.points"
  check.list(where, "the points", points, "{ { 0, 0 }, { 1, 255 } }")
  for i, p in ipairs(points) do
    if type(p) ~= "table" then check.wrong(where, "point " .. i, "two numbers such as { 0, 255 }", p) end
    number(where, "x of point " .. i, p[1]) number(where, "y of point " .. i, p[2])
    if i > 1 and p[1] <= points[i - 1][1] then
      check.fail(where, ("x of point %d must be more than that of the point before, %g, got %g"):format(i, points[i - 1][1], p[1]))
    end
  end
  return function(x)
    number("map.points", "the number", x)
    local before = points[1]
    if x <= before[1] then return before[2] end
    for _, p in ipairs(points) do
      if x <= p[1] then return before[2] + (p[2] - before[2]) * (x - before[1]) / (p[1] - before[1]) end
      before = p
    end
    return before[2]
  end
end

-- The multiple of a step that is nearest to x.
function map.round(x, step)
  number("map.round", "the number", x)
  step = check.number("map.round", "the step", step, 1e-9, math.huge, 1)
  return math.floor(x / step + 0.5) * step
end

return map
