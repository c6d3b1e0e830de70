package bridge

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"
)

// file writes levels as text, a line for each change: seconds since the start, the universe
// counted from 1, and its levels up to the last that is not 0.
type file struct {
	newest *newest
	out    io.Writer
	closed io.Closer // nil for the standard output
	rate   int
	start  time.Time
}

func checkFile(a Address, _ int) error {
	if a.text != "file" && a.rest == "" {
		return errNoName
	}
	return nil
}

func openFile(a Address, e Env) (Sink, error) {
	f := &file{newest: newNewest(e.Universes), out: e.Stdout, rate: e.Rate, start: time.Now()}
	if a.rest != "" {
		opened, err := os.Create(a.rest)
		if err != nil {
			return nil, err
		}
		f.out, f.closed = opened, opened
	}
	return f, nil
}

// Show implements Sink.
func (f *file) Show(universe int, levels []byte, _ time.Time) { f.newest.put(universe, levels) }

// Run implements Sink.
func (f *file) Run(ctx context.Context) error { return f.newest.run(ctx, f.rate, f.write) }

// write writes one universe.
func (f *file) write(universe int, levels []byte) error {
	last := len(levels)
	for last > 0 && levels[last-1] == 0 {
		last--
	}
	line := fmt.Appendf(nil, "%.3f %d", time.Since(f.start).Seconds(), universe+1)
	for _, l := range levels[:last] {
		line = fmt.Appendf(line, " %d", l)
	}
	_, err := f.out.Write(append(line, '\n'))
	return err
}

// Close implements Sink.
func (f *file) Close() error {
	if f.closed == nil {
		return nil
	}
	return f.closed.Close()
}
