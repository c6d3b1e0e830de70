package wire

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
)

// PrototypeManufacturer is the ESTA manufacturer ID used unless an operator
// enters an assigned one: the list keeps 0x7FF0 to 0x7FFF for prototypes.
const PrototypeManufacturer uint16 = 0x7FF0

// PrototypeSoemCode is the product code that goes with PrototypeManufacturer.
const PrototypeSoemCode uint32 = 0x7FF00001

// Endpoint numbers inside a device. Data endpoints run from 1 to
// LastDataEndpoint without gaps; AllEndpoints addresses every data endpoint
// of a command and every endpoint, root included, of a poll.
const (
	RootEndpoint     uint16 = 0
	LastDataEndpoint uint16 = 0xFF00
	AllEndpoints     uint16 = 0xFFFF
)

// A TUID names one device for ever: a 16-bit ESTA manufacturer ID followed by
// a 32-bit device ID.
type TUID [6]byte

// NewTUID draws a TUID of the prototype manufacturer in the range kept for
// software, 0x80000000 to 0xFFFFFFEF. rand must be a cryptographic generator.
func NewTUID(rand io.Reader) (TUID, error) {
	return NewManufacturerTUID(rand, PrototypeManufacturer)
}

// NewManufacturerTUID draws a software TUID under an assigned manufacturer ID.
func NewManufacturerTUID(rand io.Reader, manufacturer uint16) (TUID, error) {
	var t TUID
	binary.BigEndian.PutUint16(t[:2], manufacturer)
	for {
		if _, err := io.ReadFull(rand, t[2:]); err != nil {
			return TUID{}, fmt.Errorf("draw a TUID: %w", err)
		}
		t[2] |= 0x80
		if binary.BigEndian.Uint32(t[2:]) < 0xFFFFFFF0 {
			return t, nil
		}
	}
}

// ParseTUID reads either written form, 7FF0A1B2C3D4 or 7FF0:A1B2C3D4, in any
// case.
func ParseTUID(s string) (TUID, error) {
	plain := s
	if len(s) == 13 && s[4] == ':' {
		plain = s[:4] + s[5:]
	}
	var t TUID
	if len(plain) != 12 {
		return t, fmt.Errorf("TUID %q: want 12 hex digits such as 7FF0A1B2C3D4", s)
	}
	if _, err := hex.Decode(t[:], []byte(plain)); err != nil {
		return TUID{}, fmt.Errorf("TUID %q: want 12 hex digits such as 7FF0A1B2C3D4", s)
	}
	return t, nil
}

// tuidFromSegment reads the only form a URI may hold: 12 upper-case hex digits.
func tuidFromSegment(s []byte) (t TUID, ok bool) {
	if len(s) != 12 {
		return t, false
	}
	for i, c := range s {
		var v byte
		switch {
		case c >= '0' && c <= '9':
			v = c - '0'
		case c >= 'A' && c <= 'F':
			v = c - 'A' + 10
		default:
			return TUID{}, false
		}
		t[i/2] = t[i/2]<<4 | v
	}
	return t, true
}

const upperHex = "0123456789ABCDEF"

// AppendText appends the form used in URIs and in key derivation.
func (t TUID) AppendText(b []byte) ([]byte, error) {
	for _, c := range t {
		b = append(b, upperHex[c>>4], upperHex[c&15])
	}
	return b, nil
}

// String is the form used in URIs and in key derivation: 12 upper-case digits.
func (t TUID) String() string {
	b, _ := t.AppendText(make([]byte, 0, 12))
	return string(b)
}

// Screen is the form for people: 7FF0:A1B2C3D4.
func (t TUID) Screen() string {
	s := t.String()
	return s[:4] + ":" + s[4:]
}

// Manufacturer is the ESTA manufacturer ID.
func (t TUID) Manufacturer() uint16 { return binary.BigEndian.Uint16(t[:2]) }

// Compare orders TUIDs as 48-bit unsigned numbers: -1, 0 or 1.
func (t TUID) Compare(o TUID) int { return bytes.Compare(t[:], o[:]) }

// IsZero tells whether the TUID was never set.
func (t TUID) IsZero() bool { return t == TUID{} }

// A SenderID names a merge source and a sequence lane.
type SenderID struct {
	TUID     TUID
	Endpoint uint16
}

// String is for logs: 7FF0:A1B2C3D4/1.
func (s SenderID) String() string { return fmt.Sprintf("%s/%d", s.TUID.Screen(), s.Endpoint) }

// DefaultScope is the factory value of the scope.
const DefaultScope = "local"

// CheckScope tells whether s may separate installations on one wire: 1 to 32
// of the characters A-Z a-z 0-9 - . _ ~.
func CheckScope(s string) error {
	if len(s) < 1 || len(s) > 32 {
		return fmt.Errorf("scope %q: want 1 to 32 characters, got %d", s, len(s))
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9',
			c == '-', c == '.', c == '_', c == '~':
		default:
			return fmt.Errorf("scope %q: character %d is %q, want A-Z a-z 0-9 - . _ ~", s, i+1, c)
		}
	}
	return nil
}
