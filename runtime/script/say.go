package script

import (
	"context"
	"log/slog"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// says counts what lines of the script have to say, so that none floods the log. It
// belongs to the script loop, or to the load while the top level runs.
type says map[string]*said

// said is what one line has said in a second.
type said struct {
	since time.Duration
	n     int
	held  int // not written
}

// SlowScript is what the log says of a task that took long.
const SlowScript = "slow script"

const (
	saysPerSecond = 100   // of one line of the script
	slowPerSecond = 1     // of one task or handler
	saysKept      = 1_000 // lines that are counted
)

// Say writes a text to the log for the script, with the line of it that says so: a hundred
// times a second at most for each line, and how many were left out. A shadow says nothing.
func (g *Generation) Say(severity slog.Level, text, line string) {
	if g.shadow() == nil && g.allow(line, saysPerSecond) {
		g.cfg.Log.Log(context.Background(), severity, text, "at", line)
	}
}

// allow reports whether something may be said once more.
func (g *Generation) allow(what string, perSecond int) bool {
	now := g.cfg.Now()
	s := g.says[what]
	if s == nil {
		if len(g.says) >= saysKept {
			g.confess(math.MaxInt64)
		}
		s = &said{since: now}
		g.says[what] = s
	}
	if now-s.since >= time.Second {
		g.tell(what, s)
		*s = said{since: now}
	}
	if s.n++; s.n > perSecond {
		s.held++
		return false
	}
	return true
}

// confessNow tells once a second of what was left out.
func (g *Generation) confessNow(now time.Duration) {
	if now-g.confessed >= time.Second {
		g.confess(now)
		g.confessed = now
	}
}

// confess tells of what was left out a second ago and longer.
func (g *Generation) confess(now time.Duration) {
	for _, what := range slices.Sorted(maps.Keys(g.says)) {
		if s := g.says[what]; now-s.since >= time.Second {
			g.tell(what, s)
			delete(g.says, what)
		}
	}
}

func (g *Generation) tell(what string, s *said) {
	task, slow := strings.CutPrefix(what, SlowScript)
	switch {
	case s.held == 0:
	case slow:
		g.cfg.Log.Warn(SlowScript, "task", task, "not shown", s.held)
	default:
		g.cfg.Log.Warn("left out, for it came too often", "at", what, "times", s.held)
	}
}
