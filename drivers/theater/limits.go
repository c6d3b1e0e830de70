package theater

import (
	"fmt"
	"math"
	"time"
)

// Limits are what an axis may do. Degrees count from where the axis stood when it was at
// 0, as a device tells nothing of where it is: at first it is taken to stand at Home.
// The zero value is no limits, with its home at 0.
type Limits struct {
	Min, Max float64 // the ends, in degrees; infinite for none, both 0 for none at all
	Speed    float64 // the most, in degrees a second; 0 for any
	Home     float64 // in degrees
}

// AxisLimits are those of the axes of a device.
type AxisLimits [axes]Limits

const (
	// slackDegrees and slackSpeed are what rounding is forgiven: less than a motor steps,
	// and a part of the limit.
	slackDegrees = 1e-4
	slackSpeed   = 1e-6

	// homeSpeed is how fast an axis goes home that has no limit, in degrees a second; one
	// that has one takes a part of it.
	homeSpeed = 10.0
	homePart  = 0.25
)

// Beyond tells what of a path is beyond the limits, in words for people; "" for nothing.
// The path begins at from, in degrees, and its knots count from there. It is judged as
// the curve runs, not by its knots, which may lie further out.
func (l Limits) Beyond(axis Axis, from, rate float64, knots []float64) string {
	k0 := 0.0
	for i := 0; i+2 < len(knots); i += 3 {
		b := bezier{k0, knots[i], knots[i+1], knots[i+2]}
		k0 = b[3]
		where := fmt.Sprintf("in segment %d of %d", i/3+1, len(knots)/3)
		lo, hi := b.reach()
		if out, beyond := l.outside(from+lo, from+hi); beyond {
			return fmt.Sprintf("axis %v would be at %s degrees %s, and is limited to %s", axis, short(out), where, l.ends())
		}
		if speed := b.steepest() * rate / 60; l.Speed > 0 && speed > l.Speed*(1+slackSpeed) {
			return fmt.Sprintf("axis %v would move at %s degrees a second %s, and is limited to %s: at %s segments a minute it would keep to that",
				axis, short(speed), where, short(l.Speed), short(math.Floor(rate*l.Speed/speed*1000)/1000))
		}
	}
	return ""
}

// outside tells which end of a range is beyond the ends.
func (l Limits) outside(lo, hi float64) (out float64, beyond bool) {
	switch {
	case l.Min == 0 && l.Max == 0:
		return 0, false
	case hi > l.Max+slackDegrees:
		return hi, true
	}
	return lo, lo < l.Min-slackDegrees
}

// ends words where the axis may be.
func (l Limits) ends() string {
	switch {
	case math.IsInf(l.Min, 0):
		return "at most " + short(l.Max)
	case math.IsInf(l.Max, 0):
		return "at least " + short(l.Min)
	}
	return short(l.Min) + " to " + short(l.Max)
}

// short writes a number for people.
func short(n float64) string { return fmt.Sprintf("%.6g", n) }

// homing is the way home over so many degrees: how long it takes, and its knots. It
// starts and ends smoothly. It is in more pieces than a device keeps, so that it leaves
// bit by bit and can be stopped.
func (l Limits) homing(degrees float64) (rate float64, knots []float64) {
	const (
		piece  = 200 * time.Millisecond // at most, unless the way is very long
		pieces = bufferSegments + 1     // at least
		most   = 10000
	)
	speed := homeSpeed
	if l.Speed > 0 {
		speed = l.Speed * homePart
	}
	whole := bezier{0, 0, degrees, degrees}
	length := max(whole.steepest()/speed, 0.5) // seconds
	n := int(min(max(math.Ceil(length/piece.Seconds()), pieces), most))
	for i := range n {
		b := whole.part(float64(i)/float64(n), float64(i+1)/float64(n))
		knots = append(knots, b[1:]...)
	}
	return max(60*float64(n)/length, MinTempo), knots
}

// bezier is a segment: the four knots of a cubic curve.
type bezier [4]float64

// at is where the curve is, for u from 0 to 1.
func (b bezier) at(u float64) float64 {
	v := 1 - u
	return v*v*v*b[0] + 3*v*v*u*b[1] + 3*v*u*u*b[2] + u*u*u*b[3]
}

// slope is how fast the curve goes there, in degrees per segment.
func (b bezier) slope(u float64) float64 {
	v := 1 - u
	return 3 * (v*v*(b[1]-b[0]) + 2*v*u*(b[2]-b[1]) + u*u*(b[3]-b[2]))
}

// bend are the coefficients of the slope, as 3(a u² + 2 h u + c).
func (b bezier) bend() (a, h, c float64) {
	d0, d1, d2 := b[1]-b[0], b[2]-b[1], b[3]-b[2]
	return d0 - 2*d1 + d2, d1 - d0, d0
}

// reach is between what the curve runs: its ends, and where its slope is 0.
func (b bezier) reach() (lo, hi float64) {
	lo, hi = min(b[0], b[3]), max(b[0], b[3])
	for _, u := range roots(b.bend()) {
		if u > 0 && u < 1 {
			lo, hi = min(lo, b.at(u)), max(hi, b.at(u))
		}
	}
	return lo, hi
}

// steepest is the most that the curve goes in either direction, in degrees per segment:
// at one of its ends, or where it bends from one side to the other.
func (b bezier) steepest() float64 {
	most := max(math.Abs(b.slope(0)), math.Abs(b.slope(1)))
	if a, h, _ := b.bend(); a != 0 {
		if u := -h / a; u > 0 && u < 1 {
			most = max(most, math.Abs(b.slope(u)))
		}
	}
	return most
}

// part is the curve from u to v.
func (b bezier) part(u, v float64) bezier {
	third := (v - u) / 3
	from, to := b.at(u), b.at(v)
	return bezier{from, from + b.slope(u)*third, to - b.slope(v)*third, to}
}

// roots are where a u² + 2 h u + c is 0. It avoids the difference of like numbers.
func roots(a, h, c float64) []float64 {
	d := h*h - a*c
	if d < 0 {
		return nil
	}
	q := -(h + math.Copysign(math.Sqrt(d), h))
	var list []float64
	if a != 0 {
		list = append(list, q/a)
	}
	if q != 0 {
		list = append(list, c/q)
	}
	return list
}
