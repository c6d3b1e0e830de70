package replay

import (
	"fmt"
	"time"

	"showrun/runtime/engine"
	"showrun/runtime/level"
	"showrun/runtime/show"
)

// machine is what there is to know of a show that runs or is repeated.
type machine interface {
	Registry() *level.Registry
	Board() *show.Board
	Why(fixture, channel string) ([]show.Cause, error)
}

// live is a Machine whose engine half waits for nobody.
type live struct{ *show.Machine }

func (l live) Why(fixture, channel string) ([]show.Cause, error) { return l.WhyNow(fixture, channel) }

// side is one of the two shows: its newest frames, and what happened in it.
type side struct {
	machine
	to     show.FrameSink // looks on; may be nil
	frames []*frame       // the oldest first, each from its instant up to the next
	free   []*frame
	board  *show.Board
	cues   []Happening
	orders []Happening
}

// frame is a look. Levels are by the numbers that both sides have in common.
type frame struct {
	at     time.Duration
	levels [][]byte
}

// Happening is a cue that was fired, or an order to a device.
type Happening struct {
	At   time.Duration
	What string
}

// outputs numbers the outputs of both sides by their keys.
type outputs struct {
	numbers map[string]int
	keys    []string
}

func (o *outputs) number(key string) int {
	n, known := o.numbers[key]
	if !known {
		n = len(o.keys)
		o.numbers[key] = n
		o.keys = append(o.keys, key)
	}
	return n
}

// watch takes the frames and orders of a side.
type watch struct {
	*side
	outputs *outputs
}

// Frame implements show.FrameSink.
func (s *watch) Frame(f *level.Frame) {
	s.look(f.At)
	if s.to != nil {
		s.to.Frame(f)
	}
	var k *frame
	if n := len(s.free); n > 0 {
		k, s.free = s.free[n-1], s.free[:n-1]
	} else {
		k = &frame{}
	}
	k.at = f.At
	for i := range k.levels {
		k.levels[i] = k.levels[i][:0]
	}
	for o, levels := range f.Levels {
		n := s.outputs.number(s.Registry().Key(level.Output(o)))
		for len(k.levels) <= n {
			k.levels = append(k.levels, nil)
		}
		k.levels[n] = append(k.levels[n], levels...)
	}
	s.frames = append(s.frames, k)
}

// Order implements show.OrderSink.
func (s *watch) Order(d engine.DueOrder) {
	if to, ok := s.to.(show.OrderSink); ok {
		to.Order(d)
	}
	s.orders = append(s.orders, Happening{d.At, fmt.Sprintf("%s: %+v", d.Device, d.Message)})
}

// Batch implements show.BatchSink.
func (s *watch) Batch(b engine.Batch) {
	if to, ok := s.to.(show.BatchSink); ok {
		to.Batch(b)
	}
}

// look notes the cues that were fired since the frame before.
func (s *side) look(now time.Duration) {
	b := s.Board()
	if b == s.board {
		return
	}
	for i, l := range b.Lists {
		if s.board == nil || i >= len(s.board.Lists) {
			continue // where a list stands to begin with was not fired now
		}
		was := s.board.Lists[i]
		if l.Current != "" && (l.Current != was.Current || l.From != was.From) {
			s.cues = append(s.cues, Happening{max(l.From, now), fmt.Sprintf("cue %s of %s", l.Current, l.Name)})
		}
	}
	s.board = b
}

// cue names the cue of the main list that shows now.
func (s *side) cue() string {
	if s.board == nil || len(s.board.Lists) == 0 {
		return ""
	}
	l := s.board.Lists[0]
	c, err := l.Cue(l.Current)
	if err != nil {
		return ""
	}
	if c.Label == "" {
		return c.Number
	}
	return fmt.Sprintf("%s %q", c.Number, c.Label)
}

// forget lets go of frames that are over before an instant.
func (s *side) forget(before time.Duration) {
	n := 0
	for n+1 < len(s.frames) && s.frames[n+1].at <= before {
		n++
	}
	s.free = append(s.free, s.frames[:n]...)
	s.frames = append(s.frames[:0], s.frames[n:]...)
}
