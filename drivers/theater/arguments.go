package theater

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"showrun/drivers/osc"
)

// Errors of commands. A command that fails has no effect.
var (
	// ErrArgument is in every error about what a command was given.
	ErrArgument = errors.New("invalid command")
	// ErrHeld refuses commands after Hold.
	ErrHeld = errors.New("the device is held after an emergency stop: release it first")
	// ErrStopped ends a path of which segments were not sent because of Stop, Safe
	// or Hold, or because Run has ended.
	ErrStopped = errors.New("the path was stopped")
	// ErrBusy tells that too many commands wait to be sent.
	ErrBusy = errors.New("too many commands wait to be sent")
	// ErrUnsent ends a path that the system refused to send.
	ErrUnsent = errors.New("the path could not be sent")
)

// wrong makes an error about what a command was given.
func wrong(format string, args ...any) error {
	return fmt.Errorf("theater: %w: %s", ErrArgument, fmt.Sprintf(format, args...))
}

// ID names a fixture, by its name or its number. IDs can be compared.
type ID struct {
	name   string
	number int32
}

// Name is a fixture by its name, which is the recommended way.
func Name(name string) ID { return ID{name: name} }

// Number is a fixture by its number, from 0.
func Number(n int) ID { return ID{number: int32(max(-1, min(n, math.MaxInt32)))} }

// String is the ID for people.
func (id ID) String() string {
	if id.name != "" {
		return id.name
	}
	return fmt.Sprint(id.number)
}

// MarshalBinary writes the ID down: =name or #number.
func (id ID) MarshalBinary() ([]byte, error) {
	if id.name != "" {
		return []byte("=" + id.name), nil
	}
	return fmt.Appendf(nil, "#%d", id.number), nil
}

// UnmarshalBinary reads what MarshalBinary wrote.
func (id *ID) UnmarshalBinary(text []byte) error {
	if name, ok := strings.CutPrefix(string(text), "="); ok && name != "" {
		*id = Name(name)
		return nil
	}
	var n int
	if _, err := fmt.Sscanf(string(text), "#%d", &n); err != nil {
		return fmt.Errorf("theater: %q is no fixture; =name or #number is", text)
	}
	*id = Number(n)
	return nil
}

// argument is the ID on the wire (PROTOCOL.md ruling 1).
func (id ID) argument() any {
	if id.name != "" {
		return id.name
	}
	return id.number
}

func (id ID) check() error {
	switch {
	case strings.ContainsRune(id.name, 0):
		return wrong("fixture %q: a name has no zero byte", id.name)
	case id.name == "" && id.number < 0:
		return wrong("fixture %d: numbers start at 0", id.number)
	}
	return nil
}

// Axis is one motor of a motion device, 0-3.
type Axis int

// The axes.
const (
	X Axis = iota
	Y
	Z
	A
	axes = iota
)

const axisNames = "xyza"

// ParseAxis reads x y z a or 0-3.
func ParseAxis(s string) (Axis, error) {
	if len(s) == 1 {
		if i := strings.Index(axisNames, s); i >= 0 {
			return Axis(i), nil
		}
		if s[0] >= '0' && s[0] < '0'+axes {
			return Axis(s[0] - '0'), nil
		}
	}
	return 0, wrong("axis %q: expected x, y, z, a or 0-3", s)
}

// String is the letter of the axis.
func (a Axis) String() string {
	if a < 0 || a >= axes {
		return fmt.Sprintf("Axis(%d)", int(a))
	}
	return axisNames[a : a+1]
}

func (a Axis) check() error {
	if a < 0 || a >= axes {
		return wrong("axis %d: expected 0-3", int(a))
	}
	return nil
}

// Limits of tempos, in segments a minute: from one in a hundred minutes to a
// thousand a second.
const (
	MinTempo = 0.01
	MaxTempo = 60000
)

// DefaultTempo is that of a device that was switched on, in segments a minute.
const DefaultTempo = 60

func checkTempo(who fmt.Stringer, rate float64) error {
	if !(rate >= MinTempo && rate <= MaxTempo) {
		return wrong("/tempo %v %v: expected %v to %v segments a minute", who, rate, MinTempo, MaxTempo)
	}
	return nil
}

// checkNumbers tells which number is not finite on the wire.
func checkNumbers(command string, who fmt.Stringer, numbers []float64) error {
	for i, n := range numbers {
		if math.IsNaN(n) || math.Abs(n) > math.MaxFloat32 {
			return wrong("%s %v: number %d is %v, expected a finite one", command, who, i+1, n)
		}
	}
	return nil
}

// number is a number on the wire: i when integral, else f (PROTOCOL.md ruling 1).
func number(n float64) any {
	if n == math.Trunc(n) && math.Abs(n) <= math.MaxInt32 {
		return int32(n)
	}
	return float32(n)
}

// numbers makes a message: an address, who it is for and numbers.
func numbers(address string, who any, list []float64) osc.Message {
	args := make([]any, 0, 1+len(list))
	args = append(args, who)
	for _, n := range list {
		args = append(args, number(n))
	}
	return osc.Message{Address: address, Args: args}
}
