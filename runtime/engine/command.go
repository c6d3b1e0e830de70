package engine

import (
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/color"
	"showrun/runtime/curve"
	"showrun/runtime/level"
	"showrun/runtime/patch"
)

// A Stamp says at which instant commands take effect.
type Stamp = beat.Stamp

// A Batch is what one handler or task did between two waits: commands that
// appear together, in one frame. Whoever submits it does not change it later.
type Batch struct {
	Stamp
	// Generation is the load of the show that submitted it, from 1.
	Generation int
	// Reaction says that it is the answer to something whose instant has passed, such as a
	// message; it cannot be late.
	Reaction bool
	// Origin is the line of the script to name when it is late: "show.lua:12".
	Origin   string
	Commands []Command
}

// A Length is a duration: a time, or a number of beats if Beats is not 0.
// Beats are counted as they pass, so the length follows changes of tempo. A
// negative length counts as none.
type Length struct {
	Time  time.Duration
	Beats beat.Micro
}

// A Command changes what channels do. Commands are plain values, so that they
// can be recorded, compared and replayed.
//
// Levels are 0-255; fractions are kept. They may lie beyond either end, and
// are clamped and rounded at the output only. NaN counts as 0. A command that
// names a slot its output does not have, or a channel with its halves on two
// outputs, is refused and counted.
type Command interface {
	command()
}

// Set puts a channel to a level and ends what runs on it.
type Set struct {
	Channel patch.Channel
	Value   float64
}

// Fade moves a channel from the level it has at the stamp to another. It
// holds that level during Delay, then takes Duration for the way.
type Fade struct {
	Channel  patch.Channel
	To       float64
	Duration Length
	Delay    Length
	Curve    curve.Easing
}

// Stop ends what runs on a channel and leaves the level it has at the stamp.
type Stop struct {
	Channel patch.Channel
}

// Path moves channels along a chain of Bezier segments, one channel for each
// column of the path, and each segment as long as Segment. The first knot is
// the level each channel has at the stamp. A path with another number of
// columns than there are channels is refused and counted.
type Path struct {
	Channels []patch.Channel
	Path     curve.Path
	Segment  Length
}

// Wave moves a channel between From and To for ever, once in each Period.
// Phase, in cycles, is where in the cycle it is at the stamp; Width and Seed
// are those of curve.Shape.At. Without a period it stands still at its phase.
type Wave struct {
	Channel  patch.Channel
	Shape    curve.Shape
	Period   Length
	From, To float64
	Phase    float64
	Width    float64
	Seed     uint64
}

// FadeColor moves the colour of a fixture from the one it has at the stamp to another, as
// Fade does with a channel: as color.Between has it, or in straight lines if Direct is set.
type FadeColor struct {
	// At is the first of the attributes red, green and blue.
	At       level.Address
	To       color.RGB
	Duration Length
	Delay    Length
	Curve    curve.Easing
	Direct   bool
}

// WaveColor moves the colour of a fixture between two for ever, as Wave does with a
// channel.
type WaveColor struct {
	At       level.Address // as in FadeColor
	Shape    curve.Shape
	Period   Length
	From, To color.RGB
	Phase    float64
	Width    float64
	Seed     uint64
	Direct   bool
}

// SetColors puts the colours of many fixtures to levels, three for each, as three times
// Set does. One with another number of levels is refused and counted.
type SetColors struct {
	At     []level.Address // as in FadeColor
	Levels []float32
}

// Attributes names all fixtures whose attributes become levels of channels, in place of
// those named before. One that was there already goes on as it is. A new one is white at
// full intensity as far as its attributes say, and its channels stay as they are until
// the first command for one of them.
type Attributes struct {
	Mixes []patch.Mix
}

// Hold puts a channel to a level, within Duration, that what scripts do with it does not
// change: that goes on underneath. The level is below the master all the same. A hold on
// an attribute holds the channels that follow it.
type Hold struct {
	Channel  patch.Channel
	To       float64
	Duration Length
}

// Release gives channels back to what goes on underneath, within Duration: all that are
// held if it names none.
type Release struct {
	Channels []patch.Channel
	Duration Length
}

// Use takes outputs into use, as Engine.Use does, but from its instant on.
type Use struct {
	Outputs []level.Output
}

// Intensity names all channels that Master and Blackout scale, in place of
// those named before.
type Intensity struct {
	Channels []patch.Channel
}

// Master fades the grand master, which scales the output of the intensity
// channels, to a level: 255 is full, 0 is dark, and beyond that it is clamped.
// What the channels do goes on underneath.
type Master struct {
	To       float64
	Duration Length
	Curve    curve.Easing
}

// Blackout takes the output of the intensity channels to zero, or back to
// where the master has it.
type Blackout struct {
	On       bool
	Duration Length
	Curve    curve.Easing
}

// Conduct is for the conductor of the beat. Whoever submits a batch takes it out
// before: the engine follows the beat, it does not lead it.
type Conduct struct {
	beat.Command
}

func (Conduct) command()    {}
func (Set) command()        {}
func (Fade) command()       {}
func (Stop) command()       {}
func (Path) command()       {}
func (Wave) command()       {}
func (FadeColor) command()  {}
func (WaveColor) command()  {}
func (SetColors) command()  {}
func (Hold) command()       {}
func (Release) command()    {}
func (Attributes) command() {}
func (Use) command()        {}
func (Intensity) command()  {}
func (Master) command()     {}
func (Blackout) command()   {}
