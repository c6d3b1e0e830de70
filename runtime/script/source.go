package script

import (
	"strings"

	lua "github.com/yuin/gopher-lua"

	"showrun/runtime/engine"
)

// credit is on whose behalf commands are given, besides the code that gives them.
type credit struct {
	cue  string // list and number
	line string // where that is written; "" for the code itself
}

// Credit runs f and has what it does count as done by a cue, called as people call it, which
// is written at a line.
func (g *Generation) Credit(cue, line string, f func()) {
	before := g.credited
	g.credited = credit{cue, line}
	defer func() { g.credited = before }()
	f()
}

// told is the source that was put in front of commands last. Within one instruction of one
// run of a task it is the same again.
type told struct {
	source engine.Source
	credit credit
	count  uint64 // the instruction
	known  bool   // false when another run has begun
}

// put adds a command behind its source, which is not said twice.
func (g *Generation) put(out []engine.Command, c engine.Command) []engine.Command {
	last := g.told
	same := last.known && last.count == g.hook.count && last.credit == g.credited
	if !same {
		g.told = told{g.source(), g.credited, g.hook.count, true}
	}
	if len(out) == 0 || g.told.source != last.source {
		out = append(out, g.told.source)
	}
	return append(out, c)
}

// source is where a command that is given now comes from.
func (g *Generation) source() engine.Source {
	t := g.current
	s := engine.Source{Line: g.credited.line, Task: t.name, Cue: g.credited.cue, Event: t.cause}
	if s.Cue == "" && t.scope != nil {
		s.Cue = t.scope.Cue
	}
	if s.Line == "" {
		s.Line = strings.TrimSuffix(g.outside(g.L.G.CurrentThread), ":")
	}
	if s.Line == "" {
		s.Line = t.origin
	}
	return s
}

// outside is "file:line:" of the innermost call that is not the library's; "" if there is
// none.
func (g *Generation) outside(L *lua.LState) string {
	for level := 1; ; level++ {
		frame, ok := L.GetStack(level)
		if !ok {
			return ""
		}
		if _, err := L.GetInfo("Sl", frame, nil); err != nil || frame.What == "G" {
			continue
		}
		if frame.What == "main" {
			if _, more := L.GetStack(level + 1); more {
				continue // it stands for a call whose place another one has taken
			}
		}
		if frame.Source != "" && !g.shipped[frame.Source] {
			return g.spot(frame.Source, frame.CurrentLine)
		}
	}
}

// spot is "file:line:".
func (g *Generation) spot(file string, line int) string {
	lines := g.spots[file]
	if lines == nil {
		lines = map[int]string{}
		g.spots[file] = lines
	}
	if lines[line] == "" {
		lines[line] = file + ":" + itoa(line) + ":"
	}
	return lines[line]
}
