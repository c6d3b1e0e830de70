// Package span reads durations as scripts write them: "250ms", "1m30s",
// "3/4b", "2bar".
package span

import (
	"errors"
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

// ErrNone tells that a text is no duration but might be a place: 0 beats or bars.
var ErrNone = errors.New("beats and bars are more than 0")

// What else can be wrong with the text of a duration.
var (
	errNumber  = errors.New("a number comes first")
	errSign    = errors.New("it must not be negative")
	errDivides = errors.New("it divides by 0")
	errNoUnit  = errors.New("a unit is missing: ms, s, m, h, b (beats) or bar")
	errUnit    = errors.New("the units are ms, s, m, h, b (beats) and bar")
	errAlone   = errors.New("beats and bars stand alone")
	errLong    = errors.New("the longest is 1000 hours, or just under a million beats or bars")
)

// Parse parses the string form of a duration, with bars of bar beats. Time units may follow one
// another; beats stand alone. An error says what is wrong without repeating the text.
func Parse(text string, bar beat.Micro) (Length, error) {
	rest := strings.TrimSpace(text)
	var d Length
	for first := true; first || rest != ""; first = false {
		n, r, err := parseAmount(rest)
		if err != nil {
			return Length{}, err
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
				return Length{}, errLong
			}
		case unit == "" && rest == "":
			return Length{}, errNoUnit
		case unit != "b" && unit != "bar":
			return Length{}, errUnit
		case !first || rest != "":
			return Length{}, errAlone
		case n <= 0:
			return Length{}, ErrNone
		case n >= 1e6:
			return Length{}, errLong
		default:
			if unit == "bar" {
				n *= bar.Float()
			}
			d.Beats = n
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
		switch {
		case errors.Is(err, strconv.ErrRange):
			err = errLong
		case strings.HasPrefix(s, "-"):
			err = errSign
		case err != nil:
			err = errNumber
		}
		return f, s[end:], err
	}
	n, rest, err := one(s)
	if err != nil || !strings.HasPrefix(rest, "/") {
		return n, rest, err
	}
	d, rest, err := one(rest[1:])
	if err == nil && d == 0 {
		err = errDivides
	}
	return n / d, rest, err
}
