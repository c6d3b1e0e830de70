package wire

import (
	"encoding/binary"
	"errors"
)

// Command is a packet of the session protocol of Apple, as its two letters.
type Command uint16

// The commands (PROTOCOL.md 4).
const (
	Invitation Command = 'I'<<8 | 'N'
	Accepted   Command = 'O'<<8 | 'K'
	Rejected   Command = 'N'<<8 | 'O'
	Ended      Command = 'B'<<8 | 'Y'
	ClockSync  Command = 'C'<<8 | 'K'
	Feedback   Command = 'R'<<8 | 'S'
)

// String is the two letters.
func (c Command) String() string { return string([]byte{byte(c >> 8), byte(c)}) }

// Control is a packet of the session protocol. Each command has some of the fields.
type Control struct {
	Command Command
	SSRC    uint32 // of the sender
	Token   uint32 // Invitation, Accepted, Rejected, Ended: chosen by who invites
	Name    string // Invitation, Accepted
	Count   int    // ClockSync: 0, 1 or 2 ...
	Times   [3]uint64
	// Sequence is the last packet that arrived in order: Feedback.
	Sequence uint16
}

const (
	controlVersion = 2
	controlMagic   = 0xffff
	maxName        = 255
)

// ErrControl is what no packet of the session protocol gives.
var ErrControl = errors.New("midi: no packet of a session")

// IsControl tells a packet of the session protocol from one of RTP.
func IsControl(b []byte) bool { return len(b) >= 4 && b[0] == 0xff && b[1] == 0xff }

// AppendControl appends a packet.
func AppendControl(b []byte, c Control) []byte {
	b = binary.BigEndian.AppendUint16(b, controlMagic)
	b = binary.BigEndian.AppendUint16(b, uint16(c.Command))
	switch c.Command {
	case ClockSync:
		b = binary.BigEndian.AppendUint32(b, c.SSRC)
		b = append(b, byte(c.Count), 0, 0, 0)
		for _, t := range c.Times {
			b = binary.BigEndian.AppendUint64(b, t)
		}
		return b
	case Feedback:
		b = binary.BigEndian.AppendUint32(b, c.SSRC)
		return binary.BigEndian.AppendUint32(b, uint32(c.Sequence)<<16)
	}
	b = binary.BigEndian.AppendUint32(b, controlVersion)
	b = binary.BigEndian.AppendUint32(b, c.Token)
	b = binary.BigEndian.AppendUint32(b, c.SSRC)
	if c.Command == Invitation || c.Command == Accepted {
		b = append(append(b, c.Name[:min(len(c.Name), maxName)]...), 0)
	}
	return b
}

// ParseControl reads a packet.
func ParseControl(b []byte) (Control, error) {
	if !IsControl(b) {
		return Control{}, ErrControl
	}
	c := Control{Command: Command(binary.BigEndian.Uint16(b[2:]))}
	switch c.Command {
	case ClockSync:
		if len(b) < 36 || b[8] > 2 {
			return Control{}, ErrControl
		}
		c.SSRC, c.Count = binary.BigEndian.Uint32(b[4:]), int(b[8])
		for i := range c.Times {
			c.Times[i] = binary.BigEndian.Uint64(b[12+8*i:])
		}
	case Feedback:
		if len(b) < 12 {
			return Control{}, ErrControl
		}
		c.SSRC, c.Sequence = binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint16(b[8:])
	case Invitation, Accepted, Rejected, Ended:
		if len(b) < 16 || binary.BigEndian.Uint32(b[4:]) != controlVersion {
			return Control{}, ErrControl
		}
		c.Token, c.SSRC = binary.BigEndian.Uint32(b[8:]), binary.BigEndian.Uint32(b[12:])
		if c.Command == Invitation || c.Command == Accepted {
			c.Name = textOf(b[16:])
		}
	default:
		return Control{}, ErrControl
	}
	return c, nil
}

// textOf is a text that a zero byte ends.
func textOf(b []byte) string {
	for i, c := range b {
		if c == 0 || i == maxName {
			return string(b[:i])
		}
	}
	return string(b)
}
