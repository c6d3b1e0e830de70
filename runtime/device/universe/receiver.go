package universe

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"showrun/runtime/device"
)

// Ear is a driver that hears universes. To listen to more may take the system its time.
// Listening again to what is listened to changes nothing.
type Ear interface {
	Subscribe(Stream) error
	Unsubscribe(Stream)
}

// ReceiverConfig describes a Receiver of a protocol whose sources are known by an S; the
// zero S is none.
type ReceiverConfig[S comparable] struct {
	Protocol    string // for the log
	Env         device.Env
	Declaration device.Declaration
	// Winner is the source that wins most slots of a universe, or heard, from which a
	// packet came, if the driver knows of none. It is called within OnLevels.
	Winner func(universe int, heard S) S
	// Name names a source for scripts.
	Name func(S) string
	// Also makes an ear hear what a device listens to besides universes, whenever that may
	// have changed. It is nil if there is nothing besides.
	Also func(Ear)
}

// Receiver makes what a driver hears known to a show. OnLevels is called by the driver, on
// one goroutine at a time, or by whoever plays its part in virtual time; what scripts ask
// for is published there.
type Receiver[S comparable] struct {
	cfg    ReceiverConfig[S]
	wanted atomic.Pointer[map[Stream]*heard[S]] // what a show listens to. It is replaced, not changed
	news   chan struct{}                        // that is another than it was

	mu   sync.Mutex // of who tells the driver; no loop takes it
	ear  Ear
	told map[Stream]*heard[S] // what it was told
}

// heard is a universe as it was heard last.
type heard[S comparable] struct {
	last   atomic.Pointer[heardLevels[S]]
	untold bool // there was no room to tell scripts
}

// heardLevels are levels after the merge. They are not changed.
type heardLevels[S comparable] struct {
	levels []byte
	driven []bool // slots that any source drives; none for all that have a level
	source S
}

// NewReceiver makes a Receiver that listens to nothing.
func NewReceiver[S comparable](cfg ReceiverConfig[S]) *Receiver[S] {
	r := &Receiver[S]{cfg: cfg, news: make(chan struct{}, 1)}
	r.wanted.Store(&map[Stream]*heard[S]{})
	return r
}

// Adopt takes what a load listens to, as device.Adopter says: what is new is listened to,
// universes no longer wanted are left, and what stays goes on. The driver is told by Follow
// or CatchUp.
func (r *Receiver[S]) Adopt(streams []Stream) {
	before := *r.wanted.Load()
	next := map[Stream]*heard[S]{}
	for _, s := range streams {
		if next[s] = before[s]; next[s] == nil {
			next[s] = &heard[S]{}
			next[s].last.Store(&heardLevels[S]{})
		}
	}
	r.wanted.Store(&next)
	select {
	case r.news <- struct{}{}:
	default:
	}
}

// Follow makes the driver listen to what is wanted, whenever that is another. It is a loop
// of a device.
func (r *Receiver[S]) Follow(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-r.news:
			r.CatchUp()
		}
	}
}

// CatchUp makes the driver listen to what is wanted.
func (r *Receiver[S]) CatchUp() {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := *r.wanted.Load()
	for s := range r.told {
		if now[s] == nil {
			r.ear.Unsubscribe(s)
		}
	}
	r.subscribe(now)
}

// Use makes a driver listen from now on.
func (r *Receiver[S]) Use(ear Ear) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ear = ear
	r.subscribe(*r.wanted.Load())
}

// subscribe makes the driver listen to what is wanted, with mu held; what it listens to
// goes on.
func (r *Receiver[S]) subscribe(wanted map[Stream]*heard[S]) {
	r.told = wanted
	for s := range wanted {
		if err := r.ear.Subscribe(s); err != nil {
			r.cfg.Env.Log.Error(r.cfg.Protocol+": universe not listened to", "universe", s.Number, "preview", s.Preview, "error", err)
		}
	}
	if r.cfg.Also != nil {
		r.cfg.Also(r.ear)
	}
}

// OnLevels takes the levels of a stream after a packet of a source, or after another change
// if that is zero. driven tells which slots any source drives; nil for all. Scripts are
// told if the levels, or where they come from, are not what they were. Levels of a preview
// are not merged: those of the last packet count, whoever sent it.
func (r *Receiver[S]) OnLevels(s Stream, levels []byte, driven []bool, from S, at time.Time) {
	u := (*r.wanted.Load())[s]
	if u == nil {
		return // no longer wanted
	}
	before := u.last.Load()
	same := bytes.Equal(levels, before.levels)
	source := before.source
	switch {
	case same && from == source:
	case s.Preview:
		source = from
	default:
		source = r.cfg.Winner(s.Number, from)
	}
	tell := !same || source != before.source || u.untold
	if !tell && slices.Equal(driven, before.driven) {
		return
	}
	now := &heardLevels[S]{slices.Clone(levels), slices.Clone(driven), source}
	u.last.Store(now)
	if tell {
		u.untold = !r.tell(s, now, r.cfg.Env.Since(at))
	}
}

func (r *Receiver[S]) tell(s Stream, u *heardLevels[S], at time.Duration) (room bool) {
	ev := Levels{Universe: s.Number, Levels: u.levels}
	if u.source != *new(S) {
		ev.Source = r.cfg.Name(u.source)
	}
	topic := Topic(r.cfg.Declaration, s)
	return r.cfg.Env.Event(device.Event{Topic: topic, Key: topic, From: r.cfg.Declaration.Key(), At: at, Value: ev})
}

// Lost forgets what was heard by a driver that failed.
func (r *Receiver[S]) Lost() {
	for s, u := range *r.wanted.Load() {
		if len(u.last.Load().levels) > 0 {
			u.last.Store(&heardLevels[S]{})
			u.untold = !r.tell(s, u.last.Load(), r.cfg.Env.Now())
		}
	}
}

// Answer implements device.Answerer.
func (r *Receiver[S]) Answer(question any) any {
	w := *r.wanted.Load()
	switch q := question.(type) {
	case LevelOf:
		if u := w[Stream{q.Universe, q.Preview}]; u != nil {
			return u.last.Load().slot(q.Slot)
		}
		return SlotLevel{}
	case LevelsOf:
		if u := w[Stream{q.Universe, q.Preview}]; u != nil {
			return u.last.Load().levels
		}
		return []byte(nil)
	}
	return nil
}

// slot is the level of a slot, counted from 1.
func (h *heardLevels[S]) slot(n int) SlotLevel {
	if n < 1 || n > len(h.levels) {
		return SlotLevel{}
	}
	return SlotLevel{h.levels[n-1], len(h.driven) == 0 || h.driven[n-1]}
}
