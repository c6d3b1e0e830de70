local clock  = require "clock"
local fx     = require "fx"
local signet = require "signet"
local stage  = require "stage"
local test   = require "test"

local one = signet.sender{}:universe(1)
local function row(name, kind, first, width)
  local list = { name = name .. "s" }
  for i = 1, 4 do
    list[i] = stage.fixture{ name = name .. i, kind = kind, at = one:slot(first + (i - 1) * width) }
  end
  return stage.group(list)
end
local fog = stage.fixture{ name = "fog", channels = { "output" }, at = one:slot(40) }
local dims, pars = row("dim", "dimmer", 1, 1), row("par", "rgb", 11, 3)

-- "x..." for what is lit now.
local function lit(t, group)
  t:look()
  local marks = {}
  group:each(function(f, i) marks[i] = (f:get(f.kind == "rgb" and "red" or "dimmer") > 100) and "x" or "." end)
  return table.concat(marks)
end

-- What is lit on every step.
local function course(t, group, every, steps)
  local seen = {}
  for i = 1, steps do
    seen[i] = lit(t, group)
    t:advance(every)
  end
  return table.concat(seen, " ")
end

test("chase", function(t)
  fx.chase(dims, { every = "1b" })
  t:advance("1b")
  t:equal(course(t, dims, "1b", 5), ".x.. ..x. ...x x... .x..")
end)

test("chase backwards, to and fro, by a list", function(t)
  fx.chase(dims, { every = "1/2b", order = "backward" })
  t:advance("2b")
  t:equal(course(t, dims, "1/2b", 5), "...x ..x. .x.. x... ...x")
  fx.chase(dims, { every = "1/2b", order = "bounce" })
  t:advance("6b")
  t:equal(clock.beats() > 10, true)
  t:advance("1/2b")
  t:advance("1b") -- beat 12: a multiple of the six steps of 1/2 beat
  t:equal(course(t, dims, "1/2b", 7), "x... .x.. ..x. ...x ..x. .x.. x...")
  fx.chase(dims, { every = 1, order = { 1, 3 } })
  t:advance(0.1)
  local first = lit(t, dims)
  t:equal(first == "x..." or first == "..x.", true)
  t:advance(1)
  t:equal(lit(t, dims) ~= first, true)
end)

test("chase by chance lights another one each time", function(t)
  fx.chase(dims, { every = "1/4b", order = "random" })
  t:advance("1/4b")
  local before
  for _ = 1, 60 do
    local now = lit(t, dims)
    t:equal(select(2, now:gsub("x", "")), 1)
    t:equal(now ~= before, true)
    before = now
    t:advance("1/4b")
  end
end)

test("chase with a look and a tail", function(t)
  local run = fx.chase(pars, { every = "1b", look = { color = "red" }, tail = "1b" })
  t:advance("1b")
  t:expect(pars[2]){ red = 255, blue = 0, color = "#ff0000" }
  t:advance("1.5b")
  t:look()
  local tail = pars[2]:get("red")
  t:equal(tail > 30 and tail < 130, true) -- half-way down, slow at the end
  run:cancel() run:cancel()
  t:advance("1b")
  t:equal(lit(t, pars), "....")
  t:advance("4b")
  t:equal(lit(t, pars), "....")
end)

test("an effect takes over what it needs", function(t)
  local run = fx.chase(dims, { every = "1b" })
  t:advance("1b")
  local ramp = fx.ramp(dims[2], { every = "2b", from = 200, to = 250 })
  t:advance("1b")
  t:equal(lit(t, dims), ".xx.")
  run:cancel()                    -- leaves alone what is not its own any more
  t:advance("1/2b")
  t:equal(lit(t, dims), ".x..")
  ramp:cancel()
  t:advance(0.1)
  local held = dims[2]:get("dimmer")
  t:advance("2b")
  t:equal(math.abs(dims[2]:get("dimmer") - held) < 3, true)
end)

test("ramp stands on the beat", function(t)
  t:advance("1.3b")
  fx.ramp(dims, { every = "2b", spread = 1 })
  t:advance("1.7b") -- beat 3: half-way, each a quarter behind the one before it
  t:look()
  local levels = {}
  dims:each(function(f, i) levels[i] = math.floor(f:get("dimmer") / 255 * 4 + 0.5) % 4 end)
  t:equal(levels, { 2, 1, 0, 3 })
end)

test("cycle", function(t)
  local colours = { "red", { color = "lime" }, { 0, 0, 255 } }
  local run = fx.cycle(pars, colours, "1b")
  t:advance("3b")
  t:expect(pars){ color = "#ff0000" }
  t:advance("1b")
  t:expect(pars){ color = "#00ff00" }
  t:advance("1/2b")
  t:equal(pars[1]:get("blue") > 240 and pars[1]:get("green") > 240, true) -- the bright way
  t:advance("1/2b")
  t:expect(pars[4]){ color = "#0000ff" }
  run:cancel()
  t:advance("4b")
  t:expect(pars[4]){ color = "#0000ff" }
end)

test("cycle that jumps, each fixture one ahead", function(t)
  fx.cycle(pars, { "red", "lime", "blue" }, "1b", { fade = 0, shift = 1 })
  t:advance("1b")
  t:expect(pars[1]){ color = "#00ff00" }
  t:expect(pars[2]){ color = "#0000ff" }
  t:expect(pars[3]){ color = "#ff0000" }
end)

test("rainbow", function(t)
  fx.rainbow(pars, { every = "12b" })
  t:advance("12b")
  t:expect(pars[1]){ color = "#ff0000" }
  t:expect(pars[3]){ color = "#00ffff" }
  t:advance("4b")
  t:expect(pars[1]){ color = "#00ff00" }
  for _ = 1, 20 do
    t:advance("0.7b")
    local f = pars[2]
    local most = math.max(f:get("red"), f:get("green"), f:get("blue"))
    local least = math.min(f:get("red"), f:get("green"), f:get("blue"))
    t:equal(most > 254 and least < 1, true) -- always a full hue
  end
end)

test("sparkle", function(t)
  fx.sparkle(dims, { every = "1b", count = 2, tail = "1/2b" })
  t:advance("1b")
  for _ = 1, 20 do
    t:equal(select(2, lit(t, dims):gsub("x", "")), 2)
    t:advance("0.6b")
    t:equal(lit(t, dims), "....")
    t:advance("0.4b")
  end
end)

-- The flashes that begin within some seconds.
local function flashes(t, fixture, seconds)
  local n, on = 0, fixture:get("dimmer") > 100
  for _ = 1, seconds * 100 do
    t:advance(0.01)
    local now = fixture:get("dimmer") > 100
    if now and not on then n = n + 1 end
    on = now
  end
  return n
end

test("strobe keeps to a safe rate", function(t)
  dims:set(180)
  t:advance(0.5)
  local run = fx.strobe(dims, { rate = 25 })
  t:advance(0.01)
  t:equal(flashes(t, dims[1], 5), 20)
  run:cancel()
  t:advance(0.1)
  t:expect(dims[1]){ dimmer = 180 }
  fx.strobe(dims, { rate = 10, unsafe = true })
  t:advance(0.01)
  t:equal(flashes(t, dims[1], 5), 50)
end)

test("strobe on the beat stays safe as the tempo goes up", function(t)
  fx.strobe(dims, { every = "1/2b" })
  t:advance(0.01)
  t:equal(flashes(t, dims[1], 5), 20)
  clock.set_tempo(180)
  t:advance(0.1)
  t:equal(flashes(t, dims[1], 10), 30)
  clock.set_tempo(120)
  t:advance(0.1)
  t:equal(flashes(t, dims[1], 5), 20)
end)

test("effects follow the tempo", function(t)
  fx.chase(dims, { every = "1b" })
  t:advance("1b")
  clock.set_tempo(60)
  t:advance("0.5b")
  t:equal(course(t, dims, "1b", 4), ".x.. ..x. ...x x...")
end)

test("a mixed group does what it can", function(t)
  local mixed = stage.group{ dims[1], pars[1], fog }
  fx.chase(mixed, { every = "1b", look = { color = "red", intensity = "80%" } })
  t:advance("1b")
  t:expect(pars[1]){ red = "80%", green = 0 }
  t:advance("1b")
  t:expect(pars[1]){ red = 0 }
  t:advance("1b")
  t:expect(dims[1]){ dimmer = "80%" }
  fx.rainbow(mixed)
  fx.cycle(mixed, { "red", "blue" }, "1b")
  fx.sparkle(mixed, { count = 3 })
  fx.strobe(mixed):cancel()
  fx.ramp(mixed):cancel()
  t:advance("4b")
  t:expect(fog){ output = 0 }
end)
