// Package midi joins MIDI to a show: ports of this computer and sessions of RTP-MIDI. What
// they hear becomes messages for scripts, and besides it a tempo source, a timecode and
// MIDI Show Control; what a show sends leaves at its instant.
package midi

import (
	"fmt"
	"time"

	"showrun/drivers/midi/wire"
	"showrun/runtime/device"
	"showrun/runtime/device/timecode"
)

// protocol is the name of the protocol, and of its Lua module.
const protocol = "midi"

// Protocol is MIDI for the shells of a show.
func Protocol() device.Protocol {
	return device.Protocol{
		Name:   protocol,
		Values: []any{Message{}, TimecodeEvent{}, ShowControl{}, Standing{}, MoveTimecode{}},
		NewRig: newRig,
	}
}

// Message is a MIDI message, heard or to be sent; see its fields in the driver's wire.
type Message struct {
	Kind    Kind
	Channel int // 1-16; 0 for a message of no channel
	Number  int // note, controller, program, song; bend from -8192 to 8191; sixteenths of a song
	Value   int // velocity, pressure or value of a controller, 0-127
	Data    string
}

// Kind is what a message is, by the event that tells of it.
type Kind string

// The kinds that scripts hear and send.
const (
	Note         Kind = "note" // a velocity of 0 ends it
	CC           Kind = "cc"
	Program      Kind = "program"
	PitchBend    Kind = "pitchbend"
	KeyPressure  Kind = "keypressure"
	Pressure     Kind = "pressure"
	Sysex        Kind = "sysex"
	Start        Kind = "start"
	Continue     Kind = "continue"
	Stop         Kind = "stop"
	Clock        Kind = "clock"
	SongPosition Kind = "song_position"
	SongSelect   Kind = "song"
)

// Events are those that a port reports of messages; each carries a Message. A clock is not
// told pulse by pulse.
var Events = []string{"note", "cc", "program", "pitchbend", "keypressure", "pressure", "sysex", "start", "continue", "stop", "song_position", "song"}

var kinds = map[wire.Kind]Kind{
	wire.NoteOn: Note, wire.NoteOff: Note, wire.ControlChange: CC, wire.ProgramChange: Program, wire.PitchBend: PitchBend,
	wire.KeyPressure: KeyPressure, wire.ChannelPressure: Pressure, wire.Sysex: Sysex, wire.Start: Start, wire.Continue: Continue,
	wire.Stop: Stop, wire.Clock: Clock, wire.SongPosition: SongPosition, wire.SongSelect: SongSelect,
}

// messageOf is a message for scripts; false for one that is not told.
func messageOf(m wire.Message) (Message, bool) {
	kind, known := kinds[m.Kind]
	if m.Kind == wire.NoteOff {
		m.Value = 0
	}
	return Message{kind, m.Channel, m.Number, m.Value, m.Data}, known && kind != Clock
}

// wire is the message as the driver has it.
func (m Message) wire() wire.Message {
	w := wire.Message{Channel: m.Channel, Number: m.Number, Value: m.Value, Data: m.Data}
	for k, kind := range kinds {
		if kind == m.Kind && k != wire.NoteOff {
			w.Kind = k
		}
	}
	if m.Kind == Note && m.Value == 0 {
		w.Kind, w.Value = wire.NoteOff, 64
	}
	return w
}

// Check tells whether the message can be sent.
func (m Message) Check() error { return m.wire().Check() }

// TimecodeEvents are those that a port reports of its timecode: "frame" for another frame
// or when it is put elsewhere, "found" before the first, "lost" when it no longer runs.
var TimecodeEvents = []string{"frame", "lost", "found"}

// TimecodeRate is one of the four rates of MIDI time code.
type TimecodeRate uint8

// String is the rate in frames a second.
func (r TimecodeRate) String() string { return wire.Rate(r).String() }

// Label writes the label of a frame.
func (r TimecodeRate) Label(frame int64) string { return wire.LabelOf(wire.Rate(r), frame).String() }

// Parse reads a label, hh:mm:ss:ff, as the number of its frame.
func (r TimecodeRate) Parse(label string) (frame int64, err error) {
	l, err := wire.ParseLabel(label, wire.Rate(r))
	return l.Number(), err
}

// Frames is how many frames are through after a time.
func (r TimecodeRate) Frames(d time.Duration) int64 { return wire.Rate(r).Frames(d) }

// ParseTimecodeRate reads a rate as people write it, such as 25 or 29.97.
func ParseTimecodeRate(s string) (TimecodeRate, error) {
	for r := wire.Rate24; r <= wire.Rate30; r++ {
		if r.String() == s {
			return TimecodeRate(r), nil
		}
	}
	return 0, fmt.Errorf("MIDI timecode has 24, 25, 29.97 or 30 frames a second, got %s", s)
}

// Timecode is where a timecode stands.
type Timecode = timecode.Position[TimecodeRate]

// MoveTimecode is an order that changes the timecode that a port sends.
type MoveTimecode struct{ Move timecode.Move }

// TimecodeEvent is where the timecode stands at an event.
type TimecodeEvent struct {
	Timecode
	Jump bool // the frame does not follow the one before
}

// TimecodeOf asks a port where the timecode stands that it hears, or the one it sends; a
// Standing.
type TimecodeOf struct{ Sent bool }

// Standing is where a timecode stands, if there is one.
type Standing struct {
	Timecode
	Known bool // it was heard once, or is sent
}

// ShowEvents are the commands of MIDI Show Control that a port reports; each carries a
// ShowControl.
var ShowEvents = []string{"go", "stop", "resume", "timed_go", "load", "set", "fire", "all_off", "restore", "reset", "go_off"}

// ShowControl is a command of MIDI Show Control.
type ShowControl struct {
	Command         string
	Device          int // 0-111, 112-126 for groups, 127 for all
	Format          int
	Cue, List, Path string
	Time            time.Duration // of a timed go
	Data            string
}

// For tells whether a command is of lighting and for a device with an id, 127 for any.
func (s ShowControl) For(device int) bool {
	return wire.ShowControl{Device: s.Device, Format: s.Format}.For(device)
}

func showControlOf(s wire.ShowControl) ShowControl {
	out := ShowControl{Command: s.Command.String(), Device: s.Device, Format: s.Format, Cue: s.Cue, List: s.List, Path: s.Path, Data: s.Data}
	if s.HasTime {
		out.Time = s.Time.Rate.Time(s.Time.Number()) + s.Time.Rate.Time(1)*time.Duration(s.Hundred)/100
	}
	return out
}
