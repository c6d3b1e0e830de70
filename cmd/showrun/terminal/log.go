package terminal

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode/utf8"

	"github.com/lmittmann/tint"

	"showrun/cmd/showrun/topic"
)

// NewLogger writes to the screen in one of the two formats, and with lines that lead to a
// topic of showrun help what to type for it. It never waits for the reader.
func NewLogger(t *Screen, format string, verbose bool) *slog.Logger {
	severity := slog.LevelInfo
	if verbose {
		severity = slog.LevelDebug
	}
	handler := func(w io.Writer) slog.Handler {
		if format == "json" {
			return slog.NewJSONHandler(w, &slog.HandlerOptions{Level: severity, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr { return short(a) }})
		}
		return tracebacks{tint.NewTextHandler(w, &tint.Options{Level: severity, TimeFormat: "15:04:05.000", NoColor: !t.IsTerminal()}), w}
	}
	confess := func(lines int) []byte {
		var b bytes.Buffer
		slog.New(handler(&b)).Warn(nobodyRead, "lines", lines)
		return b.Bytes()
	}
	t.confess.Store(&confess)
	return slog.New(topic.Handler{Handler: handler(t)})
}

// maxText is how much of a text goes into the log, in bytes.
const maxText = 64 << 10

// cut shortens a text that is longer, and says so.
func cut(text string) string {
	if len(text) <= maxText {
		return text
	}
	n := maxText
	for !utf8.RuneStart(text[n]) && n > maxText-utf8.UTFMax {
		n--
	}
	return fmt.Sprintf("%s ... (cut: it has %d bytes)", text[:n], len(text))
}

// short is an attribute without what is too long for the log.
func short(a slog.Attr) slog.Attr {
	text := textOf(a)
	if len(text) > maxText {
		a.Value = slog.StringValue(cut(text))
	}
	return a
}

// textOf is the text of an attribute that is one or an error.
func textOf(a slog.Attr) string {
	switch v := a.Value.Any().(type) {
	case string:
		return v
	case error:
		return v.Error()
	}
	return ""
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
	line := slog.NewRecord(r.Time, r.Level, Printable(cut(r.Message), lines), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		switch {
		case a.Key == "traceback":
			trace = Printable(cut(a.Value.String()), lines)
		case a.Value.Kind() == slog.KindString && a.Value.String() == "": // tells people nothing
		default:
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
	text := textOf(a)
	if safe := Printable(cut(text), ""); safe != text {
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
