package bindings

import (
	"fmt"
	"maps"
	"math"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/runtime/curve"
	"showrun/runtime/engine"
	"showrun/runtime/patch"
)

// aim points heads at a place of the stage, at once or within a duration.
func (s *Show) aim(c module.Call, g *group) int {
	at := vector(c, c.Get(1), "the place", "metres")
	var duration, delay engine.Length
	var easing curve.Easing
	if !c.None(2) {
		duration = s.Duration(c, c.Get(2), "the duration")
		easing, delay = s.FadeOptions(c, 3)
	}
	targets, pans := s.aimed(c, g, at)
	if !s.G.Shadowing() { // what a cue would do turns nothing
		maps.Copy(s.pans, pans)
	}
	if c.None(2) {
		s.put(targets)
	} else {
		s.fadeTo(targets, duration, delay, easing)
	}
	return 0
}

// takePans takes over where the load before has turned heads, but for those that this one
// has turned itself.
func (s *Show) takePans(before *Show) {
	own := s.pans
	s.pans = maps.Clone(before.pans)
	maps.Copy(s.pans, own)
}

// aimed returns where pan and tilt of all heads of a group go for a place, and the angle of
// pan of each. Fixtures that do not turn stay as they are, if there are others.
func (s *Show) aimed(c module.Call, g *group, at patch.Vector) (out []target, pans map[string]float64) {
	pans = map[string]float64{}
	for _, f := range g.fixtures {
		pan, errPan := f.Channel("pan")
		tilt, errTilt := f.Channel("tilt")
		if errPan != nil || errTilt != nil {
			continue
		}
		p, t := f.Property(pan), f.Property(tilt)
		switch {
		case !f.Placed:
			c.Fail("fixture %q has no position; give it one where it is patched, as in at_position = { 0, 3, 4 }, in metres", f.Name)
		case p.Degrees == 0 || t.Degrees == 0:
			c.Fail("fixture %q does not know how far it turns; tell it where it is patched, as in range = { pan = 540, tilt = 270 }", f.Name)
		}
		panTo, tiltTo, ok := reach(f, p, t, at, s.pans[f.Name])
		if !ok {
			c.Fail("fixture %q cannot point to { %g, %g, %g }: it would take %.4g degrees of tilt, and it reaches %g",
				f.Name, at.X, at.Y, at.Z, tiltTo, math.Abs(t.Degrees)/2)
		}
		pans[f.Name] = panTo
		panLevel, _ := p.Angle(panTo)
		tiltLevel, _ := t.Angle(tiltTo)
		out = append(out, target{Channel: pan, class: patch.Position, level: panLevel}, target{Channel: tilt, class: patch.Position, level: tiltLevel})
	}
	if out == nil {
		c.Fail("%s has no pan and tilt to aim with; it has %s", g.first(), g.has())
	}
	return out, pans
}

// reach returns the angles within the ranges of a head that point to a place, the nearest to
// where its pan is. Without any it returns the tilt that it would take.
func reach(f patch.Fixture, p, t patch.Property, at patch.Vector, now float64) (pan, tilt float64, ok bool) {
	straight, lean := f.Aim(at)
	tilt = lean
	best := math.Inf(1)
	for _, turns := range [...]float64{0, -1, 1, -2, 2} {
		for _, way := range [...][2]float64{{straight + 360*turns, lean}, {straight + 180 + 360*turns, -lean}} {
			_, panFits := p.Angle(way[0])
			_, tiltFits := t.Angle(way[1])
			if far := math.Abs(way[0] - now); panFits && tiltFits && far < best-1e-9 {
				pan, tilt, ok, best = way[0], way[1], true, far
			}
		}
	}
	return pan, tilt, ok
}

// vector takes three numbers, as a list or by name.
func vector(c module.Call, v lua.LValue, what, unit string) patch.Vector {
	t, ok := v.(*lua.LTable)
	if !ok {
		c.Wrong(what, fmt.Sprintf("{ x, y, z } in %s", unit), v)
	}
	const most = 1e6
	var n [3]float64
	for i, name := range [...]string{"x", "y", "z"} {
		field := t.RawGetInt(i + 1)
		if t.Len() == 0 {
			field = t.RawGetString(name)
		}
		number, ok := field.(lua.LNumber)
		if !ok || !(math.Abs(float64(number)) <= most) {
			c.WrongNumber(name+" of "+what, "a number of "+unit, field)
		}
		n[i] = float64(number)
	}
	if t.Len() > 3 {
		c.Fail("%s must be { x, y, z } in %s, got %d numbers", what, unit, t.Len())
	}
	return patch.Vector{X: n[0], Y: n[1], Z: n[2]}
}
