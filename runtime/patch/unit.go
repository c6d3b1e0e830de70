package patch

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A Unit is what the levels of a part of a channel are counted in.
type Unit uint8

// The units. Percent is what a file has where it gives words such as "slow" and "fast"
// only.
const (
	NoUnit  Unit = iota
	Percent      // of the most there is, -100 to 100
	Degrees
	Hertz
	Seconds
	Meters
	Kelvin
	Lumens
	CubicMetersPerMinute
)

// String is how scripts write the unit.
func (u Unit) String() string {
	return [...]string{"", "%", "deg", "Hz", "s", "m", "K", "lm", "m^3/min"}[u]
}

// notation is a way to write a unit, and how many of the unit one of it is.
type notation struct {
	suffix string
	unit   Unit
	size   float64
}

// notations are tried in their order: the longer before its end.
var notations = []notation{
	{"m^3/min", CubicMetersPerMinute, 1},
	{"bpm", Hertz, 1.0 / 60}, {"rpm", Hertz, 1.0 / 60}, {"hz", Hertz, 1},
	{"degrees", Degrees, 1}, {"deg", Degrees, 1}, {"°", Degrees, 1},
	{"lm", Lumens, 1}, {"ms", Seconds, 1e-3}, {"s", Seconds, 1}, {"m", Meters, 1}, {"k", Kelvin, 1},
	{"%", Percent, 1},
}

// keywords are words for percentages.
var keywords = map[string]float64{
	"fast reverse": -100, "slow reverse": -1, "stop": 0, "slow": 1, "fast": 100,
	"fast ccw": -100, "slow ccw": -1, "slow cw": 1, "fast cw": 100,
	"instant": 0, "short": 1, "long": 100,
	"near": 1, "far": 100,
	"off": 0, "dark": 1, "bright": 100,
	"warm": -100, "cto": -100, "default": 0, "cold": 100, "ctb": 100,
	"weak": 1, "strong": 100,
	"closed": 0, "narrow": 1, "wide": 100,
	"left": -100, "center": 0, "right": 100, "top": -100, "bottom": 100,
	"low": 1, "small": 1, "high": 100, "big": 100,
	"out": 0, "in": 100, "open": 100,
}

// IsKeyword tells whether a text is one of the words for percentages, such as "slow".
func IsKeyword(text string) bool {
	_, ok := keywords[strings.ToLower(text)]
	return ok
}

// Keywords are those words, in their order.
func Keywords() []string { return slices.Sorted(maps.Keys(keywords)) }

// ParseQuantity reads a value and its unit, such as "10.5Hz" or "slow CW".
func ParseQuantity(text string) (value float64, unit Unit, ok bool) {
	text = strings.ToLower(strings.TrimSpace(text))
	if percent, ok := keywords[text]; ok {
		return percent, Percent, true
	}
	at := slices.IndexFunc(notations, func(n notation) bool { return strings.HasSuffix(text, n.suffix) })
	if at < 0 {
		return 0, NoUnit, false
	}
	n := notations[at]
	number := strings.TrimSpace(strings.TrimSuffix(text, n.suffix))
	v, err := strconv.ParseFloat(number, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) || strings.ContainsAny(number, "xpin_") {
		return 0, NoUnit, false
	}
	return v * n.size, n.unit, true
}
