package terminal

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// logged is what a logger writes.
func logged(t *testing.T, format, message string, args ...any) string {
	t.Helper()
	var b strings.Builder
	screen := New(&b)
	NewLogger(screen, format, false).Info(message, args...)
	screen.Flush()
	return b.String()
}

// TestLogIsHarmless: what somebody else named cannot move the cursor or the window.
func TestLogIsHarmless(t *testing.T) {
	got := logged(t, "text", "deck \x1b[2J\x07 says é", "name", "\x1b]0;x\x07", "error", errors.New("\x1b[A"), "n", 7, "traceback", "a:1\n\tb \x1b[A\u009b")
	got = got[len("15:04:05.000 "):]
	if want := "INF deck ?[2J? says é name=?]0;x? error=?[A n=7\n    a:1\n    \tb ?[A?\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestEmptyTextsAreLeftOut of the log of people; programs get them.
func TestEmptyTextsAreLeftOut(t *testing.T) {
	if got := logged(t, "text", "unit found", "reason", "", "n", 0)[len("15:04:05.000 "):]; got != "INF unit found n=0\n" {
		t.Errorf("%q", got)
	}
	if got := logged(t, "json", "unit found", "reason", ""); !strings.Contains(got, `"reason":""`) {
		t.Errorf("%q", got)
	}
}

// TestLongTextsAreCut, in the message and in attributes, and say so.
func TestLongTextsAreCut(t *testing.T) {
	long := "x" + strings.Repeat("é", 15<<19) // 15 MiB and a byte
	const note = " ... (cut: it has 15728641 bytes)"
	for _, format := range []string{"text", "json"} {
		got := logged(t, format, long, "name", long, "error", errors.New(long), "traceback", long)
		if n := strings.Count(got, "é"+note); n != 4 {
			t.Errorf("%s: %d texts are cut between two characters and say so, want 4", format, n)
		}
		if len(got) > 5*maxText {
			t.Errorf("%s: %d bytes", format, len(got))
		}
		if format == "json" && !json.Valid([]byte(got)) {
			t.Errorf("%s is not: %.100q", format, got)
		}
	}
}
