package journal

import (
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// Reader reads a recording. It belongs to one goroutine.
type Reader struct {
	Header Header

	from    unpacker
	dec     *gob.Decoder
	next    uint64            // number of the input that comes next; 0 until there is a Start
	early   map[uint64]record // that have a higher number
	frame   *Frame            // to be returned next
	known   [][]byte          // data of Bulky inputs, in the order in which it came
	end     error             // why there are no more chunks
	entries int               // returned so far
}

// Broken is that a recording ends without an end, as after a crash: all before it is good.
type Broken struct {
	Entries int    // that were read
	Why     string // for people
}

// Error implements error.
func (b *Broken) Error() string {
	return fmt.Sprintf("the recording breaks off after %d entries: %s", b.Entries, b.Why)
}

// ErrNone is that something is no recording.
var ErrNone = errors.New("this is no recording of a show")

// Open begins to read a recording. The types that inputs hold have to be registered.
func Open(from io.Reader) (*Reader, error) {
	r := &Reader{from: unpacker{from: from}, next: 1, early: map[uint64]record{}}
	switch err := r.from.next(); {
	case errors.Is(err, errNone), errors.Is(err, errCut), errors.Is(err, errDamaged):
		return nil, ErrNone
	case err != nil:
		return nil, err
	case r.from.kind != kindHeader:
		return nil, ErrNone
	}
	if err := r.header(&r.Header); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNone, err)
	}
	if r.Header.Tail {
		r.next = 0
	}
	if r.Header.Format > Format {
		return nil, fmt.Errorf("the recording has format %d, and this program reads up to %d: it was made by a newer one (%s)", r.Header.Format, Format, r.Header.Program)
	}
	return r, nil
}

// header reads the header of a recording, or of one in which it goes on.
func (r *Reader) header(h *Header) error {
	r.dec, r.known = gob.NewDecoder(&r.from), nil
	return r.decode(h)
}

// Next returns the next entry: inputs by their numbers, each with the frame it made behind
// it. The error is io.EOF at the end of a recording that has one, a *Broken where it breaks
// off, and something else if it cannot be read there.
func (r *Reader) Next() (Entry, error) {
	e, err := r.entry()
	if err == nil {
		r.entries++
	}
	return e, err
}

func (r *Reader) entry() (Entry, error) {
	if f := r.frame; f != nil {
		r.frame = nil
		return *f, nil
	}
	for {
		if in, ok := r.early[r.next]; ok {
			delete(r.early, r.next)
			return r.input(in), nil
		}
		var rec record
		switch err := r.record(&rec); {
		case err != nil:
			return nil, r.ended(err)
		case rec.Line != nil:
			return *rec.Line, nil
		case rec.Number == r.next:
			return r.input(rec), nil
		case r.next == 0:
			r.start(rec)
		}
		if rec.Number >= r.next { // and not of before the start
			r.early[rec.Number] = rec
		}
	}
}

// start begins with a record, if it is one to begin with.
func (r *Reader) start(rec record) {
	if _, ok := rec.Input.(Start); ok {
		r.next = rec.Number
		maps.DeleteFunc(r.early, func(n uint64, _ record) bool { return n < r.next })
	}
}

func (r *Reader) input(rec record) Entry {
	r.next++
	r.frame = rec.Frame
	return rec.Input
}

// record reads the next record in the file.
func (r *Reader) record(rec *record) error {
	for r.end == nil && r.from.left.Len() == 0 {
		if r.end = r.from.next(); r.end != nil {
			break
		}
		switch r.from.kind {
		case kindHeader:
			r.end = r.header(&Header{})
		case kindTaken:
			clear(r.early)
			fallthrough
		case kindEnd:
			r.end = io.EOF
		}
	}
	if r.end == nil {
		r.end = r.decode(rec)
	}
	if b, ok := rec.Input.(Bulky); ok && r.end == nil {
		rec.Input = b.Replace(r.again)
	}
	return r.end
}

// again is the data for which there is what Writer.once has made of it.
func (r *Reader) again(written []byte) []byte {
	if len(written) == 0 {
		return written
	}
	switch kind, rest := written[0], written[1:]; kind {
	case isNew:
		r.known = append(r.known, rest)
		return rest
	case isKnown:
		if n, _ := binary.Uvarint(rest); n < uint64(len(r.known)) {
			return r.known[n]
		}
	}
	r.end = errDamaged
	return nil
}

// decode reads a value. A checksum keeps damage away from it; what is wrong all the same is
// no reason to fall.
func (r *Reader) decode(to any) (err error) {
	defer func() {
		if x := recover(); x != nil {
			err = fmt.Errorf("%w: %v", errDamaged, x)
		}
	}()
	if err := r.dec.Decode(to); err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	return nil
}

// ended words why there is no further entry. Inputs that wait for one that is missing are
// nothing to go on with.
func (r *Reader) ended(err error) error {
	missing := ""
	switch {
	case r.next == 0:
		missing = "what it begins with is not in it"
	case len(r.early) > 0:
		missing = fmt.Sprintf("input %d is missing before %d", r.next, slices.Min(slices.Collect(maps.Keys(r.early))))
	}
	switch {
	case errors.Is(err, io.EOF) && missing == "":
		return io.EOF
	case errors.Is(err, io.EOF):
		return &Broken{r.entries, missing}
	case errors.Is(err, errNone), errors.Is(err, errCut), errors.Is(err, errDamaged):
		why := err.Error()
		if missing != "" {
			why += ", and " + missing
		}
		return &Broken{r.entries, why}
	}
	return err
}
