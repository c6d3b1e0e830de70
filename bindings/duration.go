package bindings

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"showrun/runtime/beat"
	"showrun/runtime/script"
)

// durations longer than this are taken for mistakes.
const maxDuration = 1000 * time.Hour

// duration takes a duration: a number of seconds, or a string such as "250ms",
// "2s", "1m30s", "4b", "3/4b" or "2bar".
func (s *Show) duration(c call, v lua.LValue, what string) script.Span {
	d := s.length(c, v, what)
	return script.Span{Time: d.time, Beats: beat.FromFloat(d.beats)}
}

// length is duration, with beats as they were given.
func (s *Show) length(c call, v lua.LValue, what string) length {
	const want = `a duration (seconds, or a string like "250ms", "1m30s", "3/4b" or "2bar")`
	switch v := v.(type) {
	case lua.LNumber:
		if f := float64(v); f >= 0 && f <= maxDuration.Seconds() {
			return length{time: time.Duration(math.Round(f * 1e9))}
		}
	case lua.LString:
		if d, err := parseDuration(string(v), s.beatsPerBar); err == nil {
			return d
		}
	}
	c.wrong(what, want, v)
	return length{}
}

var timeUnits = map[string]time.Duration{"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour}

// length is a parsed duration: a time, or beats if there are any.
type length struct {
	time  time.Duration
	beats float64
}

// parseDuration parses the string form of a duration. Time units may follow one
// another; beats stand alone.
func parseDuration(text string, bar beat.Micro) (length, error) {
	bad := fmt.Errorf("%q is no duration", text)
	rest := strings.TrimSpace(text)
	var d length
	for first := true; first || rest != ""; first = false {
		n, r, err := parseAmount(rest)
		if err != nil {
			return length{}, bad
		}
		unit := strings.TrimLeft(r, " ")
		end := strings.IndexFunc(unit, func(c rune) bool { return c < 'a' || c > 'z' })
		if end < 0 {
			end = len(unit)
		}
		unit, rest = unit[:end], strings.TrimLeft(unit[end:], " ")
		switch per, isTime := timeUnits[unit]; {
		case isTime:
			d.time += time.Duration(math.Round(n * float64(per)))
			if d.time > maxDuration || n*float64(per) > float64(maxDuration) {
				return length{}, bad
			}
		case (unit == "b" || unit == "bar") && first && rest == "" && n > 0 && n < 1e6:
			if unit == "bar" {
				n *= bar.Float()
			}
			d.beats = n
		default:
			return length{}, bad
		}
	}
	return d, nil
}

// parseAmount parses a number or a fraction such as 3/4 at the start of s.
func parseAmount(s string) (float64, string, error) {
	one := func(s string) (float64, string, error) {
		end := strings.IndexFunc(s, func(c rune) bool { return (c < '0' || c > '9') && c != '.' })
		if end < 0 {
			end = len(s)
		}
		f, err := strconv.ParseFloat(s[:end], 64)
		return f, s[end:], err
	}
	n, rest, err := one(s)
	if err != nil || !strings.HasPrefix(rest, "/") {
		return n, rest, err
	}
	d, rest, err := one(rest[1:])
	if err != nil || d == 0 {
		return 0, "", fmt.Errorf("bad fraction")
	}
	return n / d, rest, nil
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
		if d, err := parseDuration(text, s.beatsPerBar); err == nil && d.beats != 0 {
			if negative {
				return -d.beats
			}
			return d.beats
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
