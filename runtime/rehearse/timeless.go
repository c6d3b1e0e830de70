package rehearse

import (
	"context"
	"log/slog"

	"showrun/runtime/script"
)

// timeless hands on what does not depend on how fast this machine is: that a script is slow
// is no matter where nothing waits for it, and is not the same in every run.
type timeless struct{ slog.Handler }

// Handle implements slog.Handler.
func (h timeless) Handle(ctx context.Context, r slog.Record) error {
	if r.Message == script.SlowScript {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h timeless) WithAttrs(attrs []slog.Attr) slog.Handler {
	return timeless{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h timeless) WithGroup(name string) slog.Handler { return timeless{h.Handler.WithGroup(name)} }
