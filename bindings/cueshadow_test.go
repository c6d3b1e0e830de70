package bindings

import "testing"

// TestNothingComesOfAShadow has a function do everything that a look must not lead to.
func TestNothingComesOfAShadow(t *testing.T) {
	s := live(t, cues+`
local theater, osc = require "theater", require "osc"
local crane, mouth, tc = theater.motion{}, osc.sender{ port = 9 }, net:timecode(1)
local speed = show.param{ "speed", default = 1 }
local bump = show.trigger("bump", function() dim:set(9) end)
list:cue{ 1, go = function()
  crane:spline("x", { 1, 2, 3 }) mouth:send("/x") tc:start("00:00:01:00") speed:set(2) bump:fire() clock.set_tempo(90) print "x"
  list:go() list:stop() clock.follow("internal") clock.run("x", function() wash:set{ red = 5 } end)
  show.on("error", function() print "handled" end)
end }
list:cue{ 2 }
list:on("go", print) list:on("stop", print)
at(1, function()
  local look = list:look(2)
  print(look[wash].red, look[dim], tc.position, tc.running, speed:get(), clock.tempo(), crane:pending("x"), list.current)
end)
`)
	s.run(3e9)
	s.wantLog("1.000 5	nil	00:00:00:00	false	1	120	0	nil")
	if len(s.orders) > 0 {
		t.Errorf("orders %v", s.orders)
	}
	s.wantFailures()
}
