package script

import (
	"fmt"
	"runtime"
	"runtime/metrics"
	"time"
)

// DefaultMemory is Config.Memory if that is 0.
const DefaultMemory = 512 << 20

// memory looks between hand-overs at how much the process holds. Only what is alive after
// a collection counts: garbage is collected, however much of it a script makes. Past the
// limit whoever makes the show hold more is looked for, by collecting before and after
// what it does, and stopped like one that takes too long. Those verdicts are a guard's: a
// replay has them from the record. It belongs to the script loop.
type memory struct {
	looked time.Duration     // when, by the stopwatch
	asked  time.Duration     // for a collection, to know whether it is much
	warned bool              // that it is much
	bound  uint64            // bytes, above the limit once somebody was stopped
	eaters map[any]*appetite // by handle or function; nil while less is held
}

// appetite is what is known of a handle or a function that runs while too much is held.
type appetite struct {
	made   uint64 // bytes by its last run, garbage included
	all    uint64 // and by all
	weighs int    // runs that were measured
	heavy  uint64 // bytes made by those
	left   int64  // and of these still alive right after
	grew   int    // measured runs in a row after which clearly more was alive
	greedy error  // why it is stopped whenever it runs
	stops  int    // how often it was
}

const (
	lookAtMemory = 250 * time.Millisecond
	askAfter     = 5 * time.Second
	mouthful     = 64 << 10 // bytes, less is not noticed in one run
	plenty       = 1 << 20  // so many in one run are proof enough, else it takes two
	maxWeighs    = 8        // after so many runs that leave nothing it is not measured any more
)

// weigh is called before t runs, and what it returns afterwards.
func (g *Generation) weigh(t *Task) (after func()) {
	m := &g.memory
	now := g.cfg.Stopwatch()
	if g.cfg.Oracle.replay || g.collecting || m.eaters == nil && now-m.looked < lookAtMemory {
		return func() {}
	}
	m.looked = now
	live := bytesOf(liveHeap)
	if live <= g.cfg.Memory/2 && !m.warned && g.cfg.Collect != nil && now-m.asked >= askAfter && bytesOf(usedHeap) > g.cfg.Memory/2 {
		m.asked = now
		g.cfg.Collect()
	}
	if live > g.cfg.Memory/2 && !m.warned {
		m.warned = true
		g.cfg.Log.Warn(fmt.Sprintf("the show holds %d MiB of memory; past %d MiB what makes it grow is stopped (--memory)", live>>20, g.cfg.Memory>>20))
	}
	if live <= max(g.cfg.Memory, m.bound) {
		m.eaters = nil
		return func() {}
	}
	if m.eaters == nil {
		m.eaters = map[any]*appetite{}
	}
	return g.measure(g.appetite(t))
}

// appetite is that of the handle that t is a run of, or else of all tasks of the same
// function: those that begin one another are but one who eats.
func (g *Generation) appetite(t *Task) *appetite {
	var eater any = t.fn.Proto
	if t.handle != nil && !t.handle.once {
		eater = t.handle
	}
	a := g.memory.eaters[eater]
	if a == nil {
		a = &appetite{}
		g.memory.eaters[eater] = a
	}
	return a
}

// measure stops what is greedy, or finds out whether it is.
func (g *Generation) measure(a *appetite) (after func()) {
	if a.greedy != nil {
		g.hook.post(a.greedy)
		if a.stops++; a.stops == maxStops { // a handler is disabled now
			g.memory.bound, g.memory.eaters = bytesOf(liveHeap)+g.cfg.Memory/16, nil
		}
		return func() {}
	}
	exact := a.made >= mouthful && a.weighs < maxWeighs
	if exact {
		runtime.GC()
	}
	live, made := bytesOf(liveHeap), bytesOf(allAllocated)
	return func() {
		a.made = bytesOf(allAllocated) - made
		a.all += a.made
		if !exact {
			g.blame(bytesOf(liveHeap))
			return
		}
		runtime.GC()
		a.weighs++
		grown := int64(bytesOf(liveHeap) - live)
		a.heavy, a.left = a.heavy+a.made, a.left+grown
		if grown < mouthful {
			a.grew = 0
		} else if a.grew++; a.grew > 1 || grown >= plenty {
			a.greedy = g.tooMuch(fmt.Sprintf("this made it %.1f MiB more at one go", float64(grown)/(1<<20)))
		}
	}
}

// blame is for what grows by too little to be measured in one run: when a quarter more than
// the limit is held, the one whose work explains that best is stopped. Who was measured
// and makes but garbage does not count.
func (g *Generation) blame(live uint64) {
	limit := max(g.cfg.Memory, g.memory.bound)
	if live <= limit+limit/4 {
		return
	}
	var worst *appetite
	for _, a := range g.memory.eaters {
		switch {
		case a.greedy != nil || a.made >= mouthful && a.weighs == 0: // it is stopped, or measured next
			return
		case a.left*8 >= int64(a.heavy) && a.all >= (live-limit)/2 && (worst == nil || a.all < worst.all):
			worst = a
		}
	}
	if worst != nil {
		worst.greedy = g.tooMuch("it grows by little and little, and this makes most of it")
	}
}

func (g *Generation) tooMuch(why string) error {
	return fmt.Errorf("%w: the show holds %d MiB, more than %d (--memory), and %s; let it forget what it does not need any more",
		errMemory, bytesOf(liveHeap)>>20, g.cfg.Memory>>20, why)
}

// Figures of the Go runtime, in bytes.
const (
	usedHeap     = "/memory/classes/heap/objects:bytes" // alive, or not yet swept
	liveHeap     = "/gc/heap/live:bytes"                // alive at the last collection
	allAllocated = "/gc/heap/allocs:bytes"              // so far
)

func bytesOf(figure string) uint64 {
	s := []metrics.Sample{{Name: figure}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}
