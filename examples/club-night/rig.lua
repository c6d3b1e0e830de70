-- The rig: everything on one universe.
local signet = require "signet"
local stage  = require "stage"

local one = signet.sender{}:universe(1)

local function row(name, kind, count, first, size, more)
  local group = { name = name }
  for i = 1, count do
    local fixture = { name = name .. " " .. i, kind = kind, at = one:slot(first + size * (i - 1)) }
    for option, value in pairs(more or {}) do fixture[option] = value end
    group[i] = stage.fixture(fixture)
  end
  return stage.group(group)
end

return {
  pars     = row("par", "rgbw", 8, 1, 4),
  heads    = row("head", "moving_head", 4, 33, 12, { range = { pan = 540, tilt = 270 } }),
  blinders = row("blinder", "dimmer", 2, 81, 1),
  strobe   = stage.fixture{ name = "strobe", kind = "dimmer", at = one:slot(83) },
  kick     = stage.fixture{ name = "kick",   kind = "dimmer", at = one:slot(84) }, -- a lamp in the bass drum
}
