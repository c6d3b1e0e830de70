package take

import (
	"context"
	"io"
	"slices"
	"sync"
	"time"

	"showrun/drivers/stagelinq"
)

const (
	// flushPeriod is how often Run writes.
	flushPeriod = 500 * time.Millisecond
	// maxPending bounds what waits for a slow disk, in bytes: minutes of several
	// units.
	maxPending = 8 << 20
	// maxUnits bounds the units that are counted.
	maxUnits = 256
)

// Count is what was recorded of one unit.
type Count struct {
	Unit     Unit
	Connects int // times it became connected
	States   int
	Beats    int
}

// Stats are counters since the writer was made.
type Stats struct {
	Events  int // recorded, also what is not written yet
	Bytes   int // written
	Dropped int // events lost: too long for a line, or more than the disk could take
}

// Writer records events. Its methods are safe from any goroutine. Those that
// take an event do not wait for the disk: lines are kept in memory, a bounded
// number of bytes, until Flush, Run or Close writes them.
type Writer struct {
	start time.Time

	mu      sync.Mutex
	pending []byte
	last    time.Duration
	closed  bool
	events  int
	dropped int
	units   []Count

	writing sync.Mutex // held during a write, guards what follows; taken before mu
	out     io.Writer
	spare   []byte
	bytes   int
	err     error // of the first write that failed
}

// NewWriter begins a take at start, which stands in its header.
func NewWriter(out io.Writer, start time.Time) *Writer {
	return &Writer{out: out, start: start, pending: AppendHeader(nil, start)}
}

// Add records an event. One that is late gets the time of the one before it. What
// comes after Close is ignored.
func (w *Writer) Add(e Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return
	}
	e.At = min(max(e.At, w.last), maxTime)
	before := len(w.pending)
	w.pending = AppendEvent(w.pending, e)
	if n := len(w.pending); n-before-1 > MaxLine || n > maxPending {
		w.pending = w.pending[:before]
		w.dropped++
		return
	}
	w.last = e.At
	w.events++
	w.count(e)
}

func (w *Writer) count(e Event) {
	i := slices.IndexFunc(w.units, func(c Count) bool { return c.Unit.Token == e.Unit.Token })
	if i < 0 {
		if len(w.units) == maxUnits {
			return
		}
		i = len(w.units)
		w.units = append(w.units, Count{})
	}
	c := &w.units[i]
	c.Unit = e.Unit
	switch {
	case e.Kind == State:
		c.States++
	case e.Kind == Beats:
		c.Beats++
	case e.Change == stagelinq.Connected:
		c.Connects++
	}
}

// OnDevice records an event of a sink; see stagelinq.Config.
func (w *Writer) OnDevice(e stagelinq.DeviceEvent) {
	w.Add(Event{At: e.At.Sub(w.start), Unit: unitOf(e.Device), Kind: Device, Change: e.Kind, Reason: e.Reason})
}

// OnState records a value a sink received; see stagelinq.Config.
func (w *Writer) OnState(e stagelinq.StateEvent) {
	w.Add(Event{At: e.At.Sub(w.start), Unit: unitOf(e.Device), Kind: State, Path: e.Path, JSON: e.Value.Raw})
}

// OnBeat records a beat message a sink received; see stagelinq.Config.
func (w *Writer) OnBeat(e stagelinq.BeatEvent) {
	w.Add(Event{At: e.At.Sub(w.start), Unit: unitOf(e.Device), Kind: Beats, BeatInfo: e.BeatInfo})
}

func unitOf(d stagelinq.Device) Unit {
	return Unit{Token: d.Token, Name: d.Name, Software: d.Software, Version: d.Version}
}

// Flush writes what waits. After a write that failed nothing more is written and
// its error is returned for ever.
func (w *Writer) Flush() error {
	w.writing.Lock()
	defer w.writing.Unlock()
	if w.err != nil {
		return w.err
	}
	w.mu.Lock()
	lines := w.pending
	w.pending = w.spare[:0]
	w.mu.Unlock()
	w.spare = lines
	if len(lines) == 0 {
		return nil
	}
	var n int
	n, w.err = w.out.Write(lines)
	w.bytes += n
	return w.err
}

// Run writes what waits twice a second until ctx ends, and returns the error of
// the first write that fails.
func (w *Writer) Run(ctx context.Context) error {
	tick := time.NewTicker(flushPeriod)
	defer tick.Stop()
	for {
		if err := w.Flush(); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// Close ends the take and writes the rest. The underlying writer stays open.
func (w *Writer) Close() error {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	return w.Flush()
}

// Units returns what was recorded of each unit, in the order in which they
// appeared.
func (w *Writer) Units() []Count {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.units)
}

// Stats returns the counters.
func (w *Writer) Stats() Stats {
	w.writing.Lock()
	defer w.writing.Unlock()
	w.mu.Lock()
	defer w.mu.Unlock()
	return Stats{Events: w.events, Bytes: w.bytes, Dropped: w.dropped}
}
