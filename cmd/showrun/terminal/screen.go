// Package terminal is the screen and the keyboard of the person who runs a command:
// log lines, a status line that stays below them, and keys that come one by one.
package terminal

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
	"unicode"

	"golang.org/x/term"
)

// Screen is what log lines and the status line share: the status line stays last.
type Screen struct {
	w  io.Writer
	fd int // of the screen, -1 if w is none

	mu     sync.Mutex
	status string
}

// New returns the screen behind w, which may be none.
func New(w io.Writer) *Screen {
	t := &Screen{w: w, fd: -1}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		t.fd = int(f.Fd())
	}
	return t
}

// IsTerminal tells whether somebody sees it.
func (t *Screen) IsTerminal() bool { return t.fd >= 0 }

const clearLine = "\r\x1b[K"

// Write writes log lines above the status line.
func (t *Screen) Write(p []byte) (int, error) {
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
func (t *Screen) set(line string) {
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

// ShowStatus keeps the status line up to date until stop is called. line draws it
// in at most width characters; "" is none.
func (t *Screen) ShowStatus(line func(width int) string) (stop func()) {
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
				width, _ := t.Size()
				t.set(line(width - 1))
			}
		}
	}()
	return func() { close(done); <-gone }
}

// Fit cuts a line to at most width characters.
func Fit(line string, width int) string {
	r := []rune(line)
	return string(r[:min(len(r), max(width, 0))])
}

// Meter draws levels as bars.
func Meter(levels []byte) string {
	bars := []rune(" ▁▂▃▄▅▆▇█")
	var b strings.Builder
	for _, l := range levels {
		b.WriteRune(bars[int(l)*(len(bars)-1)/255])
	}
	return b.String()
}

// Printable replaces what would move the cursor or hide, but for the characters in keep:
// anybody on the network can choose what a device is called.
func Printable(text, keep string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) && !strings.ContainsRune(keep, r) {
			return '?'
		}
		return r
	}, text)
}

// Plural counts things.
func Plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// Size is how many characters the screen has, as far as it is known.
func (t *Screen) Size() (width, height int) {
	if width, height, err := term.GetSize(t.fd); err == nil {
		return width, height
	}
	return 80, 24
}
