package osc

import (
	"encoding/binary"
	"fmt"
)

// Limits of a packet (PROTOCOL.md ruling 2). More is refused, so what a datagram costs is
// bounded.
const (
	MaxPacket = 65507 // bytes, what UDP over IPv4 carries
	MaxDepth  = 8     // bundles inside one another
	MaxArgs   = 16384 // of a message
)

// Element is a message of a packet and when it is to be done: the tag of the
// innermost bundle around it, Immediately without one.
type Element struct {
	Message
	When TimeTag
}

// Reason is why a packet was refused.
type Reason uint8

// The reasons.
const (
	NotOSC    Reason = iota + 1 // begins neither with / nor with #bundle
	Truncated                   // a string, argument or element reaches past the end
	BadTag                      // a type tag nobody knows, or tags without a comma
	Trailing                    // bytes after the last argument
	TooDeep                     // more than MaxDepth bundles inside one another
	TooMany                     // more than MaxArgs arguments
	reasons   = iota + 1
)

// String names the reason.
func (r Reason) String() string {
	return [...]string{"", "not OSC", "truncated", "bad type tag", "trailing bytes", "nested too deep", "too many arguments"}[r]
}

// ParseError tells why and at which byte a packet was refused.
type ParseError struct {
	Reason Reason
	Offset int
}

// Error implements error.
func (e *ParseError) Error() string {
	return fmt.Sprintf("OSC packet: %v at byte %d", e.Reason, e.Offset)
}

const bundleHead = "#bundle\x00"

// Parse appends the messages of a packet to list, in the order of the bytes. A
// packet is taken whole or not at all (PROTOCOL.md ruling 1): the error is a *ParseError, and list is
// returned as it was. Nothing in the result refers to b.
func Parse(list []Element, b []byte) ([]Element, error) {
	parsed, err := parse(list, b, 0, Immediately, 0)
	if err != nil {
		return list, err
	}
	return parsed, nil
}

// parse is Parse of an element at a place in the packet.
func parse(list []Element, b []byte, at int, when TimeTag, depth int) ([]Element, error) {
	switch {
	case len(b) > 0 && b[0] == '/':
		m, err := parseMessage(b, at)
		return append(list, Element{m, when}), err
	case len(b) < len(bundleHead) || string(b[:len(bundleHead)]) != bundleHead:
		return list, &ParseError{NotOSC, at}
	case depth == MaxDepth:
		return list, &ParseError{TooDeep, at}
	case len(b) < len(bundleHead)+8:
		return list, &ParseError{Truncated, at}
	}
	when = TimeTag(binary.BigEndian.Uint64(b[len(bundleHead):]))
	for rest := b[len(bundleHead)+8:]; len(rest) > 0; {
		place := at + len(b) - len(rest)
		if len(rest) < 4 {
			return list, &ParseError{Truncated, place}
		}
		size := uint64(binary.BigEndian.Uint32(rest))
		if size > uint64(len(rest)-4) {
			return list, &ParseError{Truncated, place}
		}
		var err error
		if list, err = parse(list, rest[4:4+size], place+4, when, depth+1); err != nil {
			return list, err
		}
		rest = rest[4+size:]
	}
	return list, nil
}

// AppendBundle appends an encoded bundle of messages to b. The error is
// ErrAddress, ErrArgument or ErrTooLong; b is returned as it was then.
func AppendBundle(b []byte, when TimeTag, messages ...Message) ([]byte, error) {
	out := binary.BigEndian.AppendUint64(append(b, bundleHead...), uint64(when))
	for _, m := range messages {
		place := len(out)
		var err error
		if out, err = AppendMessage(append(out, 0, 0, 0, 0), m); err != nil {
			return b, err
		}
		binary.BigEndian.PutUint32(out[place:], uint32(len(out)-place-4))
	}
	if len(out)-len(b) > MaxPacket {
		return b, fmt.Errorf("bundle of %d messages: %d bytes: %w", len(messages), len(out)-len(b), ErrTooLong)
	}
	return out, nil
}
