// Package wire reads and writes the bytes of MIDI: messages and streams of them, MIDI
// time code, MIDI Show Control, and what RTP-MIDI and the session protocol of Apple put
// around them. PROTOCOL.md names the documents.
package wire

import (
	"errors"
	"fmt"
)

// Kind is what a message is: its status byte, without the channel.
type Kind byte

// The kinds of messages (MIDI 1.0, table 1 to 5).
const (
	NoteOff         Kind = 0x80
	NoteOn          Kind = 0x90
	KeyPressure     Kind = 0xa0
	ControlChange   Kind = 0xb0
	ProgramChange   Kind = 0xc0
	ChannelPressure Kind = 0xd0
	PitchBend       Kind = 0xe0
	Sysex           Kind = 0xf0
	QuarterFrame    Kind = 0xf1
	SongPosition    Kind = 0xf2
	SongSelect      Kind = 0xf3
	TuneRequest     Kind = 0xf6
	Clock           Kind = 0xf8
	Start           Kind = 0xfa
	Continue        Kind = 0xfb
	Stop            Kind = 0xfc
	ActiveSensing   Kind = 0xfe
	Reset           Kind = 0xff
)

// endOfSysex ends a system exclusive message.
const endOfSysex = 0xf7

// MaxSysex is how many bytes a system exclusive message has at most, with its first and
// its last one.
const MaxSysex = 64 << 10

// lengths is how many data bytes a kind has; -1 for what there is not.
var lengths = func() (n [256]int8) {
	for i := range n {
		switch Kind(i) & 0xf0 {
		case NoteOff, NoteOn, KeyPressure, ControlChange, PitchBend:
			n[i] = 2
		case ProgramChange, ChannelPressure:
			n[i] = 1
		default:
			n[i] = -1
		}
	}
	for _, k := range []Kind{TuneRequest, Clock, Start, Continue, Stop, ActiveSensing, Reset} {
		n[k] = 0
	}
	n[QuarterFrame], n[SongSelect], n[SongPosition] = 1, 1, 2
	return n
}()

// Message is a MIDI message.
type Message struct {
	Kind    Kind
	Channel int // 1-16; 0 for a message of no channel
	// Number is the note, controller, program or song, 0-127; the bend from -8192 to
	// 8191; the position of a song in sixteenths, 0-16383; the quarter frame byte.
	Number int
	Value  int // velocity, pressure or value of a controller, 0-127
	// Data is what is between the first and the last byte of a system exclusive message,
	// each 0-127.
	Data string
}

// HasChannel tells whether messages of a kind are for a channel.
func (k Kind) HasChannel() bool { return k < Sysex }

// realtime tells whether a byte is a message that may come amid another.
func realtime(b byte) bool { return b >= 0xf8 }

// Check tells whether the message can be sent.
func (m Message) Check() error {
	low, high := 0, 127
	switch m.Kind {
	case PitchBend:
		low, high = -8192, 8191
	case SongPosition:
		high = 16383
	}
	switch {
	case m.Kind < NoteOff || m.Kind != Sysex && lengths[m.Kind] < 0 || m.Kind < Sysex && m.Kind&0x0f != 0:
		return fmt.Errorf("midi: there is no message %#02x", byte(m.Kind))
	case m.Kind.HasChannel() && (m.Channel < 1 || m.Channel > 16):
		return fmt.Errorf("midi: the channel must be 1-16, got %d", m.Channel)
	case m.Number < low || m.Number > high:
		return fmt.Errorf("midi: the number must be %d-%d, got %d", low, high, m.Number)
	case m.Value < 0 || m.Value > 127:
		return fmt.Errorf("midi: the value must be 0-127, got %d", m.Value)
	case len(m.Data) > MaxSysex-2:
		return fmt.Errorf("midi: a system exclusive message has at most %d bytes, got %d", MaxSysex-2, len(m.Data))
	}
	for i := range len(m.Data) {
		if m.Data[i] > 127 {
			return fmt.Errorf("midi: byte %d of a system exclusive message must be 0-127, got %d", i+1, m.Data[i])
		}
	}
	return nil
}

// AppendMessage appends a message that Check has nothing against.
func AppendMessage(b []byte, m Message) []byte {
	status := byte(m.Kind)
	if m.Kind.HasChannel() {
		status |= byte(m.Channel - 1)
	}
	b = append(b, status)
	number := m.Number
	switch m.Kind {
	case Sysex:
		return append(append(b, m.Data...), endOfSysex)
	case PitchBend:
		number += 8192
		return append(b, byte(number&0x7f), byte(number>>7))
	case SongPosition:
		return append(b, byte(number&0x7f), byte(number>>7))
	}
	data := [2]byte{byte(m.Number), byte(m.Value)}
	if m.Kind == ChannelPressure {
		data[0] = byte(m.Value)
	}
	return append(b, data[:lengths[m.Kind]]...)
}

// messageOf makes a message of a status byte and as many data bytes as it has.
func messageOf(status byte, data [2]byte) Message {
	m := Message{Kind: Kind(status), Number: int(data[0]), Value: int(data[1])}
	if status < 0xf0 {
		m.Kind, m.Channel = Kind(status&0xf0), int(status&0x0f)+1
	}
	switch m.Kind {
	case PitchBend:
		m.Number, m.Value = int(data[0])|int(data[1])<<7-8192, 0
	case SongPosition:
		m.Number, m.Value = int(data[0])|int(data[1])<<7, 0
	case ChannelPressure:
		m.Number, m.Value = 0, int(data[0])
	}
	return m
}

// ErrMessage is what a byte string that is no message gives.
var ErrMessage = errors.New("midi: not one whole message")

// ParseMessage reads bytes that are one message.
func ParseMessage(b []byte) (Message, error) {
	var s Stream
	var found []Message
	s.Feed(b, func(m Message) { found = append(found, m) })
	if len(found) != 1 || s.Ignored > 0 || len(b) == 0 || b[0] < 0x80 || len(AppendMessage(nil, found[0])) != len(b) {
		return Message{}, ErrMessage
	}
	return found[0], nil
}
