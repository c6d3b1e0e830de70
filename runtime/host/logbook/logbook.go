// Package logbook keeps the last lines of a log for people who look at it later.
package logbook

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"showrun/runtime/console"
)

// Kept is how many lines are kept, and longest how many bytes of a line, or of what stands
// below it.
const (
	Kept    = 1000
	longest = 2 << 10
)

// A Book keeps the last lines. All of it is safe from any goroutine, and nobody waits for
// another: a line that is being written is passed by until it is there.
type Book struct {
	lines [Kept]atomic.Pointer[console.Line] // by number
	last  atomic.Uint64                      // the number that was given last
	more  atomic.Pointer[chan struct{}]      // is closed with the next line

	// Also is told of each line that comes by a handler, if it is not nil; it is set before
	// there are any.
	Also func(record slog.Record, text, trace string)
}

// New returns an empty book.
func New() *Book {
	b := &Book{}
	c := make(chan struct{})
	b.more.Store(&c)
	return b
}

// Add writes a line and gives it its number.
func (b *Book) Add(l console.Line) {
	l.Number = b.last.Add(1)
	b.lines[l.Number%Kept].Store(&l)
	next := make(chan struct{})
	close(*b.more.Swap(&next))
}

// After returns the lines after that of a number, as far as they are kept, and a channel
// that is closed when there are more.
func (b *Book) After(n uint64) (lines []console.Line, more <-chan struct{}) {
	more = *b.more.Load()
	last := b.last.Load()
	if last > Kept {
		n = max(n, last-Kept)
	}
	for n++; n <= last; n++ {
		l := b.lines[n%Kept].Load()
		if l == nil || l.Number < n {
			break // it is being written
		}
		if l.Number == n {
			lines = append(lines, *l)
		}
	}
	return lines, more
}

// Handler is a handler that has next write each line, and the book keep it. Lines that next
// does not want the book has all the same, down to slog.LevelInfo.
func (b *Book) Handler(next slog.Handler) slog.Handler { return &handler{book: b, next: next} }

type handler struct {
	book   *Book
	next   slog.Handler
	attrs  string // that every line has
	prefix string // of the names of those to come
}

// Enabled implements slog.Handler.
func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo || h.next.Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	line := h.line(r)
	h.book.Add(line)
	if h.book.Also != nil {
		h.book.Also(r, line.Text, line.Trace)
	}
	if !h.next.Enabled(ctx, r.Level) {
		return nil
	}
	return h.next.Handle(ctx, r)
}

// line is a record as people read it.
func (h *handler) line(r slog.Record) console.Line {
	text, trace := r.Message+h.attrs, ""
	r.Attrs(func(a slog.Attr) bool {
		switch {
		case len(text) > longest: // it is cut anyway
		case a.Key == "traceback" || a.Key == "stack":
			trace = a.Value.Resolve().String()
		default:
			text += written(h.prefix, a)
		}
		return true
	})
	at := r.Time
	if at.IsZero() {
		at = time.Now()
	}
	return console.Line{Time: at, Level: levelName(r.Level), Text: Cut(text), Trace: Cut(trace)}
}

// written is an attribute as it stands in a line; "" if it says nothing.
func written(prefix string, a slog.Attr) (text string) {
	v := a.Value.Resolve()
	if v.Kind() == slog.KindGroup {
		if a.Key != "" {
			prefix += a.Key + "."
		}
		for _, a := range v.Group() {
			text += written(prefix, a)
		}
		return text
	}
	s := v.String()
	if s == "" || a.Equal(slog.Attr{}) {
		return ""
	}
	if strings.ContainsAny(s, " \t\n\"=") {
		s = fmt.Sprintf("%q", Cut(s))
	}
	return " " + prefix + a.Key + "=" + s
}

// Cut shortens a text that is longer than a line may be, and says so.
func Cut(text string) string {
	if len(text) <= longest {
		return text
	}
	n := longest
	for !utf8.RuneStart(text[n]) && n > longest-utf8.UTFMax {
		n--
	}
	return fmt.Sprintf("%s ... (cut: it has %d bytes)", text[:n], len(text))
}

func levelName(l slog.Level) string {
	switch {
	case l < slog.LevelInfo:
		return "debug"
	case l < slog.LevelWarn:
		return "info"
	case l < slog.LevelError:
		return "warn"
	}
	return "error"
}

// WithAttrs implements slog.Handler.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := *h
	next.next = h.next.WithAttrs(attrs)
	for _, a := range attrs {
		next.attrs += written(h.prefix, a)
	}
	return &next
}

// WithGroup implements slog.Handler.
func (h *handler) WithGroup(name string) slog.Handler {
	next := *h
	next.next = h.next.WithGroup(name)
	if name != "" {
		next.prefix += name + "."
	}
	return &next
}
