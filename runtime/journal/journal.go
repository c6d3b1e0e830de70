// Package journal writes down what enters a show, and reads it again: plain values, one
// after the other, each with its number.
package journal

import (
	"cmp"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"slices"

	"showrun/runtime/device"
	"showrun/runtime/show"
)

// record is one value as it is written: an interface, so that it carries its type.
type record struct{ Input any }

// Register makes the types known of whatever a show with these protocols takes. It is
// called once, before anything is written or read.
func Register(protocols []device.Protocol) {
	for _, v := range show.Values() {
		gob.Register(v)
	}
	for _, p := range protocols {
		for _, v := range p.Values {
			gob.Register(v)
		}
	}
}

// Writer writes inputs. It belongs to one goroutine.
type Writer struct{ enc *gob.Encoder }

// NewWriter returns a Writer to w.
func NewWriter(w io.Writer) *Writer { return &Writer{gob.NewEncoder(w)} }

// Write writes an input.
func (w *Writer) Write(input any) error {
	if err := w.enc.Encode(record{input}); err != nil {
		return fmt.Errorf("journal: %T: %w", input, err)
	}
	return nil
}

// Read reads all inputs there are, in the order of their numbers: what two loops note
// is not quite in it.
func Read(r io.Reader) ([]any, error) {
	var list []any
	for dec := gob.NewDecoder(r); ; {
		var rec record
		switch err := dec.Decode(&rec); {
		case errors.Is(err, io.EOF):
			slices.SortFunc(list, func(a, b any) int { return cmp.Compare(show.NumberOf(a), show.NumberOf(b)) })
			return list, nil
		case err != nil:
			return list, fmt.Errorf("journal: after %d inputs: %w", len(list), err)
		}
		list = append(list, rec.Input)
	}
}
