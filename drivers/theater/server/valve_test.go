package server

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"showrun/drivers/osc"
)

func TestValve(t *testing.T) {
	var changes []string
	v := NewValve(ValveConfig{OnChange: func(joint int, j Joint, at time.Time) {
		changes = append(changes, fmt.Sprintf("%.1f s: %d %v %v", at.Sub(start).Seconds(), joint, j.PWM, j.Vented))
	}})
	for i, line := range []string{
		"/move 1 100", "/move 2 -100", "/move 2 -100", "/move 1 0", "/move 2.0 50.5", "/empty", "/empty", "/move 1 0",
	} {
		say(t, v, line, after(float64(i)))
	}
	want := []string{
		"0.0 s: 1 100 false", "1.0 s: 2 -100 false", "3.0 s: 1 0 false", "4.0 s: 2 50.5 false",
		"5.0 s: 1 0 true", "5.0 s: 2 0 true", "7.0 s: 1 0 false",
	}
	if !slices.Equal(changes, want) {
		t.Errorf("changes\n%q, want\n%q", changes, want)
	}
	if v.Joint(1) != (Joint{}) || v.Joint(2) != (Joint{Vented: true}) {
		t.Errorf("joints %v and %v", v.Joint(1), v.Joint(2))
	}
	if s := v.Stats(); s.Executed != 8 || s.Total() != 0 {
		t.Errorf("%+v", s)
	}
}

func TestValveRefuses(t *testing.T) {
	for _, c := range []struct {
		message osc.Message
		want    Reason
	}{
		{message("/tempo 1 60"), UnknownAddress},
		{message("/empty 1"), WrongCount},
		{message("/move"), WrongCount},
		{message("/move 1"), WrongCount},
		{message("/move 1 100 100"), WrongCount},
		{message("/move 0 100"), UnknownName},
		{message("/move 3 100"), UnknownName},
		{message("/move x 100"), UnknownName},
		{message("/move 1.5 100"), UnknownName},
		{message("/move 1 101"), OutOfRange},
		{message("/move 1 -100.5"), OutOfRange},
		{osc.Message{Address: "/move", Args: []any{int32(1), "100"}}, WrongType},
		{osc.Message{Address: "/move", Args: []any{[]byte{1}, int32(1)}}, WrongType},
		{osc.Message{Address: "/move", Args: []any{int32(1), math.NaN()}}, NotFinite},
	} {
		v := NewValve(ValveConfig{})
		say(t, v, "/move 1 30", start)
		refused(t, v, c.message, start, c.want)
		if v.Joint(1) != (Joint{PWM: 30}) || v.Joint(2) != (Joint{}) || v.Stats().Refused[c.want] != 1 {
			t.Errorf("%v: %v, %v, counted %+v", c.message, v.Joint(1), v.Joint(2), v.Stats())
		}
	}
}

// A message in a bundle is executed at its tag: exactly, in order, and also if
// nobody has looked in between (PROTOCOL.md ruling 7).
func TestTimeTags(t *testing.T) {
	var at []time.Time
	var pwm []float64
	v := NewValve(ValveConfig{OnChange: func(_ int, j Joint, now time.Time) { at, pwm = append(at, now), append(pwm, j.PWM) }})
	for _, c := range []struct {
		line string
		at   time.Time
	}{
		{"/move 1 1", after(2)},
		{"/move 1 2", after(1)},
		{"/move 1 3", after(2)}, // after the other one of that instant
		{"/move 1 4", after(-5)},
		{"/move 1 5", after(10)},
		{"/move 1 6", start},
	} {
		if err := v.Receive(start, message(c.line), c.at); err != nil {
			t.Fatal(err)
		}
	}
	if err := v.Receive(start, message("/move 1 7"), after(10.001)); err == nil {
		t.Error("a tag more than 10 s ahead is taken")
	}
	if err := v.Receive(start, message("/move 9 7"), after(5)); err == nil {
		t.Error("a message that is wrong is kept for later")
	}
	if s := v.Stats(); s.Refused[TooEarly] != 1 || s.Refused[UnknownName] != 1 || s.Executed != 2 || s.Waiting != 4 {
		t.Errorf("%+v", s)
	}
	for now := v.Deadline(); !now.IsZero() && now.Before(after(5)); now = v.Deadline() {
		v.Step(now)
	}
	say(t, v, "/move 1 8", after(11)) // its arrival lets the one before it go first
	wantAt := []time.Time{start, start, after(1), after(2), after(2), after(10), after(11)}
	wantPWM := []float64{4, 6, 2, 1, 3, 5, 8}
	if !slices.Equal(pwm, wantPWM) || !slices.EqualFunc(at, wantAt, time.Time.Equal) {
		t.Errorf("changes to %v at %v", pwm, at)
	}
}

func TestWaitingIsBounded(t *testing.T) {
	v := NewValve(ValveConfig{})
	for range maxWaiting {
		if err := v.Receive(start, message("/empty"), after(1)); err != nil {
			t.Fatal(err)
		}
	}
	if err := v.Receive(start, message("/empty"), after(1)); err == nil || v.Stats().Refused[TooMany] != 1 {
		t.Errorf("%v, %+v", err, v.Stats())
	}
	say(t, v, "/empty", start) // what is for now does not wait
	v.Step(after(1))
	if s := v.Stats(); s.Executed != maxWaiting+1 || s.Waiting != 0 {
		t.Errorf("%+v", s)
	}
}

// A path started by a tag starts at the tag even if the timer is late, and a
// refusal at that instant is told by Step.
func TestTagsOfPaths(t *testing.T) {
	l := newLighting(t, LightingConfig{})
	if err := l.Receive(start, message("/fixture white 255"), after(1)); err != nil {
		t.Fatal(err)
	}
	l.Step(start)
	if next := l.Deadline(); !next.Equal(after(1)) {
		t.Fatalf("next is at %v", next)
	}
	l.Step(after(1.3))
	near(t, "after a late step", mustValue(t, l, "white", after(1.5)), closed(0, []float64{0, 255, 255}, 60, 0.5))

	full := osc.Message{Address: "/spline", Args: []any{"blue"}}
	for range MaxSegments {
		full.Args = append(full.Args, int32(1), int32(1), int32(1))
	}
	l.Receive(after(2), full, after(3))
	l.Receive(after(2), message("/fixture blue 1"), after(3.5))
	if err := l.Step(after(4)); err == nil || l.Stats().Refused[PathFull] != 1 {
		t.Errorf("%v, %+v", err, l.Stats())
	}
}

func mustValue(t *testing.T, l *Lighting, name string, now time.Time) float64 {
	t.Helper()
	v, ok := l.Values(nil, name, now)
	if !ok || len(v) != 1 {
		t.Fatalf("%s has values %v", name, v)
	}
	return v[0]
}
