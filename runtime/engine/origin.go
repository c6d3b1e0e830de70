package engine

import (
	"time"

	"showrun/runtime/level"
)

// Source says where the commands that follow it in a batch come from, up to the next one.
// It does nothing else.
type Source struct {
	Line  string // of the script: "show.lua:12"
	Task  string // as logs call it
	Cue   string // list and number: "main 5"
	Event string // topic of the event that it goes back to
}

func (Source) command() {}

// An Origin is where the level of a channel comes from.
type Origin struct {
	Source
	Generation int
	At         time.Duration // its stamp
	Did        string        // set, fade, wave, path, stop, hold, master or blackout
}

// origins are those that channels have, by number from 1. Each counts who has it, so that
// there are never more of them than channels, and no frame allocates for them.
type origins struct {
	list []Origin
	uses []int32
	free []int32
	from Origin // of what is executed
	now  int32  // its number, 0 while nothing has it
}

// begin says that commands of a batch are executed.
func (o *origins) begin(b *queued) {
	o.from = Origin{Source: Source{Line: b.Origin}, Generation: b.Generation, At: b.At}
	o.now = 0
}

// source says where the commands to come are from.
func (o *origins) source(s Source) { o.from.Source, o.now = s, 0 }

// give makes what is executed the origin that *has is the number of.
func (o *origins) give(has *int32, did string) {
	if o.from.Did != did {
		o.from.Did, o.now = did, 0
	}
	if *has != 0 && *has == o.now {
		return
	}
	o.drop(has)
	if o.now == 0 {
		o.now = o.add(o.from)
	}
	o.uses[o.now-1]++
	*has = o.now
}

// add gives an origin a number.
func (o *origins) add(x Origin) int32 {
	if n := len(o.free); n > 0 {
		i := o.free[n-1]
		o.free = o.free[:n-1]
		o.list[i-1] = x
		return i
	}
	o.list, o.uses = append(o.list, x), append(o.uses, 0)
	return int32(len(o.list))
}

// drop lets go of an origin.
func (o *origins) drop(has *int32) {
	n := *has
	if *has = 0; n == 0 {
		return
	}
	if o.uses[n-1]--; o.uses[n-1] == 0 {
		o.list[n-1] = Origin{}
		o.free = append(o.free, n)
		if n == o.now {
			o.now = 0
		}
	}
}

// share gives the origin of a number, 0 for none.
func (o *origins) share(has *int32, n int32) {
	if n != 0 {
		o.uses[n-1]++
	}
	o.drop(has)
	*has = n
}

// get returns an origin by its number, false for none.
func (o *origins) get(n int32) (Origin, bool) {
	if n == 0 {
		return Origin{}, false
	}
	return o.list[n-1], true
}

// maker is the number of the origin of the slot at a, which must have been opened.
func (e *Engine) maker(a level.Address) *int32 {
	b := &e.banks[a.Output.Real()]
	if a.Output.IsAttribute() {
		return &b.attributeMakers[a.Slot-1]
	}
	return &b.makers[a.Slot-1]
}

// credit notes that what is executed makes the level at a.
func (e *Engine) credit(a level.Address, did string) { e.origins.give(e.maker(a), did) }

// creditColor notes it for a colour.
func (e *Engine) creditColor(a level.Address, did string) {
	for i := range 3 {
		e.credit(next(a, i), did)
	}
}

// restoreOrigins takes over those of a snapshot, once all that has them is there.
func (e *Engine) restoreOrigins(list []Origin) {
	o := &e.origins
	o.list, o.uses, o.free = append(o.list[:0], list...), make([]int32, len(list)), nil
	count := func(n *int32) {
		if *n < 0 || int(*n) > len(list) {
			*n = 0
		}
		if *n != 0 {
			o.uses[*n-1]++
		}
	}
	for i := range e.banks {
		for j := range e.banks[i].makers {
			count(&e.banks[i].makers[j])
		}
		for j := range e.banks[i].attributeMakers {
			count(&e.banks[i].attributeMakers[j])
		}
	}
	for i := range e.holds.list {
		count(&e.holds.list[i].Maker)
	}
	count(&e.master.makers[0])
	count(&e.master.makers[1])
	for i, n := range o.uses {
		if n == 0 {
			o.free = append(o.free, int32(i)+1)
		}
	}
}
