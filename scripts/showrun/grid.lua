-- The grid that everything in the library stands on: the multiples of a duration, counted
-- from beat 0 or from second 0 of the show.
--
-- What stands on a grid needs no memory. When a new version of the show takes over, it
-- finds its place by the beat alone, and goes on in step with what was there before.
local clock = require "clock"
local show  = require "show"

local grid = {}

-- Until the show is live there is no present: what has to know it waits for its start.
local live = false
clock.run("library", function() live = true end)

function grid.is_live() return live end

-- Calls fn at once, or when the show goes live while it is still loading.
function grid.when_live(name, fn)
  if live then fn() else clock.run(name, fn) end
end

-- The present in durations of that length, with fractions.
function grid.position(amount, unit)
  return (unit == "b" and clock.beats() or clock.time()) / amount
end

-- What begins within so many beats or seconds is now: a deck and the beat of the show know
-- one and the same beat by two instants, which lie a bit apart.
local now = 0.001

-- The number of the step that is now. Step 1 begins at beat 0.
function grid.step(amount, unit)
  return math.floor(grid.position(amount, unit) + now / amount) + 1
end

-- A duration as the built-in modules take it.
function grid.duration(amount, unit)
  return unit == "b" and ("%.9fb"):format(math.max(amount, 1e-6)) or amount
end

-- What is left of the step that is now, as a duration.
function grid.rest(amount, unit)
  return grid.duration((grid.step(amount, unit) - grid.position(amount, unit)) * amount, unit)
end

-- Seconds have no grid of their own in clock: this waits for a point of it and counts on
-- from there.
local function on_second(amount, fn, shift)
  local cancelled, handle = false, nil
  clock.run("library", function()
    if cancelled then return end
    local next = (math.floor((clock.time() - shift) / amount + 1e-9) + 1) * amount + shift
    handle = clock.after(next - clock.time(), function()
      if not cancelled then handle = clock.every(amount, fn) end
      fn()
    end)
  end)
  return { cancel = function()
    cancelled = true
    if handle then handle:cancel() end
  end }
end

-- How often in a row something may fail before it is not called any more.
local patience = 10

-- Calls fn(step, beat) on every point of a grid, in a task of that name; shift moves the
-- grid, in the same unit. beat is that of clock.on_beat, nil for a grid of seconds.
-- Returns something to cancel.
function grid.every(name, amount, unit, fn, shift)
  shift = shift or 0
  if unit == "s" then amount = math.floor(amount * 1e9 + 0.5) / 1e9 end -- the clock counts these
  local handle
  local failures, task = 0, nil

  local function point(beat)
    if task and not task.running then
      failures = task.failed and failures + 1 or 0
    end
    if failures == patience then
      show.log.error("%s has failed %d times in a row; it is not called again until the next version", name, patience)
      return handle:cancel()
    end
    local at = beat and beat.count or clock.time()
    local step = math.floor((at - shift) / amount + 0.5) + 1
    task = clock.run(name, fn, step, beat)
  end

  if unit == "b" then
    handle = clock.on_beat(amount, point, shift)
  else
    handle = on_second(amount, point, shift)
  end
  return handle
end

return grid
