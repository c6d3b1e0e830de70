package rehearse_test

import (
	"strings"
	"testing"
	"time"
)

// TestLatencyOfOne: an output that wants its frames early makes nothing late that is
// scheduled, on no output, nor what a show says in the end.
func TestLatencyOfOne(t *testing.T) {
	out := frames(t, `local clock, show, signet = require "clock", require "show", require "signet"
local u = signet.sender{}:universe(1)
signet.sender{ endpoint = 2, latency = 0.5 }:universe(2)
clock.after(1.5, function() u:set(1, 200) end)
clock.at_beat(4, function() u:set(1, 100) end)
show.on("stop", function() u:set(1, 99) end)
`, 3*time.Second)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 3 || lines[0] != "1.500000 0/1=200" || lines[1] != "2.000000 0/1=100" || !strings.HasSuffix(lines[2], "0/1=99") {
		t.Errorf("frames\n%s", out)
	}
}
