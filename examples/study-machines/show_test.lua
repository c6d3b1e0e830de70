-- showrun test examples/study-machines
local MOTION, VALVE = "theater.motion 127.0.0.1:21000", "theater.valve 127.0.0.1:23000"

test("nothing moves before somebody has looked", function(t)
  t:press("side")
  t:press("open")
  t:advance(10)
  t:expect_nothing_sent(MOTION)
  t:expect_nothing_sent(VALVE)
end)

test("air: full for a second, then less", function(t)
  t:press("looked")
  t:press("open")
  t:expect_sent(VALVE, 1, 100)
  t:advance(1)
  t:expect_sent(VALVE, 1, 30)
  t:press("close")
  t:expect_sent(VALVE, "empty")
end)
