-- The rig of club-night over three protocols: each row is one group, whose lamps are on sACN,
-- Art-Net and Sig-Net in turn, and the lamp in the bass drum is one on each.
local stage = require "stage"

local universes = {
  require "sacn".sender{}:universe(1),
  require "artnet".sender{ discover = false, sync = false, unicast = os.getenv("LAMPS") }:universe(1),
  require "signet".sender{ mode = "open" }:universe(1),
}

local function row(name, kind, count, first, size, more)
  local group = { name = name }
  for i = 1, count do
    local fixture = { name = name .. " " .. i, kind = kind, at = universes[(i - 1) % 3 + 1]:slot(first + size * (i - 1)) }
    for option, value in pairs(more or {}) do fixture[option] = value end
    group[i] = stage.fixture(fixture)
  end
  return stage.group(group)
end

return {
  pars     = row("par", "rgbw", 8, 1, 4),
  heads    = row("head", "moving_head", 4, 33, 12, { range = { pan = 540, tilt = 270 } }),
  blinders = row("blinder", "dimmer", 2, 81, 1),
  strobe   = row("strobe", "dimmer", 3, 83, 0),
  kick     = row("kick", "dimmer", 3, 84, 0),
}
