-- Two worlds: Sig-Net washes and StageNet lamps in one group, on one beat.
local clock     = require "clock"
local stage     = require "stage"
local signet    = require "signet"
local stagelinq = require "stagelinq"
local stagenet  = require "stagenet"
local show      = require "show"

local dj    = stagelinq.sink{}
local one   = signet.sender{}:universe(1)
local house = stagenet.console{}

-- The left half of the rig hangs on Sig-Net. The right half hangs on two StageNet
-- gateways, which need not be there yet: a DMX box, patched by what it calls its
-- channels, and a strip of sockets, patched by their place.
local box, strip = house:gateway("box-right"), house:gateway("strip-right")

local rig = stage.group{ name = "rig",
  stage.fixture{ name = "left 1",  kind = "rgb", at = one:slot(1) },
  stage.fixture{ name = "left 2",  kind = "rgb", at = one:slot(4) },
  stage.fixture{ name = "right 1", kind = "rgb", at = box:channel("DMX", 1) },
  stage.fixture{ name = "right 2", kind = "rgb", at = box:channel("DMX", 4) },
}
local lanterns = stage.group{ name = "lanterns",
  stage.fixture{ name = "lantern left",  kind = "dimmer", at = one:slot(10) },
  stage.fixture{ name = "lantern right", kind = "dimmer", at = strip:slot(1) },
}

clock.follow(dj:master())

-- One group, whatever its fixtures hang on: on every beat the next lamp flashes, from
-- left to right through both worlds.
local colours = { { 255, 60, 0 }, { 0, 90, 255 } }
clock.on_beat(1, function(beat)
  local lamp = rig[(beat.in_bar - 1) % #rig + 1]
  lamp:set(colours[(beat.bar - 1) % #colours + 1])
  lamp:fade(0, "2b", { curve = "ease_out" })
end)

-- The lanterns breathe over two bars.
clock.on_beat(8, function()
  lanterns:fade(200, "1bar", { curve = "smooth" })
  clock.sleep("1bar")
  lanterns:fade(20, "1bar", { curve = "smooth" })
end)

-- A gateway that goes is missed, one that comes back gets everything again by itself.
house:on("lost", function(g) show.log.warn("%s is gone", g.id) end)
house:on("mapped", function(g)
  show.log.info("%s is there: %s to %s", g.id, g.lease.addresses[1], g.lease.addresses[#g.lease.addresses])
end)
