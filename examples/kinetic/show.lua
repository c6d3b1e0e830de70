-- Kinetic: a boom, a winch and two wings move to the beat, and the light goes with them.
local clock     = require "clock"
local stage     = require "stage"
local show      = require "show"
local signet    = require "signet"
local stagelinq = require "stagelinq"
local theater   = require "theater"

-- The machines. Limits are those of the building, not of the show: whatever the script
-- does below, a path beyond them raises before anything of it is sent. If the process
-- dies, is stopped or ends, motors are sent nothing more and the wings are vented.
local crane = theater.motion{ safe = "stop", limits = {
  x = { min = -90, max = 90,  speed = 90 },            -- the boom, in degrees
  z = { min = 0,   max = 720, speed = 120, home = 0 }, -- the winch, in degrees of its drum
} }
local wings = theater.valve{ safe = "empty" }

-- The light.
local one  = signet.sender{}:universe(1)
local left  = stage.fixture{ name = "left",  kind = "rgb", at = one:slot(1) }
local right = stage.fixture{ name = "right", kind = "rgb", at = one:slot(4) }
local work  = stage.fixture{ name = "work",  kind = "dimmer", at = one:slot(7) }

local dj = stagelinq.sink{}
clock.follow(dj:master())

-- A machine tells nothing of where it is: degrees count from where it stood when the
-- runtime started. So nothing moves before somebody has looked and says "homed"; that
-- outlives a reload, as the machines do, and ends with an emergency stop. After a restart
-- it is asked anew, whatever was said before: a local is forgotten then, show.state is not.
local height = show.param{ "height", default = 360, min = 0, max = 720, step = 90, unit = "degrees" }
local sway   = show.param{ "sway",   default = 30,  min = 0, max = 80,  step = 5,  unit = "degrees" }
local ready  = show.generation > 1 and show.state.ready

local function set_ready(on)
  ready, show.state.ready = on, on
  work:fade(on and 0 or 120, 1)             -- work light while people may be near
end
set_ready(ready)

-- A path through some angles, counted from where the axis stands; it rests at each. A
-- device gets a path of up to 20 segments as a whole, and nothing takes that back. Of a
-- longer one it has the next 0.3 seconds only, so each way is cut into pieces: an emergency
-- stop should find little left to do.
local function through(pieces, ...)
  local knots, from = {}, 0
  for _, to in ipairs{ ... } do
    local function at(u) return from + (to - from) * u * u * (3 - 2 * u) end
    local function third(u) return (to - from) * 2 * u * (1 - u) / pieces end -- of the slope
    for i = 1, pieces do
      local u, v = (i - 1) / pieces, i / pieces
      for _, knot in ipairs{ at(u) + third(u), at(v) - third(v), at(v) } do knots[#knots + 1] = knot end
    end
    from = to
  end
  return knots
end

-- The boom, in tempo: a bar for each way, which is 8 pieces at 2 a beat. Three bars it
-- sways, one it rests, so that a phrase never runs into the next one when the DJ slows
-- down or speeds up.
crane:follow("x", 2)
clock.on_beat("4bar", function()
  if not ready or crane:pending("x") > 0 then return end
  crane:spline("x", through(8, sway:get(), -sway:get(), 0), function(err)
    if err then show.log.warn("the boom: %s", err) end
  end)
end)

-- The winch, in seconds. In the middle of its way an axis is 1.5 times as fast as on the
-- average; it takes so long that this is 100 degrees a second.
local function winch(target, after)
  if crane:pending("z") > 0 then show.log.warn("the winch is on its way") return end
  local way = target - crane:position("z")
  local seconds = math.max(2, 1.5 * math.abs(way) / 100)
  crane:tempo("z", 24 * 60 / seconds)
  crane:spline("z", through(24, way), function(err)
    if err then show.log.warn("the winch: %s", err) elseif after then after() end
  end)
end

-- The wings open and close by air: one side is fed for so long, then all is shut.
local function flap(pwm, seconds)
  wings:move(1, pwm)
  wings:move(2, pwm)
  clock.sleep(seconds)
  wings:move(1, 0)
  wings:move(2, 0)
end

-- A trigger that moves something asks first.
local function moving(name, fn)
  show.trigger(name, function()
    if ready then fn() else show.log.warn("%s: nothing moves before: showrun ctl trigger homed", name) end
  end)
end
moving("up",   function() winch(height:get(), function() flap(60, 1.5) end) end)
moving("down", function()
  flap(-60, 1.5)
  if ready then winch(0) end                -- a wait has passed: ask again
end)

-- Light that accompanies: it is told where the boom is, not where it should be. The side
-- it swings to glows, and both turn warm as the winch goes up.
clock.every("100ms", function()
  local x, z = crane:position("x") / 90, crane:position("z") / 720
  local colour = { h = 220 - 180 * z, s = 1, v = 1 }
  left:fade({ color = colour, intensity = 255 * (0.1 + 0.9 * math.max(0, -x)) }, "100ms")
  right:fade({ color = colour, intensity = 255 * (0.1 + 0.9 * math.max(0, x)) }, "100ms")
end)

-- Safety. The operator says what nobody can measure; "home" goes there slowly, by itself,
-- and can be stopped on the way.
show.trigger("homed", function() set_ready(true) show.log.info("the machines may move") end)
show.trigger("home", function()
  set_ready(false)
  crane:home("x")
  crane:home("z", function(err) show.log.info("home: %s", err or "the winch is down") end)
end)

-- The runtime has stopped the machines by itself when this comes: here is what the show
-- says to that. Light and beat go on. After the release nothing of what was stopped comes
-- back: somebody has to say "homed" again.
show.on("emergency", function(stopped)
  if stopped then
    set_ready(false)
    show.log.warn("stopped: light goes on, machines do not")
  else
    show.log.warn("released: look, then showrun ctl trigger home or homed")
  end
end)
