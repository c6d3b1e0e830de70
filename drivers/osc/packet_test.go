package osc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// bundle builds a bundle from encoded elements.
func bundle(when TimeTag, elements ...string) string {
	b := "#bundle\x00" + string(binary.BigEndian.AppendUint64(nil, uint64(when)))
	for _, e := range elements {
		b += string(binary.BigEndian.AppendUint32(nil, uint32(len(e)))) + e
	}
	return b
}

const a, b, c = "/a\x00\x00,\x00\x00\x00", "/b\x00\x00,i\x00\x00\x00\x00\x00\x07", "/c\x00\x00"

func TestBundles(t *testing.T) {
	one := func(when TimeTag, address string, args ...any) Element {
		return Element{Message{address, args}, when}
	}
	for _, test := range []struct {
		name, bytes string
		want        []Element
	}{
		{"empty", bundle(5), nil},
		{"two", bundle(5, a, b), []Element{one(5, "/a"), one(5, "/b", int32(7))}},
		{"a sibling after an inner bundle", bundle(5, bundle(6, a), c), []Element{one(6, "/a"), one(5, "/c")}},
		{"in order", bundle(1, b, bundle(2, a, bundle(3, c), a), b),
			[]Element{one(1, "/b", int32(7)), one(2, "/a"), one(3, "/c"), one(2, "/a"), one(1, "/b", int32(7))}},
	} {
		list, err := Parse(nil, []byte(test.bytes))
		if diff := cmp.Diff(test.want, list); err != nil || diff != "" {
			t.Errorf("%s: %v %s", test.name, err, diff)
		}
		for n := range len(test.bytes) {
			list, err := Parse(make([]Element, 3), []byte(test.bytes[:n]))
			var refused *ParseError
			if err != nil && (!errors.As(err, &refused) || len(list) != 3) {
				t.Errorf("%s: first %d bytes: %v, %v", test.name, n, list, err)
			}
		}
	}
}

func TestBundlesRefused(t *testing.T) {
	deep := a
	for range MaxDepth {
		deep = bundle(1, deep)
	}
	if list, err := Parse(nil, []byte(deep)); err != nil || len(list) != 1 {
		t.Errorf("%d bundles: %v, %v", MaxDepth, list, err)
	}
	for _, test := range []struct {
		bytes string
		want  ParseError
	}{
		{bundle(1, deep), ParseError{TooDeep, 20 * MaxDepth}},
		{"#bundle", ParseError{NotOSC, 0}},
		{"#bundlx\x00" + strings.Repeat("\x00", 8), ParseError{NotOSC, 0}},
		{bundle(1)[:15], ParseError{Truncated, 0}},
		{bundle(1) + "\x00", ParseError{Truncated, 16}},
		{bundle(1) + "\xff\xff\xff\xff" + a, ParseError{Truncated, 16}},
		{bundle(1, a) + "\x00\x00\x00\x0c" + a, ParseError{Truncated, 28}},
		{bundle(1, a, ""), ParseError{NotOSC, 32}},
		{bundle(1, a, "/x\x00\x00,z\x00\x00"), ParseError{BadTag, 40}},
		{bundle(1, "/x\x00\x00,i\x00\x00", b), ParseError{Truncated, 28}}, // an argument does not reach into the next element
	} {
		list, err := Parse(nil, []byte(test.bytes))
		var refused *ParseError
		if !errors.As(err, &refused) || *refused != test.want || len(list) != 0 {
			t.Errorf("%q: %v, %v, want %v", test.bytes, list, err, &test.want)
		}
	}
}

// TestLongBundle: what go-osc cuts at 4096 bytes arrives whole.
func TestLongBundle(t *testing.T) {
	var messages []Message
	for i := range 3000 {
		messages = append(messages, Message{"/fixture", []any{int32(i)}})
	}
	if b, err := AppendBundle(nil, 9, messages...); !errors.Is(err, ErrTooLong) || b != nil {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	messages = messages[:2000]
	b, err := AppendBundle(nil, 9, messages...)
	if err != nil {
		t.Fatal(err)
	}
	list, err := Parse(nil, b)
	if err != nil || len(list) != len(messages) {
		t.Fatalf("%d messages, %v", len(list), err)
	}
	for i, e := range list {
		if e.When != 9 || !cmp.Equal(e.Message, messages[i]) {
			t.Fatalf("message %d is %v", i, e)
		}
	}
}

func TestAppendBundle(t *testing.T) {
	out, err := AppendBundle([]byte("before"), 5, Message{Address: "/a"}, Message{"/b", []any{int32(7)}})
	if want := "before" + bundle(5, a, b); err != nil || string(out) != want {
		t.Errorf("%q, %v, want %q", out, err, want)
	}
	out, err = AppendBundle([]byte("before"), 5, Message{Address: "/a"}, Message{Address: "b"})
	if !errors.Is(err, ErrAddress) || string(out) != "before" {
		t.Errorf("%q, %v", out, err)
	}
}

func TestReasons(t *testing.T) {
	for r := NotOSC; r < reasons; r++ {
		if r.String() == "" {
			t.Errorf("reason %d has no name", r)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, m := range messages {
		f.Add([]byte(m.bytes))
	}
	f.Add([]byte("/x\x00\x00,[Sc]rmI\x00\x00\x00a\x00\x00\x00abcdefghijkl"))
	f.Add([]byte(bundle(1, b, bundle(2, a, bundle(3, c), a), b)))
	f.Fuzz(func(t *testing.T, packet []byte) {
		before := slices.Clone(packet)
		list, err := Parse(nil, packet)
		if !slices.Equal(before, packet) {
			t.Fatal("the packet was written to")
		}
		var refused *ParseError
		if err != nil {
			if !errors.As(err, &refused) || refused.Offset < 0 || refused.Offset > len(packet) || len(list) != 0 {
				t.Fatalf("%d messages and %v", len(list), err)
			}
			return
		}
		for _, e := range list {
			agrees(t, packet, e.Message)
			out, err := AppendBundle(nil, e.When, e.Message)
			if errors.Is(err, ErrTooLong) {
				continue
			}
			again, err2 := Parse(nil, out)
			if err != nil || err2 != nil || !cmp.Equal([]Element{e}, again, equal...) {
				t.Fatalf("%v becomes %v, %v, %v", e, again, err, err2)
			}
		}
	})
}

// TestAddressesOfAnyLength: the padding is right for all of them.
func TestAddressesOfAnyLength(t *testing.T) {
	for n := range 20 {
		m := Message{"/" + strings.Repeat("x", n), []any{fmt.Sprint(strings.Repeat("y", n))}}
		b, err := AppendMessage(nil, m)
		list, err2 := Parse(nil, b)
		if err != nil || err2 != nil || len(b)%4 != 0 || !cmp.Equal([]Element{{m, Immediately}}, list) {
			t.Errorf("%v: %q, %v, %v, %v", m, b, list, err, err2)
		}
	}
}
