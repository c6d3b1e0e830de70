package lualib

import (
	"testing"
	"time"
)

// summertime is a zone whose clock is ahead and calls itself so.
var summertime = time.FixedZone("CEST", 2*60*60)

// clockIn has the clocks of the place that now is given for stand at now.
func clockIn(now time.Time) Options {
	return Options{
		Now: func() float64 { return float64(now.Unix()) },
		Zone: func(unix int64) Zone {
			t := time.Unix(unix, 0).In(now.Location())
			name, offset := t.Zone()
			return Zone{Name: name, Offset: offset, Summer: t.IsDST()}
		},
		Unix: func(shown int64) int64 {
			t := time.Unix(shown, 0).UTC()
			hour, minute, second := t.Clock()
			return time.Date(t.Year(), t.Month(), t.Day(), hour, minute, second, 0, now.Location()).Unix()
		},
	}
}

func TestDate(t *testing.T) {
	o := clockIn(time.Date(2024, 2, 29, 13, 4, 5, 0, summertime))
	check(t, o, []snippet{
		{`return os.date("%a %A %b %B %d %H %I %j %m %M %p %S %w %y %Y %Z %%")`, "Thu Thursday Feb February 29 13 01 060 02 04 PM 05 4 24 2024 CEST %"},
		{`return os.date(), os.date("%c"), os.date("%x %X")`, "Thu Feb 29 13:04:05 2024 | Thu Feb 29 13:04:05 2024 | 02/29/24 13:04:05"},
		{`return os.date("!%H:%M %Z"), os.date("!%H", 0), os.date("%H %z", 0)`, "11:04 GMT | 00 | 02 +0200"},
		{`return os.date("%U %W", 1704067200), os.date("%U %W", 1704585600), os.date("%U %W", 1735603200)`, "00 01 | 01 01 | 52 53"},
		{`local t = os.date("*t") return t.year, t.month, t.day, t.hour, t.min, t.sec, t.wday, t.yday, t.isdst`, "2024 | 2 | 29 | 13 | 4 | 5 | 5 | 60 | false"},
		{`local t = os.date("!*t", 86399) return t.day, t.hour, t.min, t.sec`, "1 | 23 | 59 | 59"},
		{`return os.time() == os.time(os.date("*t")), os.time{ year = 1970, month = 1, day = 1, hour = 2 }`, "true | 0"},
		{`return os.time{ year = 2024, month = 5, day = 35 } - os.time{ year = 2024, month = 6, day = 4 }`, "0"},
		{`return os.date("%"), 1`, "error: show.lua:1: bad argument #1 to 'date' (invalid conversion '%')"},
		{`return os.date("%Q")`, "error: show.lua:1: bad argument #1 to 'date' (invalid conversion '%Q')"},
		{`return os.date("%c", 1e300)`, "error: show.lua:1: bad argument #2 to 'date' (time out of range)"},
		{`return os.date("%c", 0/0)`, "error: show.lua:1: bad argument #2 to 'date' (time out of range)"},
		{`return #os.date("%c", 2^55) > 0, #os.date("%c", -2^55) > 0`, "true | true"},
		{`return os.time{ year = 2024 }`, "error: show.lua:1: field 'day' missing in date table"},
		{`return os.time{ year = 1e300, month = 1, day = 1 }`, "error: show.lua:1: field 'year' is out of range in date table"},
		{`return os.time("now")`, "error: show.lua:1: bad argument #1 to 'time' (table expected, got string)"},
		{`return os.difftime(10, 4), os.difftime(10)`, "6 | 10"},
	})
}

// TestDaylightSaving runs in a zone with two clocks, when the system knows it.
func TestDaylightSaving(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skipf("no time zone database: %v", err)
	}
	o := clockIn(time.Date(2024, 7, 1, 12, 0, 0, 0, berlin))
	check(t, o, []snippet{
		{`local s, w = os.date("*t"), os.date("*t", 0) return s.isdst, w.isdst, os.date("%Z"), os.date("%Z", 0)`, "true | false | CEST | CET"},
		{`return os.date("%H:%M", os.time{ year = 2024, month = 12, day = 24, hour = 20 })`, "20:00"},
	})
}
