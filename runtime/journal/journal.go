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
)

// record is one value as it is written: an interface, so that it carries its type.
type record struct{ Input any }

// Register makes the types of values known. It is called before anything is written or
// read, with a value of each type that there may be.
func Register(values ...any) {
	for _, v := range values {
		gob.Register(v)
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
// is not quite in it. number tells that of an input.
func Read(r io.Reader, number func(input any) uint64) ([]any, error) {
	var list []any
	for dec := gob.NewDecoder(r); ; {
		var rec record
		switch err := dec.Decode(&rec); {
		case errors.Is(err, io.EOF):
			slices.SortFunc(list, func(a, b any) int { return cmp.Compare(number(a), number(b)) })
			return list, nil
		case err != nil:
			return list, fmt.Errorf("journal: after %d inputs: %w", len(list), err)
		}
		list = append(list, rec.Input)
	}
}
