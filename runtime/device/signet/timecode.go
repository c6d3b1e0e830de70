package signet

import (
	"time"

	"showrun/drivers/signet/wire"
)

// TimecodeRate is one of the eleven rates of Sig-Net timecode.
type TimecodeRate wire.TimecodeRate

// ParseTimecodeRate reads a rate as people write it, such as 25 or 29.97.
func ParseTimecodeRate(s string) (TimecodeRate, error) {
	r, err := wire.ParseTimecodeRate(s)
	return TimecodeRate(r), err
}

// String is the rate in frames per second.
func (r TimecodeRate) String() string { return wire.TimecodeRate(r).String() }

// Parse reads a label, hh:mm:ss:ff, as the number of its frame.
func (r TimecodeRate) Parse(label string) (frame int64, err error) {
	t, err := wire.ParseTimecodeLabel(label, wire.TimecodeRate(r))
	return t.Frame(), err
}

// Label writes the label of a frame.
func (r TimecodeRate) Label(frame int64) string {
	return wire.TimecodeOf(wire.TimecodeRate(r), frame).String()
}

// Timecode is where a timecode stands: at Frame at the instant At in show time,
// and from there on, if it is running, as its rate says.
type Timecode struct {
	Rate    TimecodeRate
	Frame   int64
	At      time.Duration
	Running bool
}

// FrameAt is the frame current at an instant.
func (t Timecode) FrameAt(at time.Duration) int64 {
	if !t.Running || at < t.At {
		return t.Frame
	}
	return t.Frame + wire.TimecodeRate(t.Rate).Frames(at-t.At)
}

// TimecodeMove is a change of a timecode.
type TimecodeMove struct {
	To     int64 // frame, if Locate is set
	Locate bool
	Start  bool
	Stop   bool
}

// Moved is the timecode after a change at an instant.
func (t Timecode) Moved(m TimecodeMove, at time.Duration) Timecode {
	if t.Running && !m.Locate && !m.Stop {
		return t // between two frames, which it must not forget
	}
	t.Frame, t.At = t.FrameAt(at), at
	if m.Locate {
		t.Frame = m.To
	}
	t.Running = (t.Running || m.Start) && !m.Stop
	return t
}
