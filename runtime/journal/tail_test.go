package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// begun is an input to begin with.
type begun struct{ Number uint64 }

func (begun) Starts() {}

// bulk is one with data that was in one before as well.
type bulk struct {
	Number uint64
	Data   []byte
}

func (b bulk) Replace(with func([]byte) []byte) any { return bulk{b.Number, with(b.Data)} }

// part is a recording of inputs in this order.
func part(t *testing.T, tail, ends bool, inputs ...any) []byte {
	t.Helper()
	Register(turn{}, begun{}, bulk{})
	var b bytes.Buffer
	h := header
	h.Tail = tail
	w, err := Create(&b, h)
	for _, in := range inputs {
		if err == nil {
			err = w.Input(numberOf(in), in, nil)
		}
	}
	if err == nil {
		err = w.Flush()
	}
	if err == nil && ends {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func numberOf(in any) uint64 {
	switch in := in.(type) {
	case begun:
		return in.Number
	case bulk:
		return in.Number
	}
	return in.(turn).Number
}

// numbers are those of what there is to read.
func numbers(file []byte) (list []uint64, end error) {
	_, entries, end := read(file)
	for _, e := range entries {
		list = append(list, numberOf(e))
	}
	return list, end
}

// TestARecordingGoesOnInAnother: both are one, and the second alone begins with its start, at
// whatever place that was written. What was under way before is nothing to it.
func TestARecordingGoesOnInAnother(t *testing.T) {
	files, old := []byte(strings.Repeat("a file", 100)), []byte("as it was")
	first := part(t, false, false, turn{Number: 1}, bulk{2, old}, turn{Number: 4})
	rest := []any{turn{Number: 3}, turn{Number: 8}, turn{Number: 5}, bulk{7, files}, begun{6}, turn{Number: 9}, bulk{11, files}, turn{Number: 10}}
	second, cut := part(t, true, true, rest...), part(t, true, false, rest...)
	for _, c := range []struct {
		what string
		file []byte
		want string
		end  string
	}{
		{"both", slices.Concat(first, second), "[1 2 3 4 5 6 7 8 9 10 11]", "EOF"},
		{"the second", second, "[6 7 8 9 10 11]", "EOF"},
		{"the first", first, "[1 2]", "input 3 is missing before 4"},
		{"the second twice, as one that was put there again", slices.Concat(first, cut, second), "[1 2 3 4 5 6 7 8 9 10 11]", "EOF"},
		{"one without a start", part(t, true, true, turn{Number: 3}, turn{Number: 8}), "[]", "what it begins with is not in it"},
		{"one that is cut off", cut[:len(cut)-20], "[]", "what it begins with is not in it"},
	} {
		list, err := numbers(c.file)
		if fmt.Sprint(list) != c.want || !strings.Contains(err.Error(), c.end) || (c.end == "EOF") != (err == io.EOF) {
			t.Errorf("%s: %v, %v", c.what, list, err)
		}
		if c.end != "EOF" && !errors.As(err, new(*Broken)) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	_, entries, _ := read(slices.Concat(first, second))
	for _, e := range entries {
		if b, ok := e.(bulk); ok && b.Number > 2 && !bytes.Equal(b.Data, files) {
			t.Errorf("the data of %d is %q", b.Number, b.Data)
		}
	}
}
