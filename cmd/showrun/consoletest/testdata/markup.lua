-- A show whose every text is markup, as that of a file from elsewhere may be.
local cue   = require "cue"
local show  = require "show"
local stage = require "stage"

local one  = require "signet".sender{}:universe(1)
local lamp = stage.fixture{ name = "<img src=x onerror=alert(1)>", kind = "rgb", at = one:slot(1) }
stage.group{ name = "<i>group</i>", lamp }
local main = cue.list{ name = "<b>list</b>" }
main:cue{ 1, "<script>alert(2)</script>", look = { [lamp] = 255 } }
show.param{ "<u>param", choices = { "<s>one</s>", "two" } }
show.trigger("<em>trigger", function()
  show.log.warn("%s", "<a href=javascript:alert(3)>log</a>")
  error("<svg onload=alert(4)>")
end)
