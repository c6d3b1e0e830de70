-- Checked arguments for the modules of the library.
--
-- Each function takes first what the message is to begin with, such as "fx.chase", and
-- then what the argument is called. It returns the argument, or raises an error in the
-- words that the built-in modules use, which blames the line of the show:
--
--   show.lua:12: fx.chase: unknown option 'evry' (did you mean 'every'?)

-- A file of the library gets its name and, second, a function that raises an error at the
-- line that called into the library.
local _, blame = ...

local clock = require "clock"

local check = {}

-- Raises an error: check.fail("fx.chase", "the group is empty").
local function fail(where, text) blame(where .. ": " .. text) end
check.fail = fail

-- What a value is called in an error.
local function describe(v)
  local kind = type(v)
  if kind == "string" then
    if #v > 40 then v = v:sub(1, 40) .. "…" end
    return '"' .. v .. '"'
  elseif kind == "userdata" then
    return "a " .. tostring(getmetatable(v) or kind) -- such as "a stage.fixture"
  elseif kind == "table" or kind == "function" then
    return "a " .. kind
  end
  return tostring(v)
end
check.describe = describe

local function wrong(where, what, want, got)
  local hint = ""
  if type(got) == "string" and tonumber(got) and want:find("number") then
    hint = "; a number stands without quotes"
  elseif got == nil and want == "a function" then
    hint = "; was it called where it should be passed, as f() for f?"
  end
  fail(where, ("%s must be %s, got %s%s"):format(what, want, describe(got), hint))
end
check.wrong = wrong

-- "a, b and c".
local function enumerate(words, last)
  if #words < 2 then return words[1] or "" end
  return table.concat(words, ", ", 1, #words - 1) .. " " .. last .. " " .. words[#words]
end

-- How many letters have to be put in, left out, exchanged or replaced to make a of b.
local function distance(a, b)
  local before, row = {}, {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local above = row
    row = { [0] = i }
    for j = 1, #b do
      local other = a:byte(i) == b:byte(j) and 0 or 1
      row[j] = math.min(above[j - 1] + other, above[j] + 1, row[j - 1] + 1)
      if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        row[j] = math.min(row[j], before[j - 2] + 0.5)
      end
    end
    before = above
  end
  return row[#b]
end

-- " (did you mean 'x'?)" for the word most like what was written, "" if none is.
local function suggestion(written, words)
  local best, least = nil, 2.5
  for _, word in ipairs(words) do
    local d = distance(written:lower():sub(1, 40), word:lower())
    if d < least and 2 * d < math.min(#word, #written) then best, least = word, d end
  end
  return best and (" (did you mean '%s'?)"):format(best) or ""
end
check.suggestion = suggestion

-- A number from lo to hi, or else default, if there is one.
function check.number(where, what, v, lo, hi, default)
  if v == nil and default ~= nil then return default end
  if type(v) ~= "number" or not (v >= lo and v <= hi) then
    local between = (lo < 0 and " %g to %g" or " %g-%g"):format(lo, hi)
    if hi == math.huge then between = lo > -math.huge and (" of %g or more"):format(lo) or "" end
    wrong(where, what, "a number" .. between, v)
  end
  return v
end

-- A whole number from lo to hi.
function check.whole(where, what, v, lo, hi, default)
  if v == nil and default ~= nil then return default end
  if type(v) ~= "number" or v % 1 ~= 0 or v < lo or v > hi then
    wrong(where, what, ("a whole number %d-%d"):format(lo, hi), v)
  end
  return v
end

function check.text(where, what, v)
  if type(v) ~= "string" or v == "" then wrong(where, what, "a text that is not empty", v) end
  return v
end

function check.flag(where, what, v)
  if v ~= nil and type(v) ~= "boolean" then wrong(where, what, "true or false", v) end
  return v == true
end

function check.fn(where, what, v)
  if type(v) ~= "function" then wrong(where, what, "a function", v) end
  return v
end

-- A list with something in it.
function check.list(where, what, v, example)
  if type(v) ~= "table" then wrong(where, what, "a list such as " .. example, v) end
  if #v == 0 then fail(where, what .. " must be a list such as " .. example .. ", got one with nothing in it") end
  return v
end

-- One of some words, the first of them if there is none.
function check.word(where, what, v, words)
  if v == nil then return words[1] end
  for _, word in ipairs(words) do
    if v == word then return word end
  end
  local hint = type(v) == "string" and suggestion(v, words) or ""
  fail(where, ("%s must be %s, got %s%s"):format(what, enumerate(words, "or"), describe(v), hint))
end

-- The options of a call: a table with these names only, which may be left out.
function check.options(where, v, names)
  if v == nil then return {} end
  if type(v) ~= "table" then
    wrong(where, "the options", ("a table such as { %s = … }"):format(names[1]), v)
  end
  for name in pairs(v) do
    local known = false
    for _, n in ipairs(names) do known = known or n == name end
    if not known then
      local hint = type(name) == "string" and suggestion(name, names) or ""
      if hint == "" then hint = "; it takes " .. enumerate(names, "and") end
      local shown = type(name) == "string" and "'" .. name .. "'" or describe(name)
      fail(where, "unknown option " .. shown .. hint)
    end
  end
  return v
end

-- What a built-in function has against its arguments, without its own name; nil if nothing.
local function objection(fn, ...)
  local fine, message = pcall(fn, ...)
  if not fine then return (message:gsub("^[%w_.:]+: ", "")) end
end
check.objection = objection

-- A duration longer than nothing: how much, and "b" for beats or "s" for seconds.
function check.duration(where, what, v, default)
  if v == nil and default ~= nil then v = default end
  local amount, unit
  local message = objection(function() amount, unit = clock.length(v) end)
  if message then fail(where, (message:gsub("^.-clock%.length: ", ""):gsub("^the duration", what))) end
  if amount <= 0 then wrong(where, what, "more than 0", v) end
  return amount, unit
end

-- A fixture or a group.
function check.lamps(where, v)
  local class = type(v) == "userdata" and getmetatable(v)
  if class ~= "stage.fixture" and class ~= "stage.group" then wrong(where, "the group", "a group or a fixture", v) end
  return v
end

-- Levels that a group can be set to.
function check.levels(where, what, lamps, levels)
  local message = objection(lamps.check, lamps, levels)
  if message then fail(where, what .. ": " .. message) end
  return levels
end

return check
