package bindings

import (
	"fmt"
	"math"
	"testing"
	"time"

	"showrun/runtime/curve"
)

// TestSplines compares levels with the closed form, also of 16-bit channels and of
// groups.
func TestSplines(t *testing.T) {
	s := live(t, `local wash = stage.fixture{ name = "wash", kind = "rgb", at = one:slot(1) }
		local head = stage.fixture{ name = "head", channels = { "pan", "pan fine", "tilt" }, at = one:slot(4) }
		local lamps = stage.group{ stage.fixture{ name = "a", kind = "dimmer", at = one:slot(7) }, stage.fixture{ name = "b", kind = "dimmer", at = one:slot(8) } }
		wash:set{ 100, 0, 50 } head:set{ pan = 10.5 } lamps[2]:set(255)
		clock.after(1, function()
			wash:spline({ 100, 0, 50,   0, 255, 50,   0, 255, 200,
			              0, 255, 200,  300, 0, 0,    200, 100, 0 }, 2)
			head:spline({ 10.5, 0,  200.25, 255,  200.25, 255 }, "4b")   -- 2 s at 120
			lamps:spline({ 0, 255, 128 }, 1)
		end)`)
	paths := []struct {
		slot    int
		seconds float64 // of a segment
		knots   []float64
		fine    bool
	}{
		{1, 2, []float64{100, 100, 0, 0, 0, 300, 200}, false},
		{2, 2, []float64{0, 0, 255, 255, 255, 0, 100}, false},
		{3, 2, []float64{50, 50, 50, 200, 200, 0, 0}, false},
		{4, 2, []float64{10.5, 10.5, 200.25, 200.25}, true},
		{6, 2, []float64{0, 0, 255, 255}, false},
		{7, 1, []float64{0, 0, 255, 128}, false},
		{8, 1, []float64{255, 0, 255, 128}, false},
	}
	for at := time.Second; at <= 6*time.Second; at += 90 * time.Millisecond {
		s.run(at)
		for _, p := range paths {
			n := (at - time.Second).Seconds() / p.seconds
			segment := min(int(n), (len(p.knots)-1)/3-1)
			k := p.knots[3*segment:]
			want := curve.Bezier(k[0], k[1], k[2], k[3], min(n-float64(segment), 1))
			want = min(max(want, 0), 255)
			got := float64(s.level(fmt.Sprint(p.slot)))
			limit := 0.5001
			if p.fine {
				got = (256*got + float64(s.level(fmt.Sprint(p.slot+1)))) / 65535 * 255
				limit = 0.01
			}
			if math.Abs(got-want) > limit {
				t.Errorf("slot %d at %v is %.3f, want %.3f", p.slot, at, got, want)
			}
		}
	}
	s.wantFailures()
}

// TestSplineIsReplaced: what comes after it begins where it is.
func TestSplineIsReplaced(t *testing.T) {
	s := live(t, `local lamp = stage.fixture{ name = "lamp", kind = "dimmer", at = one:slot(1) }
		lamp:spline({ 0, 200, 200 }, 2)
		clock.after(1, function() lamp:fade(0, 1) end)
		clock.after(3, function() lamp:spline({ 0, 0, 80 }, 0) end)
		clock.after(4, function() lamp:spline({ 0, 0, 0 }, 1) lamp:stop() end)`)
	for _, probe := range []string{"1s 1=100", "1.5s 1=50", "2s 1=0", "3s 1=80", "5s 1=80"} {
		s.wantLevels(probe)
	}
}

func TestSplineErrors(t *testing.T) {
	list := `local list = {} for i = 1, 9 do list[i] = i end `
	for call, want := range map[string]string{
		`wash:spline()`:                        `stage.fixture:spline: the knots must be a list of numbers, got nil`,
		`wash:spline({}, 1)`:                   `stage.fixture:spline: 0 knots for fixture "wash"; it takes a multiple of 9: three for each segment and each of 3 channels`,
		`wash:spline({ 1, 2, 3 }, 1)`:          `stage.fixture:spline: 3 knots for fixture "wash"; it takes a multiple of 9: three for each segment and each of 3 channels`,
		`lamp:spline({ 1, 2, 3, 4 }, 1)`:       `stage.fixture:spline: 4 knots for fixture "lamp"; it takes a multiple of 3: three for each segment`,
		`both:spline({ 1, 2, 3 }, 1)`:          `stage.group:spline: 3 knots for fixture "wash"; it takes a multiple of 9: three for each segment and each of 3 channels`,
		`lamp:spline({ 1, 2, "3" }, 1)`:        `stage.fixture:spline: knot 3 must be a number, got "3"`,
		`lamp:spline({ 1, 0/0, 3 }, 1)`:        `stage.fixture:spline: knot 2 must be a number from -1e9 to 1e9, got NaN`,
		`lamp:spline({ 1, 2, -math.huge }, 1)`: `stage.fixture:spline: knot 3 must be a number from -1e9 to 1e9, got -Inf`,
		`lamp:spline({ 1, 2, 3, x = 4 }, 1)`:   `stage.fixture:spline: the knots must be a list, but it has the key "x" as well`,
		`lamp:spline({ 1, 2, 3 })`:             `stage.fixture:spline: the duration of a segment must be ` + duration + `, got nil`,
		list + `lamp:spline(list, { 1 })`:      `stage.fixture:spline: the duration of a segment must be ` + duration + `, got a table`,
		`lamp.spline({ 1, 2, 3 }, 1)`:          `stage.fixture:spline: must be called on a stage.fixture with a colon, as in x:spline(…)`,
	} {
		wantLoadError(t, stageLine+"\n"+call, "show.lua:2: "+want)
	}
}
