package lan

import (
	"testing"
	"time"
)

// TestFlushes: with a caller after two frames, without one after one, and when the caller
// goes meanwhile; at no instant before Next.
func TestFlushes(t *testing.T) {
	zero, ms := time.Unix(100, 0), time.Millisecond
	for _, c := range []struct{ called, flushed, next time.Duration }{
		{0, 0, 50 * ms},
		{-2 * time.Second, 0, 25 * ms},
		{-990 * ms, 0, 25 * ms},
		{-960 * ms, 0, 40 * ms},
		{-950 * ms, 0, 50 * ms},
	} {
		f := Flushes{Frame: 25 * ms, Called: zero.Add(c.called), Flushed: zero.Add(c.flushed)}
		if got := f.Next().Sub(zero); got != c.next {
			t.Errorf("called %v: next after %v, want %v", c.called, got, c.next)
		}
		if f.Due(zero.Add(c.next-1)) || !f.Due(zero.Add(c.next)) {
			t.Errorf("called %v: not due just then", c.called)
		}
	}
}
