-- A small show that has one of everything the console shows.
local clock     = require "clock"
local cue       = require "cue"
local show      = require "show"
local signet    = require "signet"
local stage     = require "stage"
local stagelinq = require "stagelinq"
local theater   = require "theater"

local dj = stagelinq.sink{}
clock.follow(dj:master())

local one = signet.sender{}:universe(1)
local left  = stage.fixture{ name = "left",  kind = "rgb", at = one:slot(1) }
local right = stage.fixture{ name = "right", kind = "rgb", at = one:slot(4) }
local work  = stage.fixture{ name = "work",  kind = "dimmer", at = one:slot(7) }
local pulse = stage.fixture{ name = "pulse", kind = "dimmer", at = one:slot(8) }
local head  = stage.fixture{ name = "head",  kind = "moving_head", at = one:slot(21) }
stage.group{ name = "washes", left, right }
stage.layout{ [left] = { 0, 0 }, [right] = { 4, 0 }, [work] = { 2, 2 }, [pulse] = { 4, 2 }, [head] = { 0, 2 } }

pulse:wave{ channels = { "dimmer" }, shape = "square", period = "1300ms", from = 0, to = 255 }

local crane = theater.motion{ limits = { x = { min = -90, max = 90, speed = 90 } } }
theater.valve{ safe = "empty" }

local main = cue.list{ name = "main" }
main:cue{ 1, "Red",   look = { [left] = { color = "#ff0000", intensity = 255 }, [right] = 0 } }
main:cue{ 2, "Green", look = { [left] = { color = "#00ff00", intensity = 255 } } }
main:cue{ 3, "Blue",  look = { [left] = { color = "#0000ff", intensity = 255 } }, fade = 60 }
cue.list{ name = "haze" }:cue{ 1, "Low" }

local level = show.param{ "level", default = 0, min = 0, max = 255, step = 1 }
level:on(function(v) work:set(v) end)
show.param{ "mood", choices = { "calm", "wild" } }
show.param{ "haze", default = false }
show.param{ "motto", default = "hello" }
show.trigger("bump", function(...) show.log.info("bump %d", select("#", ...)) end)
show.trigger("fail", function() error("the lamp is out") end)
show.trigger("move", function() crane:spline("x", { 10, 20, 30 }) end)
