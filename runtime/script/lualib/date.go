package lualib

import (
	"fmt"
	"strconv"
	"time"
)

// dateField is what a conversion of os.date stands for, as in strftime of C with the C locale.
func dateField(t time.Time, letter byte) (string, bool) {
	switch letter {
	case 'a':
		return t.Weekday().String()[:3], true
	case 'A':
		return t.Weekday().String(), true
	case 'b', 'h':
		return t.Month().String()[:3], true
	case 'B':
		return t.Month().String(), true
	case 'c':
		return t.Format("Mon Jan _2 15:04:05 ") + strconv.Itoa(t.Year()), true
	case 'd':
		return twoPlaces(t.Day()), true
	case 'D', 'x':
		return t.Format("01/02/06"), true
	case 'e':
		return fmt.Sprintf("%2d", t.Day()), true
	case 'F':
		return strconv.Itoa(t.Year()) + t.Format("-01-02"), true
	case 'H':
		return twoPlaces(t.Hour()), true
	case 'I':
		return twoPlaces((t.Hour()+11)%12 + 1), true
	case 'j':
		return fmt.Sprintf("%03d", t.YearDay()), true
	case 'm':
		return twoPlaces(int(t.Month())), true
	case 'M':
		return twoPlaces(t.Minute()), true
	case 'n':
		return "\n", true
	case 'p':
		return t.Format("PM"), true
	case 'r':
		return t.Format("03:04:05 PM"), true
	case 'R':
		return t.Format("15:04"), true
	case 'S':
		return twoPlaces(t.Second()), true
	case 't':
		return "\t", true
	case 'T', 'X':
		return t.Format("15:04:05"), true
	case 'u':
		return strconv.Itoa((int(t.Weekday())+6)%7 + 1), true
	case 'U':
		return twoPlaces(week(t, time.Sunday)), true
	case 'w':
		return strconv.Itoa(int(t.Weekday())), true
	case 'W':
		return twoPlaces(week(t, time.Monday)), true
	case 'y':
		return t.Format("06"), true
	case 'Y':
		return strconv.Itoa(t.Year()), true
	case 'z':
		return t.Format("-0700"), true
	case 'Z':
		name, _ := t.Zone()
		return name, true
	case '%':
		return "%", true
	}
	return "", false
}

func twoPlaces(n int) string { return fmt.Sprintf("%02d", n) }

// week is the number of the week in the year, from 0: the first one begins at the first of these weekdays.
func week(t time.Time, first time.Weekday) int {
	sinceFirst := (int(t.Weekday()) - int(first) + 7) % 7
	return (t.YearDay() - 1 + 7 - sinceFirst) / 7
}
