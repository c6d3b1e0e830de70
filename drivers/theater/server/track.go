package server

import (
	"math"
	"slices"
	"time"
)

// DefaultTempo is the tempo before any /tempo, in segments per minute.
const DefaultTempo = 60

// minTempo bounds what a segment lasts to 31 years, so that sums of durations stay
// numbers a clock can hold.
const minTempo = float64(time.Minute) / 1e18

// moment is an instant with a fraction of a nanosecond: a segment may last 60/7
// seconds, and a thousand of them must not drift.
type moment struct {
	at       time.Time
	fraction float64 // 0 to 1, of a nanosecond
}

// plus is the moment so many nanoseconds later.
func (m moment) plus(ns float64) moment {
	whole, fraction := math.Modf(m.fraction + ns)
	return moment{m.at.Add(time.Duration(math.Min(whole, 1<<62))), fraction}
}

// until is the time from m to now in nanoseconds.
func (m moment) until(now time.Time) float64 { return float64(now.Sub(m.at)) - m.fraction }

// ceil is the first instant that is not before m.
func (m moment) ceil() time.Time {
	if m.fraction > 0 {
		return m.at.Add(1)
	}
	return m.at
}

// path is a chain of segments that follow one another at one tempo.
type path struct {
	tempo float64
	knots []float64 // row-major, three rows per segment, in values of the track
	start moment    // once it is the first in its track
	done  int       // segments that are over
}

// offset is how long k segments last, in nanoseconds.
func (p *path) offset(k int) float64 { return float64(k) * float64(time.Minute) / p.tempo }

// track plays paths one after the other in one or more columns. Its values are
// functions of the instant: nothing is added up from one call to the next.
type track struct {
	tempo    float64   // of paths to come
	value    []float64 // where the last finished path ended
	paths    []path    // the first one runs
	segments int       // that are not over
	// finished, if not nil, is told of every segment that is over: its start, its
	// end, and the values there.
	finished func(start, end time.Time, values []float64)
}

func newTrack(columns int) track {
	return track{tempo: DefaultTempo, value: make([]float64, columns)}
}

// end is where the last path ends, so where the next one begins. It is valid until
// the next call.
func (t *track) end() []float64 {
	if len(t.paths) == 0 {
		return t.value
	}
	knots := t.paths[len(t.paths)-1].knots
	return knots[len(knots)-len(t.value):]
}

// add appends a path at now. It keeps the knots, a positive multiple of 3 rows.
func (t *track) add(knots []float64, now time.Time) {
	t.advance(now)
	t.paths = append(t.paths, path{tempo: math.Max(t.tempo, minTempo), knots: knots, start: moment{at: now}})
	t.segments += t.count(knots)
}

// count is the number of segments in knots.
func (t *track) count(knots []float64) int { return len(knots) / (3 * len(t.value)) }

// advance takes out what is over at now.
func (t *track) advance(now time.Time) {
	over := 0
	for ; over < len(t.paths); over++ {
		p := &t.paths[over]
		n := t.count(p.knots)
		for p.done < n && p.start.until(now) >= p.offset(p.done+1) {
			p.done++
			t.segments--
			if t.finished != nil {
				last := p.knots[(3*p.done-1)*len(t.value):][:len(t.value)]
				t.finished(p.start.plus(p.offset(p.done-1)).at, p.start.plus(p.offset(p.done)).at, last)
			}
		}
		if p.done < n {
			break
		}
		copy(t.value, p.knots[len(p.knots)-len(t.value):])
		if over+1 < len(t.paths) {
			t.paths[over+1].start = p.start.plus(p.offset(n))
		}
	}
	t.paths = slices.Delete(t.paths, 0, over)
}

// moving tells whether anything is left to play.
func (t *track) moving() bool { return len(t.paths) > 0 }

// next is when the running segment is over, the zero Time if none runs.
func (t *track) next() time.Time {
	if len(t.paths) == 0 {
		return time.Time{}
	}
	p := &t.paths[0]
	return p.start.plus(p.offset(p.done + 1)).ceil()
}

// values appends the values at now to dst, one per column. now must not be before
// that of an earlier call, or it counts as that one.
func (t *track) values(dst []float64, now time.Time) []float64 {
	t.advance(now)
	if len(t.paths) == 0 {
		return append(dst, t.value...)
	}
	p, columns := &t.paths[0], len(t.value)
	first := t.value
	if p.done > 0 {
		first = p.knots[(3*p.done-1)*columns:]
	}
	rows := p.knots[3*p.done*columns:]
	u := (p.start.until(now) - p.offset(p.done)) * p.tempo / float64(time.Minute)
	u = math.Min(math.Max(u, 0), 1)
	for c := range columns {
		dst = append(dst, bezier(first[c], rows[c], rows[columns+c], rows[2*columns+c], u))
	}
	return dst
}

// bezier is the cubic Bezier segment with the knots k0 to k3 at u, 0 to 1.
func bezier(k0, k1, k2, k3, u float64) float64 {
	v := 1 - u
	return v*v*v*k0 + 3*v*v*u*k1 + 3*v*u*u*k2 + u*u*u*k3
}
