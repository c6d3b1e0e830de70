package record

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"showrun/runtime/journal"
	"showrun/runtime/level"
	"showrun/runtime/show"
)

// Recorder takes what enters a show and writes it down behind the back of the loops: what
// these hand over waits in memory, a goroutine encodes it, and another one writes it. So a
// slow disk keeps nobody waiting. What there is no room for ends the recording, for nothing
// can be made of what comes after it; from then on inputs are only counted.
type Recorder struct {
	Log   *slog.Logger                  // for what becomes of it
	Since func(time.Time) time.Duration // show time of a moment

	// Turn makes a recording that has a bound go on in an empty file, on a goroutine of its
	// own, and Checkpoint has a show.Checkpoint come in soon, with which that begins. Nil: the
	// recording ends at its bound.
	Turn       func() error
	Checkpoint func()

	registry *level.Registry

	turns  ring
	inputs chan noted
	lines  chan journal.Line
	keeps  chan func(int64)

	lost  atomic.Uint64          // inputs
	mute  atomic.Uint64          // lines
	ended atomic.Pointer[string] // why no more is recorded; nil while it is
	taken uint64                 // inputs that are in; the goroutine of Run only

	w      *journal.Writer
	disk   *disk
	header journal.Header
	base   int64 // bytes of the file up to where there is all to begin with; -1 before that is in
}

// New returns a recorder that holds what comes until Run. Its log and clock are to be set.
func New() *Recorder {
	return &Recorder{inputs: make(chan noted, 4096), lines: make(chan journal.Line, 1024), keeps: make(chan func(int64))}
}

// Names makes it go by the outputs of a registry, before the show runs.
func (r *Recorder) Names(registry *level.Registry) { r.registry = registry }

// Turned takes a turn of the engine loop, on that, and the frame that it made, if any.
func (r *Recorder) Turned(t show.EngineTurn, f *level.Frame) {
	if r.ended.Load() != nil {
		r.full()
		return
	}
	x := turn{EngineTurn: t}
	if f != nil {
		x.frame, x.made = journal.Frame{At: f.At, Hash: f.Hash(r.registry)}, true
	}
	if !r.turns.offer(x) {
		r.full()
	}
}

// noted is an input with its number.
type noted struct {
	number uint64
	in     any
}

// Input takes any other input, on the script loop or who takes its place.
func (r *Recorder) Input(in any) { r.Note(show.NumberOf(in), in) }

// Note takes an input of any kind with its number, which counts from 1; any goroutine.
func (r *Recorder) Note(number uint64, in any) {
	if r.ended.Load() != nil {
		r.full()
		return
	}
	select {
	case r.inputs <- noted{number, in}:
	default:
		r.full()
	}
}

// full counts an input for which there is no room, which ends the recording.
func (r *Recorder) full() {
	r.lost.Add(1)
	if r.ended.Load() == nil {
		r.GiveUp("this machine is too slow for it")
	}
}

// Line takes a line of the log as people read it; any goroutine.
func (r *Recorder) Line(rec slog.Record, text, trace string) {
	message := rec.Message[:min(len(rec.Message), len(text))]
	l := journal.Line{At: r.Since(rec.Time), Level: int(rec.Level), Text: message, Attrs: strings.TrimPrefix(text, message), Trace: trace}
	select {
	case r.lines <- l:
	default:
		r.mute.Add(1)
	}
}

// Lost is how many inputs and lines are not in the recording; any goroutine.
func (r *Recorder) Lost() uint64 { return r.lost.Load() + r.mute.Load() }

// Ended says why nothing more is recorded, "" while it is; any goroutine.
func (r *Recorder) Ended() string {
	if why := r.ended.Load(); why != nil {
		return *why
	}
	return ""
}

// GiveUp has no more be recorded; any goroutine. Run is to be called all the same.
func (r *Recorder) GiveUp(why string) { r.ended.CompareAndSwap(nil, &why) }

const (
	drainEvery = 50 * time.Millisecond
	flushEvery = 500 * time.Millisecond // what a crash costs at most, and a little
)

// Begin has a recording begin in a file. It may have so many bytes, together with the file
// before if it is one that goes on in others; 0 = any. Who calls it closes the file after Run.
func (r *Recorder) Begin(to File, limit int64, h journal.Header) {
	r.disk, r.header = newDisk(to, r.Turn, limit, r.Log), h
	var err error
	if r.w, err = journal.Create(r.disk, h); err != nil {
		r.GiveUp(err.Error())
	}
}

// Run writes until ctx ends, and then the rest, for which the disk has a while. It returns
// whether any input is in the recording, and the error if not all of it may be in the file.
func (r *Recorder) Run(ctx context.Context) (any bool, err error) {
	if r.disk != nil {
		go r.disk.run()
	}
	tick := time.NewTicker(drainEvery)
	defer tick.Stop()
	for flushed := time.Now(); ; {
		select {
		case <-ctx.Done():
			r.drain()
			if r.w != nil {
				r.failed(r.w.Close())
			}
			if r.disk != nil {
				err = r.disk.end()
			}
			if why := r.Ended(); err == nil && why != "" {
				err = errors.New(why)
			}
			return r.taken > 0, err
		case now := <-tick.C:
			r.drain()
			if now.Sub(flushed) >= flushEvery {
				flushed = now
				r.flush()
				r.turnOver()
			}
		case kept := <-r.keeps:
			r.drain()
			r.flush()
			r.disk.mark(kept)
		}
	}
}

// drain writes down what waits. A recording that has ended has what came before.
func (r *Recorder) drain() {
	for len(r.lines) > 0 {
		if l := <-r.lines; r.w != nil {
			r.failed(r.w.Line(l))
		}
	}
	for len(r.inputs) > 0 {
		x := <-r.inputs
		r.input(x.number, x.in, nil)
	}
	for t, ok := r.turns.take(); ok; t, ok = r.turns.take() {
		var made *journal.Frame
		if t.made {
			made = &t.frame
		}
		r.input(t.Number, t.EngineTurn, made)
	}
	if r.w != nil && r.Ended() != "" {
		r.flush()
		r.w = nil
		r.Log.Error("the recording ends here, and the show goes on: " + r.Ended())
	}
}

func (r *Recorder) input(number uint64, in any, made *journal.Frame) {
	if r.w == nil || r.failed(r.w.Input(number, in, made)) {
		r.lost.Add(1)
		return
	}
	r.taken++
	if _, ok := in.(show.Checkpoint); ok {
		r.flush()
		r.base = r.disk.size()
	}
}

// turnOver goes on in another file when there is a third of what there may be in this one:
// so two are within the bound, whatever it takes to begin the second.
func (r *Recorder) turnOver() {
	d := r.disk
	if r.w == nil || d == nil || d.turn == nil || r.base < 0 || d.size()-r.base <= d.limit/3 {
		return
	}
	d.turnOver()
	h, err := r.header, error(nil)
	h.Tail = true
	if r.w, err = journal.Create(d, h); !r.failed(err) {
		r.base = -1
		r.Checkpoint()
	}
}

func (r *Recorder) flush() {
	if r.w != nil {
		r.failed(r.w.Flush())
	}
}

// failed ends the recording if there is an error.
func (r *Recorder) failed(err error) bool {
	if err != nil {
		r.GiveUp(err.Error())
	}
	return err != nil
}

// Take has all that has come up to now written, and takes it from where it is written to; any
// goroutine.
func (r *Recorder) Take(ctx context.Context, from *Reel) (*Taken, error) {
	if r.disk == nil {
		return nil, errors.New(r.Ended())
	}
	type answer struct {
		*Taken
		error
	}
	taken := make(chan answer, 1)
	for keeps, kept := r.keeps, func(size int64) { t, err := from.Take(size); taken <- answer{t, err} }; ; keeps = nil {
		select {
		case keeps <- kept:
		case t := <-taken:
			return t.Taken, t.error
		case <-ctx.Done():
			return nil, fmt.Errorf("the disk does not take the recording: %w", context.Cause(ctx))
		}
	}
}
