package patch

import "math"

// A Vector is a point of the stage in metres: X to the right as the audience sees it, Y
// away from the audience, Z up. Or it is a rotation in degrees about these axes, about X
// first and about Z last.
type Vector struct{ X, Y, Z float64 }

// A Place is where a fixture lies in a picture of the stage, in units of the picture's own:
// X to the right, Y down.
type Place struct {
	Fixture string
	X, Y    float64
}

// toward returns the direction from one point to another as a lamp turned by rotation sees
// it.
func (v Vector) toward(to, rotation Vector) Vector {
	d := Vector{to.X - v.X, to.Y - v.Y, to.Z - v.Z}
	d.X, d.Y = turn(d.X, d.Y, -rotation.Z)
	d.Z, d.X = turn(d.Z, d.X, -rotation.Y)
	d.Y, d.Z = turn(d.Y, d.Z, -rotation.X)
	return d
}

// turn rotates a point of a plane from its first axis to its second.
func turn(a, b, degrees float64) (float64, float64) {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	return a*cos - b*sin, a*sin + b*cos
}

// Aim returns the angles of pan and tilt at which a lamp at a place points to a point. With
// no rotation it hangs, and at 0 degrees points straight down; tilt leans it away from the
// audience, and pan turns that to the right as seen from above. Tilt is not negative; the
// lamp points there as well at half a turn more of pan with tilt the other way.
func (f Fixture) Aim(at Vector) (pan, tilt float64) {
	d := f.Position.toward(at, f.Rotation)
	pan = math.Atan2(d.X, d.Y) * 180 / math.Pi
	tilt = math.Atan2(math.Hypot(d.X, d.Y), -d.Z) * 180 / math.Pi
	return pan, tilt
}
