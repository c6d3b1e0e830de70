package wire

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// read gives a reader a stream in pieces and returns what it finds.
func read(r *Reader, pieces ...[]byte) (found []Frame) {
	for _, b := range pieces {
		r.Read(b, func(f Frame) { found = append(found, Frame{f.Label, bytes.Clone(f.Data)}) })
	}
	return found
}

// TestFramesOnTheWire compares bytes with those of the widget's manual.
func TestFramesOnTheWire(t *testing.T) {
	full := bytes.Repeat([]byte{0xaa}, Slots)
	for _, x := range []struct {
		name      string
		got, want []byte
	}{
		{"ask for the serial number", AppendFrame(nil, GetSerial), []byte{0x7e, 0x0a, 0, 0, 0xe7}},
		{"ask for the parameters", AppendFrame(nil, GetParameters, 0, 0), []byte{0x7e, 0x03, 2, 0, 0, 0, 0xe7}},
		{"receive always", AppendFrame(nil, ReceiveMode, 0), []byte{0x7e, 0x08, 1, 0, 0, 0xe7}},
		{"a whole universe", AppendLevels(nil, full), append(append([]byte{0x7e, 0x06, 0x01, 0x02, 0}, full...), 0xe7)},
		{"two slots are filled up", AppendLevels(nil, []byte{1, 2}), append(append([]byte{0x7e, 0x06, 25, 0, 0, 1, 2}, make([]byte, 22)...), 0xe7)},
	} {
		if !bytes.Equal(x.got, x.want) {
			t.Errorf("%s: got % x, want % x", x.name, x.got, x.want)
		}
	}
}

// TestFramesInAnyPieces finds the same frames however the stream is cut.
func TestFramesInAnyPieces(t *testing.T) {
	stream := AppendFrame(nil, GetSerial, 0x78, 0x56, 0x34, 0x12)
	stream = AppendLevels(stream, []byte{0x7e, 0xe7, 0x7e})
	want := read(&Reader{}, stream)
	if len(want) != 2 {
		t.Fatalf("got %d frames, want 2", len(want))
	}
	for cut := range stream {
		if got := read(&Reader{}, stream[:cut], stream[cut:]); !cmp.Equal(got, want) {
			t.Errorf("cut at %d: %s", cut, cmp.Diff(want, got))
		}
		if got := read(&Reader{}, stream[:cut]); len(got) > 1 {
			t.Errorf("cut at %d: %d frames in a part of the stream", cut, len(got))
		}
	}
}

// TestReaderFindsItsWayAfterGarbage loses at most the frame that was damaged.
func TestReaderFindsItsWayAfterGarbage(t *testing.T) {
	good := AppendFrame(nil, GetSerial, 1, 2, 3, 4)
	noEnd := AppendFrame(nil, ReceivedDMX, 0, 0, 9)
	noEnd[len(noEnd)-1] = 0
	for name, garbage := range map[string][]byte{
		"zeros":                  make([]byte, 9),
		"starts":                 bytes.Repeat([]byte{start}, 7),
		"ends":                   bytes.Repeat([]byte{end}, 7),
		"a length out of bounds": {start, 5, 0xff, 0xff},
		"a frame without an end": noEnd,
		"the tail of a frame":    good[3:],
	} {
		r := &Reader{}
		got := read(r, garbage, good)
		r.Restart(func(f Frame) { got = append(got, Frame{f.Label, bytes.Clone(f.Data)}) })
		if want := read(&Reader{}, good); !cmp.Equal(got, want) {
			t.Errorf("%s: %s", name, cmp.Diff(want, got))
		}
		if r.Skipped() != uint64(len(garbage)) {
			t.Errorf("%s: %d bytes skipped, want %d", name, r.Skipped(), len(garbage))
		}
	}
}

// TestCutFrameIsGivenUp finds the frames that were taken for the data of one that was cut.
func TestCutFrameIsGivenUp(t *testing.T) {
	r, whole := &Reader{}, AppendFrame(nil, GetSerial, 1, 2, 3, 4)
	cut := AppendLevels(nil, make([]byte, Slots))[:100]
	if got := read(r, cut, whole); len(got) > 0 || !r.Pending() {
		t.Fatalf("got %v before its end is due", got)
	}
	var got []Frame
	r.Restart(func(f Frame) { got = append(got, f) })
	if len(got) != 1 || r.Pending() {
		t.Errorf("got %d frames, want 1; pending %t", len(got), r.Pending())
	}
}

// TestSerialNumbers reads them as people do.
func TestSerialNumbers(t *testing.T) {
	s, err := ParseSerial([]byte{0x45, 0x23, 0x01, 0x00})
	if err != nil || s.String() != "00012345" {
		t.Fatalf("got %v, %v", s, err)
	}
	for text, want := range map[string]bool{"12345": true, "00012345": true, "EN012345": true, "en12345": true, "12346": false, "": false, "45": false} {
		if s.Is(text) != want {
			t.Errorf("%q is %s: got %t", text, s, !want)
		}
	}
	if _, err := ParseSerial([]byte{1, 2, 3}); err == nil {
		t.Error("three bytes were taken for a serial number")
	}
}

// TestParametersOnTheWire reads the firmware, times and rate of a widget.
func TestParametersOnTheWire(t *testing.T) {
	data := []byte{0x2c, 0x01, 9, 1, 40, 'u'}
	p, err := ParseParameters(data)
	want := Parameters{Firmware: 0x12c, Break: 9 * unit, Mark: unit, Rate: 40, User: []byte("u")}
	if err != nil || !cmp.Equal(p, want) {
		t.Fatalf("%v %s", err, cmp.Diff(want, p))
	}
	if p.Break.Round(time.Microsecond) != 96*time.Microsecond {
		t.Errorf("the break takes %v", p.Break)
	}
	if got := AppendParameters(nil, p); !bytes.Equal(got, data) {
		t.Errorf("got % x, want % x", got, data)
	}
	if _, err := ParseParameters(data[:4]); err == nil {
		t.Error("four bytes were taken for parameters")
	}
}

// TestChangesLeadFromOneToTheNext applies what is told of two packets.
func TestChangesLeadFromOneToTheNext(t *testing.T) {
	var before, now [Slots + 1]byte
	for _, i := range []int{1, 2, 39, 40, 41, 200, 512} {
		now[i] = byte(i) | 1
	}
	list := Changes(&before, &now)
	for _, c := range list {
		again, err := ParseChange(AppendChange(nil, c))
		if err != nil {
			t.Fatal(err)
		}
		again.Apply(&before)
	}
	if before != now || len(list) != 4 {
		t.Errorf("%d changes lead elsewhere", len(list))
	}
	for name, data := range map[string][]byte{
		"short": {0, 1, 0, 0, 0}, "a value is missing": {0, 3, 0, 0, 0, 0, 1}, "one too many": {0, 1, 0, 0, 0, 0, 1, 2}, "behind the last slot": {64, 2, 0, 0, 0, 0, 1},
	} {
		if _, err := ParseChange(data); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// FuzzStream reads any bytes: it never panics, keeps less than a frame, and finds the same
// however they are cut.
func FuzzStream(f *testing.F) {
	f.Add(AppendLevels(nil, make([]byte, Slots)), 7)
	f.Add(AppendFrame(AppendFrame([]byte{0, start, start}, GetSerial, 1, 2, 3, 4), ReceivedDMX, 0, 0, 9), 3)
	f.Add(AppendFrame(nil, DMXChanged, 0, 3, 0, 0, 0, 0, 1, 2), 1)
	f.Fuzz(func(t *testing.T, stream []byte, cut int) {
		cut = min(max(cut, 0), len(stream))
		r := &Reader{}
		found := read(r, stream[:cut], stream[cut:])
		if whole := read(&Reader{}, stream); !cmp.Equal(found, whole) {
			t.Fatalf("cut at %d: %s", cut, cmp.Diff(whole, found))
		}
		if len(r.kept) >= MaxData+5 {
			t.Fatalf("%d bytes are kept", len(r.kept))
		}
		bytesOf := int(r.Skipped()) + len(r.kept)
		var packet [Slots + 1]byte
		for _, x := range found {
			bytesOf += len(AppendFrame(nil, x.Label, x.Data...))
			if c, err := ParseChange(x.Data); err == nil {
				c.Apply(&packet)
			}
			if m, err := ParseReceived(x.Data); err == nil && len(AppendReceived(nil, m)) != len(x.Data) {
				t.Fatal("a received packet has another length")
			}
			if _, err := ParseParameters(x.Data); err == nil {
				_, _ = ParseSerial(x.Data[:4])
			}
			_, _, _ = ParseSent(x.Data)
		}
		if bytesOf != len(stream) {
			t.Fatalf("%d bytes of %d are accounted for", bytesOf, len(stream))
		}
		r.Restart(func(Frame) {})
		if r.Pending() {
			t.Fatal("bytes are left after a restart")
		}
	})
}
