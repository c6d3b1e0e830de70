package script

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// TestPrintWithoutEnd does not flood the log: of each line a hundred texts a second are
// written, and how many were left out is told, also when nothing follows.
func TestPrintWithoutEnd(t *testing.T) {
	var log bytes.Buffer
	s := live(t, `t.every("0.1", function() for i = 1, 2000 do print("flood") end end)
t.every("0.5", function() print("now and then") end)
t.after("2.95", function() for i = 1, 300 do print("burst") end end)`, func(c *Config) {
		c.Log = slog.New(slog.NewTextHandler(&log, nil))
	})
	s.run(5 * time.Second)
	s.gen.Detach()
	count := func(text string) int { return strings.Count(log.String(), text) }
	if floods := count("msg=flood"); floods < 400 || floods > 600 {
		t.Errorf("%d floods in 5 s", floods)
	}
	if n := count(`msg="now and then"`); n != 10 {
		t.Errorf("now and then %d times", n)
	}
	if n := count("msg=burst"); n != 100 || count(`at=show.lua:3 times=200`) != 1 {
		t.Errorf("%d of a burst: %s", n, log.String())
	}
	left := 0
	for line := range strings.Lines(log.String()) {
		var n int
		if _, times, found := strings.Cut(line, "at=show.lua:1 times="); found {
			fmt.Sscan(times, &n)
			left += n
		}
	}
	if floods := count("msg=flood"); floods+left != 50*2000 {
		t.Errorf("%d written and %d left out of %d", floods, left, 50*2000)
	}
}

// TestManyLinesAreCounted: what is left out of a line is told though more lines have
// spoken than are counted.
func TestManyLinesAreCounted(t *testing.T) {
	var log bytes.Buffer
	s := live(t, `t.every("1", function() end) t.run("", function()
for i = 1, 1500 do local print = assert(loadstring("print(" .. i .. ")", "=" .. i)) print() end
for i = 1, 300 do print("burst") end end)`, func(c *Config) {
		c.Log = slog.New(slog.NewTextHandler(&log, nil))
	})
	s.run(5 * time.Second)
	if !strings.Contains(log.String(), "times=200") {
		t.Error("nothing is told of 200 texts that were left out")
	}
}

// TestSlowScriptIsSaidOnceASecond for each handler.
func TestSlowScriptIsSaidOnceASecond(t *testing.T) {
	var log bytes.Buffer
	passed := time.Duration(0)
	s := live(t, `t.every("0.1", function() end) t.every("0.1", function() end)`, func(c *Config) {
		c.Log = slog.New(slog.NewTextHandler(&log, nil))
		c.Stopwatch = func() time.Duration { passed += 30 * time.Millisecond; return passed }
	})
	s.run(3 * time.Second)
	if n := strings.Count(log.String(), "slow script"); n > 16 || n < 4 {
		t.Errorf("said %d times: %s", n, log.String())
	}
}
