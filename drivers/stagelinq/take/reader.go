package take

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"
)

// LineError is an error in a line of a take; lines count from 1.
type LineError struct {
	Line int
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns the cause.
func (e *LineError) Unwrap() error { return e.Err }

// Reader reads a take line by line. It has one owner.
type Reader struct {
	lines *bufio.Scanner
	line  int  // the one read last
	open  bool // it has no end
	date  time.Time
	last  time.Duration
	cut   int
}

// NewReader reads the header. An error is a *LineError.
func NewReader(in io.Reader) (*Reader, error) {
	r := &Reader{lines: bufio.NewScanner(in)}
	r.lines.Buffer(nil, MaxLine+1)
	r.lines.Split(r.split)
	header, err := r.read()
	if err == io.EOF {
		return nil, &LineError{1, ErrFormat}
	}
	if err != nil {
		return nil, err
	}
	if r.date, err = ParseHeader(header); err != nil {
		return nil, &LineError{1, err}
	}
	return r, nil
}

// split is a bufio.SplitFunc for lines that notes whether the last one has an
// end.
func (r *Reader) split(b []byte, atEOF bool) (advance int, token []byte, err error) {
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		return i + 1, b[:i], nil
	}
	if atEOF && len(b) > 0 {
		r.open = true
		return len(b), b, nil
	}
	return 0, nil, nil
}

// read returns the next line, which is valid until the next call.
func (r *Reader) read() ([]byte, error) {
	r.line++
	more := r.lines.Scan()
	err := r.lines.Err() // with what was read before it as the last line
	switch {
	case err == nil && !more:
		return nil, io.EOF
	case err == nil || !r.open && more:
		return r.lines.Bytes(), nil
	case errors.Is(err, bufio.ErrTooLong):
		err = ErrLong
	}
	return nil, &LineError{r.line, err}
}

// Date is when the recording began.
func (r *Reader) Date() time.Time { return r.date }

// Next returns the next event. At the end, also at a last line that was cut off,
// the error is io.EOF, else a *LineError, after which there is nothing more to
// read.
func (r *Reader) Next() (Event, error) {
	line, err := r.read()
	if err != nil {
		return Event{}, err
	}
	e, err := ParseEvent(line)
	switch {
	case err != nil && r.open:
		r.cut = r.line
		return Event{}, io.EOF
	case err == nil && e.At < r.last:
		err = ErrOrder
	}
	if err != nil {
		return Event{}, &LineError{r.line, err}
	}
	r.last = e.At
	return e, nil
}

// Truncated returns the number of the last line if it was cut off and could not
// be read, else 0. It is known once Next has returned io.EOF.
func (r *Reader) Truncated() int { return r.cut }
