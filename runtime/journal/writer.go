package journal

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/gob"
	"fmt"
	"io"
)

// Writer writes a recording. It belongs to one goroutine. The first error is
// that of all calls from then on.
type Writer struct {
	to     io.Writer
	enc    *gob.Encoder
	body   bytes.Buffer // entries that are not written yet
	packer packer
	known  map[[sha256.Size]byte]uint64 // data that was written, by which it was
	err    error
}

// Create begins a recording. Each chunk goes to w by one call of Write.
func Create(to io.Writer, h Header) (*Writer, error) {
	w := &Writer{to: to, known: map[[sha256.Size]byte]uint64{}}
	w.enc = gob.NewEncoder(&w.body)
	h.Format = Format
	if err := w.enc.Encode(h); err != nil {
		return nil, fmt.Errorf("recording: %w", err)
	}
	w.write(kindHeader)
	return w, w.err
}

// Bulky is an input with data that often was in one before as well, such as the files of a
// show that is loaded again. Each is written once.
type Bulky interface {
	// Replace returns the input with other data in the place of each.
	Replace(with func(data []byte) []byte) any
}

// What the data of a Bulky begins with, as it is written.
const (
	isNew   = 0 // and the data
	isKnown = 1 // and which it was, counted from 0
)

// once is what is written for data.
func (w *Writer) once(data []byte) []byte {
	if len(data) == 0 {
		return data
	}
	sum := sha256.Sum256(data)
	if n, ok := w.known[sum]; ok {
		return binary.AppendUvarint([]byte{isKnown}, n)
	}
	w.known[sum] = uint64(len(w.known))
	return append([]byte{isNew}, data...)
}

// Input writes an input with its number, and the frame that it made, if any. Inputs may
// come a little out of order. With one that cannot be written the recording breaks off:
// nothing can be made of what comes after it.
func (w *Writer) Input(number uint64, input any, made *Frame) error {
	if b, ok := input.(Bulky); ok {
		input = b.Replace(w.once)
	}
	return w.entry(record{Number: number, Input: input, Frame: made})
}

// Line writes a line of the log.
func (w *Writer) Line(l Line) error { return w.entry(record{Line: &l}) }

func (w *Writer) entry(r record) error {
	if w.err != nil {
		return w.err
	}
	before := w.body.Len()
	if err := w.enc.Encode(r); err != nil {
		w.body.Truncate(before)
		w.Flush()
		w.err = cmp.Or(w.err, fmt.Errorf("%T cannot be written down: %w", r.Input, err))
		return w.err
	}
	if w.body.Len() >= flushSize {
		w.write(kindEntries)
	}
	return w.err
}

// Flush writes what is not written yet.
func (w *Writer) Flush() error {
	if w.err == nil && w.body.Len() > 0 {
		w.write(kindEntries)
	}
	return w.err
}

// Close writes the rest and that it is the end. It does not close the destination.
func (w *Writer) Close() error {
	w.Flush()
	if w.err == nil {
		w.write(kindEnd)
	}
	return w.err
}

// write writes a chunk.
func (w *Writer) write(kind byte) {
	chunk, err := w.packer.chunk(kind, w.body.Bytes())
	w.body.Reset()
	if err == nil {
		_, err = w.to.Write(chunk)
	}
	w.err = err
}
