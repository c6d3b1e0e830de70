package wire

import (
	"fmt"
	"strings"
)

// ShowCommand is a command of MIDI Show Control, as its byte.
type ShowCommand byte

// Commands that shows hear (MIDI Show Control 1.1, 4.3).
const (
	ShowGo      ShowCommand = 0x01
	ShowStop    ShowCommand = 0x02
	ShowResume  ShowCommand = 0x03
	ShowTimedGo ShowCommand = 0x04
	ShowLoad    ShowCommand = 0x05
	ShowSet     ShowCommand = 0x06
	ShowFire    ShowCommand = 0x07
	ShowAllOff  ShowCommand = 0x08
	ShowRestore ShowCommand = 0x09
	ShowReset   ShowCommand = 0x0a
	ShowGoOff   ShowCommand = 0x0b
)

// commandNames are the commands as people call them.
var commandNames = map[ShowCommand]string{
	ShowGo: "go", ShowStop: "stop", ShowResume: "resume", ShowTimedGo: "timed_go", ShowLoad: "load", ShowSet: "set",
	ShowFire: "fire", ShowAllOff: "all_off", ShowRestore: "restore", ShowReset: "reset", ShowGoOff: "go_off",
}

// String is the name of a command.
func (c ShowCommand) String() string {
	if name := commandNames[c]; name != "" {
		return name
	}
	return fmt.Sprintf("command %#02x", byte(c))
}

// Device ids and command formats of MIDI Show Control (4.1, 4.2).
const (
	ShowAllCall = 0x7f // every device
	// ShowAllTypes is every category.
	ShowAllTypes = 0x7f
)

// ShowControl is a message of MIDI Show Control.
type ShowControl struct {
	Device  int // id, 0-111; 112-126 for groups, 127 for all
	Format  int // category of devices, 1-127
	Command ShowCommand
	// Cue, List and Path are numbers such as 12.5; "" for none.
	Cue, List, Path string
	// Time is that of a timed go, and HasTime if there is one.
	Time    Label
	Hundred int // hundredths of a frame beside it
	HasTime bool
	// Data is what follows the command of another that has no cue.
	Data string
}

const showControl = 0x02 // sub-id 1

// hasCue tells whether cue, list and path follow a command.
func (c ShowCommand) hasCue() bool {
	switch c {
	case ShowGo, ShowStop, ShowResume, ShowTimedGo, ShowLoad, ShowGoOff:
		return true
	}
	return false
}

// AppendShowControl appends the system exclusive data of a message.
func AppendShowControl(b []byte, s ShowControl) []byte {
	b = append(b, realTimeUniversal, byte(s.Device), showControl, byte(s.Format), byte(s.Command))
	if s.HasTime {
		t := s.Time
		b = append(b, byte(t.Rate)<<5|byte(t.Hours), byte(t.Minutes), byte(t.Seconds), byte(t.Frame), byte(s.Hundred))
	}
	if !s.Command.hasCue() {
		return append(b, s.Data...)
	}
	parts := []string{s.Cue, s.List, s.Path}
	for len(parts) > 0 && parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1]
	}
	return append(b, strings.Join(parts, "\x00")...)
}

// ParseShowControl reads the data of a system exclusive message; false if it is no message
// of MIDI Show Control, or a broken one.
func ParseShowControl(data string) (ShowControl, bool) {
	const head = 5
	if len(data) < head || len(data) > 128 || data[0] != realTimeUniversal || data[2] != showControl {
		return ShowControl{}, false
	}
	s := ShowControl{Device: int(data[1]), Format: int(data[3]), Command: ShowCommand(data[4])}
	rest := data[head:]
	if s.Command == ShowTimedGo {
		if len(rest) < 5 {
			return ShowControl{}, false
		}
		// Bits 0-4 of the last byte and 5-7 of the others are flags of other uses.
		s.Time = Label{Rate(rest[0] >> 5 & 3), int(rest[0] & 0x1f), int(rest[1] & 0x3f), int(rest[2] & 0x3f), int(rest[3] & 0x1f)}
		s.Hundred, s.HasTime = int(rest[4]), true
		if rest[3]&0x20 != 0 { // the last byte is a status, not a part of a frame
			s.Hundred = 0
		}
		if !s.Time.Valid() {
			return ShowControl{}, false
		}
		rest = rest[5:]
	}
	if !s.Command.hasCue() {
		s.Data = rest
		return s, true
	}
	parts := strings.SplitN(rest, "\x00", 4)
	for i, to := range []*string{&s.Cue, &s.List, &s.Path} {
		if i < len(parts) {
			*to = parts[i]
		}
	}
	return s, len(parts) < 4 && number(s.Cue) && number(s.List) && number(s.Path)
}

// number tells whether something is a number of MIDI Show Control: digits, with points
// between them.
func number(s string) bool {
	for i := range len(s) {
		if (s[i] < '0' || s[i] > '9') && (s[i] != '.' || i == 0 || i == len(s)-1 || s[i-1] == '.') {
			return false
		}
	}
	return true
}

// For tells whether a message is of lighting and for a device with an id, ShowAllCall for any.
func (s ShowControl) For(device int) bool {
	return (device == ShowAllCall || s.Device == ShowAllCall || s.Device == device) && (s.Format&0x70 == 0 && s.Format > 0 || s.Format == ShowAllTypes)
}
