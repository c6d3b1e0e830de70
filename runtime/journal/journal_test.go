package journal

import (
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"
)

// turn is an input as a show has them.
type turn struct {
	Number uint64
	Now    time.Duration
	Took   []any
}

type pressed struct{ Key string }

var header = Header{Show: "gala", File: "show.lua", Rate: 44, Lookahead: 50 * time.Millisecond, Seed: 7, Began: time.Date(2026, 11, 30, 20, 0, 0, 0, time.FixedZone("CET", 3600)), Zone: "CET"}

// recorded is a recording of so many turns in several chunks, and what there is to read.
func recorded(t testing.TB, turns int) (file []byte, entries []Entry) {
	t.Helper()
	Register(turn{}, pressed{})
	var b bytes.Buffer
	w, err := Create(&b, header)
	if err != nil {
		t.Fatal(err)
	}
	for i := range turns {
		in := turn{Number: uint64(i + 1), Now: time.Duration(i) * time.Millisecond, Took: []any{pressed{fmt.Sprint("key ", i)}}}
		entries = append(entries, in)
		var made *Frame
		if i%3 == 0 {
			made = &Frame{At: in.Now, Hash: uint64(i) * 1e15}
			entries = append(entries, *made)
		}
		if err := w.Input(in.Number, in, made); err != nil {
			t.Fatal(err)
		}
		if i%5 == 4 {
			l := Line{At: in.Now, Level: 4, Text: "a line", Attrs: " n=1"}
			entries = append(entries, l)
			if err := w.Line(l); err != nil {
				t.Fatal(err)
			}
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), entries
}

// read reads all that there is.
func read(file []byte) (h Header, entries []Entry, err error) {
	r, err := Open(bytes.NewReader(file))
	if err != nil {
		return h, nil, err
	}
	for {
		e, err := r.Next()
		if err != nil {
			return r.Header, entries, err
		}
		entries = append(entries, e)
	}
}

// TestWhatIsWrittenIsRead: header and entries come back as they were, and the end is one.
func TestWhatIsWrittenIsRead(t *testing.T) {
	file, want := recorded(t, 12)
	h, got, err := read(file)
	if err != io.EOF {
		t.Errorf("the end: %v", err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%v\nwant\n%v", got, want)
	}
	if !h.Began.Equal(header.Began) {
		t.Error(h.Began)
	}
	h.Began, h.Format = header.Began, 0
	if h != header {
		t.Errorf("%+v", h)
	}
}

// loaded is an input with files.
type loaded struct{ Files [][]byte }

func (l loaded) Replace(with func([]byte) []byte) any {
	var files [][]byte
	for _, f := range l.Files {
		files = append(files, with(f))
	}
	return loaded{files}
}

// TestFilesAreWrittenOnce, however often they are loaded, and in whatever order inputs come.
func TestFilesAreWrittenOnce(t *testing.T) {
	Register(loaded{})
	big := make([]byte, 100_000)
	rand.NewChaCha8([32]byte{}).Read(big)
	var b bytes.Buffer
	w, err := Create(&b, header)
	want := []Entry{loaded{[][]byte{big, nil}}, loaded{[][]byte{[]byte("new"), big}}, loaded{[][]byte{[]byte("new"), {1, 0}, big}}}
	for _, n := range []int{1, 0, 2} {
		err = errors.Join(err, w.Input(uint64(n+1), want[n], nil), w.Flush())
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	if b.Len() > 101_500 {
		t.Errorf("%d bytes", b.Len())
	}
	if _, got, err := read(b.Bytes()); err != io.EOF || !reflect.DeepEqual(got, want) {
		t.Errorf("%v", err)
	}
}

// TestInputsAreReadByTheirNumbers: two loops note them, and a long turn comes late.
func TestInputsAreReadByTheirNumbers(t *testing.T) {
	Register(turn{})
	var b bytes.Buffer
	w, err := Create(&b, header)
	for _, n := range []uint64{2, 4, 1, 3, 6, 5} {
		err = errors.Join(err, w.Input(n, turn{Number: n}, &Frame{Hash: n}), w.Flush())
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	_, entries, err := read(b.Bytes())
	var numbers []uint64
	for _, e := range entries {
		switch e := e.(type) {
		case turn:
			numbers = append(numbers, e.Number)
		case Frame:
			numbers = append(numbers, e.Hash)
		}
	}
	if err != io.EOF || !slices.Equal(numbers, []uint64{1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6}) {
		t.Errorf("%v, %v", numbers, err)
	}
}

// TestABrokenRecordingIsGoodUpToThere: wherever a file ends or is damaged, what is read is
// the beginning of what was written, and it is said that it breaks off.
func TestABrokenRecordingIsGoodUpToThere(t *testing.T) {
	file, want := recorded(t, 12)
	begins := func(what string, file []byte) {
		_, got, err := read(file)
		var broken *Broken
		if !errors.As(err, &broken) && !errors.Is(err, ErrNone) {
			t.Fatalf("%s: %v", what, err)
		}
		if len(got) > len(want) || len(got) > 0 && !reflect.DeepEqual(got, want[:len(got)]) {
			t.Fatalf("%s: read what was not written", what)
		}
		if broken != nil && broken.Entries != len(got) {
			t.Fatalf("%s: %v, and there are %d", what, err, len(got))
		}
	}
	for n := range file {
		begins(fmt.Sprintf("cut after %d bytes", n), file[:n])
		damaged := slices.Clone(file)
		damaged[n] ^= 0x10
		begins(fmt.Sprintf("damaged at byte %d", n), damaged)
	}
}

// TestAMissingInputEndsIt: nothing is read beyond a gap, as nothing can be made of it.
func TestAMissingInputEndsIt(t *testing.T) {
	Register(turn{})
	var b bytes.Buffer
	w, err := Create(&b, header)
	for _, n := range []uint64{1, 2, 4, 5} {
		err = errors.Join(err, w.Input(n, turn{Number: n}, nil))
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	_, entries, err := read(b.Bytes())
	if want := "the recording breaks off after 2 entries: input 3 is missing before 4"; err.Error() != want || len(entries) != 2 {
		t.Errorf("%d, %v", len(entries), err)
	}
}

// TestACopyOfARecordingThatGoesOn has an end: what was under way is not missed.
func TestACopyOfARecordingThatGoesOn(t *testing.T) {
	Register(turn{})
	var b bytes.Buffer
	w, err := Create(&b, header)
	for _, n := range []uint64{1, 2, 4} {
		err = errors.Join(err, w.Input(n, turn{Number: n}, nil), w.Flush())
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, entries, err := read(append(b.Bytes(), Taken()...)); err != io.EOF || len(entries) != 2 {
		t.Errorf("%d, %v", len(entries), err)
	}
}

// TestAnInputThatCannotBeWritten ends a recording that is good up to there.
func TestAnInputThatCannotBeWritten(t *testing.T) {
	Register(turn{})
	type secret struct{ Key string }
	var b bytes.Buffer
	w, _ := Create(&b, header)
	if err := w.Input(1, turn{Number: 1}, nil); err != nil {
		t.Fatal(err)
	}
	if err := w.Input(2, turn{Took: []any{secret{}}}, nil); err == nil {
		t.Error("a type that is not known was written")
	}
	if w.Input(3, turn{Number: 3}, nil) == nil || w.Close() == nil {
		t.Error("it goes on")
	}
	_, entries, err := read(b.Bytes())
	if broken := new(Broken); !errors.As(err, &broken) || len(entries) != 1 {
		t.Errorf("%v, %v", entries, err)
	}
}

// TestANewerRecordingIsRefused: by a program that does not know its format.
func TestANewerRecordingIsRefused(t *testing.T) {
	var body, b bytes.Buffer
	gob.NewEncoder(&body).Encode(Header{Format: Format + 1, Program: "2.0"})
	chunk, err := new(packer).chunk(kindHeader, body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	b.Write(chunk)
	if _, _, err := read(b.Bytes()); err == nil || errors.Is(err, ErrNone) {
		t.Error(err)
	}
}

func FuzzRead(f *testing.F) {
	file, _ := recorded(f, 12)
	f.Add(file)
	f.Add(file[:len(file)/2])
	f.Add([]byte("SRJH"))
	f.Fuzz(func(t *testing.T, file []byte) {
		if _, _, err := read(file); err == nil {
			t.Error("there is no end")
		}
	})
}

// FuzzEntries has what is decoded be anything, behind checksums that are right.
func FuzzEntries(f *testing.F) {
	Register(loaded{})
	var u unpacker
	file, _ := recorded(f, 12)
	for u.from = bytes.NewReader(file); u.next() == nil; {
		rest, _ := io.ReadAll(&u)
		f.Add(rest)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var b bytes.Buffer
		w, err := Create(&b, header)
		if err != nil {
			t.Fatal(err)
		}
		w.body.Write(body)
		w.Close()
		if _, _, err := read(b.Bytes()); err == nil {
			t.Error("there is no end")
		}
	})
}
