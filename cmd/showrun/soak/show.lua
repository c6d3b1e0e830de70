-- The show of a soak: everything on, and each look tells what it ought to be.
local version, look = tonumber("VERSION"), tonumber("LOOK")
local clock, stage, show = require "clock", require "stage", require "show"
local osc, theater = require "osc", require "theater"

local dj     = require "stagelinq".sink{ devices = { "soakdeck" } }
local net    = require "signet".sender{ scope = "soak", key = { env = "SOAK_PASSPHRASE" } }
local house  = require "stagenet".console{ gateways = { "BOX", "STRIP" } }
local lights = theater.lighting{ port = tonumber("LIGHTING") }
local crane  = theater.motion{ port = tonumber("MOTION") }
local valve  = theater.valve{ port = tonumber("VALVE") }
local hand   = osc.receiver{ port = tonumber("HAND") }
local out    = osc.sender{ port = tonumber("LIGHTING") }
local one, two = net:universe(1), net:universe(2)
local heard  = require "signet".receiver{ scope = "soak", key = { env = "SOAK_PASSPHRASE" } }:universe(2)

-- Slots 1 to 8 belong to the second, which is also told to every other protocol, 11 to 13 to
-- the beat, 14 to the hand, 15 to what the show hears of itself. Slot 20 changes with every frame.
local box, strip = house:gateway("soak-box"), house:gateway("soak-strip")
local seconds = stage.fixture{ name = "seconds", channels = { "now", "again", "version", "look" }, at = one:slot(1) }
local beats   = stage.fixture{ name = "beats", channels = { "now", "again", "in_bar" }, at = one:slot(11) }
local lamps   = {
  stage.fixture{ name = "box", kind = "dimmer", at = box:slot(1) },
  stage.fixture{ name = "strip", kind = "dimmer", at = strip:channel("ANALOG", 2) },
}
local saw = stage.fixture{ name = "saw", kind = "dimmer", at = one:slot(20) }

local function second()
  local k = math.floor(clock.time() + 0.01) % 250
  seconds:set{ now = k, again = (k * 7 + 13) % 256, version = version, look = look }
  two:set{ k, 1 + k % 2 }
  for _, lamp in ipairs(lamps) do lamp:set(k) end
  lights:fixture("white", k)
  out:send("/second", k)
end

seconds:set{ version = version, look = look }
show.on("start", function() saw:wave{ shape = "saw", period = 2, from = 0, to = 255 } end)
show.on("reload", function() saw:wave{ shape = "saw", period = 2, from = 0, to = 255 } end)
clock.follow(dj:master())
clock.every(0.25, second)
clock.on_beat(1, function(beat)
  local b = beat.number % 250
  beats:set{ now = b, again = (b * 5 + 1) % 256, in_bar = beat.in_bar }
  valve:move(1 + beat.number % 2, 20 + beat.in_bar)
  show.log.info("beat %d %s", beat.number, ("."):rep(200))
end)
clock.on_beat(8, function() crane:spline("x", { 0, 5, 5,   5, 0, 0 }) end)
heard:on("levels", function(levels) one:set(15, levels[2] or 0) end)
hand:on("/hand", function(_, v) one:set(14, v) end)
BREAK
