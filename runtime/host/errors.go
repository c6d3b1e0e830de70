package host

import (
	"fmt"
	"runtime/debug"
)

// LoadError tells that the show's script does not load.
type LoadError struct{ Err error }

func (e *LoadError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *LoadError) Unwrap() error { return e.Err }

// DeviceError tells that a device could not be opened.
type DeviceError struct {
	Device string
	Err    error
}

func (e *DeviceError) Error() string { return fmt.Sprintf("%s: %v", e.Device, e.Err) }

// Unwrap returns the cause.
func (e *DeviceError) Unwrap() error { return e.Err }

// InternalError is a bug of ours that ended the show.
type InternalError struct {
	Loop  string // in which it was
	Panic any
	Stack string
}

func (e *InternalError) Error() string {
	return fmt.Sprintf("internal error in the %s loop: %v\n%s", e.Loop, e.Panic, e.Stack)
}

// guard runs one of the loops a show cannot do without. Should it panic, machinery
// is made safe and the show ends in as good order as it can.
func (h *Host) guard(loop string, run func()) {
	defer func() {
		if bug := recover(); bug != nil {
			h.Halt()
			select {
			case h.crashed <- &InternalError{loop, bug, string(debug.Stack())}:
			default: // the first is told
			}
		}
	}()
	run()
}

// survive runs a loop of a device; a panic in it is an error of that device alone.
func survive(run func() error) (err error) {
	defer func() {
		if bug := recover(); bug != nil {
			err = fmt.Errorf("internal error: %v\n%s", bug, debug.Stack())
		}
	}()
	return run()
}
