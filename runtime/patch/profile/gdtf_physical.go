package profile

import (
	"math"
	"strconv"
	"strings"

	"showrun/runtime/color"
	"showrun/runtime/patch"
)

// gdtfUnits are the units that attributes are defined in, and how many of ours one of
// them is.
var gdtfUnits = map[string]struct {
	unit patch.Unit
	size float64
}{
	"Angle": {patch.Degrees, 1}, "Frequency": {patch.Hertz, 1}, "AngularSpeed": {patch.Hertz, 1.0 / 360}, "Time": {patch.Seconds, 1},
	"Temperature": {patch.Kelvin, 1}, "Length": {patch.Meters, 1}, "Percent": {patch.Percent, 100},
}

// usualUnits are those of properties, for files that do not say.
var usualUnits = map[string]string{"pan": "Angle", "tilt": "Angle", "zoom": "Angle", "strobe": "Frequency", "pulse": "Frequency"}

// physical reads what a function's levels mean, and in which unit.
func (g *gdtf) physical(f *element, property, attribute string) (start, end float64, unit patch.Unit) {
	if !f.has("PhysicalFrom") && !f.has("PhysicalTo") {
		return 0, 0, patch.NoUnit
	}
	u := gdtfUnits[g.unitOf(property, attribute)]
	return f.number("PhysicalFrom", 0) * u.size, f.number("PhysicalTo", 1) * u.size, u.unit
}

// unitOf is the unit of an attribute, in GDTF's words.
func (g *gdtf) unitOf(property, attribute string) string {
	if a, ok := g.attributes[attribute]; ok && a.has("PhysicalUnit") && a.attrs["PhysicalUnit"] != "None" {
		return a.attrs["PhysicalUnit"]
	}
	return usualUnits[property]
}

// scale is how many of our units one of a set's is.
func (g *gdtf) scale(set *element, c *Channel) float64 {
	attribute := set.parent.attrs["Attribute"]
	property, _ := attributeName(attribute)
	if u, ok := gdtfUnits[g.unitOf(property, attribute)]; ok {
		return u.size
	}
	return 1
}

// gdtfWheel is a wheel.
type gdtfWheel struct {
	*element
	slots []wheelSlot
}

func readGDTFWheel(e *element) gdtfWheel {
	w := gdtfWheel{element: e}
	for _, s := range e.all("Slot") {
		slot := wheelSlot{name: s.attrs["Name"]}
		if s.has("Color") {
			slot.color, slot.colored = cie(s, "Color")
		}
		w.slots = append(w.slots, slot)
	}
	if len(w.slots) > maxWheel {
		e.fail("", "%d slots, more than %d", len(w.slots), maxWheel)
		w.slots = nil
	}
	return w
}

// wheelOf is the wheel of a function; one without an element if it has none.
func (g *gdtf) wheelOf(f function) gdtfWheel {
	name := f.attrs["Wheel"]
	if name == "" {
		return gdtfWheel{}
	}
	w, ok := g.wheels[name]
	if !ok {
		f.fail("Wheel", "no wheel '%s'%s", name, didYouMean(name, keys(g.wheels)))
	}
	return w
}

// emitted is the colour of what a function lights, as its emitter or its attribute says.
func (g *gdtf) emitted(f function) (rgb color.RGB, ok bool) {
	if name := f.attrs["Emitter"]; name != "" {
		e, found := g.emitters[name]
		switch {
		case !found:
			f.fail("Emitter", "no emitter '%s'%s", name, didYouMean(name, keys(g.emitters)))
		case e.has("Color"):
			return cie(e, "Color")
		}
		return rgb, false
	}
	if a, found := g.attributes[f.attribute]; found && a.has("Color") && strings.HasPrefix(f.attribute, "ColorAdd_") {
		return cie(a, "Color")
	}
	return rgb, false
}

// cie is an attribute with a colour: x, y and the luminance, of which the brightest that
// a screen shows is made.
func cie(e *element, attr string) (rgb color.RGB, ok bool) {
	parts := strings.Split(e.attrs[attr], ",")
	var v [3]float64
	for i, part := range parts {
		n, err := strconv.ParseFloat(strings.Trim(part, " {}"), 64)
		if err != nil || len(parts) != 3 || n < 0 || i < 2 && n > 1 || math.IsInf(n, 0) || math.IsNaN(n) {
			e.wants(attr, `a colour x,y,Y such as "0.3127,0.3290,100"`)
			return rgb, false
		}
		v[i] = n
	}
	x, y := v[0], v[1]
	if y == 0 || v[2] == 0 {
		return rgb, true // black
	}
	return screen(x/y, 1, (1-x-y)/y), true
}

// screen is the brightest colour of a screen with the chromaticity of X, Y, Z; one that it
// does not have becomes the nearest on its edge.
func screen(x, y, z float64) color.RGB {
	r := max(3.2406*x-1.5372*y-0.4986*z, 0)
	g := max(-0.9689*x+1.8758*y+0.0415*z, 0)
	b := max(0.0557*x-0.2040*y+1.0570*z, 0)
	most := max(r, g, b)
	return color.RGB{R: curved(r / most), G: curved(g / most), B: curved(b / most)}
}

// curved is the level of a screen, 0-255, for a part of its light.
func curved(l float64) float64 {
	if l <= 0.0031308 {
		return 255 * 12.92 * l
	}
	return 255 * (1.055*math.Pow(l, 1/2.4) - 0.055)
}
