package script

import (
	"fmt"
	"runtime"
	"time"

	"showrun/runtime/script/chunk"
	"showrun/runtime/script/lualib"
)

// Ask answers a question about what is outside: the devices, the levels, a clock.
// It is the only way in which a script may get to know such things, so that a
// replay answers the same. The answer is plain data, see Heard.
func (g *Generation) Ask(question any) any {
	answer, err := g.cfg.Oracle.ask(question)
	switch {
	case err == errGone:
		runtime.Goexit()
	case err != nil:
		g.raise("%s", err)
	}
	return answer
}

// library is what the Lua library reaches.
func (g *Generation) library() lualib.Options {
	number := func(question any) func() float64 {
		return func() float64 { return g.Ask(question).(float64) }
	}
	return lualib.Options{
		Seed: g.cfg.Seed, Print: g.print, Spent: g.hook.spend, Try: g.try,
		Compile: func(text, name string) (*chunk.Chunk, error) { return g.compileText(text, name, g.hook.alarm) },
		Warn:    func(text string) { g.cfg.Log.Warn(text) },
		Now:     number(WallTime{}), Clock: number(ProcessTime{}), Heap: number(HeapSize{}),
		Zone: func(unix int64) lualib.Zone { return g.Ask(LocalZone{unix}).(lualib.Zone) },
		Unix: func(shown int64) int64 { return int64(g.Ask(LocalDate{shown}).(float64)) },
		Getenv: func(name string) (string, bool) {
			value, ok := g.Ask(Environment{name}).(string)
			return value, ok
		},
	}
}

// Questions of the Lua library. The answers are float64 unless it says otherwise.
type (
	WallTime    struct{}                   // the date, in seconds from the Unix epoch
	DateAt      struct{ At time.Duration } // the date at a show time, in seconds from the Unix epoch
	LocalZone   struct{ Unix int64 }       // what local clocks show at an instant: a lualib.Zone
	LocalDate   struct{ Shown int64 }      // when they show a date, given in seconds as if it were UTC
	ProcessTime struct{}                   // the seconds os.clock counts
	Environment struct{ Name string }      // a variable: a string, or false when it is not set
	HeapSize    struct{}                   // memory in use, in KiB
)

// World is what a live Oracle asks, for the task that has the baton and never for one that
// has been abandoned. Its functions must not wait. Those that are nil know nothing.
type World struct {
	Wall   func() time.Time                 // its location is the local time zone
	Date   func(at time.Duration) time.Time // the wall clock's at a show time; it may be set meanwhile
	Clock  func() time.Duration
	Getenv func(string) (string, bool)
	Other  func(question any) any // answers what the bindings ask, see Generation.Ask
}

func (w World) answer(question any) any {
	switch q := question.(type) {
	case WallTime:
		return float64(w.wall().UnixNano()) / 1e9
	case DateAt:
		if w.Date != nil {
			return float64(w.Date(q.At).UnixNano()) / 1e9
		}
		return float64(w.wall().UnixNano()) / 1e9
	case LocalZone:
		t := time.Unix(q.Unix, 0).In(w.wall().Location())
		name, offset := t.Zone()
		return lualib.Zone{Name: name, Offset: offset, Summer: t.IsDST()}
	case LocalDate:
		t := time.Unix(q.Shown, 0).UTC()
		hour, minute, second := t.Clock()
		return float64(time.Date(t.Year(), t.Month(), t.Day(), hour, minute, second, 0, w.wall().Location()).Unix())
	case ProcessTime:
		if w.Clock != nil {
			return w.Clock().Seconds()
		}
		return 0.0
	case Environment:
		if w.Getenv != nil {
			if v, ok := w.Getenv(q.Name); ok {
				return v
			}
		}
		return false
	case HeapSize:
		return float64(bytesOf(usedHeap)) / 1024
	}
	if w.Other == nil {
		panic(fmt.Sprintf("nobody answers %#v", question))
	}
	return w.Other(question)
}

func (w World) wall() time.Time {
	if w.Wall == nil {
		return time.Unix(0, 0).UTC()
	}
	return w.Wall()
}
