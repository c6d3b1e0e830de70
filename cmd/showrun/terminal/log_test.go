package terminal

import (
	"errors"
	"strings"
	"testing"
)

// TestLogIsHarmless: what somebody else named cannot move the cursor or the window.
func TestLogIsHarmless(t *testing.T) {
	var b strings.Builder
	log := NewLogger(New(&b), "text", false)
	log.Info("deck \x1b[2J\x07 says é", "name", "\x1b]0;x\x07", "error", errors.New("\x1b[A"), "n", 7, "traceback", "a:1\n\tb \x1b[A\u009b")
	got := b.String()[len("15:04:05.000 "):]
	if want := "INF deck ?[2J? says é name=?]0;x? error=?[A n=7\n    a:1\n    \tb ?[A?\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
