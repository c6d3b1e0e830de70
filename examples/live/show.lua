-- Live: a floor of eight pars that is programmed while it plays.
--
-- Save this file as often as you like. Every loop goes on in step, and has its new body from
-- its next pass on; effects change without a gap; a mistake leaves everything as it was.
local clock     = require "clock"
local stage     = require "stage"
local signet    = require "signet"
local stagelinq = require "stagelinq"
local fx        = require "fx"
local loop      = require "loop"
local palette   = require "palette"
local pick      = require "pick"
local seq       = require "seq"

clock.follow(stagelinq.sink{}:master())

-- The patch: two rows of four, and a strobe above.
local one = signet.sender{}:universe(1)
local function row(name, first)
  local pars = { name = name }
  for i = 1, 4 do
    pars[i] = stage.fixture{ name = name .. " " .. i, kind = "rgbw", at = one:slot(first + 4 * (i - 1)) }
  end
  return stage.group(pars)
end
local front, back = row("front", 1), row("back", 17)
local flash = stage.fixture{ name = "flash", kind = "dimmer", at = one:slot(33) }

local p = palette.new{
  night = { color = "#2010a0" },
  ember = { color = "orangered" },
  ice   = { color = "#a0e0ff" },
}

-- The ground: the back row goes through colours, two bars each.
fx.cycle(back, { p.night, p.ember }, "2bar", { shift = 1 })

-- The rhythm: hits from left to right over the front row.
local hits = seq.euclid(5, 16)
seq.play("1/4b", hits, function(_, step)
  local par = front[(step - 1) % #front + 1]
  par:set{ color = p.ice, intensity = 255 }
  par:fade({ intensity = 0 }, "1/2b", { curve = "ease_out" })
end, { swing = 0.56 })

-- The answer: on the last beat of every bar one par of the front row, in any order.
local draw = pick.bag{ 1, 2, 3, 4 }
loop("answer", "1b", function(_, beat)
  if beat.in_bar ~= 4 then return end
  local par = front[draw()]
  par:set{ color = p.ember, intensity = 255 }
  par:fade({ intensity = 0 }, "1b")
end)

-- The lift: every eight bars a bar of flashes, never more than four a second.
local flashes
loop("lift", "1bar", function(pass)
  if flashes then flashes:cancel() end
  flashes = pass % 8 == 1 and fx.strobe(flash, { every = "1/2b" })
end)
