// Package beat is the arithmetic of musical time.
//
// Positions are integer micro-beats ([Micro]), instants are durations since
// the host clock's origin ("show time"), and a [Timeline] is the straight line
// that maps one to the other. A [Follower] turns the stamped observations of a
// player into such a line: it removes the network's jitter, tells a drift from
// a jump and bridges silence. The [Conductor] decides which source, a player
// or the internal tempo, drives the beat of the show.
//
// Nothing here reads a clock, starts a goroutine or locks: every call is told
// what time it is, and whatever waits says through Next until when.
package beat

import "math"

// Micro is a beat position or a number of beats in units of a millionth of a
// beat. Positions may be negative: a track may begin before its first anchor.
type Micro int64

// Beat is one beat.
const Beat Micro = 1_000_000

// maxMicro bounds what [FromFloat] returns (about 1e12 beats), so that sums
// and differences of positions never overflow.
const maxMicro Micro = 1 << 60

// FromFloat returns the number of beats as micro-beats, rounded to the nearest
// one. NaN gives 0; values beyond about ±1e12 beats are clamped to that.
func FromFloat(beats float64) Micro {
	return clampMicro(math.Round(beats * float64(Beat)))
}

// Float returns m in beats.
func (m Micro) Float() float64 { return float64(m) / float64(Beat) }

// clampMicro converts a count of micro-beats, limited to ±maxMicro.
func clampMicro(v float64) Micro {
	switch {
	case v != v:
		return 0
	case v >= float64(maxMicro):
		return maxMicro
	case v <= -float64(maxMicro):
		return -maxMicro
	}
	return Micro(v)
}

// Phase returns where b lies in its grid cell: the remainder of b by quantum,
// always in [0, quantum), for negative positions too. A quantum below one
// micro-beat counts as one.
func Phase(b, quantum Micro) Micro {
	quantum = max(quantum, 1)
	r := b % quantum
	if r < 0 {
		r += quantum
	}
	return r
}

// Grid is the points k·Quantum + Offset beats, for every integer k. The quantum is
// a fraction of a beat such as 1.0/3, which no whole number of micro-beats is;
// each point is rounded by itself, so a grid does not drift.
type Grid struct {
	Quantum float64 // beats; less than one micro-beat counts as one
	Offset  Micro
}

// Next returns the first point that is strictly greater than after; the last of
// all positions where there is none.
func (g Grid) Next(after Micro) Micro {
	q := math.Max(g.Quantum, 1/float64(Beat))
	k := math.Floor((after-g.Offset).Float()/q) - 1
	for range 4 {
		if p := g.Offset + FromFloat(k*q); p > after {
			return p
		}
		k++
	}
	return maxMicro
}
