package theater

import (
	"errors"
	"math"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"showrun/drivers/theater/osc"
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
		v.Safe()
		expectSent(t, sent, want...)
		v.Move(1, 5)
		expectSent(t, sent, "/move 1 5") // Safe alone forbids nothing
		v.Hold(true)
		expectSent(t, sent, want...)
		if err := v.Move(1, 5); !errors.Is(err, ErrHeld) {
			t.Errorf("move: %v", err)
		}
		if err := v.Empty(); !errors.Is(err, ErrHeld) {
			t.Errorf("empty: %v", err)
		}
		v.Safe()
		expectSent(t, sent, want...)
		v.Hold(false)
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
	if v.Safe(); n != 3 || v.Stats() != (Stats{Unsent: 3}) {
		t.Errorf("%d messages, %+v", n, v.Stats())
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
