-- First light: four lamps that follow a DJ's beat.
local clock     = require "clock"
local stage     = require "stage"
local signet    = require "signet"
local stagelinq = require "stagelinq"
local show      = require "show"

-- Devices are declared, not opened: the runtime finds and keeps them.
local dj  = stagelinq.sink{}
local net = signet.sender{}
local one = net:universe(1)

-- A flash lamp on slot 1, three washes from slot 11.
local flash = stage.fixture{ name = "flash", kind = "dimmer", at = one:slot(1) }
local washes = stage.group{ name = "washes",
  stage.fixture{ name = "left",   kind = "rgb", at = one:slot(11) },
  stage.fixture{ name = "centre", kind = "rgb", at = one:slot(14) },
  stage.fixture{ name = "right",  kind = "rgb", at = one:slot(17) },
}

-- What stands at the top level is the look the show begins with.
washes:set{ red = 60, green = 20 }

clock.follow(dj:master())

-- On every beat: a flash that lands on the beat and dies away.
clock.on_beat(1, function(beat)
  flash:set(beat.in_bar == 1 and 255 or 140)
  flash:fade(0, "3/4b", { curve = "ease_out" })
end)

-- On every bar: the washes fade to the next colour.
local colours = {
  { red = 255, green = 40,  blue = 0   },
  { red = 180, green = 0,   blue = 255 },
  { red = 0,   green = 120, blue = 255 },
  { red = 0,   green = 255, blue = 90  },
}

clock.on_beat("1bar", function(beat)
  local colour = colours[(beat.bar - 1) % #colours + 1]
  washes:fade(colour, "1bar", { curve = "smooth" })
end)

-- A task with a name: every eight bars each wash in turn blinks white.
clock.run("runner", function()
  while true do
    clock.sync(32)
    for i = 1, #washes do
      washes[i]:set{ 255, 255, 255 }
      clock.sync(1 / 2)
    end
  end
end)

-- Without a player the beat runs on.
dj:on("connected", function(player) show.log.info("hello, %s", player.name) end)
dj:on("lost",      function(player) show.log.warn("%s is gone, the beat runs on", player.name) end)
