// Package curve holds the shapes that levels move along: easings for fades,
// cubic Bezier paths and periodic waves. All of it is pure functions without
// allocation, so that a level is a function of the instant it is asked for.
package curve

import "math"

// Easing is the course of a fade from its start (0) to its end (1).
// The zero value is [Linear].
type Easing uint8

// The easings. u is the part of the duration that has passed, clamped to 0..1.
// All of them never decrease and end at 1; all but Snap start at 0.
const (
	Linear  Easing = iota // u
	Ease                  // sine in and out: (1 - cos(πu)) / 2
	EaseIn                // slow start: u²
	EaseOut               // slow end: 1 - (1-u)²
	Smooth                // 3u² - 2u³: the Bezier segment of the theater protocol with its inner knots at the ends
	Step                  // stays at 0 and steps to 1 at the end (u = 1)
	Snap                  // 1 at once: from the first instant on (u >= 0)
)

// names is indexed by Easing.
var names = [...]string{"linear", "ease", "ease_in", "ease_out", "smooth", "step", "snap"}

// Names returns the names of all easings in the order of their values.
func Names() []string { return append([]string(nil), names[:]...) }

// ParseEasing returns the easing of that name.
func ParseEasing(name string) (Easing, bool) {
	for i, n := range names {
		if n == name {
			return Easing(i), true
		}
	}
	return Linear, false
}

// String returns the easing's name, "" for a value that is none.
func (e Easing) String() string {
	if int(e) < len(names) {
		return names[e]
	}
	return ""
}

// At returns the progress in 0..1 when the part u of the duration has passed.
// u is clamped to 0..1. Before the start (u < 0) and for NaN every easing is 0.
func (e Easing) At(u float64) float64 {
	if e == Snap && u >= 0 {
		return 1
	}
	if !(u > 0) {
		return 0
	}
	if u >= 1 {
		return 1
	}
	switch e {
	case Ease:
		return (1 - math.Cos(math.Pi*u)) / 2
	case EaseIn:
		return u * u
	case EaseOut:
		return u * (2 - u)
	case Smooth:
		return u * u * (3 - 2*u)
	case Step:
		return 0
	}
	return u
}
