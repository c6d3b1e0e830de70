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
	line := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "traceback" {
			trace = a.Value.String()
		} else {
			line.AddAttrs(a)
		}
		return true
	})
	if err := h.Handler.Handle(ctx, line); err != nil || trace == "" {
		return err
	}
	_, err := io.WriteString(h.w, Indent(trace)+"\n")
	return err
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
