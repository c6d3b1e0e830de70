-- pick: chance that makes sense.
--
-- All of it draws from math.random, so that --seed repeats a run.
local check = require "showrun.check"

local pick = {}

-- One of a list, each as likely as the others.
function pick.one(list)
  check.list("pick.one", "the list", list, '{ "red", "blue" }')
  return list[math.random(#list)]
end

-- The same things in another order, as a new list.
function pick.shuffle(list)
  check.list("pick.shuffle", "the list", list, '{ "red", "blue" }')
  local shuffled = {}
  for i = 1, #list do
    local j = math.random(i) -- each new one takes a place among those before it
    shuffled[i] = shuffled[j]
    shuffled[j] = list[i]
  end
  return shuffled
end

-- A function that returns each of a list once, in any order, then each once again, and
-- never the same twice in a row.
function pick.bag(list)
  check.list("pick.bag", "the list", list, '{ "red", "blue" }')
  local left, last = {}, nil
  return function()
    if #left == 0 then
      left = pick.shuffle(list)
      if #left > 1 and left[#left] == last then
        left[1], left[#left] = left[#left], left[1]
      end
    end
    last = table.remove(left)
    return last
  end
end

-- A function that returns one of the keys of a table, as likely as its weight says:
-- pick.weights{ red = 3, blue = 1 } returns "red" three times out of four.
function pick.weights(weights)
  local where = "pick.weights"
  if type(weights) ~= "table" then check.wrong(where, "the weights", "a table such as { red = 3, blue = 1 }", weights) end
  local choices, sum = {}, 0
  for choice, weight in pairs(weights) do
    check.number(where, ("the weight of %s"):format(tostring(choice)), weight, 0, 1e9)
    sum = sum + weight
    choices[#choices + 1] = { choice = choice, upto = sum }
  end
  if sum == 0 then check.fail(where, "at least one weight must be more than 0") end
  return function()
    local drawn = math.random() * sum
    for _, c in ipairs(choices) do
      if drawn < c.upto then return c.choice end
    end
  end
end

return pick
