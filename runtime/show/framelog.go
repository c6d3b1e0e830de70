package show

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strconv"

	"showrun/runtime/engine"
	"showrun/runtime/level"
)

// FrameLog writes frames as text: a line per frame that differs from the one
// before, with its instant in seconds and the slots that changed, as in
//
//	12.500000 0/1=255 0/4=12
//
// where 0 is the number of the output in the order of declaration. An order is a
// line with its instant, the device and the message.
type FrameLog struct {
	w      *bufio.Writer
	before [][]byte
	line   []byte
}

// NewFrameLog returns a log that writes to w. Flush it in the end.
func NewFrameLog(w io.Writer) *FrameLog { return &FrameLog{w: bufio.NewWriter(w)} }

// Frame implements FrameSink.
func (l *FrameLog) Frame(f *level.Frame) {
	l.line = l.line[:0]
	for o, levels := range f.Levels {
		for len(l.before) <= o {
			l.before = append(l.before, nil)
		}
		if len(l.before[o]) < len(levels) {
			l.before[o] = append(l.before[o], make([]byte, len(levels)-len(l.before[o]))...)
		}
		before := l.before[o][:len(levels)]
		if bytes.Equal(before, levels) {
			continue
		}
		if len(l.line) == 0 {
			l.line = strconv.AppendFloat(l.line, f.At.Seconds(), 'f', 6, 64)
		}
		l.changes(o, before, levels)
		copy(before, levels)
	}
	if len(l.line) > 0 {
		l.w.Write(append(l.line, '\n'))
	}
}

// changes adds the slots of an output that are not as before.
func (l *FrameLog) changes(o int, before, levels []byte) {
	for i, v := range levels {
		if before[i] == v {
			continue
		}
		l.line = append(l.line, ' ')
		l.line = strconv.AppendInt(l.line, int64(o), 10)
		l.line = append(l.line, '/')
		l.line = strconv.AppendInt(l.line, int64(i)+1, 10)
		l.line = append(l.line, '=')
		l.line = strconv.AppendInt(l.line, int64(v), 10)
	}
}

// Order implements OrderSink.
func (l *FrameLog) Order(o engine.DueOrder) {
	fmt.Fprintf(l.w, "%.6f %s: %T%+v\n", o.At.Seconds(), o.Device, o.Message, o.Message)
}

// Flush writes what is still buffered.
func (l *FrameLog) Flush() error { return l.w.Flush() }

// FrameSink is shown every frame. The frame is only lent for the call.
type FrameSink interface {
	Frame(*level.Frame)
}

// OrderSink is a FrameSink that is shown orders as well.
type OrderSink interface {
	Order(engine.DueOrder)
}

// BatchSink is a FrameSink that is shown what scripts submit, when the engine takes it.
type BatchSink interface {
	Batch(engine.Batch)
}
