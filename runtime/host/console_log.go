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
func (h *Host) Alarm() *console.Alarm { return h.alarm.now.Load() }

// alarm is the last error that somebody has to see.
type alarm struct {
	number atomic.Uint64
	now    atomic.Pointer[console.Alarm] // nil after a good load
}

// raise makes an error the one to see.
func (h *Host) raise(err error) {
	a := &console.Alarm{Number: h.alarm.number.Add(1), Time: h.clock.Time(h.clock.Now()), Text: logbook.Cut(err.Error())}
	var f *script.Failure
	if errors.As(err, &f) {
		a.Trace = logbook.Cut(f.Trace)
	}
	h.alarm.now.Store(a)
}
