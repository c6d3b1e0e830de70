package bindings

import (
	"math"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/span"
	"showrun/runtime/beat"
	"showrun/runtime/script"
)

// duration takes a duration: a number of seconds, or a string such as "250ms",
// "2s", "1m30s", "4b", "3/4b" or "2bar".
func (s *Show) duration(c call, v lua.LValue, what string) script.Span {
	d := s.length(c, v, what)
	return script.Span{Time: d.Time, Beats: beat.FromFloat(d.Beats)}
}

// length is duration, with beats as they were given.
func (s *Show) length(c call, v lua.LValue, what string) span.Length {
	const want = `a duration (seconds, or a string like "250ms", "1m30s", "3/4b" or "2bar")`
	switch v := v.(type) {
	case lua.LNumber:
		if f := float64(v); f >= 0 && f <= span.Max.Seconds() {
			return span.Length{Time: time.Duration(math.Round(f * 1e9))}
		}
	case lua.LString:
		if d, err := span.Parse(string(v), s.beatsPerBar); err == nil {
			return d
		}
	}
	c.wrong(what, want, v)
	return span.Length{}
}

// beats takes a number of beats, or a string such as "3/4b", "-1/8b" or "2bar".
func (s *Show) beats(c call, v lua.LValue, what string) float64 {
	switch v := v.(type) {
	case lua.LNumber:
		if f := float64(v); math.Abs(f) < 1e9 {
			return f
		}
	case lua.LString:
		text, negative := strings.CutPrefix(string(v), "-")
		if d, err := span.Parse(text, s.beatsPerBar); err == nil && d.Beats != 0 {
			if negative {
				return -d.Beats
			}
			return d.Beats
		}
	}
	c.wrong(what, `a number of beats, or a string like "3/4b" or "2bar"`, v)
	return 0
}

// finest is the smallest distance between points of a beat grid, in beats.
const finest = 0.001

// quantum takes the distance between points of a beat grid.
func (s *Show) quantum(c call, v lua.LValue, what string) float64 {
	q := s.beats(c, v, what)
	if q < finest {
		c.wrong(what, "at least 1/1000 of a beat", v)
	}
	return q
}

// grid takes a quantum, and after other arguments an offset that may be left out.
func (s *Show) grid(c call, quantum, offset int) beat.Grid {
	g := beat.Grid{Quantum: s.quantum(c, c.get(quantum), "the beats")}
	if !c.none(offset) {
		g.Offset = beat.FromFloat(s.beats(c, c.get(offset), "the offset"))
	}
	return g
}
