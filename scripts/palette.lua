-- palette: colours and positions with names.
--
--   local palette = require "palette"
--
--   local p = palette.new{ warm = "orange", cold = "#3060ff", singer = { pan = -20, tilt = 35 } }
--   wash:fade(p.warm, 2)
--   wash:set(palette.blend(p.warm, p.cold, 0.5))
--
-- An entry is a table of levels, so whatever takes levels takes it. Change an entry in the
-- file, and everything that names it changes at the next version.
local stage = require "stage"
local check = require "showrun.check"

local palette = {}

-- The red, green and blue of a colour, however it is written.
local function rgb(where, what, colour)
  local light
  local message = check.objection(function() light = stage.color(colour) end)
  if message then check.fail(where, (message:gsub("^.-stage%.color: ", ""):gsub("^the colour", what))) end
  return light
end

-- Levels, whatever was given: a colour alone becomes { color = … }.
local function entry(where, what, v)
  if type(v) == "table" and #v == 0 and v.h == nil then
    if next(v) == nil then check.fail(where, what .. " has nothing in it") end
    if v.color ~= nil then rgb(where, what, v.color) end
    return v
  end
  rgb(where, what, v)
  return { color = v }
end

-- A palette of entries by name: a colour, or a table of levels. A name that is not in it
-- raises an error, and so does an entry put in later.
function palette.new(entries)
  local where = "palette.new"
  if type(entries) ~= "table" or #entries > 0 then
    check.wrong(where, "the entries", 'a table by name such as { warm = "orange" }', entries)
  end
  local own, names = {}, {}
  for name, v in pairs(entries) do
    check.text(where, "the name of an entry", name)
    own[name] = entry(where, name, v)
    names[#names + 1] = name
  end
  table.sort(names)
  return setmetatable({}, {
    __index = function(_, name)
      local found = own[name]
      if found == nil then
        local hint = type(name) == "string" and check.suggestion(name, names) or ""
        if hint == "" then hint = "; it has " .. table.concat(names, ", ") end
        check.fail("palette", ("there is no %s%s"):format(check.describe(name), hint))
      end
      return found
    end,
    __newindex = function(_, name)
      check.fail("palette", ("%s cannot be put in later; give it to palette.new"):format(check.describe(name)))
    end,
  })
end

-- One colour a part 0-1 of the way to another, as bright as the two: the largest component
-- goes in a straight line, so that red to blue passes a full magenta.
local function between(a, b, part)
  local light = {}
  for i = 1, 3 do light[i] = a[i] + (b[i] - a[i]) * part end
  local have, want = math.max(unpack(light)), math.max(unpack(a)) * (1 - part) + math.max(unpack(b)) * part
  for i = 1, 3 do light[i] = have > 0 and light[i] * want / have or 0 end
  return light
end

-- What lies a part 0-1 of the way from one entry to another. Of levels that only one of
-- them has, or that are no numbers, the nearer one's are taken.
function palette.blend(from, to, part)
  local where = "palette.blend"
  from, to = entry(where, "the first entry", from), entry(where, "the second entry", to)
  check.number(where, "the part", part, 0, 1)
  local nearer, other = from, to
  if part >= 0.5 then nearer, other = to, from end
  local blend = {}
  for name, v in pairs(other) do blend[name] = v end
  for name, v in pairs(nearer) do blend[name] = v end
  for name, a in pairs(from) do
    local b = to[name]
    if name == "color" and b then
      blend.color = between(rgb(where, "the first entry", a), rgb(where, "the second entry", b), part)
    elseif type(a) == "number" and type(b) == "number" then
      blend[name] = a + (b - a) * part
    end
  end
  return blend
end

-- A list of so many entries from one to the other, both ends included: for fx.cycle, or a
-- colour for each fixture of a group.
function palette.steps(from, to, count)
  check.whole("palette.steps", "the count", count, 2, 1000)
  local list = {}
  for i = 1, count do list[i] = palette.blend(from, to, (i - 1) / (count - 1)) end
  return list
end

return palette
