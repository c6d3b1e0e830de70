local clock = require "clock"
local seq   = require "seq"
local test  = require "test"

test("values go round", function(t)
  local s = seq.new{ "a", "b", "c" }
  t:equal({ s:next(), (s:next()), (s:next()), (s:next()) }, { "a", "b", "c", "a" })
  t:equal({ s:at(1), s:at(4), s:at(0), s:at(-1) }, { "a", "a", "c", "b" })
  t:equal(#s, 3)
  s:reset()
  t:equal((s:next()), "a")
end)

test("rhythms that have names", function(t)
  t:equal(tostring(seq.euclid(3, 8)), "x..x..x.")        -- tresillo
  t:equal(tostring(seq.euclid(4, 16)), "x...x...x...x...") -- four on the floor
  t:equal(tostring(seq.euclid(5, 8)), "x.x.xx.x")
  t:equal(tostring(seq.euclid(3, 8, 1)), ".x..x..x")
  t:equal(tostring(seq.euclid(3, 8, -1)), "..x..x.x")
  t:equal(tostring(seq.euclid(0, 4)), "....")
  t:equal(tostring(seq.euclid(4, 4)), "xxxx")
end)

test("every rhythm has its hits, and spreads them", function(t)
  for steps = 1, 32 do
    for hits = 1, steps do
      local s = seq.euclid(hits, steps)
      local n, places = 0, {}
      for i = 1, steps do
        if s:at(i) then n = n + 1 places[n] = i end
      end
      t:equal(n, hits)
      places[n + 1] = places[1] + steps
      for i = 1, n do
        local gap = places[i + 1] - places[i]
        t:equal(gap == math.floor(steps / hits) or gap == math.ceil(steps / hits), true)
      end
    end
  end
end)

test("a sequence stands on the beat", function(t)
  local played = {}
  clock.run(function()
    clock.sleep("1.6b")
    seq.play("1/2b", { "a", false, "c", "d" }, function(v, step) played[#played + 1] = v .. step .. "@" .. clock.beats() end)
  end)
  t:advance("4b")
  t:equal(played, { "a5@2", "c7@3", "d8@3.5", "a9@4" })
end)

test("swing has every second step late", function(t)
  local at = {}
  seq.play("1/2b", { true }, function() at[#at + 1] = clock.beats() end, { swing = 0.75 })
  t:advance("2.8b")
  t:equal(at, { 0.75, 1, 1.75, 2, 2.75 })
end)

test("seconds do as well", function(t)
  local at = {}
  local playing = seq.play("200ms", { 1, 2, 3 }, function(v) at[#at + 1] = v .. "@" .. clock.time() end)
  t:advance(0.9)
  t:equal(at, { "2@0.2", "3@0.4", "1@0.6", "2@0.8" })
  playing:cancel() playing:cancel()
  t:advance(2)
  t:equal(#at, 4)
end)

test("other values while it plays", function(t)
  local s, played = seq.new{ 1, 2, 3, 4 }, {}
  seq.play(1, s, function(v) played[#played + 1] = v end)
  t:advance("1s")
  t:advance("1s")
  s:set{ 30, 40 }
  t:advance("2s")
  t:equal(played, { 2, 3, 40, 30 })
  s:set(seq.euclid(1, 2))
  t:advance("2s")
  t:equal(played, { 2, 3, 40, 30, true })
end)

test("the list stays the caller's", function(t)
  local list = { 1, 2 }
  local s = seq.new(list)
  list[1] = 9
  t:equal(s:at(1), 1)
end)

test("probability", function(t)
  local n, always, never = 0, 0, 0
  for _ = 1, 1000 do
    if seq.chance(0.25) then n = n + 1 end
    if seq.chance(1) then always = always + 1 end
    if seq.chance(0) then never = never + 1 end
  end
  t:equal(n > 200 and n < 300, true)
  t:equal({ always, never }, { 1000, 0 })

  local played = 0
  seq.play("1/4b", { true }, function() played = played + 1 end, { chance = 0.5 })
  t:advance("100b")
  t:equal(played > 150 and played < 250, true)
end)

test("the tempo may change", function(t)
  local at = {}
  seq.play("1b", { true }, function() at[#at + 1] = clock.beats() end)
  clock.run(function() clock.sleep("1.5b") clock.set_tempo(240) end)
  t:advance("6b")
  t:equal(at, { 1, 2, 3, 4, 5, 6 })
end)
