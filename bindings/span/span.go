// Package span reads durations as scripts write them: "250ms", "1m30s",
// "3/4b", "2bar".
package span

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"showrun/runtime/beat"
)

// Max is the longest duration; what is longer is taken for a mistake.
const Max = 1000 * time.Hour

// Length is a parsed duration: a time, or beats if there are any.
type Length struct {
	Time  time.Duration
	Beats float64
}

var timeUnits = map[string]time.Duration{"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour}

// Parse parses the string form of a duration, with bars of bar beats. Time units may follow one
// another; beats stand alone.
func Parse(text string, bar beat.Micro) (Length, error) {
	bad := fmt.Errorf("%q is no duration", text)
	rest := strings.TrimSpace(text)
	var d Length
	for first := true; first || rest != ""; first = false {
		n, r, err := parseAmount(rest)
		if err != nil {
			return Length{}, bad
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
			if d.Time > Max || n*float64(per) > float64(Max) {
				return Length{}, bad
			}
		case (unit == "b" || unit == "bar") && first && rest == "" && n > 0 && n < 1e6:
			if unit == "bar" {
				n *= bar.Float()
			}
			d.Beats = n
		default:
			return Length{}, bad
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
