package wire

import (
	"encoding/binary"
	"errors"
	"unicode/utf16"
	"unicode/utf8"
)

// Errors of the parsers. A parser never reads beyond the bytes it is given and
// allocates no more than a small multiple of them.
var (
	// ErrShort says that the bytes end inside the message. On the main
	// connection it means: read more.
	ErrShort = errors.New("stagelinq: message ends early")
	// ErrTooLong says that a length field exceeds what the protocol needs.
	ErrTooLong = errors.New("stagelinq: length over the limit")
	// ErrString says that a string has an odd number of bytes.
	ErrString = errors.New("stagelinq: odd string length")
	// ErrMagic says that a message does not start with its marker.
	ErrMagic = errors.New("stagelinq: wrong marker")
	// ErrType says that the message id, type or action is not known.
	ErrType = errors.New("stagelinq: unknown message type")
	// ErrTrailing says that bytes follow the end of a framed message.
	ErrTrailing = errors.New("stagelinq: bytes after the message")
	// ErrValue says that a state value is not one of the known JSON forms.
	ErrValue = errors.New("stagelinq: not a state value")
	// ErrBeats says that a beat message is inconsistent: a deck count that
	// does not fit the length, or a number that is not finite.
	ErrBeats = errors.New("stagelinq: inconsistent beat message")
)

// nullLength is the length field of a null string.
const nullLength = 0xffffffff

// appendString appends s as a StageLinQ string: byte count and UTF-16BE text.
func appendString(b []byte, s string) []byte {
	start := len(b)
	b = append(b, 0, 0, 0, 0)
	for _, r := range s {
		if r < 0x10000 {
			b = append(b, byte(r>>8), byte(r))
			continue
		}
		r1, r2 := utf16.EncodeRune(r)
		b = append(b, byte(r1>>8), byte(r1), byte(r2>>8), byte(r2))
	}
	binary.BigEndian.PutUint32(b[start:], uint32(len(b)-start-4))
	return b
}

// decodeText returns UTF-16BE bytes as a string. Lone surrogates become U+FFFD.
func decodeText(b []byte) string {
	out := make([]byte, 0, len(b)/2)
	for i := 0; i+1 < len(b); i += 2 {
		r := rune(b[i])<<8 | rune(b[i+1])
		if utf16.IsSurrogate(r) {
			next := rune(utf8.RuneError)
			if i+3 < len(b) {
				next = rune(b[i+2])<<8 | rune(b[i+3])
			}
			if pair := utf16.DecodeRune(r, next); pair != utf8.RuneError {
				r, i = pair, i+2
			}
		}
		out = utf8.AppendRune(out, r)
	}
	return string(out)
}

// cursor reads big-endian fields from the front of b. The first error sticks,
// and every read after it returns zero values.
type cursor struct {
	b   []byte
	err error
}

func (c *cursor) take(n int) []byte {
	if c.err != nil {
		return nil
	}
	if n > len(c.b) {
		c.err = ErrShort
		return nil
	}
	head := c.b[:n]
	c.b = c.b[n:]
	return head
}

func (c *cursor) uint16() uint16 {
	if p := c.take(2); p != nil {
		return binary.BigEndian.Uint16(p)
	}
	return 0
}

func (c *cursor) uint32() uint32 {
	if p := c.take(4); p != nil {
		return binary.BigEndian.Uint32(p)
	}
	return 0
}

func (c *cursor) uint64() uint64 {
	if p := c.take(8); p != nil {
		return binary.BigEndian.Uint64(p)
	}
	return 0
}

func (c *cursor) token() (t Token) {
	copy(t[:], c.take(len(t)))
	return t
}

// text reads a string of at most limit bytes and returns its UTF-16BE bytes.
// null reports the null string, for which the bytes are empty.
func (c *cursor) text(limit int) (raw []byte, null bool) {
	n := c.uint32()
	switch {
	case c.err != nil:
		return nil, false
	case n == nullLength:
		return nil, true
	case n > uint32(limit):
		c.err = ErrTooLong
		return nil, false
	case n%2 != 0:
		c.err = ErrString
		return nil, false
	}
	return c.take(int(n)), false
}
