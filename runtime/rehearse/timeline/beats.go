package timeline

import (
	"time"

	"showrun/runtime/beat"
)

// beats are where the beat of the show went.
type beats struct {
	list  []beatMark
	epoch uint32
	last  int64 // the number of the beat that was passed last
	begun bool
	stood bool
}

// beatMark is a beat, and how many there are in a bar then.
type beatMark struct {
	at     time.Duration
	number int64
	bar    beat.Micro
}

// mostBeats is how many beats a moment may pass: more is a jump.
const mostBeats = 64

// look notes the beats that were passed since it was called last.
func (b *beats) look(course beat.Course, at time.Duration, bar beat.Micro) {
	line := course.Line(at)
	n := floor(line.At(at))
	if !b.begun || line.Epoch != b.epoch || line.Stopped || n < b.last || n > b.last+mostBeats {
		if !line.Stopped && (!b.begun || b.stood || line.Epoch != b.epoch) && line.At(at) == beat.Micro(n)*beat.Beat {
			b.list = append(b.list, beatMark{at, n, bar}) // it begins on a beat
		}
		b.begun, b.epoch, b.last, b.stood = true, line.Epoch, n, line.Stopped
		return
	}
	for ; b.last < n; b.last++ {
		if when, ok := course.Time(b.epoch, beat.Micro(b.last+1)*beat.Beat); ok && when <= at {
			b.list = append(b.list, beatMark{when, b.last + 1, bar})
		}
	}
}

func floor(b beat.Micro) int64 {
	n := int64(b / beat.Beat)
	if b%beat.Beat < 0 {
		n--
	}
	return n
}
