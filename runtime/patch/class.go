package patch

import (
	"strings"

	"showrun/runtime/color"
)

// A Class is what a channel is for, as lighting desks sort them. It says how long a fade
// takes where that is told by class, and what may move in the dark.
type Class uint8

const (
	Beam      Class = iota // all that is none of the others: gobo, zoom, shutter, speed
	Intensity              // how bright it is
	Color                  // what makes the colour
	Position               // where it points
)

// ClassOf returns the class of a channel by its name, whatever the case of the letters.
func ClassOf(channel string) Class {
	switch strings.ToLower(channel) {
	case "dimmer", "intensity":
		return Intensity
	case "pan", "tilt":
		return Position
	case "color", "colour", "color wheel", "colour wheel", "color_wheel", "colour_wheel":
		return Color
	}
	if emitterOf(channel) != color.None {
		return Color
	}
	return Beam
}
