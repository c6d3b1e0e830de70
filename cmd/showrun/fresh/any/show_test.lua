-- Tests of the show, in virtual time: showrun test
local test = require "test"

test("eight bars pass", function(t)
  t:advance("32b")
end)
