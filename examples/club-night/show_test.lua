-- The set plays by itself: what tracks are known, what others get, and what a hand changes.
local stage = require "stage"
local rig   = require "rig"
local show  = require "show"

-- A strobe that is lit now or within a beat.
local function strobes(t)
  local lit = false
  for _ = 1, 20 do
    t:advance("1/20b")
    lit = lit or rig.strobe:get("dimmer") > 0
  end
  return lit
end

test("a track that is known has its drop at bar 32", function(t)
  local dj = t:deck{ title = "Paper Moons", artist = "Night Ferry", bpm = 124, length = "10m" }
  dj:play()
  t:advance("8bar")
  t:equal(show.state.look, "groove")
  dj:seek(31 * 4)
  t:advance("1/2bar")
  t:equal(show.state.look, "build")
  t:ok(not strobes(t), "the strobe is too early")
  t:advance("1bar")
  t:equal(show.state.look, "drop")
  t:ok(strobes(t), "no strobe in the drop")
end)

test("all others go by phrases of eight bars", { { 4, "groove" }, { 22, "build" }, { 24, "drop" }, { 33, "groove" } }, function(t, case)
  local dj = t:deck{ title = "Nobody knows it", bpm = 128, length = "10m" }
  dj:seek(case[1] * 4 - 1)
  dj:play()
  t:advance("2bar")
  t:equal(show.state.look, case[2])
end)

test("the kick is on every beat", function(t)
  t:advance("8b")
  t:expect(rig.kick){ intensity = 255 }
  t:advance("1b")
  t:expect(rig.kick){ intensity = 160 }
end)

test("a hand may do what it likes", function(t)
  t:press("blinder")
  t:expect(rig.blinders){ intensity = function(level) return level > 200 end }
  t:advance("2b")
  t:expect(rig.blinders){ intensity = 0 }
  t:press("look", "build")
  t:equal(show.state.look, "build")
  t:set("colour", "fire")
end)

test("never more than four flashes a second, unless the house is warned", function(t)
  local last, flashes = false, {}
  t:press("look", "drop")
  t:never(function()
    local lit = rig.strobe:get("dimmer") > 0
    if lit and not last then flashes[#flashes + 1] = t.time end
    last = lit
    return #flashes > 4 and flashes[#flashes] - flashes[#flashes - 4] < 0.99
  end)
  t:advance("8bar")
  t:ok(#flashes > 8, "there was no strobe")
end)
