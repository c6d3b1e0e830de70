package module

import "showrun/runtime/script"

// TimecodeSource is an object that cue lists go by.
type TimecodeSource interface {
	// FrameTopic is where its frames are reported.
	FrameTopic() string
	// LostTopic is where it is reported that it no longer runs.
	LostTopic() string
	// FrameOf reads either report.
	FrameOf(script.Event) Frame
}

// Frame is a frame of a timecode, counted from its zero.
type Frame struct {
	Number  int64
	Rate    string // in frames a second, for people
	Label   string // hh:mm:ss:ff
	Running bool
	// Parse reads a label, hh:mm:ss:ff, as the number of its frame.
	Parse func(label string) (int64, error)
}
