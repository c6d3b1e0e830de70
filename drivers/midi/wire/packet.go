package wire

import (
	"encoding/binary"
	"errors"
	"time"
)

// TicksPerSecond is how fast the clock of the time stamps goes, and Tick the time between two.
const (
	TicksPerSecond = 10000
	Tick           = time.Second / TicksPerSecond
)

// Packet is a packet of RTP-MIDI (RFC 6295). Commands and Journal are parts of what was
// parsed.
type Packet struct {
	Sequence uint16
	Time     uint32 // in ticks
	SSRC     uint32
	Delta    bool // a delta time comes before the first command
	Commands []byte
	Journal  []byte // nil without one
}

const (
	rtpVersion  = 2 << 6
	payloadType = 97
	rtpHeader   = 12
)

// ErrPacket is what no packet of RTP-MIDI gives.
var ErrPacket = errors.New("midi: no packet of RTP-MIDI")

// AppendPacket appends a packet. Its commands have at most 4095 bytes.
func AppendPacket(b []byte, p Packet) []byte {
	marker := byte(0)
	if len(p.Commands) > 0 {
		marker = 0x80
	}
	b = append(b, rtpVersion, marker|payloadType)
	b = binary.BigEndian.AppendUint16(b, p.Sequence)
	b = binary.BigEndian.AppendUint32(b, p.Time)
	b = binary.BigEndian.AppendUint32(b, p.SSRC)
	flags := byte(0)
	if p.Journal != nil {
		flags |= 0x40
	}
	if p.Delta {
		flags |= 0x20
	}
	if n := len(p.Commands); n > 15 {
		b = append(b, 0x80|flags|byte(n>>8), byte(n))
	} else {
		b = append(b, flags|byte(n))
	}
	return append(append(b, p.Commands...), p.Journal...)
}

// ParsePacket reads a packet (RFC 3550 5.1, RFC 6295 2, 3).
func ParsePacket(b []byte) (Packet, error) {
	if len(b) < rtpHeader+1 || b[0]>>6 != 2 || b[1]&0x7f != payloadType {
		return Packet{}, ErrPacket
	}
	p := Packet{Sequence: binary.BigEndian.Uint16(b[2:]), Time: binary.BigEndian.Uint32(b[4:]), SSRC: binary.BigEndian.Uint32(b[8:])}
	rest := b[rtpHeader:]
	if skip := 4 * int(b[0]&0x0f); skip > 0 { // contributing sources
		if len(rest) < skip {
			return Packet{}, ErrPacket
		}
		rest = rest[skip:]
	}
	if b[0]&0x10 != 0 { // a header extension
		if len(rest) < 4 || len(rest) < 4+4*int(binary.BigEndian.Uint16(rest[2:])) {
			return Packet{}, ErrPacket
		}
		rest = rest[4+4*int(binary.BigEndian.Uint16(rest[2:])):]
	}
	if b[0]&0x20 != 0 { // padding, whose last byte is its length
		if len(rest) == 0 || int(rest[len(rest)-1]) > len(rest) || rest[len(rest)-1] == 0 {
			return Packet{}, ErrPacket
		}
		rest = rest[:len(rest)-int(rest[len(rest)-1])]
	}
	if len(rest) == 0 {
		return Packet{}, ErrPacket
	}
	flags, n := rest[0], int(rest[0]&0x0f)
	rest = rest[1:]
	if flags&0x80 != 0 {
		if len(rest) == 0 {
			return Packet{}, ErrPacket
		}
		n, rest = n<<8|int(rest[0]), rest[1:]
	}
	if len(rest) < n {
		return Packet{}, ErrPacket
	}
	p.Delta, p.Commands = flags&0x20 != 0, rest[:n]
	if flags&0x40 != 0 {
		p.Journal = rest[n:]
	}
	return p, nil
}

// AppendDelta appends a delta time, at most 2^28-1 ticks.
func AppendDelta(b []byte, ticks uint32) []byte {
	ticks = min(ticks, 1<<28-1)
	for shift := 21; shift > 0; shift -= 7 {
		if ticks>>shift > 0 {
			b = append(b, 0x80|byte(ticks>>shift&0x7f))
		}
	}
	return append(b, byte(ticks&0x7f))
}

// delta reads a delta time.
func delta(b []byte) (ticks uint32, rest []byte, ok bool) {
	for i := 0; i < 4 && i < len(b); i++ {
		ticks = ticks<<7 | uint32(b[i]&0x7f)
		if b[i] < 0x80 {
			return ticks, b[i+1:], true
		}
	}
	return 0, nil, false
}

// A List reads the lists of commands of packets. It keeps what is there of a system
// exclusive message that comes in parts. The zero value is ready.
type List struct {
	sysex  []byte
	within bool
}

// Lost forgets the parts of a message of which another may have been lost.
func (l *List) Lost() { l.sysex, l.within = l.sysex[:0], false }

// Read calls f with each message of a packet and its ticks after the time of the packet
// (RFC 6295 3). It is false if the list is broken; the messages before that are good.
func (l *List) Read(p Packet, f func(ticks uint32, m Message)) bool {
	rest, at, first, status := p.Commands, uint32(0), true, byte(0)
	for len(rest) > 0 {
		if !first || p.Delta {
			d, after, ok := delta(rest)
			if !ok {
				return false
			}
			at, rest = at+d, after
		}
		first = false
		if len(rest) == 0 {
			return true // the last command may be empty
		}
		var ok bool
		if rest, status, ok = l.command(rest, status, func(m Message) { f(at, m) }); !ok {
			return false
		}
	}
	return true
}

// command reads one command, with running status.
func (l *List) command(b []byte, status byte, f func(Message)) (rest []byte, running byte, ok bool) {
	c := b[0]
	switch {
	case c == byte(Sysex) || c == endOfSysex:
		rest, ok = l.exclusive(b, f)
		return rest, 0, ok
	case realtime(c):
		if lengths[c] == 0 {
			f(Message{Kind: Kind(c)})
		}
		return b[1:], status, true
	case c >= 0x80:
		status, b = c, b[1:]
	}
	if status == 0 || lengths[status] < 0 {
		return nil, 0, false
	}
	n := int(lengths[status])
	if len(b) < n {
		return nil, 0, false
	}
	var data [2]byte
	for i, d := range b[:n] {
		if d > 127 {
			return nil, 0, false
		}
		data[i] = d
	}
	f(messageOf(status, data))
	if status >= 0xf0 {
		status = 0
	}
	return b[n:], status, true
}

// exclusive reads a system exclusive message or a part of one: it begins with F0, or F7
// if it is not the first part, and ends with F7, F0 if more is to come, or F4 if all is
// taken back (RFC 6295 3.2).
func (l *List) exclusive(b []byte, f func(Message)) (rest []byte, ok bool) {
	begins := b[0] == byte(Sysex)
	if begins {
		l.sysex, l.within = l.sysex[:0], true
	}
	for i, c := range b[1:] {
		if c < 0x80 {
			continue
		}
		if l.within = l.within && len(l.sysex)+i <= MaxSysex-2; l.within {
			l.sysex = append(l.sysex, b[1:1+i]...)
		}
		switch {
		case c == endOfSysex:
			if l.within {
				f(Message{Kind: Sysex, Data: string(l.sysex)})
			}
			l.Lost()
		case c == 0xf4:
			l.Lost()
		case c != byte(Sysex):
			return nil, false
		}
		return b[i+2:], true
	}
	return nil, false
}

// AppendCommands appends a list of messages that leave at one instant, without a delta
// time before the first, and returns those that there was no room for. A system exclusive
// message that is too long for a packet goes in parts; part is how much of the first
// message has gone.
func AppendCommands(b []byte, list []Message, part int) (commands []byte, rest []Message, gone int) {
	const room = 1000 // so that a packet is no more than the network carries in one piece
	for i, m := range list {
		one := AppendMessage(nil, m)
		if m.Kind == Sysex && (part > 0 || len(one) > room) {
			if len(b) > 0 {
				return b, list[i:], part
			}
			return appendPart(one, list[i:], part, room)
		}
		if len(b) > 0 && len(b)+1+len(one) > room {
			return b, list[i:], 0
		}
		if len(b) > 0 {
			b = append(b, 0)
		}
		b = append(b, one...)
	}
	return b, nil, 0
}

// appendPart is a part of a system exclusive message, whose bytes are given whole.
func appendPart(one []byte, list []Message, part, room int) (commands []byte, rest []Message, gone int) {
	data := one[1 : len(one)-1]
	begin, end := byte(endOfSysex), byte(Sysex)
	if part == 0 {
		begin = byte(Sysex)
	}
	until := min(part+room-2, len(data))
	if until == len(data) {
		end = endOfSysex
	}
	commands = append(append([]byte{begin}, data[part:until]...), end)
	if until == len(data) {
		return commands, list[1:], 0
	}
	return commands, list, until
}
