// Package wire has the bytes that a computer and an ENTTEC DMX USB Pro exchange over a serial
// port: frames, and what is in them. Sections are those of PROTOCOL.md one folder up.
package wire

import (
	"errors"
	"fmt"
)

// A Label says what a frame is about (section 2). Some are asked and answered under the same.
type Label byte

// The labels of the widget's programming interface.
const (
	GetParameters Label = 3
	SetParameters Label = 4
	ReceivedDMX   Label = 5
	SendDMX       Label = 6
	SendRDM       Label = 7
	ReceiveMode   Label = 8
	DMXChanged    Label = 9
	GetSerial     Label = 10
	DiscoverRDM   Label = 11
)

// Delimiters of a frame, and the most bytes of data in it (section 1).
const (
	start   = 0x7e
	end     = 0xe7
	MaxData = 600
)

// A Frame is what is between two delimiters.
type Frame struct {
	Label Label
	Data  []byte // up to MaxData
}

// AppendFrame appends a frame. Data must have at most MaxData bytes.
//
//	0      1      2            3            4 …    4+n
//	0x7e | label | length low | length high | data | 0xe7
func AppendFrame(b []byte, label Label, data ...byte) []byte {
	if len(data) > MaxData {
		panic(fmt.Sprintf("dmxusb: a frame has at most %d bytes of data, got %d", MaxData, len(data)))
	}
	b = append(b, start, byte(label), byte(len(data)), byte(len(data)>>8))
	return append(append(b, data...), end)
}

// What is wrong with bytes that are no frame.
var (
	errShort = errors.New("the frame goes on")
	errFrame = errors.New("no frame begins here")
)

// parseFrame reads a frame from the front of b, and how many bytes it takes. With errShort
// more bytes are needed to tell.
func parseFrame(b []byte) (f Frame, size int, err error) {
	if len(b) > 0 && b[0] != start {
		return Frame{}, 0, errFrame
	}
	if len(b) < 4 {
		return Frame{}, 0, errShort
	}
	n := int(b[2]) | int(b[3])<<8
	switch {
	case n > MaxData:
		return Frame{}, 0, errFrame
	case len(b) < n+5:
		return Frame{}, 0, errShort
	case b[n+4] != end:
		return Frame{}, 0, errFrame
	}
	return Frame{Label(b[1]), b[4 : n+4]}, n + 5, nil
}

// A Reader finds the frames in a stream of bytes. After garbage, or a frame whose end is not
// where its length says, it looks for the next start after the one that was none, so that at
// most the damaged frame is lost (section 1). The zero Reader is ready.
type Reader struct {
	kept    []byte // of a frame that goes on; less than one frame
	skipped uint64
}

// Skipped counts the bytes that were part of no frame.
func (r *Reader) Skipped() uint64 { return r.skipped }

// Read takes the next bytes of the stream and calls f with each frame that is whole now. Its
// data is only lent.
func (r *Reader) Read(b []byte, f func(Frame)) {
	r.kept = append(r.kept, b...)
	rest := r.kept
	for len(rest) > 0 {
		frame, size, err := parseFrame(rest)
		if err == errShort {
			break
		}
		if err != nil {
			r.skipped++
			rest = rest[1:]
			continue
		}
		f(frame)
		rest = rest[size:]
	}
	r.kept = r.kept[:copy(r.kept, rest)]
}

// Restart gives up a frame that was begun and not ended, as when the line was silent for
// longer than a frame takes, and calls f with those that were taken for its data.
func (r *Reader) Restart(f func(Frame)) {
	for len(r.kept) > 0 {
		r.skipped++
		r.kept = r.kept[:copy(r.kept, r.kept[1:])]
		r.Read(nil, f)
	}
}

// Pending reports whether a frame was begun and not ended.
func (r *Reader) Pending() bool { return len(r.kept) > 0 }
