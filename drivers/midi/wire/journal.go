package wire

import (
	"encoding/binary"
	"errors"
	"slices"
)

// Journal is the recovery journal of a packet (RFC 6295 4 and 5): what somebody has to
// know who has lost all packets after the checkpoint.
type Journal struct {
	Checkpoint uint16
	Channels   []ChannelJournal
}

// ChannelJournal is what a journal tells of one channel. Fields are nil for what it does
// not tell.
type ChannelJournal struct {
	Channel  int     // 1-16
	Program  *int    // 0-127
	Controls []Value // of controllers; those that are told as toggles or counts are left out
	Bend     *int    // -8192 to 8191
	On       []Value // notes that sound; of those worth playing late the velocity, of others 0
	Off      []int   // notes that do not
	Pressure *int    // of the channel
}

// Value is the value of a note or a controller.
type Value struct{ Number, Value int }

// ErrJournal is what no journal gives.
var ErrJournal = errors.New("midi: a broken recovery journal")

// ParseJournal reads a journal. System chapters are passed over.
func ParseJournal(b []byte) (Journal, error) {
	if len(b) < 3 {
		return Journal{}, ErrJournal
	}
	flags := b[0]
	j := Journal{Checkpoint: binary.BigEndian.Uint16(b[1:])}
	b = b[3:]
	if flags&0x40 != 0 { // the system journal
		if len(b) < 2 {
			return j, ErrJournal
		}
		n := int(binary.BigEndian.Uint16(b) & 0x3ff)
		if n < 2 || n > len(b) {
			return j, ErrJournal
		}
		b = b[n:]
	}
	if flags&0x20 == 0 {
		return j, nil
	}
	for range int(flags&0x0f) + 1 {
		if len(b) < 3 {
			return j, ErrJournal
		}
		head := binary.BigEndian.Uint16(b)
		n := int(head & 0x3ff)
		if n < 3 || n > len(b) {
			return j, ErrJournal
		}
		c := chapters{b[3:n], true}
		channel := c.channel(int(head>>11&0x0f)+1, b[2])
		if !c.ok {
			return j, ErrJournal
		}
		j.Channels = append(j.Channels, channel)
		b = b[n:]
	}
	return j, nil
}

// chapters reads the chapters of a channel.
type chapters struct {
	b  []byte
	ok bool
}

// take is the next n bytes; as many zero ones if they are not there.
func (c *chapters) take(n int) []byte {
	if n > len(c.b) {
		c.ok = false
		return make([]byte, n)
	}
	taken := c.b[:n]
	c.b = c.b[n:]
	return taken
}

// channel reads the chapters P C M W N E T A that a table of contents names.
func (c *chapters) channel(channel int, contents byte) ChannelJournal {
	j := ChannelJournal{Channel: channel}
	if contents&0x80 != 0 {
		program := int(c.take(3)[0] & 0x7f)
		j.Program = &program
	}
	if contents&0x40 != 0 {
		for range int(c.take(1)[0]&0x7f) + 1 {
			if log := c.take(2); log[1] < 0x80 {
				j.Controls = append(j.Controls, Value{int(log[0] & 0x7f), int(log[1])})
			}
		}
	}
	if contents&0x20 != 0 { // parameters
		if n := int(binary.BigEndian.Uint16(c.take(2)) & 0x3ff); n >= 2 {
			c.take(n - 2)
		} else {
			c.ok = false
		}
	}
	if contents&0x10 != 0 {
		w := c.take(2)
		bend := int(w[0]&0x7f) | int(w[1]&0x7f)<<7 - 8192
		j.Bend = &bend
	}
	if contents&0x08 != 0 {
		c.notes(&j)
	}
	if contents&0x04 != 0 { // how notes begin and end besides
		c.take(2 * (int(c.take(1)[0]&0x7f) + 1))
	}
	if contents&0x02 != 0 {
		pressure := int(c.take(1)[0] & 0x7f)
		j.Pressure = &pressure
	}
	if contents&0x01 != 0 { // pressure of keys
		c.take(2 * (int(c.take(1)[0]&0x7f) + 1))
	}
	return j
}

// notes reads chapter N (RFC 6295 appendix A.6).
func (c *chapters) notes(j *ChannelJournal) {
	head := c.take(2)
	n, low, high := int(head[0]&0x7f), int(head[1]>>4), int(head[1]&0x0f)
	if n == 127 && low == 15 && high == 0 {
		n = 128
	}
	for range n {
		log := c.take(2)
		v := Value{Number: int(log[0] & 0x7f)}
		if log[1]&0x80 != 0 {
			v.Value = int(log[1] & 0x7f)
		}
		j.On = append(j.On, v)
	}
	for i := low; i <= high; i++ {
		bits := c.take(1)[0]
		for k := range 8 {
			if bits&(0x80>>k) != 0 {
				j.Off = append(j.Off, 8*i+k)
			}
		}
	}
}

// AppendJournal appends a journal that tells of notes only. Nothing in it is marked as of no
// use after the loss of a single packet.
func AppendJournal(b []byte, j Journal) []byte {
	flags := byte(0)
	if len(j.Channels) > 0 {
		flags |= 0x20 | byte(len(j.Channels)-1)
	}
	b = append(b, flags)
	b = binary.BigEndian.AppendUint16(b, j.Checkpoint)
	for _, c := range j.Channels {
		notes := appendNotes(nil, c)
		b = binary.BigEndian.AppendUint16(b, uint16(c.Channel-1)<<11|uint16(3+len(notes)))
		b = append(append(b, 0x08), notes...)
	}
	return b
}

// appendNotes appends chapter N.
func appendNotes(b []byte, c ChannelJournal) []byte {
	low, high := 15, 0
	if len(c.Off) > 0 {
		low, high = slices.Min(c.Off)/8, slices.Max(c.Off)/8
	} else if len(c.On) < 128 {
		high = 1 // 0 would make of a length of 127 one of 128
	}
	b = append(b, byte(min(len(c.On), 127)), byte(low<<4|high))
	for _, v := range c.On {
		velocity := byte(v.Value)
		if velocity > 0 {
			velocity |= 0x80
		} else {
			velocity = 1
		}
		b = append(b, byte(v.Number), velocity)
	}
	bits := make([]byte, max(0, high-low+1))
	for _, n := range c.Off {
		bits[n/8-low] |= 0x80 >> (n % 8)
	}
	return append(b, bits...)
}
