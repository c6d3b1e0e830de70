-- A set: light that knows the DJ's tracks, and a film that starts at the drop.
local clock     = require "clock"
local cue       = require "cue"
local fx        = require "fx"
local sacn      = require "sacn"
local show      = require "show"
local signet    = require "signet"
local stage     = require "stage"
local stagelinq = require "stagelinq"

local one, row = sacn.sender{}:universe(1), { name = "pars" }
for i = 1, 4 do row[i] = stage.fixture{ name = "par " .. i, kind = "rgb", at = one:slot(3 * i - 2) } end
local pars   = stage.group(row)
local strobe = stage.fixture{ name = "strobe", kind = "dimmer", at = one:slot(20) }
local wall   = stage.fixture{ name = "wall", kind = "rgb", at = one:slot(31) }
local sky    = stage.fixture{ name = "sky", kind = "rgb", at = one:slot(41) }

local dj = stagelinq.sink{}
clock.follow(dj:master())

-- The film runs on another computer and follows our timecode; so does the list below.
local net  = signet.sender{}
local reel = net:timecode(1, { rate = 25 })

-- The ground: two colours going round, for every track there is.
fx.cycle(pars, { "blueviolet", "deeppink" }, "1bar", { shift = 1 })

-- A track that we know, by title, artist and length. The rig plays this one.
stagelinq.track("Click / *", function(deck)
  show.log.info("known: %s", deck.title)
  deck:between("2bar", "6bar", {              -- the drop, in bars of the track
    start = function(_, how)
      reel:start("01:00:00:00")
      if not how.late then strobe:set(255) strobe:fade(0, "2b") end
    end,
    beat = function(beat)
      wall:set{ color = beat.in_bar % 2 == 1 and "white" or "deeppink" }
      wall:fade({ intensity = 0 }, "1/2b")
    end,
    stop = function() reel:stop() end,
  })
end, { master = true })                       -- only while it leads

-- What belongs to the film: cues that start when their position is reached or passed.
local film = cue.list{ name = "film", timecode = signet.receiver{}:timecode(1) }
film:cue{ 1, "Sunrise", at = "01:00:01:00", fade = 2, look = { [sky] = { color = "orange" } } }
film:cue{ 2, "White out", at = "01:00:04:12", fade = 0.2, look = { [sky] = { color = "white" } } }

dj:master():on("track", function(deck) show.log.info("now %s by %s", deck.title, deck.artist) end)
