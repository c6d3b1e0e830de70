package lualib

import (
	"math"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// maxTime bounds a time in seconds from the Unix epoch on either side; what is beyond has no calendar date in Go.
const maxTime = 1 << 55

var osFunctions = []function{
	{"clock", osClock},
	{"date", osDate},
	{"difftime", osDifftime},
	{"getenv", osGetenv},
	{"time", osTime},
}

func osClock(c call) int { return c.pushNumber(c.lib.Clock()) }

func osDifftime(c call) int { return c.pushNumber(c.number(1) - c.optNumber(2, 0)) }

func osGetenv(c call) int {
	value, ok := c.lib.Getenv(c.text(1))
	if !ok {
		return c.push(lua.LNil)
	}
	return c.pushText(value)
}

// osTime is os.time([table]). The fields of the table may lie outside their usual ranges: the 35th of May is the 4th
// of June. Local daylight saving time is applied whatever the field isdst says.
func osTime(c call) int {
	if c.L.Get(1) == lua.LNil {
		return c.pushNumber(math.Floor(c.lib.Now()))
	}
	t := c.table(1)
	day, month, year := c.dateField(t, "day"), c.dateField(t, "month"), c.dateField(t, "year")
	hour, minute, second := c.optDateField(t, "hour", 12), c.optDateField(t, "min", 0), c.optDateField(t, "sec", 0)
	date := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	return c.pushNumber(float64(c.lib.Unix(date.Unix())))
}

func (c call) dateField(t *lua.LTable, key string) int {
	if _, ok := toNumber(t.RawGetString(key)); !ok {
		c.raise("field '%s' missing in date table", key)
	}
	return c.optDateField(t, key, 0)
}

func (c call) optDateField(t *lua.LTable, key string, otherwise int) int {
	f, ok := toNumber(t.RawGetString(key))
	if !ok {
		return otherwise
	}
	if !(math.Abs(f) <= math.MaxInt32) {
		c.raise("field '%s' is out of range in date table", key)
	}
	return int(f)
}

// osDate is os.date([format [, time]]).
func osDate(c call) int {
	format := c.optText(1, "%c")
	seconds := 0.0
	if c.L.Get(2) == lua.LNil {
		seconds = c.lib.Now()
	} else if seconds = c.number(2); !(math.Abs(seconds) <= maxTime) {
		c.argError(2, "time out of range")
	}
	t, zone := time.Unix(int64(math.Floor(seconds)), 0), Zone{Name: "GMT"}
	if utc, ok := strings.CutPrefix(format, "!"); ok {
		format = utc
	} else {
		zone = c.lib.Zone(t.Unix())
	}
	t = t.In(time.FixedZone(zone.Name, zone.Offset))
	if strings.HasPrefix(format, "*t") {
		return c.pushDateTable(t, zone.Summer)
	}
	var out []byte
	for {
		plain, rest, found := strings.Cut(format, "%")
		c.checkLength(len(out) + len(plain))
		out = append(out, plain...)
		if !found {
			return c.pushText(string(out))
		}
		field, ok := "", false
		if rest != "" {
			field, ok = dateField(t, rest[0])
		}
		if !ok {
			c.argError(1, "invalid conversion '%"+rest[:min(1, len(rest))]+"'")
		}
		out = append(out, field...)
		format = rest[1:]
	}
}

func (c call) pushDateTable(t time.Time, summer bool) int {
	table := c.L.CreateTable(0, 9)
	for _, field := range []struct {
		key   string
		value int
	}{
		{"sec", t.Second()}, {"min", t.Minute()}, {"hour", t.Hour()},
		{"day", t.Day()}, {"month", int(t.Month())}, {"year", t.Year()},
		{"wday", int(t.Weekday()) + 1}, {"yday", t.YearDay()},
	} {
		table.RawSetString(field.key, lua.LNumber(field.value))
	}
	table.RawSetString("isdst", lua.LBool(summer))
	return c.push(table)
}
