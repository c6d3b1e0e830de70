local clock = require "clock"
local loop  = require "loop"
local test  = require "test"

test("passes begin on multiples of their length", function(t)
  local passes = {}
  loop("hats", "3/2b", function(pass, beat) passes[#passes + 1] = pass .. "@" .. clock.beats() .. "/" .. beat.in_bar end)
  t:advance("4.5b")
  t:equal(passes, { "2@1.5/2", "3@3/4", "4@4.5/1" })
end)

test("a loop begun in between waits for its place", function(t)
  local passes = {}
  t:advance("2.3b")
  loop("pad", "4b", function(pass) passes[#passes + 1] = pass end)
  t:advance("6b")
  t:equal(passes, { 2, 3 })
end)

test("another body comes at the next pass", function(t)
  local played = {}
  loop("a", "2b", function(pass) played[#played + 1] = "old" .. pass clock.sleep("1b") played[#played + 1] = "end" end)
  t:advance("2.5b")
  local new = loop("a", "2b", function(pass) played[#played + 1] = "new" .. pass end)
  t:advance("4b")
  t:equal(played, { "old2", "end", "new3", "new4" })
  new:cancel() new:cancel()
  t:advance("4b")
  t:equal(#played, 4)
end)

test("a loop may give itself another body", function(t)
  local played = {}
  loop("a", "1b", function()
    played[#played + 1] = 1
    loop("a", "1b", function() played[#played + 1] = 2 end)
  end)
  t:advance("3b")
  t:equal(played, { 1, 2, 2 })
end)

test("seconds", function(t)
  local at = {}
  loop("tick", "300ms", function(pass) at[#at + 1] = pass .. "@" .. clock.time() end)
  t:advance(1)
  t:equal(at, { "2@0.3", "3@0.6", "4@0.9" })
end)

test("a list parts the pass", function(t)
  local played = {}
  local function part(name) return function(pass) played[#played + 1] = name .. pass .. "@" .. clock.beats() end end
  local riff = loop("riff", "1bar", { part "a", false, part "c", part "d" })
  t:advance("8b")
  t:equal(played, { "c1@2", "d1@3", "a2@4", "c2@6", "d2@7", "a3@8" })
  riff:cancel()
  t:advance("8b")
  t:equal(#played, 6)
end)
