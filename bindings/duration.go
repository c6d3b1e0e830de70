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
	const want = `a duration (seconds, or a string like "250ms", "1m30s", "3/4b" or "2bar")`
	switch v := v.(type) {
	case lua.LNumber:
		if f := float64(v); f >= 0 && f <= maxDuration.Seconds() {
			return script.Span{Time: time.Duration(math.Round(f * 1e9))}
		}
	case lua.LString:
		if d, err := parseDuration(string(v), s.beatsPerBar); err == nil {
			return d
		}
	}
	c.wrong(what, want, v)
	return script.Span{}
}

var timeUnits = map[string]time.Duration{"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour}

// parseDuration parses the string form of a duration. Time units may follow one
// another; beats stand alone.
func parseDuration(text string, bar beat.Micro) (script.Span, error) {
	bad := fmt.Errorf("%q is no duration", text)
	rest := strings.TrimSpace(text)
	var d script.Span
	for first := true; first || rest != ""; first = false {
		n, r, err := parseAmount(rest)
		if err != nil {
			return script.Span{}, bad
		}
		unit := strings.TrimLeft(r, " ")
		end := strings.IndexFunc(unit, func(c rune) bool { return c < 'a' || c > 'z' })
		if end < 0 {
			end = len(unit)
		}
		unit, rest = unit[:end], strings.TrimLeft(unit[end:], " ")
		switch per, isTime := timeUnits[unit]; {
		case isTime:
			d.Time += time.Duration(math.Round(n * float64(per)))
			if d.Time > maxDuration || n*float64(per) > float64(maxDuration) {
				return script.Span{}, bad
			}
		case (unit == "b" || unit == "bar") && first && rest == "" && n > 0 && n < 1e6:
			if unit == "bar" {
				n *= bar.Float()
			}
			d.Beats = beat.FromFloat(n)
		default:
			return script.Span{}, bad
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
func (s *Show) beats(c call, v lua.LValue, what string) beat.Micro {
	switch v := v.(type) {
	case lua.LNumber:
		if f := float64(v); math.Abs(f) < 1e9 {
			return beat.FromFloat(f)
		}
	case lua.LString:
		text, negative := strings.CutPrefix(string(v), "-")
		if d, err := parseDuration(text, s.beatsPerBar); err == nil && d.Beats != 0 {
			if negative {
				return -d.Beats
			}
			return d.Beats
		}
	}
	c.wrong(what, `a number of beats, or a string like "3/4b" or "2bar"`, v)
	return 0
}

// finest is the smallest distance between points of a beat grid.
const finest = beat.Beat / 1000

// grid takes the distance between points of a beat grid.
func (s *Show) grid(c call, v lua.LValue, what string) beat.Micro {
	q := s.beats(c, v, what)
	if q < finest {
		c.wrong(what, "at least 1/1000 of a beat", v)
	}
	return q
}
