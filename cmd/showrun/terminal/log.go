package terminal

import (
	"context"
	"io"
	"log/slog"
	"strings"

	"github.com/lmittmann/tint"
)

// NewLogger writes to the screen in one of the two formats.
func NewLogger(t *Screen, format string, verbose bool) *slog.Logger {
	severity := slog.LevelInfo
	if verbose {
		severity = slog.LevelDebug
	}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(t, &slog.HandlerOptions{Level: severity}))
	}
	h := tint.NewTextHandler(t, &tint.Options{Level: severity, TimeFormat: "15:04:05.000", NoColor: !t.IsTerminal()})
	return slog.New(tracebacks{h, t})
}

// tracebacks is a handler that writes the attribute "traceback" below the line it
// belongs to, as people are used to read it.
type tracebacks struct {
	slog.Handler
	w io.Writer
}

// Handle implements slog.Handler.
func (h tracebacks) Handle(ctx context.Context, r slog.Record) error {
	trace := ""
	line := slog.NewRecord(r.Time, r.Level, Printable(r.Message, lines), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "traceback" {
			trace = Printable(a.Value.String(), lines)
		} else {
			line.AddAttrs(harmless(a))
		}
		return true
	})
	if err := h.Handler.Handle(ctx, line); err != nil || trace == "" {
		return err
	}
	_, err := io.WriteString(h.w, Indent(trace)+"\n")
	return err
}

// lines are the characters that move the cursor and may stay in messages of scripts.
const lines = "\n\t"

// harmless is an attribute whose text can be sent to the terminal.
func harmless(a slog.Attr) slog.Attr {
	text := ""
	switch v := a.Value.Any().(type) {
	case string:
		text = v
	case error:
		text = v.Error()
	}
	if safe := Printable(text, ""); safe != text {
		a.Value = slog.StringValue(safe)
	}
	return a
}

// WithAttrs implements slog.Handler.
func (h tracebacks) WithAttrs(a []slog.Attr) slog.Handler {
	return tracebacks{h.Handler.WithAttrs(a), h.w}
}

// WithGroup implements slog.Handler.
func (h tracebacks) WithGroup(name string) slog.Handler {
	return tracebacks{h.Handler.WithGroup(name), h.w}
}

// Indent writes a text below a line it belongs to.
func Indent(text string) string { return "    " + strings.ReplaceAll(text, "\n", "\n    ") }
