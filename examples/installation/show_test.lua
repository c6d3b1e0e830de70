-- Months in a park, in a few seconds.
local show = require "show"

test("who flickers does not sit", function(t)
  for _ = 1, 10 do
    t:osc("/bench/2", 1)
    t:advance(0.2)
    t:osc("/bench/2", 0)
    t:advance(0.2)
  end
  t:advance(2)
  t:equal(show.state.visitors, 0)
end)

test("who sits down is counted, and the bench glows", function(t)
  t:osc("/bench/1", 1)
  t:advance(2)
  t:equal(show.state.visitors, 1)
  t:expect "under the lime" { intensity = function(level) return level > 80 end }
end)

test("the technician's limit holds for all", function(t)
  t:set("brightness", 10)
  t:advance(3)
  t:osc("/bench/3", 1)
  t:advance(3)
  t:expect "at the gate" { intensity = function(level) return level <= 26 end }
end)

test("the heartbeat comes every thirty seconds", function(t)
  t:advance("5m")
  for _ = 1, 10 do t:expect_sent("osc.sender 127.0.0.1:9002", "/installation/alive") end
  t:expect_nothing_sent "osc.sender 127.0.0.1:9002"
end)

test("a sensor that says nothing is missed, and its bench is free", function(t)
  t:osc("/bench/4", 1)
  t:advance("13m")
  local alive
  for _, text in ipairs(t:sent()) do alive = text:find("/installation/alive", 1, true) and text or alive end
  t:ok(alive:match("(%d+)$") == "4", "got " .. alive)
end)
