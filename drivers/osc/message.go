package osc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/hypebeast/go-osc/osc"
)

// Message is one OSC message. The Go type of an argument is that of its tag:
//
//	i int32    h int64     s string   T true
//	f float32  d float64   b []byte   F false
//	t TimeTag              N nil
//
// Messages that come in may have other tags: S becomes a string, c r m an int32,
// I nil, and arrays are flattened (PROTOCOL.md ruling 4).
type Message struct {
	Address string
	Args    []any
}

// String is the message for people: address and arguments with spaces between.
func (m Message) String() string {
	var b strings.Builder
	b.WriteString(m.Address)
	for _, a := range m.Args {
		fmt.Fprintf(&b, " %v", a)
	}
	return b.String()
}

// Number reads an argument of any numeric tag.
func Number(arg any) (n float64, ok bool) {
	switch a := arg.(type) {
	case int32:
		return float64(a), true
	case int64:
		return float64(a), true
	case float32:
		return float64(a), true
	case float64:
		return a, true
	}
	return 0, false
}

// Errors of messages that cannot be encoded.
var (
	ErrAddress  = errors.New("an OSC address starts with / and has no zero byte")
	ErrArgument = errors.New("not an OSC argument")
	ErrTooLong  = errors.New("the OSC packet does not fit into a datagram")
)

// AppendMessage appends an encoded message to b. The error is ErrAddress,
// ErrArgument or ErrTooLong; b is returned as it was then.
func AppendMessage(b []byte, m Message) ([]byte, error) {
	if !strings.HasPrefix(m.Address, "/") || strings.ContainsRune(m.Address, 0) {
		return b, fmt.Errorf("%q: %w", m.Address, ErrAddress)
	}
	// go-osc rounds time tags through floating point, so they travel as integers
	// of the same size, and the tag is put right after.
	args, tagged := m.Args, false
	for i, a := range m.Args {
		switch a := a.(type) {
		case TimeTag:
			if !tagged {
				args, tagged = append([]any(nil), m.Args...), true
			}
			args[i] = int64(a)
		case string:
			if strings.ContainsRune(a, 0) {
				return b, fmt.Errorf("%s argument %d: a string with a zero byte: %w", m.Address, i+1, ErrArgument)
			}
		}
	}
	encoded, err := (&osc.Message{Address: m.Address, Arguments: args}).MarshalBinary()
	if err != nil {
		return b, fmt.Errorf("%s: %w: %v", m.Address, ErrArgument, err)
	}
	if len(encoded) > MaxPacket {
		return b, fmt.Errorf("%s: %d bytes: %w", m.Address, len(encoded), ErrTooLong)
	}
	if tagged {
		tags := encoded[padded(len(m.Address))+1:]
		for i, a := range m.Args {
			if _, ok := a.(TimeTag); ok {
				tags[i] = 't'
			}
		}
	}
	return append(b, encoded...), nil
}

// padded is the size of a string of n bytes with its zero byte and padding.
func padded(n int) int { return n&^3 + 4 }

// parseMessage reads a whole message; at is where b begins in the packet.
func parseMessage(b []byte, at int) (Message, error) {
	r := reader{b: b, at: at}
	m := Message{Address: r.text()}
	switch {
	case r.failed != 0:
		return Message{}, r.error()
	case len(r.b) == 0: // PROTOCOL.md ruling 3
		return m, nil
	case r.b[0] != ',':
		return Message{}, r.fail(BadTag)
	}
	tags := r.text()
	if r.failed == 0 && len(tags)-1 > MaxArgs {
		return Message{}, r.fail(TooMany)
	}
	if len(tags) > 1 {
		m.Args = make([]any, 0, len(tags)-1)
	}
	depth := 0
	for i := 1; i < len(tags) && r.failed == 0; i++ {
		switch tags[i] {
		case '[':
			depth++
		case ']':
			depth--
		default:
			m.Args = append(m.Args, r.argument(tags[i]))
		}
		if depth < 0 {
			r.fail(BadTag)
		}
	}
	switch {
	case r.failed != 0:
		return Message{}, r.error()
	case depth != 0:
		return Message{}, r.fail(BadTag)
	case len(r.b) != 0:
		return Message{}, r.fail(Trailing)
	}
	return m, nil
}

// reader takes a message apart. After a failure it gives zero values.
type reader struct {
	b      []byte // the rest
	at     int    // where it begins in the packet
	failed Reason
}

func (r *reader) fail(why Reason) error {
	r.failed, r.b = why, nil
	return r.error()
}

func (r *reader) error() error { return &ParseError{r.failed, r.at} }

// take takes n bytes; nil if there are less.
func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.fail(Truncated)
		return nil
	}
	b := r.b[:n]
	r.b, r.at = r.b[n:], r.at+n
	return b
}

// text takes a string with its padding, whose bytes may be anything.
func (r *reader) text() string {
	for n, c := range r.b {
		if c == 0 {
			if b := r.take(padded(n)); b != nil {
				return string(b[:n])
			}
			return ""
		}
	}
	r.fail(Truncated)
	return ""
}

func (r *reader) word() uint32 {
	if b := r.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (r *reader) long() uint64 {
	if b := r.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// blob takes a length and so many bytes, and leaves the packet alone.
func (r *reader) blob() []byte {
	n := int(int32(r.word()))
	if n < 0 || n > len(r.b) { // before the padding is added, which could overflow
		r.fail(Truncated)
		return nil
	}
	b := r.take((n + 3) &^ 3)
	if b == nil && n > 0 {
		return nil
	}
	return append([]byte{}, b[:n]...)
}

// argument takes what a type tag stands for.
func (r *reader) argument(tag byte) any {
	switch tag {
	case 'i', 'c', 'r', 'm':
		return int32(r.word())
	case 'f':
		return math.Float32frombits(r.word())
	case 's', 'S':
		return r.text()
	case 'b':
		return r.blob()
	case 'h':
		return int64(r.long())
	case 't':
		return TimeTag(r.long())
	case 'd':
		return math.Float64frombits(r.long())
	case 'T':
		return true
	case 'F':
		return false
	case 'N', 'I':
		return nil
	}
	r.fail(BadTag)
	return nil
}
