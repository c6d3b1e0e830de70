package osc

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	goosc "github.com/hypebeast/go-osc/osc"
)

// messages and their bytes, written by hand from the specification.
var messages = []struct {
	name  string
	m     Message
	bytes string
}{
	{"no arguments", Message{Address: "/empty"}, "/empty\x00\x00,\x00\x00\x00"},
	{"address of 3", Message{Address: "/ab"}, "/ab\x00,\x00\x00\x00"},
	{"address of 4", Message{Address: "/abc"}, "/abc\x00\x00\x00\x00,\x00\x00\x00"},
	{"fixture", Message{"/fixture", []any{"white", int32(255)}}, "/fixture\x00\x00\x00\x00,si\x00white\x00\x00\x00\x00\x00\x00\xff"},
	{"negative", Message{"/move", []any{int32(2), int32(-100)}}, "/move\x00\x00\x00,ii\x00\x00\x00\x00\x02\xff\xff\xff\x9c"},
	{"float", Message{"/tempo", []any{"y", float32(120)}}, "/tempo\x00\x00,sf\x00y\x00\x00\x00\x42\xf0\x00\x00"},
	{"specification", Message{"/foo", []any{int32(1000), int32(-1), "hello", float32(1.234), float32(5.678)}},
		"/foo\x00\x00\x00\x00,iisff\x00\x00\x00\x00\x03\xe8\xff\xff\xff\xffhello\x00\x00\x00\x3f\x9d\xf3\xb6\x40\xb5\xb2\x2d"},
	{"blob", Message{"/b", []any{[]byte{1, 2, 3, 4, 5}}}, "/b\x00\x00,b\x00\x00\x00\x00\x00\x05\x01\x02\x03\x04\x05\x00\x00\x00"},
	{"empty blob", Message{"/b", []any{[]byte{}}}, "/b\x00\x00,b\x00\x00\x00\x00\x00\x00"},
	{"long", Message{"/h", []any{int64(-2)}}, "/h\x00\x00,h\x00\x00\xff\xff\xff\xff\xff\xff\xff\xfe"},
	{"double", Message{"/d", []any{0.5}}, "/d\x00\x00,d\x00\x00\x3f\xe0\x00\x00\x00\x00\x00\x00"},
	{"time tag", Message{"/t", []any{TimeTag(0xE93DE2EC_C7AE1477), int64(3)}}, "/t\x00\x00,th\x00\xe9\x3d\xe2\xec\xc7\xae\x14\x77\x00\x00\x00\x00\x00\x00\x00\x03"},
	{"no bytes", Message{"/n", []any{true, false, nil}}, "/n\x00\x00,TFN\x00\x00\x00\x00"},
	{"empty string", Message{"/s", []any{""}}, "/s\x00\x00,s\x00\x00\x00\x00\x00\x00"},
}

func parseOne(t *testing.T, b string) (Message, error) {
	t.Helper()
	list, err := Parse(nil, []byte(b))
	if err != nil {
		if len(list) != 0 {
			t.Errorf("%q: messages %v beside %v", b, list, err)
		}
		return Message{}, err
	}
	if len(list) != 1 || list[0].When != Immediately {
		t.Fatalf("%q gives %v", b, list)
	}
	return list[0].Message, nil
}

func TestMessages(t *testing.T) {
	for _, c := range messages {
		b, err := AppendMessage([]byte("before"), c.m)
		if err != nil || string(b) != "before"+c.bytes {
			t.Errorf("%s: %q, %v, want %q", c.name, b, err, c.bytes)
		}
		m, err := parseOne(t, c.bytes)
		if diff := cmp.Diff(c.m, m); err != nil || diff != "" {
			t.Errorf("%s: %v %s", c.name, err, diff)
		}
	}
}

// TestMessagesCutShort: no beginning of a message is a message, save the bare
// address of one without arguments.
func TestMessagesCutShort(t *testing.T) {
	for _, c := range messages {
		for n := range len(c.bytes) {
			m, err := parseOne(t, c.bytes[:n])
			var refused *ParseError
			if n == padded(len(c.m.Address)) {
				if err != nil || m.Address != c.m.Address || m.Args != nil {
					t.Errorf("%s: address alone: %v, %v", c.name, m, err)
				}
			} else if !errors.As(err, &refused) || refused.Reason != Truncated && n > 0 {
				t.Errorf("%s: first %d bytes: %v, %v", c.name, n, m, err)
			}
		}
	}
}

func TestMessagesLenient(t *testing.T) {
	for b, want := range map[string][]any{
		"/x\x00\x00":                            nil,
		"/x\x00\x00,Sc\x00sym\x00\x00\x00\x00A": {"sym", int32('A')},
		"/x\x00\x00,rmI\x00\x00\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08": {int32(0x01020304), int32(0x05060708), nil},
		"/x\x00\x00,[i[i]]\x00\x00\x00\x00\x01\x00\x00\x00\x02":          {int32(1), int32(2)},
		"/x\x00\x00,[]\x00":                        {},
		"/x\x00x,s\x00xabc\x00":                    {"abc"},
		"/x\x00\x00,b\x00\x00\x00\x00\x00\x01axyz": {[]byte("a")},
	} {
		m, err := parseOne(t, b)
		if diff := cmp.Diff(want, m.Args); err != nil || diff != "" {
			t.Errorf("%q: %v %s", b, err, diff)
		}
	}
}

func TestMessagesRefused(t *testing.T) {
	for _, c := range []struct {
		bytes string
		want  ParseError
	}{
		{"", ParseError{NotOSC, 0}},
		{"x", ParseError{NotOSC, 0}},
		{"\x00\x00\x00\x00", ParseError{NotOSC, 0}},
		{"/", ParseError{Truncated, 0}},
		{"/abc", ParseError{Truncated, 0}},
		{"/x\x00\x00abc\x00", ParseError{BadTag, 4}},
		{"/x\x00\x00,i\x00\x00", ParseError{Truncated, 8}},
		{"/x\x00\x00,z\x00\x00", ParseError{BadTag, 8}},
		{"/x\x00\x00,]\x00\x00", ParseError{BadTag, 8}},
		{"/x\x00\x00,[\x00\x00", ParseError{BadTag, 8}},
		{"/x\x00\x00,\x00\x00\x00\x00\x00\x00\x00", ParseError{Trailing, 8}},
		{"/x\x00\x00,b\x00\x00\xff\xff\xff\xff", ParseError{Truncated, 12}},
		{"/x\x00\x00,b\x00\x00\x7f\xff\xff\xff", ParseError{Truncated, 12}},
		{"/x\x00\x00,b\x00\x00\x00\x00\x00\x01a", ParseError{Truncated, 12}},
		{"/x\x00\x00,s\x00\x00abcd", ParseError{Truncated, 8}},
		{"/x\x00\x00," + strings.Repeat("N", MaxArgs+1) + "\x00\x00", ParseError{TooMany, MaxArgs + 8}},
	} {
		m, err := parseOne(t, c.bytes)
		var refused *ParseError
		if !errors.As(err, &refused) || *refused != c.want || refused.Error() == "" {
			t.Errorf("%.20q: %v, %v, want %v", c.bytes, m, err, &c.want)
		}
	}
}

func TestAppendMessageRefuses(t *testing.T) {
	for _, c := range []struct {
		m    Message
		want error
	}{
		{Message{Address: ""}, ErrAddress},
		{Message{Address: "fixture"}, ErrAddress},
		{Message{Address: "/a\x00b"}, ErrAddress},
		{Message{"/x", []any{int(1)}}, ErrArgument},
		{Message{"/x", []any{"a\x00b"}}, ErrArgument},
		{Message{"/x", []any{make([]byte, MaxPacket)}}, ErrTooLong},
	} {
		b, err := AppendMessage([]byte("before"), c.m)
		if !errors.Is(err, c.want) || string(b) != "before" {
			t.Errorf("%.20v: %q, %v, want %v", c.m, b, err, c.want)
		}
	}
}

// TestAppendMessageKeepsArguments: time tags are not replaced in the caller's list.
func TestAppendMessageKeepsArguments(t *testing.T) {
	args := []any{TimeTag(7), TimeTag(8)}
	if _, err := AppendMessage(nil, Message{"/t", args}); err != nil || !slices.Equal(args, []any{TimeTag(7), TimeTag(8)}) {
		t.Errorf("%v, %v", args, err)
	}
}

func TestNumber(t *testing.T) {
	for _, arg := range []any{int32(3), int64(3), float32(3), 3.0} {
		if n, ok := Number(arg); !ok || n != 3 {
			t.Errorf("%T: %v, %v", arg, n, ok)
		}
	}
	for _, arg := range []any{"3", nil, true, TimeTag(3), []byte{3}} {
		if n, ok := Number(arg); ok || n != 0 {
			t.Errorf("%T: %v, %v", arg, n, ok)
		}
	}
}

// oracle parses with go-osc. ok is false for what it is known not to do.
func oracle(b []byte) (m Message, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	p, err := goosc.ParsePacket(string(b))
	parsed, isMessage := p.(*goosc.Message)
	if err != nil || !isMessage {
		return Message{}, false
	}
	return Message{parsed.Address, parsed.Arguments}, true
}

// agrees reports a message that go-osc reads in another way.
func agrees(t *testing.T, b []byte, m Message) {
	t.Helper()
	for _, a := range m.Args {
		switch a := a.(type) {
		case TimeTag:
			return
		case []byte:
			if len(a) == 0 || len(b) > 4096 {
				return
			}
		}
	}
	encoded, err := AppendMessage(nil, m) // without the tags go-osc does not know
	if err != nil {
		t.Errorf("%v is not encoded: %v", m, err)
	}
	theirs, ok := oracle(encoded)
	if !ok || !cmp.Equal(m, theirs, equal...) {
		t.Errorf("go-osc reads %q as %v, we as %v", encoded, theirs, m)
	}
}

// equal takes a NaN for itself, and no arguments for none.
var equal = []cmp.Option{
	cmp.Comparer(func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }),
	cmp.Comparer(func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }),
	cmp.Transformer("args", func(m Message) []any { return append([]any{m.Address}, m.Args...) }),
}

func TestOracle(t *testing.T) {
	for _, c := range messages {
		agrees(t, []byte(c.bytes), c.m)
	}
}
