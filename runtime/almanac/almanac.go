// Package almanac says when something is due by the wall clock, daylight saving included,
// and by the sun.
package almanac

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Sun is what of the sun a rule goes by.
type Sun int

// What a rule goes by.
const (
	Clock Sun = iota
	Sunrise
	Sunset
)

// Rule is a time of some days.
type Rule struct {
	Days [7]bool // by time.Weekday
	Sun  Sun
	At   time.Duration // since midnight as clocks show it, or after the sun
}

// Zone is by how much local clocks are ahead of UTC at an instant.
type Zone func(at time.Time) time.Duration

// Place is where somebody is, in degrees: north and east are positive.
type Place struct{ Latitude, Longitude float64 }

// lookAhead is how many days are looked at for the next time. A day of each name is among
// them; in winter at the poles there may be no sun on any.
const lookAhead = 8

// Next is the first time after an instant at which a rule is due; false if there is none in
// the days to come. A time that clocks leave out comes as long after the one before as
// usual: 02:30 is 03:30 on the day on which 02:00 is made 03:00. One that they show twice
// comes the first time only. The day of a rule of the sun is the one on which it rises or
// sets there.
func (r Rule) Next(after time.Time, place Place, zone Zone) (time.Time, bool) {
	today := day(after.Add(zone(after)))
	for d := -1; d <= lookAhead; d++ {
		date := today.AddDate(0, 0, d)
		if !r.Days[date.Weekday()] {
			continue
		}
		due, ok := r.on(date, place, zone)
		if ok && due.After(after) {
			return due, true
		}
	}
	return time.Time{}, false
}

// day is the midnight before a time, as clocks show it.
func day(shown time.Time) time.Time { return shown.UTC().Truncate(24 * time.Hour) }

// on is when the rule is due on a date.
func (r Rule) on(date time.Time, place Place, zone Zone) (time.Time, bool) {
	if r.Sun == Clock {
		return instant(date.Add(r.At), zone), true
	}
	for d := -1; d <= 1; d++ { // the day of UTC may be another one there
		at, ok := place.sun(date.AddDate(0, 0, d), r.Sun == Sunrise)
		if ok && day(at.Add(zone(at))).Equal(date) {
			return at.Add(r.At), true
		}
	}
	return time.Time{}, false
}

// instant is when local clocks show a time, which is given as if it were UTC.
func instant(shown time.Time, zone Zone) time.Time {
	before, after := zone(shown.Add(-24*time.Hour)), zone(shown.Add(24*time.Hour))
	first, second := shown.Add(-before), shown.Add(-after)
	if zone(first) != before && zone(second) == after {
		return second
	}
	return first // also of a time that is left out
}

// Parse reads a rule: "18:00", "mon-fri 18:00:30", "sat,sun sunset-00:30".
func Parse(text string) (Rule, error) {
	fields := strings.Fields(strings.ToLower(text))
	r := Rule{Days: [7]bool{true, true, true, true, true, true, true}}
	switch len(fields) {
	case 0:
		return r, errors.New("it is empty")
	case 1:
	case 2:
		days, err := parseDays(fields[0])
		if err != nil {
			return r, err
		}
		r.Days = days
	default:
		return r, errors.New("it has days and one time, as in mon-fri 18:00")
	}
	when := fields[len(fields)-1]
	for name, sun := range map[string]Sun{"sunrise": Sunrise, "sunset": Sunset} {
		if rest, is := strings.CutPrefix(when, name); is {
			r.Sun = sun
			var err error
			r.At, err = parseOffset(rest)
			return r, err
		}
	}
	var err error
	r.At, err = parseTime(when, 23)
	return r, err
}

// parseOffset reads what follows the sun: nothing, or "-00:30".
func parseOffset(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	if text[0] != '+' && text[0] != '-' {
		return 0, fmt.Errorf("after the sun comes + or - and a time, as in sunset-00:30, got %q", text)
	}
	d, err := parseTime(text[1:], 11)
	if text[0] == '-' {
		d = -d
	}
	return d, err
}

// parseTime reads hours, minutes, and perhaps seconds.
func parseTime(text string, most int) (time.Duration, error) {
	parts := strings.Split(text, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return 0, fmt.Errorf("a time is hours and minutes of a day of 24 hours, as in 18:00, or sunrise or sunset, got %q", text)
	}
	var d time.Duration
	for i, unit := range []struct {
		name string
		most int
		of   time.Duration
	}{{"hours", most, time.Hour}, {"minutes", 59, time.Minute}, {"seconds", 59, time.Second}}[:len(parts)] {
		n, err := strconv.Atoi(parts[i])
		if err != nil || n < 0 || n > unit.most || len(parts[i]) > 2 || i > 0 && len(parts[i]) != 2 {
			return 0, fmt.Errorf("%s are 00-%02d, got %q", unit.name, unit.most, parts[i])
		}
		d += time.Duration(n) * unit.of
	}
	return d, nil
}

// parseDays reads days of the week: "mon-fri", "sat,sun", "monday".
func parseDays(text string) (days [7]bool, err error) {
	for part := range strings.SplitSeq(text, ",") {
		from, to, isRange := strings.Cut(part, "-")
		first, err := parseDay(from)
		last := first
		if err == nil && isRange {
			last, err = parseDay(to)
		}
		if err != nil {
			return days, err
		}
		for d := first; ; d = (d + 1) % 7 {
			days[d] = true
			if d == last {
				break
			}
		}
	}
	return days, nil
}

func parseDay(text string) (time.Weekday, error) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		name := strings.ToLower(d.String())
		if text == name || text == name[:3] {
			return d, nil
		}
	}
	return 0, fmt.Errorf("days are mon, tue, wed, thu, fri, sat and sun, got %q", text)
}
