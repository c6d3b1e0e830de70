package logbook

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"showrun/runtime/console"
)

// TestLines: a line is as the terminal has it, what stands below it apart, and what the
// terminal is not to show is kept all the same.
func TestLines(t *testing.T) {
	var terminal bytes.Buffer
	b := New()
	log := slog.New(b.Handler(slog.NewTextHandler(&terminal, &slog.HandlerOptions{Level: slog.LevelWarn})))
	log.Debug("nobody wants it")
	log.Info("show loaded", "show", "gala", "file", "my show.lua", "empty", "")
	log.With("device", "deck 1").WithGroup("net").Warn("lost", "after", 3, slog.Group("by", "who", "me"))
	log.Error("show.lua:7: boom", "task", "clock.every show.lua:5", "traceback", "show.lua:7 in f\nshow.lua:5", "error", errors.New("e"))
	lines, _ := b.After(0)
	want := []string{
		`1 info show loaded show=gala file="my show.lua" / `,
		`2 warn lost device="deck 1" net.after=3 net.by.who=me / `,
		"3 error show.lua:7: boom task=\"clock.every show.lua:5\" error=e / show.lua:7 in f\nshow.lua:5",
	}
	if len(lines) != len(want) {
		t.Fatalf("%d lines: %v", len(lines), lines)
	}
	for i, l := range lines {
		if got := fmt.Sprintf("%d %s %s / %s", l.Number, l.Level, l.Text, l.Trace); got != want[i] || l.Time.IsZero() {
			t.Errorf("%q, want %q", got, want[i])
		}
	}
	if n := strings.Count(terminal.String(), "\n"); n != 2 {
		t.Errorf("the terminal has %d lines\n%s", n, &terminal)
	}
}

// TestTheLastAreKept: a book never grows, and who comes late gets what is left.
func TestTheLastAreKept(t *testing.T) {
	b := New()
	for n := range 3 * Kept {
		b.Add(console.Line{Text: fmt.Sprint(n)})
	}
	lines, _ := b.After(7)
	if len(lines) != Kept || lines[0].Number != 2*Kept+1 || lines[Kept-1].Text != fmt.Sprint(3*Kept-1) {
		t.Errorf("%d lines from %d", len(lines), lines[0].Number)
	}
	for after, want := range map[uint64]int{3*Kept - 2: 2, 3 * Kept: 0, 1 << 60: 0} {
		if lines, _ := b.After(after); len(lines) != want {
			t.Errorf("%d lines after %d, want %d", len(lines), after, want)
		}
	}
}

// TestLongLines are cut.
func TestLongLines(t *testing.T) {
	b := New()
	log := slog.New(b.Handler(slog.DiscardHandler))
	log.Error(strings.Repeat("ä", 5000), "traceback", strings.Repeat("x", 5000))
	log.Error("short", "a", strings.Repeat("x", 1<<20), "b", strings.Repeat("y", 1<<20))
	lines, _ := b.After(0)
	for _, l := range lines {
		if len(l.Text) > longest+50 || len(l.Trace) > longest+50 || !strings.Contains(l.Text, "... (cut: it has ") {
			t.Errorf("%d bytes, and %d below: %.40s", len(l.Text), len(l.Trace), l.Text)
		}
	}
}

// TestWhoWaitsIsWoken: nobody misses a line, whoever writes at the same time.
func TestWhoWaitsIsWoken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New()
		const writers, each = 8, 50
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				for seen := uint64(0); seen < writers*each; {
					lines, more := b.After(seen)
					for _, l := range lines {
						if l.Number != seen+1 {
							t.Errorf("line %d after %d", l.Number, seen)
						}
						seen = l.Number
					}
					if seen < writers*each {
						<-more
					}
				}
			})
		}
		for w := range writers {
			all.Go(func() {
				for n := range each {
					b.Add(console.Line{Text: fmt.Sprint(w, n)})
				}
			})
		}
		all.Wait()
	})
}

// BenchmarkLine is what a line costs who writes it.
func BenchmarkLine(b *testing.B) {
	log := slog.New(New().Handler(slog.DiscardHandler))
	b.ReportAllocs()
	for b.Loop() {
		log.Info("frames left out", "frames", 3, "device", "deck 1")
	}
}
