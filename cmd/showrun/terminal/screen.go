// Package terminal is the screen and the keyboard of the person who runs a command:
// log lines, a status line that stays below them, and keys that come one by one.
package terminal

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"

	"golang.org/x/term"
)

// Screen is what log lines and the status line share: the status line stays last. It
// never keeps a writer waiting: a goroutine of its own, which is there while there is
// something to write, does that, and if nobody reads, the oldest lines are dropped and
// counted. It is safe from any goroutine.
type Screen struct {
	w  io.Writer
	fd int // of the screen, -1 if w is none

	dropped atomic.Uint64                          // lines
	returns atomic.Bool                            // line ends must tell the cursor to return
	confess atomic.Pointer[func(lines int) []byte] // makes the line that tells how many were dropped
	shown   string                                 // the status line as it was written last; of the goroutine that writes

	mu      sync.Mutex // held for moments only, never while w is written to
	waiting backlog
	status  string
	idle    chan struct{} // closed when all is written, nil while nothing waits
}

// New returns the screen behind w, which may be none.
func New(w io.Writer) *Screen {
	t := &Screen{w: w, fd: -1}
	plain := func(lines int) []byte { return fmt.Appendf(nil, "%s: %d\n", nobodyRead, lines) }
	t.confess.Store(&plain)
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		t.fd = int(f.Fd())
	}
	return t
}

// nobodyRead is told where lines are missing.
const nobodyRead = "log lines were dropped here, for nobody was reading"

// IsTerminal tells whether somebody sees it.
func (t *Screen) IsTerminal() bool { return t.fd >= 0 }

// Dropped is the number of lines that were not written, for nobody read or they could
// not be.
func (t *Screen) Dropped() uint64 { return t.dropped.Load() }

// Write takes whole lines, to be written above the status line. It does not wait and
// does not fail.
func (t *Screen) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.dropped.Add(uint64(t.waiting.put(p)))
	t.wake()
	return len(p), nil
}

// set shows another status line; "" takes it away.
func (t *Screen) set(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.status != line {
		t.status = line
		t.wake()
	}
}

// wake lets what waits be written; mu is held.
func (t *Screen) wake() {
	if t.idle == nil {
		t.idle = make(chan struct{})
		go t.drain()
	}
}

// drain writes until nothing waits.
func (t *Screen) drain() {
	for {
		log, status, more := t.next()
		if !more {
			return
		}
		if _, err := t.w.Write(t.compose(log, status)); err != nil {
			t.dropped.Add(uint64(log.lines))
		}
	}
}

// next is what is to be written now, if anything is.
func (t *Screen) next() (log backlog, status string, more bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	log, t.waiting = t.waiting, backlog{}
	if log.missing == 0 && len(log.entries) == 0 && t.status == t.shown {
		close(t.idle)
		t.idle = nil
		return log, "", false
	}
	return log, t.status, true
}

const clearLine = "\r\x1b[K"

// compose is how lines and the status line are written.
func (t *Screen) compose(log backlog, status string) []byte {
	var b []byte
	if t.shown != "" || status != "" {
		b = append(b, clearLine...)
	}
	if log.missing > 0 {
		b = append(b, (*t.confess.Load())(log.missing)...)
	}
	for _, e := range log.entries {
		b = append(b, e...)
	}
	b = append(b, status...)
	t.shown = status
	if t.returns.Load() {
		b = bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n"))
	}
	return b
}

// flushTime is how long a reader has for what is left.
const flushTime = 500 * time.Millisecond

// Flush waits until all is written, but not for long: nothing waits for somebody who
// does not read.
func (t *Screen) Flush() {
	t.mu.Lock()
	idle := t.idle
	t.mu.Unlock()
	if idle == nil {
		return
	}
	late := time.NewTimer(flushTime)
	defer late.Stop()
	select {
	case <-idle:
	case <-late.C:
	}
}

// statusInterval is how often the status line is drawn.
const statusInterval = 100 * time.Millisecond

// ShowStatus keeps the status line up to date until stop is called, which takes it
// away. line draws it in at most width characters; "" is none.
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
	return func() {
		close(done)
		<-gone
		t.Flush()
	}
}

// Meter draws levels as bars, of which only those of 0 are the lowest.
func Meter(levels []byte) string {
	bars := []rune("▁▂▃▄▅▆▇█")
	var b strings.Builder
	for _, l := range levels {
		b.WriteRune(bars[(int(l)*(len(bars)-1)+254)/255])
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
