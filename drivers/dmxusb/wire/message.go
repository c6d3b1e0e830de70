package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Slots of a universe, and the least that the widget sends (section 3).
const (
	Slots    = 512
	MinSlots = 24
)

// Start codes of DMX packets (ANSI E1.11 and E1.20).
const (
	LevelsCode = 0x00
	RDMCode    = 0xcc
)

// IsRDM tells whether what begins with a byte is of RDM: a packet, or an answer to a discovery
// request, which has no start code but a preamble of up to seven bytes and its end (ANSI E1.20
// 7.5).
func IsRDM(first byte) bool { return first == RDMCode || first == 0xfe || first == 0xaa }

// What is wrong with the data of a frame.
var (
	ErrLength = errors.New("the data has not the length it must have")
	ErrRange  = errors.New("a value is out of its range")
)

// AppendLevels appends the frame that has the widget send levels, up to 512 of them, again and
// again (section 3). Levels that are missing from the least it sends are 0.
func AppendLevels(b []byte, levels []byte) []byte {
	levels = levels[:min(len(levels), Slots)]
	n := max(len(levels), MinSlots) + 1
	b = append(b, start, byte(SendDMX), byte(n), byte(n>>8), LevelsCode)
	b = append(b, levels...)
	for range MinSlots - len(levels) {
		b = append(b, 0)
	}
	return append(b, end)
}

// ParseSent reads the data of a frame with SendDMX: a start code and its slots.
func ParseSent(data []byte) (code byte, slots []byte, err error) {
	if len(data) < MinSlots+1 || len(data) > Slots+1 {
		return 0, nil, fmt.Errorf("%w: %d, expected %d-%d", ErrLength, len(data), MinSlots+1, Slots+1)
	}
	return data[0], data[1:], nil
}

// Received is a DMX or RDM packet that the widget received (section 4).
type Received struct {
	Overflow bool   // earlier packets were lost, since the computer did not take them
	Overrun  bool   // bytes of this one were lost
	Code     byte   // the start code
	Slots    []byte // what follows it
}

// AppendReceived appends the data of a frame with ReceivedDMX.
func AppendReceived(b []byte, r Received) []byte {
	var status byte
	if r.Overflow {
		status |= 1
	}
	if r.Overrun {
		status |= 2
	}
	return append(append(b, status, r.Code), r.Slots...)
}

// ParseReceived reads the data of a frame with ReceivedDMX.
func ParseReceived(data []byte) (Received, error) {
	if len(data) < 2 || len(data) > Slots+2 {
		return Received{}, fmt.Errorf("%w: %d, expected 2-%d", ErrLength, len(data), Slots+2)
	}
	return Received{data[0]&1 != 0, data[0]&2 != 0, data[1], data[2:]}, nil
}

// A Change is what has changed in the packets the widget receives (section 5). Of a packet
// with its start code, the 40 bytes from 8*First on are told of.
type Change struct {
	First   byte
	Changed [5]byte // bit i, lowest first, for byte 8*First+i
	Values  []byte  // of those changed, in order
}

// AppendChange appends the data of a frame with DMXChanged.
func AppendChange(b []byte, c Change) []byte {
	return append(append(append(b, c.First), c.Changed[:]...), c.Values...)
}

// ParseChange reads the data of a frame with DMXChanged.
func ParseChange(data []byte) (c Change, err error) {
	if len(data) < 6 {
		return c, fmt.Errorf("%w: %d, expected at least 6", ErrLength, len(data))
	}
	c = Change{First: data[0], Values: data[6:]}
	copy(c.Changed[:], data[1:])
	marked := 0
	for i := range 8 * len(c.Changed) {
		if !c.has(i) {
			continue
		}
		marked++
		if int(c.First)*8+i > Slots {
			return Change{}, fmt.Errorf("%w: byte %d, expected 0-%d", ErrRange, int(c.First)*8+i, Slots)
		}
	}
	if marked != len(c.Values) {
		return Change{}, fmt.Errorf("%w: %d values for %d changes", ErrLength, len(c.Values), marked)
	}
	return c, nil
}

func (c Change) has(i int) bool { return c.Changed[i/8]&(1<<(i%8)) != 0 }

// Apply changes a packet with its start code.
func (c Change) Apply(packet *[Slots + 1]byte) {
	values := c.Values
	for i := range 8 * len(c.Changed) {
		if c.has(i) {
			packet[int(c.First)*8+i] = values[0]
			values = values[1:]
		}
	}
}

// Changes are what leads from one packet with its start code to another.
func Changes(before, now *[Slots + 1]byte) (list []Change) {
	for i := 0; i <= Slots; i++ {
		if before[i] == now[i] {
			continue
		}
		c := Change{First: byte(i / 8)}
		first := i / 8 * 8
		for i = first; i <= min(first+39, Slots); i++ {
			if before[i] != now[i] {
				c.Changed[(i-first)/8] |= 1 << ((i - first) % 8)
				c.Values = append(c.Values, now[i])
			}
		}
		i--
		list = append(list, c)
	}
	return list
}

// Parameters of a widget (section 6).
type Parameters struct {
	Firmware uint16        // 1.44 is 0x012c
	Break    time.Duration // 9-127 units of 10.67 µs
	Mark     time.Duration // after the break; 1-127 of those
	Rate     byte          // packets a second, 1-40; 0 for as many as go
	User     []byte        // up to 508 bytes that a user keeps there
}

// unit is that of the times of Parameters.
const unit = 10670 * time.Nanosecond

// AppendParameters appends the data of the answer to GetParameters.
func AppendParameters(b []byte, p Parameters) []byte {
	b = binary.LittleEndian.AppendUint16(b, p.Firmware)
	return append(append(b, byte(p.Break/unit), byte(p.Mark/unit), p.Rate), p.User...)
}

// ParseParameters reads the data of the answer to GetParameters.
func ParseParameters(data []byte) (Parameters, error) {
	if len(data) < 5 || len(data) > 5+508 {
		return Parameters{}, fmt.Errorf("%w: %d, expected 5-%d", ErrLength, len(data), 5+508)
	}
	return Parameters{
		Firmware: binary.LittleEndian.Uint16(data), Break: time.Duration(data[2]) * unit, Mark: time.Duration(data[3]) * unit,
		Rate: data[4], User: bytes.Clone(data[5:]),
	}, nil
}

// Serial is the number on the case of a widget: its digits, lowest two first, two a byte
// (section 6). A widget that has none yet says ffffffff.
type Serial [4]byte

// ParseSerial reads the data of the answer to GetSerial.
func ParseSerial(data []byte) (s Serial, err error) {
	if len(data) != len(s) {
		return s, fmt.Errorf("%w: %d, expected %d", ErrLength, len(data), len(s))
	}
	return Serial(data), nil
}

// String writes the digits as they are printed on the case.
func (s Serial) String() string { return fmt.Sprintf("%08x", binary.LittleEndian.Uint32(s[:])) }

// Is reports whether a person means the number: with or without zeros and letters before it,
// as in EN012345.
func (s Serial) Is(text string) bool {
	digits := func(text string) string {
		return strings.TrimLeft(strings.TrimPrefix(strings.ToLower(text), "en"), "0")
	}
	return digits(text) == digits(s.String())
}
