package server

import (
	"math"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"
)

// oscsend runs liblo's oscsend; it skips unless SHOWRUN_PEERS=1 and it is there,
// but on a build server a missing tool is a failure.
func oscsend(t *testing.T) func(s *Server, args ...string) {
	t.Helper()
	if os.Getenv("SHOWRUN_PEERS") != "1" {
		t.Skip("runs oscsend of liblo-tools; set SHOWRUN_PEERS=1 to run it")
	}
	tool, err := exec.LookPath("oscsend")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	return func(s *Server, args ...string) {
		t.Helper()
		args = append([]string{s.Addr().Addr().String(), strconv.Itoa(int(s.Addr().Port()))}, args...)
		if out, err := exec.Command(tool, args...).CombinedOutput(); err != nil {
			t.Fatalf("oscsend %v: %v\n%s", args, err, out)
		}
	}
}

// TestPeerOscsend lets liblo send what PROTOCOL.md shows, in every
// type it may have.
func TestPeerOscsend(t *testing.T) {
	oscsend := oscsend(t)
	t.Run("lighting", func(t *testing.T) {
		sink := slot{9, make(chan byte, 1000)}
		l, err := NewLighting(LightingConfig{Fixtures: DefaultFixtures(), Sink: sink}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		s := run(t, "lighting", l)
		oscsend(s, "/tempo", "sd", "rgba1", "1200.5")
		oscsend(s, "/fixture", "siiii", "rgba1", "255", "128", "255", "0")
		await(t, "128", sink.levels, func(level byte) bool { return level == 128 })
		oscsend(s, "/tempo", "ii", "8", "600")
		oscsend(s, "/spline", "fffffffffffff", "8", "0", "0", "0", "0", "255", "255", "255", "0", "255", "255", "255", "0")
		await(t, "255", sink.levels, func(level byte) bool { return level == 255 })
		oscsend(s, "/fixture", "shhhh", "8", "0", "1", "2", "3")
		await(t, "1", sink.levels, func(level byte) bool { return level == 1 })
		oscsend(s, "/fixture", "sTiii", "8", "0", "1", "2", "3")
		oscsend(s, "/fixture", "si", "green", "1")
		oscsend(s, "/fixture", "siiii", "rgba1", "9", "9", "9", "9")
		await(t, "9", sink.levels, func(level byte) bool { return level == 9 })
		s.Do(func(time.Time) {
			if c := l.Stats().Counters; c.Executed != 6 || c.Total() != 2 || c.Refused[UnknownName] != 1 {
				t.Errorf("%+v", c)
			}
		})
	})
	t.Run("motion", func(t *testing.T) {
		segments := make(chan Segment, 100)
		s := run(t, "motion", NewMotion(MotionConfig{OnSegment: func(s Segment) { segments <- s }}))
		oscsend(s, "/tempo", "sf", "y", "2400.0")
		oscsend(s, "/spline", "siiiiiiiii", "y", "0", "360", "360", "180", "180", "180", "0", "0", "0")
		for _, want := range []float64{360, 180, 0} {
			got := await(t, "a segment", segments, func(Segment) bool { return true })
			if got.Axis != 1 || math.Abs(got.Position-want) > tolerance || got.End.Sub(got.Start) != 25*time.Millisecond || got.Gap != 0 {
				t.Errorf("%+v, want one to %v", got, want)
			}
		}
	})
	t.Run("valve", func(t *testing.T) {
		type change struct {
			joint int
			state Joint
		}
		changes := make(chan change, 100)
		s := run(t, "valve", NewValve(ValveConfig{OnChange: func(j int, state Joint, _ time.Time) { changes <- change{j, state} }}))
		for _, c := range []struct {
			args []string
			want []change
		}{
			{[]string{"/move", "ii", "1", "100"}, []change{{1, Joint{PWM: 100}}}},
			{[]string{"/move", "if", "2", "-100"}, []change{{2, Joint{PWM: -100}}}},
			{[]string{"/move", "si", "1", "0"}, []change{{1, Joint{}}}},
			{[]string{"/empty"}, []change{{1, Joint{Vented: true}}, {2, Joint{Vented: true}}}},
		} {
			oscsend(s, c.args...)
			for _, want := range c.want {
				if got := await(t, c.args[0], changes, func(change) bool { return true }); got != want {
					t.Errorf("%v: %+v, want %+v", c.args, got, want)
				}
			}
		}
	})
}
