package terminal

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lineNumber is the number of the line "line 7".
var lineNumber = regexp.MustCompile(`line (\d+)$`)

// TestNobodyReads logs many lines into a pipe that nobody reads. Every call returns;
// when somebody reads at last, what was kept is there in order, and the line that tells
// of the others stands where they are missing.
func TestNobodyReads(t *testing.T) {
	for format, lines := range map[string]int{"text": 100_000, "json": 30_000} {
		t.Run(format, func(t *testing.T) {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			screen := New(w)
			log := NewLogger(screen, format, false)
			for i := range lines {
				log.Info("line " + strconv.Itoa(i))
			}
			screen.Flush() // gives up
			screen.mu.Lock()
			written := screen.idle
			screen.mu.Unlock()

			var got bytes.Buffer
			var reading sync.WaitGroup
			reading.Go(func() { io.Copy(&got, r) })
			<-written
			w.Close()
			reading.Wait()
			kept, told, next := 0, 0, 0
			for text := range strings.Lines(got.String()) {
				if n := missingIn(text); n > 0 {
					told += n
					next += n
					continue
				}
				n := lineNumber.FindStringSubmatch(strings.TrimSuffix(strings.TrimSpace(text), `"}`))
				if n == nil || n[1] != strconv.Itoa(next) {
					t.Fatalf("%q instead of line %d", text, next)
				}
				kept, next = kept+1, next+1
			}
			if kept < maxLines || told == 0 || uint64(told) != screen.Dropped() || kept+told != lines {
				t.Errorf("%d lines kept, %d told as dropped, %d counted, of %d", kept, told, screen.Dropped(), lines)
			}
		})
	}
}

// missingIn is the number in a line that tells how many are missing, 0 in others.
func missingIn(line string) (n int) {
	if _, rest, ok := strings.Cut(line, nobodyRead); ok {
		number := regexp.MustCompile(`lines"?[=:](\d+)`).FindStringSubmatch(rest)
		n, _ = strconv.Atoi(number[1])
	}
	return n
}

// gate is a writer that takes what comes when it is told to.
type gate struct {
	open    chan struct{}
	written []string
}

func (g *gate) Write(p []byte) (int, error) {
	<-g.open
	g.written = append(g.written, string(p))
	return len(p), nil
}

// TestScreen: the status line stays last, and of many that nobody saw only the newest is
// drawn.
func TestScreen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{open: make(chan struct{})}
		screen := New(g)
		fmt.Fprint(screen, "one\n")
		synctest.Wait() // it is being written
		screen.set("first")
		fmt.Fprint(screen, "two\n")
		screen.set("second")
		fmt.Fprint(screen, "three\n")
		g.open <- struct{}{}
		g.open <- struct{}{}
		screen.set("second") // as it is already
		screen.Flush()
		screen.returns.Store(true)
		fmt.Fprint(screen, "four\n")
		g.open <- struct{}{}
		screen.set("")
		g.open <- struct{}{}
		screen.Flush()
		want := []string{"one\n", clearLine + "two\nthree\nsecond", clearLine + "four\r\nsecond", clearLine}
		if fmt.Sprintf("%q", g.written) != fmt.Sprintf("%q", want) {
			t.Errorf("%q\nwant %q", g.written, want)
		}
	})
}

// TestFlushGivesUp after its time if nobody reads.
func TestFlushGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{open: make(chan struct{})}
		screen := New(g)
		screen.Flush() // nothing waits
		fmt.Fprint(screen, "one\n")
		screen.Flush()
		g.open <- struct{}{}
		screen.Flush()
		if len(g.written) != 1 {
			t.Errorf("%q", g.written)
		}
	})
}

// broken is a writer whose reader has gone.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// TestReaderHasGone: lines that cannot be written are counted.
func TestReaderHasGone(t *testing.T) {
	screen := New(broken{})
	fmt.Fprint(screen, "one\n")
	fmt.Fprint(screen, "two\nthree\n")
	screen.Flush()
	if n := screen.Dropped(); n != 3 {
		t.Errorf("%d lines dropped, want 3", n)
	}
}

// TestBacklog has too many lines and lines that are too long.
func TestBacklog(t *testing.T) {
	var q backlog
	line := func(n int) []byte { return append(bytes.Repeat([]byte("x"), n-1), '\n') }
	for i, c := range []struct {
		put                          []byte
		dropped, lines, bytes, waits int
	}{
		{line(10), 0, 1, 10, 1},
		{[]byte("no end"), 0, 2, 16, 2},
		{line(maxBytes + 1), 1, 2, 16, 2}, // it goes, the others stay
		{bytes.Repeat([]byte("\n"), maxLines+1), maxLines + 1, 2, 16, 2},
		{line(maxBytes - 15), 1, 2, maxBytes - 9, 2},
		{bytes.Repeat([]byte("\n"), maxLines), 2, maxLines, maxLines, 1},
		{line(2), maxLines, 1, 2, 1},
	} {
		if got := q.put(c.put); got != c.dropped || q.lines != c.lines || q.bytes != c.bytes || len(q.entries) != c.waits {
			t.Errorf("%d: %d dropped, %d lines of %d bytes wait in %d entries, want %+v", i, got, q.lines, q.bytes, len(q.entries), c)
		}
	}
	if want := 1 + maxLines + 1 + 1 + 2 + maxLines; q.missing != want {
		t.Errorf("%d lines are missing, want %d", q.missing, want)
	}
}
