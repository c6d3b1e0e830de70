package host

import (
	"errors"
	"sync/atomic"

	"showrun/runtime/console"
	"showrun/runtime/host/logbook"
	"showrun/runtime/script"
)

// Log implements console.View.
func (h *Host) Log(after uint64) (lines []console.Line, wait <-chan struct{}) {
	return h.book.After(after)
}

// Alarm implements console.View.
func (h *Host) Alarm() *console.Alarm {
	if a := h.alarm.now.Load(); a != nil {
		return &a.Alarm
	}
	return nil
}

// alarm is the last error that somebody has to see.
type alarm struct {
	number atomic.Uint64
	now    atomic.Pointer[raised] // nil after a good load
}

// raised is an alarm that is not changed any more.
type raised struct {
	console.Alarm
	load bool // by what was not loaded
}

// raise makes an error of a load or of a handler the one to see.
func (h *Host) raise(err error, load bool) {
	a := &raised{console.Alarm{Time: h.clock.Time(h.clock.Now()), Text: logbook.Cut(err.Error())}, load}
	var f *script.Failure
	if errors.As(err, &f) {
		text := f.Message
		if f.Disabled != "" {
			text += "; " + f.Disabled
		}
		a.Text, a.Trace = logbook.Cut(text), logbook.Cut(f.Trace)
	}
	a.Number = h.alarm.number.Add(1)
	h.alarm.now.Store(a)
}

// goodLoad takes back the alarm that a load has raised, now that a newer version loads; what
// handlers of the live one have raised stays until that is gone.
func (h *Host) goodLoad() {
	if a := h.alarm.now.Load(); a != nil && a.load {
		h.alarm.now.CompareAndSwap(a, nil)
	}
}
