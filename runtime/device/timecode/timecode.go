// Package timecode is what the timecodes of all protocols have in common for a show: where
// one stands, and how orders move it. The rates are those of a protocol.
package timecode

import "time"

// Rate is a rate of a protocol.
type Rate interface {
	comparable
	// String is the rate in frames a second.
	String() string
	// Parse reads a label, hh:mm:ss:ff, as the number of its frame.
	Parse(label string) (frame int64, err error)
	// Label writes the label of a frame.
	Label(frame int64) string
	// Frames is how many frames are through after a time, which is not negative.
	Frames(time.Duration) int64
}

// Position is where a timecode stands: at Frame at the instant At in show time, and from
// there on, if it is running, as its rate says.
type Position[R Rate] struct {
	Rate    R
	Frame   int64
	At      time.Duration
	Running bool
}

// FrameAt is the frame current at an instant.
func (p Position[R]) FrameAt(at time.Duration) int64 {
	if !p.Running || at < p.At {
		return p.Frame
	}
	return p.Frame + p.Rate.Frames(at-p.At)
}

// Move is a change of a timecode.
type Move struct {
	To     int64 // frame, if Locate is set
	Locate bool
	Start  bool
	Stop   bool
}

// Moved is the timecode after a change at an instant.
func (p Position[R]) Moved(m Move, at time.Duration) Position[R] {
	if p.Running && !m.Locate && !m.Stop {
		return p // between two frames, which it must not forget
	}
	p.Frame, p.At = p.FrameAt(at), at
	if m.Locate {
		p.Frame = m.To
	}
	p.Running = (p.Running || m.Start) && !m.Stop
	return p
}
