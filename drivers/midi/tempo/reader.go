// Package tempo counts the pulses of a MIDI clock: 24 a beat, from where it was started.
package tempo

import "showrun/drivers/midi/wire"

const (
	pulsesPerBeat      = 24
	pulsesPerSixteenth = 6
)

// Position is where a clock is.
type Position struct {
	Beat    float64
	Pulses  uint64 // that ever came
	Halt    bool   // it stands from now on
	Running bool
}

// Reader counts. It belongs to one goroutine.
type Reader struct {
	pulses  uint64
	at      int64 // pulses from the beginning of the song
	stands  bool
	started bool // the next pulse is at, and not the one after
}

// Receive takes a message; false if it says nothing of where the clock is. A clock that
// says nothing but that it goes on counts from the first pulse heard.
func (r *Reader) Receive(m wire.Message) (Position, bool) {
	switch m.Kind {
	case wire.Clock:
		r.pulses++
		if r.stands {
			return Position{}, false
		}
		if r.started || r.pulses == 1 {
			r.started = false
		} else {
			r.at++
		}
		return Position{Beat: float64(r.at) / pulsesPerBeat, Pulses: r.pulses, Running: true}, true
	case wire.Start:
		r.at, r.started, r.stands = 0, true, false
	case wire.Continue:
		r.started, r.stands = true, false
	case wire.SongPosition:
		r.at = int64(m.Number) * pulsesPerSixteenth
		r.started = true
	case wire.Stop:
		if !r.stands {
			if r.stands = true; !r.started && r.pulses > 0 {
				r.at++ // where the next pulse would have been
			}
			r.started = false
			return Position{Beat: float64(r.at) / pulsesPerBeat, Pulses: r.pulses, Halt: true}, true
		}
	}
	return Position{}, false
}
