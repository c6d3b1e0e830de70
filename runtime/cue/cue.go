package cue

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/level"
	"showrun/runtime/patch"
)

// Key is what a cue changes: a channel, by its coarse slot.
type Key = level.Address

// Value is what a channel does: it stands at a level (0-255), or it moves for ever as
// Motion says, a plain value that can be compared and that only the caller understands.
type Value struct {
	Level  float64
	Motion any
}

// Follows is the Motion of a channel that follows the attributes of its fixture: a command
// for one of those is what has it do so.
type Follows struct{}

// lit tells whether an intensity gives light.
func (v Value) lit() bool { return v.Level > 0 || v.Motion != nil }

// Change is what a cue does to a channel of a fixture.
type Change struct {
	Key     Key
	Class   patch.Class
	Fixture string
	Value   Value
}

// Length is a duration: a time, or a number of beats if Beats is not 0.
type Length struct {
	Time  time.Duration
	Beats beat.Micro
}

// Fade says how long changes take: intensities that rise and that fall, and channels of the
// other classes.
type Fade struct {
	Up, Down, Color, Position, Beam Length
}

// Every is the fade that takes equally long for everything.
func Every(d Length) Fade { return Fade{d, d, d, d, d} }

// Of is how long a channel takes from a level to another.
func (f Fade) Of(c patch.Class, from, to Value) Length {
	switch {
	case c == patch.Color:
		return f.Color
	case c == patch.Position:
		return f.Position
	case c == patch.Beam:
		return f.Beam
	case to.Level < from.Level:
		return f.Down
	}
	return f.Up
}

// Next says when a cue is followed by the next one of its own accord.
type Next uint8

const (
	OnGo   Next = iota // it is not
	Follow             // so long after it started
	Hang               // so long after its fades ended, which may be negative
)

// A Cue is one cue of a list. It is not changed after it was added.
type Cue struct {
	Number float64
	Label  string

	Changes              []Change
	Block, CueOnly, Mark bool
	Function             bool // it has one, which the caller knows

	Fade  Fade
	Wait  Length // from GO until it starts
	Next  Next
	After Length // of Next
	At    int64  // the frame of the timecode that starts it, if Timed is set
	Timed bool

	channels []int32 // of Changes, as the list numbers them
}

// String is the number and the label, for people.
func (c *Cue) String() string {
	if c.Label == "" {
		return Number(c.Number)
	}
	return Number(c.Number) + " " + c.Label
}

// Number writes the number of a cue for people.
func Number(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

// channel is one that a list has to do with.
type channel struct {
	Key
	class   patch.Class
	fixture int32
	emitter bool // it follows attributes at times
}

// List is a cue list. It is for one goroutine.
type List struct {
	Name string

	// Home is what a channel does without any cue: it goes back to that when the list
	// goes to a cue before those that change it.
	Home func(Key) Value
	// Shadow is what the function of a cue leaves. It is called for cues that have one.
	Shadow func(*Cue) []Late

	cues     []*Cue
	channels []channel
	numbers  map[Key]int32
	fixtures map[string]int32
	dimmers  [][]int32 // the channels of each fixture that are its intensity ...
	told     [][]int32 // ... its attributes ...
	emitters [][]int32 // ... and those that follow them

	position
}

// New returns a list without cues.
func New(name string) *List {
	return &List{
		Name: name, numbers: map[Key]int32{}, fixtures: map[string]int32{},
		Home: func(Key) Value { return Value{} }, Shadow: func(*Cue) []Late { return nil },
		position: position{at: -1},
	}
}

// Add puts a cue in its place by its number, which must be a new one.
func (l *List) Add(c *Cue) error {
	i, found := l.search(c.Number)
	if found {
		return fmt.Errorf("there is a cue %s already", l.cues[i])
	}
	c.channels = make([]int32, len(c.Changes))
	for k, change := range c.Changes {
		c.channels[k] = l.number(change)
	}
	l.cues = slices.Insert(l.cues, i, c)
	return nil
}

func (l *List) search(number float64) (i int, found bool) {
	return slices.BinarySearchFunc(l.cues, number, func(c *Cue, n float64) int {
		switch {
		case c.Number < n:
			return -1
		case c.Number > n:
			return 1
		}
		return 0
	})
}

// number is the number of the channel of a change in this list.
func (l *List) number(c Change) int32 {
	if n, ok := l.numbers[c.Key]; ok {
		l.follower(n, c.Value)
		return n
	}
	f, ok := l.fixtures[c.Fixture]
	if !ok {
		f = int32(len(l.dimmers))
		l.fixtures[c.Fixture] = f
		l.dimmers, l.told, l.emitters = append(l.dimmers, nil), append(l.told, nil), append(l.emitters, nil)
	}
	n := int32(len(l.channels))
	l.channels = append(l.channels, channel{Key: c.Key, class: c.Class, fixture: f})
	l.numbers[c.Key] = n
	if c.Class == patch.Intensity {
		l.dimmers[f] = append(l.dimmers[f], n)
	}
	if c.Key.Output.IsAttribute() {
		l.told[f] = append(l.told[f], n)
	}
	l.follower(n, c.Value)
	return n
}

// Know tells the list of channels that it may have to do with, whatever their values.
func (l *List) Know(channels []Change) {
	for _, c := range channels {
		l.number(c)
	}
}

// follower notes that a channel is one that follows attributes, if the value says so.
func (l *List) follower(n int32, v Value) {
	if ch := &l.channels[n]; !ch.emitter && v.Motion == (Follows{}) {
		ch.emitter = true
		l.emitters[ch.fixture] = append(l.emitters[ch.fixture], n)
	}
}

// Cues are all cues, in the order of their numbers. They are not for writing.
func (l *List) Cues() []*Cue { return l.cues }

// Find returns a cue by its number, or an error that tells which are near.
func (l *List) Find(number float64) (*Cue, error) {
	i, found := l.search(number)
	if found {
		return l.cues[i], nil
	}
	switch {
	case len(l.cues) == 0:
		return nil, fmt.Errorf("there is no cue %s; the list has no cues", Number(number))
	case i == 0:
		return nil, fmt.Errorf("there is no cue %s; the first is %s", Number(number), l.cues[0])
	case i == len(l.cues):
		return nil, fmt.Errorf("there is no cue %s; the last is %s", Number(number), l.cues[i-1])
	}
	return nil, fmt.Errorf("there is no cue %s; the nearest are %s and %s", Number(number), l.cues[i-1], l.cues[i])
}
