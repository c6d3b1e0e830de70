-- Installation: benches in a park that glow when somebody sits down, for months, with
-- nobody there to look after them.
local clock  = require "clock"
local stage  = require "stage"
local show   = require "show"
local signet = require "signet"
local osc    = require "osc"

show.place{ latitude = 52.52, longitude = 13.41 }   -- Berlin: for sunset and sunrise

-- What the technician may turn, and what stays turned over a power cut.
local brightness = show.param{ "brightness", default = 80, min = 10, max = 100, step = 5, unit = "%" }
local settle     = show.param{ "settle", default = 0.5, min = 0.1, max = 5, step = 0.1, unit = "s" }

local function dim() stage.master(brightness:get() .. "%", 2) end
brightness:on(dim)

-- What lasts: show.state is kept over reloads, restarts and power cuts. Each count needs a
-- value for the very first time.
local state = show.state
state.visitors = state.visitors or 0                -- since the opening
state.days     = state.days or {}                   -- and by the day
state.starts   = (state.starts or 0) + (show.generation == 1 and 1 or 0)

local function today() return os.date("%Y-%m-%d") end

-- The benches are data: who adds one edits the table and saves it.
local one, benches = signet.sender{}:universe(1), {}
for _, row in ipairs(show.data("benches.csv")) do
  benches[row.bench] = {
    row  = row,
    lamp = stage.fixture{ name = row.name, profile = "fixtures/par.json", mode = "6ch", at = one:slot(row.slot) },
    heard = clock.time(),                           -- when its sensor was heard last
  }
end

local sound  = osc.sender{ port = 9001 }            -- the player of the chimes
local office = osc.sender{ port = 9002 }            -- whoever wants to know that all is well

-- The phases of a day: how the lamps breathe, and whether there are chimes.
local phases = {
  day     = { from = 0,     to = 0 },
  evening = { from = "15%", to = "50%", chimes = true },
  night   = { from = "5%",  to = "15%" },           -- quiet hours: neighbours sleep
}

local function breathe(bench)
  local phase = phases[state.phase]
  bench.lamp:fade({ color = bench.row.colour, intensity = phase.from }, 3)
  clock.sleep(3)
  if bench.taken or phases[state.phase] ~= phase then return end -- things have changed meanwhile
  bench.lamp:wave{ channels = { "intensity" }, period = 8, from = phase.from, to = phase.to }
end

local function glow(bench)
  bench.lamp:fade({ color = bench.row.colour, intensity = state.phase == "night" and "40%" or "100%" }, 1)
end

local function enter(phase)
  state.phase = phase
  show.log.info("%s; %d visitors today", phase, state.days[today()] or 0)
  for _, bench in pairs(benches) do
    if not bench.taken then clock.run(breathe, bench) end
  end
end

-- By the sun and the clock of the wall; both know about daylight saving.
show.at("sunset-00:30", function() enter("evening") end)
show.at("23:00",        function() enter("night") end)
show.at("sunrise",      function() enter("day") end)

-- These come at their time only. Who starts in between, after a power cut at any hour, goes
-- by the hour: rather a little light by day than none in the dark, and rather no chimes than
-- chimes at five in the morning.
local function by_the_hour()
  local hour = os.date("*t").hour
  if hour < 9 or hour >= 23 then return "night" end
  return hour < 15 and "day" or "evening"
end

show.on("start", function()
  show.log.info("start %d, %d visitors so far", state.starts, state.visitors)
  dim()
  enter(by_the_hour())
end)
show.on("reload", function() enter(state.phase) end)

-- Somebody sits down, or stands up: this runs when the sensor has said so for a while.
local function settled(bench, taken)
  if taken == (bench.taken or false) then return end
  bench.taken = taken
  if not taken then return breathe(bench) end
  state.visitors = state.visitors + 1
  state.days[today()] = (state.days[today()] or 0) + 1
  show.log.info("somebody sits %s; %d today", bench.row.name, state.days[today()])
  if phases[state.phase].chimes then sound:send("/play", bench.row.chime) end
  glow(bench)
end

-- The sensors send /bench/N 1 or 0, as often as they like and with chatter. Debounce: each
-- change starts the wait again, so what flickers counts for nothing.
local sensors = osc.receiver{ port = 9000 }
sensors:on("/bench/*", function(address, value)
  local bench = benches[tonumber(address:match("%d+$"))]
  if not bench then return show.log.warn("no bench has the sensor %s", address) end
  bench.heard, bench.silent = clock.time(), false
  local taken = value == 1 or value == true
  if taken == bench.told then return end
  bench.told = taken
  if bench.wait then bench.wait:cancel() end
  bench.wait = clock.after(settle:get(), function() settled(bench, taken) end)
end)

-- A sensor that says nothing for ten minutes is broken or unplugged: its bench is free, and
-- the log says so once.
clock.every("1m", function()
  for _, bench in pairs(benches) do
    if not bench.silent and clock.time() - bench.heard > 600 then
      bench.silent, bench.told = true, false
      show.log.warn("the sensor of the bench %s is silent", bench.row.name)
      settled(bench, false)
    end
  end
end)

-- The heartbeat. What matters is that it stops when something is wrong: the office rings
-- when it has not come for two minutes.
clock.every("30s", function()
  local silent = 0
  for _, bench in pairs(benches) do silent = silent + (bench.silent and 1 or 0) end
  office:send("/installation/alive", state.phase, state.days[today()] or 0, state.visitors, silent)
end)

-- For the technician on the ladder: each lamp in turn, full and white, as long as a breath.
show.trigger("test", function()
  for i = 1, #benches do
    benches[i].lamp:set{ color = "white", intensity = 255 }
    clock.sleep(2)
    if benches[i].taken then glow(benches[i]) else clock.run(breathe, benches[i]) end
  end
end)
