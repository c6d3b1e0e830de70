package trial

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// said keeps what is logged while a test runs.
type said struct {
	now   func() time.Duration
	lines []string
}

// mostSaid is how many lines of a test are kept.
const mostSaid = 200

// Enabled implements slog.Handler.
func (s *said) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelInfo }

// Handle implements slog.Handler. What tasks raise is a failure, and told as one.
func (s *said) Handle(_ context.Context, r slog.Record) error {
	text := fmt.Sprintf("%.3f s: %s", s.now().Seconds(), r.Message)
	raised := false
	r.Attrs(func(a slog.Attr) bool {
		raised = raised || a.Key == "task"
		text += fmt.Sprintf(" %s=%v", a.Key, a.Value)
		return true
	})
	switch {
	case raised:
	case len(s.lines) == mostSaid:
		s.lines = append(s.lines[1:], text)
	default:
		s.lines = append(s.lines, text)
	}
	return nil
}

// WithAttrs implements slog.Handler.
func (s *said) WithAttrs([]slog.Attr) slog.Handler { return s }

// WithGroup implements slog.Handler.
func (s *said) WithGroup(string) slog.Handler { return s }
