package bindings

import (
	"fmt"
	"math"
	"slices"
	"time"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/runtime/almanac"
	"showrun/runtime/script"
	"showrun/runtime/script/lualib"
)

// calendar is what is due by the wall clock.
type calendar struct {
	place   *almanac.Place // nil if the script has not told
	alarms  []*alarm
	ticking bool
	covered time.Time // all that was due up to then has been done; zero at the first start
	fired   time.Time // covered, when something was done last
	numbers int       // of alarms so far
}

// alarm is a registration.
type alarm struct {
	*script.Handle
	s     *Show
	rule  almanac.Rule
	topic string

	from, next time.Time // it is due at next for the first time after from; zero if that is not known
}

// Cancel implements module.Registration.
func (a *alarm) Cancel() {
	a.Handle.Cancel()
	a.s.at.alarms = slices.DeleteFunc(a.s.at.alarms, func(x *alarm) bool { return x == a })
}

// maxAlarms is how many there may be at a time.
const maxAlarms = 1000

func (s *Show) showPlace(c module.Call) int {
	s.LoadingOnly(c, "the place is told")
	o := c.Options(1, false, "latitude", "longitude")
	degrees := func(name string, most float64) float64 {
		n, ok := o.Get(name).(lua.LNumber)
		if !ok || !(math.Abs(float64(n)) <= most) {
			o.WrongNumber(name, fmt.Sprintf("-%g to %g degrees", most, most), o.Get(name))
		}
		return float64(n)
	}
	s.at.place = &almanac.Place{Latitude: degrees("latitude", 90), Longitude: degrees("longitude", 180)}
	return 0
}

func (s *Show) showAt(c module.Call) int {
	text := c.Str(1, "the time")
	rule, err := almanac.Parse(text)
	switch {
	case err != nil:
		c.Fail(`the time must be one such as "18:00", "mon-fri 18:00" or "sunset-00:30", got %s: %s`, module.Describe(lua.LString(text)), err)
	case rule.Sun != almanac.Clock && s.at.place == nil:
		c.Fail("%q depends on where the show is: tell it before, with show.place{ latitude = 52.5, longitude = 13.4 }", text)
	case len(s.at.alarms) >= maxAlarms:
		c.Fail("%d times are waited for, and more than that is not possible; cancel some of them", maxAlarms)
	}
	s.at.numbers++
	topic := fmt.Sprintf("show/at/%d", s.at.numbers)
	a := &alarm{Handle: s.G.On(c.Fn+" "+text, c.Function(2, "the callback"), nil, topic), s: s, rule: rule, topic: topic}
	s.at.alarms = append(s.at.alarms, a)
	if !s.at.ticking {
		s.at.ticking = true
		s.tickIn(0)
	}
	return s.PushHandle(c, a)
}

// tickIn looks at the wall clock after a while.
func (s *Show) tickIn(d time.Duration) {
	s.G.After("show.at", script.Span{Time: d}, s.G.Function(s.tick))
}

// The wall clock is looked at so often, as somebody may set it.
const tickEvery = time.Second

// late is how late something is still done, and by how much a clock that is set back is
// thought to have been wrong: what was done already is not done again.
const late = time.Minute

// hurry is the time that counts as none, for dates are rounded.
const hurry = time.Millisecond

// tick does what is due at the logical instant.
func (s *Show) tick() {
	if len(s.at.alarms) == 0 {
		s.at.ticking = false
		return
	}
	now := unix(s.G.Ask(script.DateAt{At: s.G.Instant()}).(float64))
	since := s.at.covered
	if since.After(now.Add(late)) {
		since = now.Add(-tickEvery) // the clock was set back since it was looked at
	}
	if oldest := now.Add(-late); since.Before(oldest) {
		since = oldest
	}
	wait := tickEvery
	for _, a := range s.at.alarms {
		due := a.after(since)
		if !due.IsZero() && !due.After(now.Add(hurry)) {
			s.G.Tell(script.Event{Topic: a.topic})
			s.at.fired = now.Add(hurry)
			s.Touch()
			due = a.after(now.Add(hurry))
		}
		if !due.IsZero() {
			wait = min(wait, max(due.Sub(now), hurry))
		}
	}
	if end := now.Add(hurry); end.After(since) {
		since = end
	}
	s.at.covered = since
	s.tickIn(wait)
}

// forgetting is how long it counts that nothing is due: the sun may not set for a while.
const forgetting = time.Hour

// after is when an alarm is due after a date; zero if that is not in the days to come.
func (a *alarm) after(since time.Time) time.Time {
	known := !a.from.IsZero() && !since.Before(a.from)
	if known && (a.next.IsZero() && since.Sub(a.from) < forgetting || !a.next.IsZero() && since.Before(a.next)) {
		return a.next
	}
	place := almanac.Place{}
	if a.s.at.place != nil {
		place = *a.s.at.place
	}
	a.from = since
	a.next, _ = a.rule.Next(since, place, a.s.zone)
	return a.next
}

// zone implements almanac.Zone for the clocks of this machine.
func (s *Show) zone(at time.Time) time.Duration {
	return time.Duration(s.G.Ask(script.LocalZone{Unix: at.Unix()}).(lualib.Zone).Offset) * time.Second
}

// unix is the date so many seconds after the Unix epoch.
func unix(seconds float64) time.Time {
	whole, part := math.Modf(seconds)
	return time.Unix(int64(whole), int64(part*1e9)).UTC().Round(time.Microsecond)
}
