local pick = require "pick"
local test = require "test"

local function count(draw, n)
  local counts = {}
  for _ = 1, n do
    local v = draw()
    counts[v] = (counts[v] or 0) + 1
  end
  return counts
end

local function near(t, got, want, slack)
  t:equal(got ~= nil and math.abs(got - want) < slack, true)
end

test("one of a list", function(t)
  local counts = count(function() return pick.one{ "a", "b" } end, 1000)
  near(t, counts.a, 500, 70)
  near(t, counts.b, 500, 70)
end)

test("weights", function(t)
  local counts = count(pick.weights{ red = 3, blue = 1, never = 0 }, 4000)
  near(t, counts.red, 3000, 150)
  near(t, counts.blue, 1000, 150)
  t:equal(counts.never, nil)
end)

test("a shuffle has the same things", function(t)
  local list = { 1, 2, 3, 4, 5, 6, 7, 8 }
  local first = {}
  for _ = 1, 800 do
    local s = pick.shuffle(list)
    first[s[1]] = (first[s[1]] or 0) + 1
    table.sort(s)
    t:equal(s, list)
  end
  for i = 1, 8 do near(t, first[i], 100, 45) end
end)

test("a bag has each once, and none twice in a row", function(t)
  local draw = pick.bag{ "a", "b", "c" }
  local last
  for _ = 1, 200 do
    local round = {}
    for _ = 1, 3 do
      local v = draw()
      t:equal(v ~= last, true)
      t:equal(round[v], nil)
      round[v], last = true, v
    end
  end
  local single = pick.bag{ "only" }
  t:equal({ single(), single() }, { "only", "only" })
end)
