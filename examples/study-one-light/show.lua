-- One light: a lamp that breathes.
local clock = require "clock"
local stage = require "stage"
local sacn  = require "sacn"

-- The way out: a sender, and one universe of 512 slots.
local net = sacn.sender{}
local one = net:universe(1)

-- The lamp: its name, what it can do, and its first slot. "rgb" takes three: 1, 2 and 3.
local lamp = stage.fixture{ name = "lamp", kind = "rgb", at = one:slot(1) }

-- What stands at the top level is the look that the show begins with.
lamp:set{ color = "orange", intensity = "20%" }

-- A task is code that takes its time. While it waits, everything else goes on, and so does
-- the fade: it was told where to go, and how long that takes.
clock.run("breathe", function()
  while true do
    lamp:fade({ intensity = "100%" }, 2)
    clock.sleep(2)
    lamp:fade({ intensity = "20%" }, 2)
    clock.sleep(2)
  end
end)
