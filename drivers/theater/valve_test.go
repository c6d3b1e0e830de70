package theater

import (
	"errors"
	"fmt"
	"math"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"showrun/drivers/osc"
)

// newValve makes a Valve whose messages are kept.
func newValve(t *testing.T, safe Safe) (v *Valve, sent *[]string) {
	t.Helper()
	sent = new([]string)
	v, err := NewValve(ValveConfig{Safe: safe}, func(m osc.Message) error {
		*sent = append(*sent, m.String())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return v, sent
}

func expectSent(t *testing.T, sent *[]string, want ...string) {
	t.Helper()
	if !slices.Equal(*sent, want) {
		t.Errorf("sent %q, want %q", *sent, want)
	}
	*sent = nil
}

func TestValve(t *testing.T) {
	v, sent := newValve(t, SafeDefault)
	for _, err := range []error{v.Move(1, 100), v.Move(2, -100), v.Move(1, 0), v.Move(2, 33.5), v.Empty()} {
		if err != nil {
			t.Error(err)
		}
	}
	expectSent(t, sent, "/move 1 100", "/move 2 -100", "/move 1 0", "/move 2 33.5", "/empty")
	for want, err := range map[string]error{
		"/move 0: expected joint 1 or 2":                     v.Move(0, 0),
		"/move 3: expected joint 1 or 2":                     v.Move(3, 0),
		"/move 1 101: expected a pulse width of -100 to 100": v.Move(1, 101),
		"/move 1 -100.5: expected a pulse width":             v.Move(1, -100.5),
		"/move 2 NaN: expected":                              v.Move(2, math.NaN()),
		"safe action 9: this device has no such":             second(NewValve(ValveConfig{Safe: 9}, nil)),
		"safe action -1: this device has no such":            second(OpenValve(ValveConfig{Safe: -1})),
	} {
		if !errors.Is(err, ErrArgument) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	expectSent(t, sent)
	v.Step(time.Time{})
	if !v.Deadline().IsZero() || v.Stats() != (Stats{Sent: 5}) {
		t.Errorf("counts %+v, waits for %v", v.Stats(), v.Deadline())
	}
	v.Close()
	if err := v.Move(1, 0); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestValveSafe(t *testing.T) {
	stop := []string{"/move 1 0", "/move 2 0"}
	for safe, want := range map[Safe][]string{
		SafeDefault: append(slices.Clone(stop), "/empty"),
		SafeStop:    stop,
		SafeEmpty:   append(slices.Clone(stop), "/empty"),
		SafeHold:    nil,
	} {
		v, sent := newValve(t, safe)
		v.Safe(time.Time{})
		expectSent(t, sent, want...)
		v.Move(1, 5)
		expectSent(t, sent, "/move 1 5") // Safe alone forbids nothing
		v.Hold(time.Time{}, true)
		expectSent(t, sent, want...)
		if err := v.Move(1, 5); !errors.Is(err, ErrHeld) {
			t.Errorf("move: %v", err)
		}
		if err := v.Empty(); !errors.Is(err, ErrHeld) {
			t.Errorf("empty: %v", err)
		}
		v.Safe(time.Time{})
		expectSent(t, sent, want...)
		v.Hold(time.Time{}, false)
		v.Move(2, 5)
		expectSent(t, sent, "/move 2 5")
	}
}

// TestValveSafeGoesOn: a message that is refused does not keep the others back.
func TestValveSafeGoesOn(t *testing.T) {
	n := 0
	v, err := NewValve(ValveConfig{}, func(osc.Message) error {
		n++
		return errors.New("network is unreachable")
	})
	if err != nil {
		t.Fatal(err)
	}
	if v.Safe(time.Time{}); n != 3 || v.Stats() != (Stats{Unsent: 3}) || v.AtRest() {
		t.Errorf("%d messages, %+v, at rest %t", n, v.Stats(), v.AtRest())
	}
}

// steps runs a valve up to an instant and returns when it sent, and how many messages
// each time.
func steps(v *Valve, sent func() int, start time.Time, until time.Duration) (list []string) {
	for next := v.Deadline(); !next.IsZero() && !next.After(start.Add(until)); next = v.Deadline() {
		v.Step(next.Add(-1))
		before := sent()
		v.Step(next)
		list = append(list, fmt.Sprintf("%v: %d", next.Sub(start), sent()-before))
	}
	return list
}

// TestValveSafeRepeats: what may be lost is sent three times, unless a command comes
// between. Stopping what is vented would shut it.
func TestValveSafeRepeats(t *testing.T) {
	start := time.Unix(1000, 0)
	for safe, want := range map[Safe][]string{
		SafeEmpty: {"20ms: 1", "40ms: 1"}, SafeStop: {"20ms: 2", "40ms: 2"}, SafeHold: nil,
	} {
		v, _ := newValve(t, safe)
		count := func() int { return int(v.Stats().Sent) }
		v.Hold(start, true)
		if got := steps(v, count, start, time.Hour); !slices.Equal(got, want) || !v.AtRest() {
			t.Errorf("%v: %q, want %q", safe, got, want)
		}
		v.Hold(start, false)
		v.Safe(start)
		v.Move(1, 50)
		if got := steps(v, count, start, time.Hour); got != nil || v.AtRest() {
			t.Errorf("%v: after a command %q", safe, got)
		}
	}
}

// TestValveHeldWithoutNetwork: it is told as soon as the network takes it, and no more
// once it is released.
func TestValveHeldWithoutNetwork(t *testing.T) {
	start, n, down := time.Unix(1000, 0), 0, true
	v, err := NewValve(ValveConfig{}, func(osc.Message) error {
		n++
		if down {
			return errors.New("network is unreachable")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	count := func() int { return n }
	v.Hold(start, true)
	if got, want := steps(v, count, start, 1100*time.Millisecond), []string{"20ms: 3", "40ms: 3", "540ms: 3", "1.04s: 3"}; !slices.Equal(got, want) || v.AtRest() {
		t.Errorf("%q, want %q", got, want)
	}
	down = false
	if got, want := steps(v, count, start, time.Hour), []string{"1.54s: 3"}; !slices.Equal(got, want) || !v.AtRest() {
		t.Errorf("%q, want %q", got, want)
	}
	down = true
	v.Hold(start, false)
	v.Hold(start, true)
	v.Hold(start, false)
	if !v.Deadline().IsZero() {
		t.Errorf("released and waits for %v", v.Deadline())
	}
	// Without being held as well, until a command comes.
	v.Safe(start)
	if got, want := steps(v, count, start, time.Second), []string{"20ms: 3", "40ms: 3", "540ms: 3"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	v.Move(1, 0)
	if !v.Deadline().IsZero() {
		t.Errorf("told something and waits for %v", v.Deadline())
	}
}

// TestValveSafeChanges: the safe action may be another one from now on.
func TestValveSafeChanges(t *testing.T) {
	v, sent := newValve(t, SafeEmpty)
	if err := v.SetSafe(SafeStop); err != nil {
		t.Fatal(err)
	}
	v.Safe(time.Time{})
	expectSent(t, sent, "/move 1 0", "/move 2 0")
	if err := v.SetSafe(9); !errors.Is(err, ErrArgument) {
		t.Errorf("9: %v", err)
	}
}

func TestParseSafe(t *testing.T) {
	for s, want := range map[string]Safe{"": SafeDefault, "stop": SafeStop, "empty": SafeEmpty, "hold": SafeHold} {
		if got, err := ParseSafe(s); got != want || err != nil {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
	if _, err := ParseSafe("vent"); !errors.Is(err, ErrArgument) || !strings.Contains(err.Error(), "expected stop, empty or hold") {
		t.Error(err)
	}
}

func TestAxes(t *testing.T) {
	for i, s := range []string{"x", "y", "z", "a", "0", "1", "2", "3"} {
		a, err := ParseAxis(s)
		if int(a) != i%4 || err != nil || i < 4 && a.String() != s {
			t.Errorf("%q: %v, %v", s, a, err)
		}
	}
	for _, s := range []string{"", "X", "4", "xy", "-1", "01"} {
		if _, err := ParseAxis(s); !errors.Is(err, ErrArgument) {
			t.Errorf("%q: %v", s, err)
		}
	}
	if Axis(4).String() != "Axis(4)" || Number(1<<40).String() != "2147483647" || Name("fan").String() != "fan" {
		t.Error("names")
	}
}
