package almanac

import (
	"testing"
	"time"
	_ "time/tzdata"
)

func in(t *testing.T, name string) (*time.Location, Zone) {
	t.Helper()
	l, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return l, func(at time.Time) time.Duration {
		_, offset := at.In(l).Zone()
		return time.Duration(offset) * time.Second
	}
}

// TestNext lists when rules are due, in local time.
func TestNext(t *testing.T) {
	const layout = "Mon 2006-01-02 15:04:05 MST"
	berlin := Place{52.52, 13.41}
	for _, c := range []struct {
		zone, rule, after string
		want              []string
	}{
		{"Europe/Berlin", "18:00", "2024-05-06 12:00", []string{"Mon 2024-05-06 18:00:00 CEST", "Tue 2024-05-07 18:00:00 CEST"}},
		{"Europe/Berlin", "18:00", "2024-05-06 18:00", []string{"Tue 2024-05-07 18:00:00 CEST"}},
		{"Europe/Berlin", "mon-fri 18:00", "2024-05-10 19:00", []string{"Mon 2024-05-13 18:00:00 CEST"}},
		{"Europe/Berlin", "Sat,Sunday 00:00", "2024-05-10 19:00", []string{"Sat 2024-05-11 00:00:00 CEST", "Sun 2024-05-12 00:00:00 CEST", "Sat 2024-05-18 00:00:00 CEST"}},
		{"Europe/Berlin", "fri-mon 7:05:30", "2024-05-13 08:00", []string{"Fri 2024-05-17 07:05:30 CEST"}},
		{"Europe/Berlin", "wed 12:00", "2024-05-08 12:00", []string{"Wed 2024-05-15 12:00:00 CEST"}},
		// Clocks go from 02:00 to 03:00, and in autumn from 03:00 to 02:00.
		{"Europe/Berlin", "02:30", "2024-03-30 12:00", []string{"Sun 2024-03-31 03:30:00 CEST", "Mon 2024-04-01 02:30:00 CEST"}},
		{"Europe/Berlin", "03:00", "2024-03-30 12:00", []string{"Sun 2024-03-31 03:00:00 CEST", "Mon 2024-04-01 03:00:00 CEST"}},
		{"Europe/Berlin", "01:59", "2024-03-30 12:00", []string{"Sun 2024-03-31 01:59:00 CET", "Mon 2024-04-01 01:59:00 CEST"}},
		{"Europe/Berlin", "02:30", "2024-10-26 12:00", []string{"Sun 2024-10-27 02:30:00 CEST", "Mon 2024-10-28 02:30:00 CET"}},
		{"Europe/Berlin", "03:00", "2024-10-26 12:00", []string{"Sun 2024-10-27 03:00:00 CET", "Mon 2024-10-28 03:00:00 CET"}},
		{"Europe/Berlin", "20:00", "2024-03-30 21:00", []string{"Sun 2024-03-31 20:00:00 CEST"}},
		{"America/New_York", "02:30", "2024-03-09 12:00", []string{"Sun 2024-03-10 03:30:00 EDT", "Mon 2024-03-11 02:30:00 EDT"}},
		{"America/New_York", "01:30", "2024-11-02 12:00", []string{"Sun 2024-11-03 01:30:00 EDT", "Mon 2024-11-04 01:30:00 EST"}},
		{"Australia/Lord_Howe", "02:15", "2024-10-05 12:00", []string{"Sun 2024-10-06 02:45:00 +11"}}, // by half an hour
		{"Pacific/Kiritimati", "00:00", "2024-05-06 12:00", []string{"Tue 2024-05-07 00:00:00 +14"}},
		{"UTC", "02:30", "2024-03-30 12:00", []string{"Sun 2024-03-31 02:30:00 UTC"}},
	} {
		l, zone := in(t, c.zone)
		r, err := Parse(c.rule)
		if err != nil {
			t.Errorf("%s: %v", c.rule, err)
			continue
		}
		at, _ := time.ParseInLocation("2006-01-02 15:04", c.after, l)
		for _, want := range c.want {
			var ok bool
			if at, ok = r.Next(at, berlin, zone); !ok || at.In(l).Format(layout) != want {
				t.Errorf("%s %s after %s: %s, want %s", c.zone, c.rule, c.after, at.In(l).Format(layout), want)
			}
		}
	}
}

// TestSun compares with published almanacs, to two minutes.
func TestSun(t *testing.T) {
	london, newYork, sydney := Place{51.5074, -0.1278}, Place{40.7128, -74.0060}, Place{-33.8688, 151.2093}
	for _, c := range []struct {
		place           Place
		zone, date      string
		sunrise, sunset string
	}{
		{london, "Europe/London", "2024-06-21", "04:43", "21:21"},
		{london, "Europe/London", "2024-12-21", "08:04", "15:53"},
		{newYork, "America/New_York", "2024-06-20", "05:25", "20:31"},
		{newYork, "America/New_York", "2024-12-21", "07:17", "16:32"},
		{sydney, "Australia/Sydney", "2024-12-21", "05:41", "20:05"},
		{sydney, "Australia/Sydney", "2024-06-21", "07:00", "16:54"},
	} {
		l, zone := in(t, c.zone)
		midnight, _ := time.ParseInLocation("2006-01-02", c.date, l)
		for rule, want := range map[string]string{"sunrise": c.sunrise, "sunset": c.sunset} {
			r, _ := Parse(rule)
			at, ok := r.Next(midnight, c.place, zone)
			expected, _ := time.ParseInLocation("2006-01-02 15:04", c.date+" "+want, l)
			if d := at.Sub(expected).Abs(); !ok || d > 2*time.Minute {
				t.Errorf("%s %s %s: %v, want %s", c.zone, c.date, rule, at.In(l), want)
			}
		}
	}
}

// TestSunElsewhere: offsets count from the sun, days are those there, and what does not
// happen is passed over.
func TestSunElsewhere(t *testing.T) {
	l, zone := in(t, "Europe/London")
	london := Place{51.5074, -0.1278}
	next := func(rule, after string, place Place) (time.Time, bool) {
		r, err := Parse(rule)
		if err != nil {
			t.Fatal(err)
		}
		at, _ := time.ParseInLocation("2006-01-02 15:04", after, l)
		return r.Next(at, place, zone)
	}
	sunset, _ := next("sunset", "2024-06-21 12:00", london)
	early, _ := next("sunset-00:30", "2024-06-21 12:00", london)
	late, _ := next("sunset+02:45", "2024-06-21 22:00", london) // after midnight
	if sunset.Sub(early) != 30*time.Minute || late.Sub(sunset) != 2*time.Hour+45*time.Minute {
		t.Errorf("sunset %v, early %v, late %v", sunset, early, late)
	}
	if monday, _ := next("mon sunset", "2024-06-21 12:00", london); monday.In(l).Weekday() != time.Monday {
		t.Errorf("on mondays %v", monday)
	}
	if at, ok := next("sunset", "2024-06-21 12:00", Place{78.2, 15.6}); ok {
		t.Errorf("the sun sets in Svalbard in June: %v", at)
	}
	// East and west of the date line the day of UTC is another one.
	for _, longitude := range []float64{179.9, -179.9, 100, -100} {
		seen := map[string]bool{}
		at, _ := time.ParseInLocation("2006-01-02 15:04", "2024-03-20 00:00", l)
		for range 10 {
			r, _ := Parse("sunset")
			var ok bool
			at, ok = r.Next(at, Place{0, longitude}, zone)
			date := at.In(l).Format("2006-01-02")
			if !ok || seen[date] {
				t.Fatalf("at %v east: %v, again on %s", longitude, at, date)
			}
			seen[date] = true
		}
	}
}

func TestParseMistakes(t *testing.T) {
	const time = `a time is hours and minutes of a day of 24 hours, as in 18:00, or sunrise or sunset, got `
	for text, want := range map[string]string{
		"":                "it is empty",
		"6pm":             time + `"6pm"`,
		"18":              time + `"18"`,
		"18h00":           time + `"18h00"`,
		"24:00":           `hours are 00-23, got "24"`,
		"18:60":           `minutes are 00-59, got "60"`,
		"18:5":            `minutes are 00-59, got "5"`,
		"18:00:99":        `seconds are 00-59, got "99"`,
		"-1:00":           `hours are 00-23, got "-1"`,
		"mon-fri":         time + `"mon-fri"`,
		"monn 18:00":      `days are mon, tue, wed, thu, fri, sat and sun, got "monn"`,
		"mon- 18:00":      `days are mon, tue, wed, thu, fri, sat and sun, got ""`,
		"mon - fri 18:00": "it has days and one time, as in mon-fri 18:00",
		"sunset30":        `after the sun comes + or - and a time, as in sunset-00:30, got "30"`,
		"sunset-30m":      time + `"30m"`,
		"sunset-12:00":    `hours are 00-11, got "12"`,
		"sundown":         time + `"sundown"`,
	} {
		if _, err := Parse(text); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
