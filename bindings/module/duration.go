package module

import (
	"errors"
	"math"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/span"
	"showrun/runtime/beat"
	"showrun/runtime/script"
)

// Duration takes a duration: a number of seconds, or a string such as "250ms",
// "2s", "1m30s", "4b", "3/4b" or "2bar".
func (s *Load) Duration(c Call, v lua.LValue, what string) script.Span {
	d := s.Length(c, v, what)
	return script.Span{Time: d.Time, Beats: beat.FromFloat(d.Beats)}
}

// Length is Duration, with beats as they were given.
func (s *Load) Length(c Call, v lua.LValue, what string) span.Length {
	const want = `a number of seconds (0-3600000), or a text such as "250ms", "1m30s", "3/4b" or "2bar"`
	switch v := v.(type) {
	case lua.LNumber:
		if f := float64(v); f >= 0 && f <= span.Max.Seconds() {
			if s.Watch != nil {
				s.Watch.Length(c, f, what)
			}
			return span.Length{Time: time.Duration(math.Round(f * 1e9))}
		}
	case lua.LString:
		d, err := span.Parse(string(v), s.BeatsPerBar)
		if err != nil {
			c.Fail("%s must be %s, got %s: %s", what, want, Describe(v), err)
		}
		return d
	}
	c.wrongOrder(what, want, v)
	return span.Length{}
}

// Beats takes a number of beats, or a string such as "3/4b", "-1/8b" or "2bar".
func (s *Load) Beats(c Call, v lua.LValue, what string) float64 {
	const want = `a number of beats, or a text such as "3/4b" or "2bar"`
	switch v := v.(type) {
	case lua.LNumber:
		if f := float64(v); math.Abs(f) < 1e9 {
			return f
		}
	case lua.LString:
		text, negative := strings.CutPrefix(string(v), "-")
		d, err := span.Parse(text, s.BeatsPerBar)
		switch {
		case errors.Is(err, span.ErrNone):
			return 0 // as a place or an offset it is as good as any
		case err == nil && d.Beats == 0:
			err = errTime
			fallthrough
		case err != nil:
			c.Fail("%s must be %s, got %s: %s", what, want, Describe(v), err)
		case negative:
			return -d.Beats
		}
		return d.Beats
	}
	c.wrongOrder(what, want, v)
	return 0
}

var errTime = errors.New("that is a time, and not a number of beats")

// wrongOrder is Wrong for what comes before a function.
func (c Call) wrongOrder(what, want string, v lua.LValue) {
	if _, ok := v.(*lua.LFunction); ok {
		want += ", before the function"
	}
	c.Wrong(what, want, v)
}

// Finest is the smallest distance between points of a beat grid, in beats.
const Finest = 0.001

// Quantum takes the distance between points of a beat grid.
func (s *Load) Quantum(c Call, v lua.LValue, what string) float64 {
	q := s.Beats(c, v, what)
	if q < Finest {
		c.Wrong(what, "at least 1/1000 of a beat", v)
	}
	return q
}

// Grid takes a quantum, and after other arguments an offset that may be left out.
func (s *Load) Grid(c Call, quantum, offset int) beat.Grid {
	g := beat.Grid{Quantum: s.Quantum(c, c.Get(quantum), "the beats")}
	if !c.None(offset) {
		g.Offset = beat.FromFloat(s.Beats(c, c.Get(offset), "the offset"))
	}
	return g
}
