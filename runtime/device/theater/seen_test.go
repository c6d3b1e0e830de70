package theater

import (
	"fmt"
	"math"
	"testing"
	"time"

	"showrun/runtime/clock"
	"showrun/runtime/device"
	"showrun/runtime/level"
)

// TestPostureOfMotion: where axes are by what they were told, and whether they move.
func TestPostureOfMotion(t *testing.T) {
	h, virtual := newHost(), clock.NewVirtual()
	h.clock = virtual
	decl := &MotionDecl{Server: Server{Host: "nowhere.invalid", Port: 1}, Safe: "stop", Limits: AxisLimits{{Min: -90, Max: 90}}}
	d, err := decl.OpenVirtual(h.env())
	if err != nil {
		t.Fatal(err)
	}
	m := d.(*Motion)
	want := func(text string) {
		t.Helper()
		if p := m.Posture(); fmt.Sprintf("%.0f %s", p.Positions, p.Says) != text {
			t.Errorf("%+v, want %s", p, text)
		}
	}
	want("[0 0 0 0] stands")
	m.Take(0, Move{1, 1, []float64{0, 60, 60}})
	want("[0 0 0 0] moves y")
	for m.Next() < time.Minute {
		virtual.Set(m.Next())
		m.Step(virtual.Now())
	}
	want("[0 60 0 0] stands")
	m.Hold(true)
	want("[0 60 0 0] held")
	m.Hold(false)
	want("[0 60 0 0] stands")
	is := decl.Mechanism()
	if is.Kind != "motion" || is.Axes[0] != (device.Axis{Name: "x", Min: -90, Max: 90, Unit: "degrees"}) || !math.IsInf(is.Axes[3].Max, 1) {
		t.Errorf("%+v", is)
	}
}

// TestPostureOfValves: what joints were told last, unless the safe action came after it.
func TestPostureOfValves(t *testing.T) {
	for safe, made := range map[string]string{"empty": "made safe 0", "hold": "joint 1 +50 %, joint 2 -100 % 1"} {
		d, err := (&ValveDecl{Server: Server{Host: "nowhere.invalid", Port: 1}, Safe: safe}).OpenVirtual(newHost().env())
		if err != nil {
			t.Fatal(err)
		}
		v := d.(*Valve)
		want := func(text string) {
			t.Helper()
			if p := v.Posture(); fmt.Sprintf("%s %g", p.Says, p.Open) != text {
				t.Errorf("%s: %+v, want %s", safe, p, text)
			}
		}
		want("told nothing yet 0")
		v.Take(0, Feed{1, 50})
		want("joint 1 +50 % 0.5")
		v.Take(0, Empty{})
		want("empty 0")
		v.Take(0, Feed{1, 50})
		v.Take(0, Feed{2, -100})
		v.Take(0, Feed{3, 1}) // there is none
		want("joint 1 +50 %, joint 2 -100 % 1")
		v.Safe()
		want(made)
		v.Hold(true)
		v.Take(0, Feed{1, 1})
		if p := v.Posture(); p.Says != "held" {
			t.Errorf("%+v", p)
		}
		v.Hold(false)
		want(made)
	}
}

// TestOutputNames: a fixture of a lighting server by its name or its number.
func TestOutputNames(t *testing.T) {
	d := &LightingDecl{Fixtures: []Fixture{{ID: Name("front"), Output: 3}, {ID: Number(7), Output: 4}}}
	for o, want := range map[level.Output]string{3: "fixture front", 4: "fixture 7", 5: ""} {
		if got := d.OutputName(o); got != want {
			t.Errorf("%d is %q", o, got)
		}
	}
}
