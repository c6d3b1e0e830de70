package lualib

import (
	"fmt"
	"math"
	"sort"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// A traceback longer than both together shows this many of its first and last levels.
const (
	firstLevels = 12
	lastLevels  = 10
)

var debugFunctions = []function{
	{"traceback", debugTraceback},
}

// level is one level of a thread's call stack. The places of functions that have been replaced by tail calls answer with
// the bottom of the stack: gopher-lua knows nothing of them.
type level struct{ *lua.Debug }

// stackLevel reads level n of the stack; 0 is the running function, 1 its caller.
func stackLevel(L *lua.LState, n int) (level, bool) {
	found, ok := L.GetStack(n)
	if !ok {
		return level{}, false
	}
	if _, err := L.GetInfo("Sln", found, lua.LNil); err != nil {
		return level{}, false
	}
	return level{found}, true
}

// bottom reports whether a level is the function of the host that called the script.
func (l level) bottom() bool { return l.What == "main" && l.CurrentLine == -1 }

// repeats reports whether the level below n is the same call once more.
func repeats(L *lua.LState, n int) bool {
	found, _ := L.GetStack(n)
	below, ok := L.GetStack(n + 1)
	return ok && *found == *below
}

// gone reports whether level n is that of a function that a tail call has replaced: it looks like the bottom of the stack,
// and follows one that has been called so.
func (l level) gone(L *lua.LState, n int) bool {
	last, _ := L.GetStack(depth(L) - 1)
	found, _ := L.GetStack(n)
	above, _ := L.GetStack(n - 1)
	if *found != *last {
		return false
	}
	if *above == *last {
		return true
	}
	caller, ok := stackLevel(L, n-1)
	return ok && caller.What == "tail"
}

// position is "file:line: " of a level, or nothing when it is no Lua function.
func (l level) position() string {
	if l.What == "G" || l.CurrentLine <= 0 {
		return ""
	}
	return fmt.Sprintf("%s:%d: ", l.Source, l.CurrentLine)
}

// callerPosition is the position of the innermost Lua function above the running library function.
func callerPosition(L *lua.LState) string {
	for n := 1; ; n++ {
		l, ok := stackLevel(L, n)
		if !ok {
			return ""
		}
		if l.What != "G" {
			return l.position()
		}
	}
}

// debugTraceback is debug.traceback([thread,] [message [, level]]). A message that is no text comes back as it is.
func debugTraceback(c call) int {
	thread, first, n := c.L, 1, 1
	if other, ok := c.L.Get(1).(*lua.LState); ok {
		first = 2
		if other != c.L {
			thread, n = other, 0
		}
	}
	n = max(c.optInteger(first+1, n), 0)
	message := c.L.Get(first)
	var b strings.Builder
	if message != lua.LNil {
		text, ok := toText(message)
		if !ok {
			return c.push(message)
		}
		b.WriteString(text + "\n")
	}
	b.WriteString("stack traceback:")
	end := depth(thread)
	for at := n; at < end; at++ {
		if at == n+firstLevels && end-at > lastLevels {
			b.WriteString("\n\t...")
			at = end - lastLevels
		}
		if l, ok := stackLevel(thread, at); ok && !repeats(thread, at) && !l.bottom() {
			b.WriteString("\n\t" + l.describe())
		}
	}
	return c.pushText(b.String())
}

// depth is the number of levels of a stack. Tail calls can make it very large, so it is not counted.
func depth(L *lua.LState) int {
	return sort.Search(math.MaxInt32, func(n int) bool {
		_, ok := L.GetStack(n)
		return !ok
	})
}

// describe is a traceback line.
func (l level) describe() string {
	named := l.Name != "" && !strings.ContainsAny(l.Name[:1], "(<?")
	switch {
	case l.What == "G" && named:
		return "[Go]: in function '" + l.Name + "'"
	case l.What == "G":
		return "[Go]: ?"
	case l.LineDefined == 0:
		return l.position() + "in main chunk"
	case named && l.What != "main":
		return l.position() + "in function '" + l.Name + "'"
	}
	return fmt.Sprintf("%sin function <%s:%d>", l.position(), l.Source, l.LineDefined)
}
