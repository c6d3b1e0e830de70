-- Machines that move: a turntable that turns, a curtain that is blown open, and what stops them.
local clock   = require "clock"
local show    = require "show"
local stage   = require "stage"
local sacn    = require "sacn"
local theater = require "theater"

-- Limits are those of the machine, not of the show: a path beyond them raises before
-- anything of it is sent. safe is what is done on a stop, at the end and after a crash.
local turntable = theater.motion{ safe = "stop", limits = {
  z = { min = 0, max = 180, speed = 60, home = 0 },          -- degrees, degrees a second
} }
local curtain = theater.valve{ safe = "empty" }

local work = stage.fixture{ name = "work light", kind = "dimmer", at = sacn.sender{}:universe(1):slot(1) }

-- A machine does not tell where it stands. So nothing moves before somebody has looked and
-- said so, once for each start of the show.
local ready = show.generation > 1 and show.state.ready
local function set_ready(on)
  ready, show.state.ready = on, on
  work:fade(on and 0 or 150, 1)
end
set_ready(ready)

show.trigger("looked", function() set_ready(true) show.log.info("machines may move") end)

-- A path is cubic Bezier segments: two control points and an end for each, in degrees from where
-- the axis stands. This one starts and ends gently; it takes so long that it is never too fast.
local function turn(to)
  if not ready then return show.log.warn("nothing moves before: showrun ctl trigger looked") end
  if turntable:pending("z") > 0 then return show.log.warn("it is on its way") end
  local way = to - turntable:position("z")
  local seconds = math.max(1, 1.5 * math.abs(way) / 40)
  turntable:tempo("z", 60 / seconds)                            -- segments a minute
  turntable:spline("z", { 0, way, way }, function(err)
    show.log.info("the turntable: %s", err or "it is there")
  end)
end
show.trigger("front", function() turn(0) end)
show.trigger("side",  function() turn(90) end)

-- Air: full for a second, then less, which holds it open.
show.trigger("open", function()
  if not ready then return end
  curtain:move(1, 100)
  clock.sleep(1)
  if ready then curtain:move(1, 30) end                      -- unless it was stopped meanwhile
end)
show.trigger("close", function() curtain:empty() end)

-- When this is called the machines have been stopped already.
show.on("emergency", function(stopped)
  if stopped then set_ready(false) end
  show.log.warn(stopped and "stopped" or "released: look, then trigger looked")
end)
