// Package clock tells show time and wakes output threads on it.
//
// Show time is a time.Duration since the clock's origin, the moment the host
// started. Every part of the runtime that has logic takes such an instant as
// an argument; only the host owns a Clock. Real follows the machine's
// monotonic clock, so it neither jumps nor stops when the wall clock is set.
// Virtual stands still until it is told to move, so that a show of two hours
// is rehearsed in seconds by the code that runs it live.
package clock

import (
	"sync/atomic"
	"time"
)

// A Clock tells show time.
type Clock interface {
	// Now returns the present show time.
	Now() time.Duration
	// Since returns the show time of t, a stamp taken by the machine: with
	// or without a monotonic reading, before or after the origin.
	Since(t time.Time) time.Duration
	// Time returns the wall clock's time at show time d, to be shown to
	// people or used as a deadline of a connection.
	Time(d time.Duration) time.Time
}

// Real is a Clock that follows the machine's monotonic clock. It is safe from
// any goroutine.
type Real struct {
	origin time.Time
	ahead  atomic.Int64 // of the time since then
}

// NewReal returns a clock whose origin is now.
func NewReal() *Real {
	return &Real{origin: time.Now()}
}

// Now returns the time since the origin.
func (c *Real) Now() time.Duration {
	return time.Since(c.origin) + time.Duration(c.ahead.Load())
}

// Forward moves the clock on to the show time now, and never back: for a show that goes on
// where an earlier one was, before anything is timed by it.
func (c *Real) Forward(now time.Duration) {
	c.ahead.Add(int64(max(now-c.Now(), 0)))
}

// start is the moment of show time 0.
func (c *Real) start() time.Time { return c.origin.Add(-time.Duration(c.ahead.Load())) }

// Since returns the show time of t. A stamp without a monotonic reading, such
// as the kernel's receive stamps, is placed by its age on the wall clock, so
// that a wall clock set since the origin does no harm.
func (c *Real) Since(t time.Time) time.Duration {
	if wall := t.Round(0); wall == t {
		now := time.Now()
		return now.Sub(c.start()) - now.Sub(wall)
	}
	return t.Sub(c.start())
}

// Time returns the time at show time d, as the wall clock tells it at
// present. Since gives back exactly d.
func (c *Real) Time(d time.Duration) time.Time {
	now := time.Now()
	return now.Add(d - now.Sub(c.start()))
}

// Virtual is a Clock that moves only when told. It is used by one goroutine.
type Virtual struct {
	origin time.Time
	now    time.Duration
}

// NewVirtual returns a clock at show time 0. Its origin on the wall clock is
// the same in every run, 2000-01-01 00:00 UTC, so that logs can be compared.
func NewVirtual() *Virtual { return NewVirtualAt(time.Time{}) }

// NewVirtualAt is NewVirtual with another origin, unless that is zero.
func NewVirtualAt(origin time.Time) *Virtual {
	if origin.IsZero() {
		origin = time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC)
	}
	return &Virtual{origin: origin}
}

// Now returns the show time last set.
func (c *Virtual) Now() time.Duration {
	return c.now
}

// Since returns the show time of t.
func (c *Virtual) Since(t time.Time) time.Duration {
	return t.Sub(c.origin)
}

// Time returns the time at show time d.
func (c *Virtual) Time(d time.Duration) time.Time {
	return c.origin.Add(d)
}

// Set moves the clock on to the show time now. A clock never goes back: an
// earlier instant leaves it where it is.
func (c *Virtual) Set(now time.Duration) {
	c.now = max(c.now, now)
}

// Advance moves the clock on by d, if d is positive.
func (c *Virtual) Advance(d time.Duration) {
	c.now += max(d, 0)
}
