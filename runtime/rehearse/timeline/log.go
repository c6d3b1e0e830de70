package timeline

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"
)

// Handler makes a handler that puts what is logged on the timeline and hands it on to next.
func (t *Timeline) Handler(next slog.Handler) slog.Handler { return &handler{t: t, next: next} }

// handler is one of those.
type handler struct {
	t      *Timeline
	next   slog.Handler
	attrs  []slog.Attr
	prefix string
}

// Enabled implements slog.Handler.
func (h *handler) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelInfo || h.next.Enabled(ctx, l)
}

// Handle implements slog.Handler.
func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelInfo {
		h.note(r)
	}
	if !h.next.Enabled(ctx, r.Level) {
		return nil
	}
	return h.next.Handle(ctx, r)
}

// note puts a line on the timeline.
func (h *handler) note(r slog.Record) {
	text := r.Message
	add := func(a slog.Attr) bool {
		if a.Key != "traceback" && a.Key != "stack" {
			text += fmt.Sprintf("  %s%s=%v", h.prefix, a.Key, a.Value)
		}
		return true
	}
	for _, a := range h.attrs {
		add(a)
	}
	r.Attrs(add)
	h.t.Line(h.t.now(), r.Level, text)
}

// Line puts a line of a log on the timeline, such as one that was recorded.
func (t *Timeline) Line(at time.Duration, level slog.Level, text string) {
	m := &t.marks
	if len(m.lines) == mostLines {
		m.unlisted++
		return
	}
	m.lines = append(m.lines, logLine{at, level.String(), cut(text)})
}

// WithAttrs implements slog.Handler.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	with.next, with.attrs = h.next.WithAttrs(attrs), append(slices.Clip(h.attrs), attrs...)
	return &with
}

// WithGroup implements slog.Handler.
func (h *handler) WithGroup(name string) slog.Handler {
	with := *h
	with.next, with.prefix = h.next.WithGroup(name), h.prefix+name+"."
	return &with
}
