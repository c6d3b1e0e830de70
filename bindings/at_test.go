package bindings

import (
	"strings"
	"testing"
	"time"
)

// TestAt: in virtual time it is Saturday, 2000-01-01 00:00 UTC when a show starts.
func TestAt(t *testing.T) {
	s := live(t, `
show.place{ latitude = 0, longitude = 88 }
local function say(what) return function() print(what, clock.time()) end end
show.at("00:00:05", say "five")
show.at("sat,sun 00:01", say "a minute")
local h = show.at("mon-fri 00:02", say "never")
local once = show.at("00:01:30", say "cancelled")
show.at("sunrise", function() print("sunrise", math.floor(clock.time() / 60)) end)
show.at("sat sunrise-00:01", function() print("before it", math.floor(clock.time() / 60)) end)
clock.after(80, function() once:cancel() show.at("00:01:25", say "late made") show.at("00:01:00", say "too late") end)
show.at("00:03", function() clock.sleep(2) print("slept", clock.time()) end)`)
	s.run(15 * time.Minute)
	for i, line := range s.log {
		_, s.log[i], _ = strings.Cut(line, " ")
	}
	s.wantLog("five\t5", "a minute\t60", "late made\t85", "slept\t182", "before it\t6", "sunrise\t7")
	s.wantFailures()
}

// TestAtOverReloads: what is due comes once, whichever version is live then.
func TestAtOverReloads(t *testing.T) {
	const text = `for s = 1, 9 do show.at("00:00:0" .. s, function() print("at", s, show.generation) one:set(1, s) end) end`
	s := live(t, text)
	for _, at := range []time.Duration{1500, 2960, 3000, 3040, 5010, 5950, 8999} {
		s.run(at * time.Millisecond)
		s.reload(text)
	}
	s.run(20 * time.Second)
	s.wantLog("1.000 at\t1\t1", "2.000 at\t2\t2", "3.000 at\t3\t2", "4.000 at\t4\t5", "5.000 at\t5\t5", "6.000 at\t6\t6", "7.000 at\t7\t7", "8.000 at\t8\t7", "9.000 at\t9\t7")
	s.wantFailures()
}

func TestAtOutputIsOnTime(t *testing.T) {
	s := live(t, `show.at("00:00:02", function() one:set(1, 200) end)`)
	s.wantLevels("1.99s 1=0")
	s.wantLevels("2s 1=200")
}
