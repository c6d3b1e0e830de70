-- One group, two worlds.

test("on every beat the next lamp flashes", function(t)
  local lamps = { "left 1", "left 2", "right 1", "right 2" }
  t:advance("4b")
  for _, lamp in ipairs(lamps) do
    t:expect(lamp){ intensity = function(level) return level > 240 end }
    t:advance("1b")
  end
end)

test("the lanterns breathe, whatever the gateways do", function(t)
  t:advance("12b")
  t:expect "lanterns" { dimmer = 200 }
  t:advance("1bar")
  t:expect "lanterns" { dimmer = 20 }
end)
