package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"showrun/runtime/host"
)

// terminal is the screen that log lines and the status line share: the status
// line stays last.
type terminal struct {
	w  io.Writer
	fd int // of the screen, -1 if w is none

	mu     sync.Mutex
	status string
}

func newTerminal(w io.Writer) *terminal {
	t := &terminal{w: w, fd: -1}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		t.fd = int(f.Fd())
	}
	return t
}

func (t *terminal) isTerminal() bool { return t.fd >= 0 }

const clearLine = "\r\x1b[K"

// Write writes log lines above the status line.
func (t *terminal) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.status == "" {
		return t.w.Write(p)
	}
	if _, err := fmt.Fprintf(t.w, "%s%s%s", clearLine, p, t.status); err != nil {
		return 0, err
	}
	return len(p), nil
}

// set shows another status line; "" takes it away.
func (t *terminal) set(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if line == t.status {
		return
	}
	t.status = line
	fmt.Fprint(t.w, clearLine+line)
}

// statusInterval is how often the status line is drawn.
const statusInterval = 100 * time.Millisecond

// showStatus keeps the status line up to date until stop is called. line draws it
// in at most width characters; "" is none.
func (t *terminal) showStatus(line func(width int) string) (stop func()) {
	done, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		tick := time.NewTicker(statusInterval)
		defer tick.Stop()
		for {
			select {
			case <-done:
				t.set("")
				return
			case <-tick.C:
				width, _, err := term.GetSize(t.fd)
				if err != nil {
					width = 80
				}
				t.set(line(width - 1))
			}
		}
	}()
	return func() { close(done); <-gone }
}

// statusLine draws a status in at most width characters.
func statusLine(s host.Status, width int) string {
	if s.Generation == 0 {
		return "" // nothing is loaded yet
	}
	beat := "♩ stopped"
	if !s.Stopped {
		b := math.Floor(s.Beat)
		in := int(math.Mod(math.Mod(b, 4)+4, 4))
		beat = fmt.Sprintf("♩ %s %.0f", strings.Repeat("▯", in)+"▮"+strings.Repeat("▯", 3-in), b)
	}
	fields := []string{
		s.Show,
		fmt.Sprintf("gen %d", s.Generation),
		fmt.Sprintf("%.1f BPM %s", s.BPM, beat),
		fmt.Sprintf("frames %.1f ms late", float64(s.LateP99.Microseconds())/1000),
		plural(s.Universes, "universe"),
	}
	if s.Held {
		fields = append([]string{"■ STOPPED, R releases"}, fields...)
	}
	if s.ReloadErrors > 0 {
		fields = append(fields, plural(int(s.ReloadErrors), "failed reload"))
	}
	if m := meter(s.Meter); m != "" {
		fields = append(fields, m)
	}
	return fit(strings.Join(fields, " · "), width)
}

// fit cuts a line to at most width characters.
func fit(line string, width int) string {
	r := []rune(line)
	return string(r[:min(len(r), max(width, 0))])
}

// meter draws levels as bars.
func meter(levels []byte) string {
	bars := []rune(" ▁▂▃▄▅▆▇█")
	var b strings.Builder
	for _, l := range levels {
		b.WriteRune(bars[int(l)*(len(bars)-1)/255])
	}
	return b.String()
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
