package signet

import (
	"time"

	"showrun/drivers/signet/wire"
	devtimecode "showrun/runtime/device/timecode"
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

// Frames is how many frames are through after a time.
func (r TimecodeRate) Frames(d time.Duration) int64 { return wire.TimecodeRate(r).Frames(d) }

// Timecode is where a timecode stands, and TimecodeMove a change of one.
type (
	Timecode     = devtimecode.Position[TimecodeRate]
	TimecodeMove = devtimecode.Move
)
