package show_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	_ "time/tzdata"

	"showrun/bindings"
	"showrun/runtime/clock"
	"showrun/runtime/raced"
	"showrun/runtime/script"
	"showrun/runtime/show"
)

// dated is a show on a wall clock that can be set.
type dated struct {
	t     *testing.T
	clock *clock.Virtual
	m     *show.Machine
	load  *show.Load
	wall  time.Time     // when it was set last
	set   time.Duration // and the show time then
	log   bytes.Buffer
}

// newDated starts a show at a date, as another one has left it.
func newDated(t *testing.T, zone, date, text string, left show.Carried) *dated {
	t.Helper()
	l, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	d := &dated{t: t, clock: clock.NewVirtual()}
	d.setTo(date, l)
	d.m = show.New(show.Config{
		Name: "show", File: "show.lua", Rate: 10, Lookahead: lookahead, Seed: 1, Bind: bindings.New,
		Now: d.clock.Now, Stopwatch: func() time.Duration { return 0 },
		World: script.World{Wall: func() time.Time { return d.date(d.clock.Now()) }, Date: d.date},
		Log:   slog.New(slog.NewTextHandler(&d.log, nil)),
	})
	d.goLive(text, show.FirstAfter(nil, left))
	t.Cleanup(func() { d.load.Detach(); d.load.End() })
	return d
}

// goLive makes a version the live one.
func (d *dated) goLive(text string, state show.Copy) {
	d.t.Helper()
	folder := fstest.MapFS{"show.lua": {Data: []byte(`local clock, show = require "clock", require "show" ` + text)}}
	load, err := d.m.Prepare(d.t.Context(), folder, state)
	if err != nil {
		d.t.Fatal(err)
	}
	if before := d.m.Swap(load, d.clock.Now()); before != nil {
		before.End()
	}
	d.load = load
}

// TestAtWhileLoading: what was done while a new version loaded is not done by that again.
func TestAtWhileLoading(t *testing.T) {
	d := newDated(t, "UTC", "2024-05-06 17:59:59", say("18:00"), show.Carried{})
	state, _ := d.m.CopyState()
	d.run(5 * time.Second)
	d.goLive(say("18:00"), state)
	d.run(time.Minute)
	d.want("18:00")
}

func (d *dated) date(at time.Duration) time.Time { return d.wall.Add(at - d.set) }

// setTo sets the wall clock.
func (d *dated) setTo(date string, l *time.Location) {
	at, err := time.ParseInLocation("2006-01-02 15:04:05", date, l)
	if err != nil {
		d.t.Fatal(err)
	}
	d.wall, d.set = at, d.clock.Now()
}

// run lets so much time pass.
func (d *dated) run(length time.Duration) {
	until := d.clock.Now() + length
	for d.clock.Now() < until {
		d.clock.Set(min(max(d.m.ScriptNext(), d.clock.Now()+time.Millisecond), until))
		for more := true; more; {
			more, _ = d.m.Script(d.clock.Now())
		}
		d.m.Engine(d.clock.Now())
	}
}

// did is what the show said, in one line.
func (d *dated) did() string {
	var list []string
	for _, m := range regexp.MustCompile(`msg="?did ([^"]*?)"? `).FindAllStringSubmatch(d.log.String(), -1) {
		list = append(list, m[1])
	}
	return strings.Join(list, ", ")
}

func (d *dated) want(want string) {
	d.t.Helper()
	if got := d.did(); got != want {
		d.t.Errorf("did %q, want %q\n%s", got, want, d.log.String())
	}
}

// say has the script say when each of some times comes.
func say(times ...string) (text string) {
	for _, at := range times {
		text += fmt.Sprintf("show.at(%q, function() print('did %s') end) ", at, at)
	}
	return text
}

// TestAtAfterALateStart: what was due within the last minute is done, unless the run before
// has done it.
func TestAtAfterALateStart(t *testing.T) {
	text := say("17:58", "18:00", "18:01")
	d := newDated(t, "UTC", "2024-05-06 18:00:40", text, show.Carried{})
	d.run(10 * time.Second)
	d.want("18:00")
	left := *d.m.Carried()
	if left.Fired.IsZero() {
		t.Fatal("it is not known what was done")
	}
	again := newDated(t, "UTC", "2024-05-06 18:00:55", text, left)
	again.run(time.Minute)
	again.want("18:01")
	newDated(t, "UTC", "2024-05-06 18:01:00", text, show.Carried{}).want("")
	late := newDated(t, "UTC", "2024-05-06 18:02:01", text, show.Carried{})
	late.run(time.Minute)
	late.want("")
}

// TestAtWhenTheClockIsSet: what is passed by more than a minute is left out, and what was
// done is not done again unless the clock was wrong by more than that.
func TestAtWhenTheClockIsSet(t *testing.T) {
	d := newDated(t, "UTC", "1970-01-01 00:00:00", say("12:00", "18:00"), show.Carried{})
	d.run(10 * time.Second)
	d.setTo("2024-05-06 18:00:30", time.UTC) // from the network at last
	d.run(10 * time.Second)
	d.want("18:00")
	d.setTo("2024-05-06 17:59:50", time.UTC) // it was a little fast
	d.run(time.Minute)
	d.want("18:00")
	d.setTo("2024-05-06 11:59:00", time.UTC) // for a rehearsal
	d.run(2 * time.Minute)
	d.want("18:00, 12:00")
	d.setTo("2024-05-06 17:59:00", time.UTC)
	d.run(2 * time.Minute)
	d.want("18:00, 12:00, 18:00")
	d.setTo("2030-05-06 11:59:59", time.UTC)
	d.run(2 * time.Second)
	d.want("18:00, 12:00, 18:00, 12:00")
	d.setTo("2024-05-06 11:59:59", time.UTC) // it was years ahead
	d.run(2 * time.Second)
	d.want("18:00, 12:00, 18:00, 12:00, 12:00")
}

// TestAtWithDaylightSaving: each time comes once a day.
func TestAtWithDaylightSaving(t *testing.T) {
	text := say("01:30", "02:30", "03:00")
	for date, want := range map[string]string{
		"2024-03-30 23:00:00": "01:30, 03:00, 02:30", // 02:00 is 03:00, so 02:30 is 03:30
		"2024-10-26 23:00:00": "01:30, 02:30, 03:00",
	} {
		d := newDated(t, "Europe/Berlin", date, text, show.Carried{})
		d.run(8 * time.Hour)
		d.want(want)
	}
}

// TestAtDoesNotDrift: in days of waiting each time comes to the millisecond.
func TestAtDoesNotDrift(t *testing.T) {
	d := newDated(t, "UTC", "2024-05-06 17:59:59", `show.at("18:00", function() print(string.format("did %.3f", clock.time())) end)`, show.Carried{})
	d.run(raced.Of(49*time.Hour, 25*time.Hour))
	d.want(raced.Of("1.000, 86401.000, 172801.000", "1.000, 86401.000"))
}
