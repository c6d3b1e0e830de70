package script

import (
	"strings"
	"sync/atomic"
	"time"
)

// Spent is how long a handler, or the tasks of a name, took on the stopwatch.
type Spent struct {
	Name  string // as in logs, with file:line
	Runs  uint64 // how often it ran, from a wait to the next
	Total time.Duration
	Worst time.Duration // of a run
}

// Times are how long everything that runs in a generation takes. Its list is for any
// goroutine, the rest belongs to the script loop.
type Times struct {
	of   map[string]*timed // by name; nil if nothing is measured
	list atomic.Pointer[[]*timed]
}

// timed is Spent while it is counted.
type timed struct {
	name               string
	runs, total, worst atomic.Int64
}

// maxTimed is how many names are told apart; what comes after them is one.
const maxTimed = 256

const timedRest = "all others"

// List is what was measured, in the order in which it ran first.
func (t *Times) List() []Spent {
	list := t.list.Load()
	if list == nil {
		return nil
	}
	all := make([]Spent, len(*list))
	for i, x := range *list {
		all[i] = Spent{x.name, uint64(x.runs.Load()), time.Duration(x.total.Load()), time.Duration(x.worst.Load())}
	}
	return all
}

// find is where what has a name, and begins at origin, is counted; nil if it is not.
func (t *Times) find(name, origin string) *timed {
	if t.of == nil {
		return nil
	}
	if !strings.HasSuffix(name, origin) && origin != builtIn {
		name += " " + origin
	}
	if x := t.of[name]; x != nil {
		return x
	}
	if len(t.of) >= maxTimed {
		name = timedRest
		if x := t.of[name]; x != nil {
			return x
		}
	}
	x := &timed{name: name}
	t.of[name] = x
	var list []*timed
	if before := t.list.Load(); before != nil {
		list = *before
	}
	list = append(list[:len(list):len(list)], x)
	t.list.Store(&list)
	return x
}

// add counts a run; script loop. Nobody else writes, so that no two steps need be one.
func (x *timed) add(took time.Duration) {
	x.runs.Store(x.runs.Load() + 1)
	x.total.Store(x.total.Load() + int64(took))
	if int64(took) > x.worst.Load() {
		x.worst.Store(int64(took))
	}
}
