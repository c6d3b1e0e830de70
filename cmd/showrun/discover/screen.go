package discover

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"showrun/cmd/showrun/terminal"
)

// A Screen is a terminal whose last lines are drawn over and over. What is written
// to it, such as a log, comes above them. It is safe from any goroutine.
type Screen struct {
	w    io.Writer
	size func() (width, height int)

	mu    sync.Mutex
	lines []string // on the screen now
}

// NewScreen draws on a terminal of that size.
func NewScreen(w io.Writer, size func() (width, height int)) *Screen {
	return &Screen{w: w, size: size}
}

// Write implements io.Writer. It takes whole lines.
func (s *Screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := append(s.erase(nil), p...)
	if _, err := s.w.Write(appendLines(b, s.lines)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Draw replaces the last lines, cut to what fits.
func (s *Screen) Draw(lines []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	width, height := s.size()
	var fit []string
	for i, l := range lines {
		if i == height-2 && len(lines) > height-1 {
			l = fmt.Sprintf("... %d lines more", len(lines)-i)
		} else if i > height-2 {
			break
		}
		fit = append(fit, terminal.Fit(l, width-1))
	}
	if slices.Equal(fit, s.lines) {
		return
	}
	b := s.erase(nil)
	s.lines = fit
	s.w.Write(appendLines(b, fit))
}

// erase moves the cursor to the first of the last lines and clears from there.
func (s *Screen) erase(b []byte) []byte {
	if len(s.lines) == 0 {
		return b
	}
	return fmt.Appendf(b, "\r\x1b[%dA\x1b[J", len(s.lines))
}

func appendLines(b []byte, lines []string) []byte {
	for _, l := range lines {
		b = append(append(b, l...), '\n')
	}
	return b
}

// drawInterval is how often Keep draws.
const drawInterval = 100 * time.Millisecond

// Keep draws what lines tells over and over until stop is called, which takes the
// last lines away.
func (s *Screen) Keep(lines func(now time.Time) []string) (stop func()) {
	done, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		tick := time.NewTicker(drawInterval)
		defer tick.Stop()
		for {
			select {
			case <-done:
				s.Draw(nil)
				return
			case now := <-tick.C:
				s.Draw(lines(now))
			}
		}
	}()
	return func() { close(done); <-gone }
}
