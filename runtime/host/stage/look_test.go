package stage

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"showrun/runtime/color"
	"showrun/runtime/console"
	"showrun/runtime/engine"
)

// lamps are fixtures that can make every colour, in all ways.
const lamps = `local list = {
	stage.fixture{ name = "rgb", kind = "rgb", at = one:slot(1) },
	stage.fixture{ name = "rgbw", kind = "rgbw", at = one:slot(11) },
	stage.fixture{ name = "rgba", kind = "rgba", at = one:slot(21) },
	stage.fixture{ name = "rgbwa", kind = "rgbwa", at = one:slot(31) },
	stage.fixture{ name = "uv", kind = "rgbaw_uv", at = one:slot(41) },
	stage.fixture{ name = "head", kind = "moving_head", at = one:slot(51) },
	stage.fixture{ name = "cmy", channels = { "cyan", "magenta", "yellow", "dimmer" }, at = one:slot(71) },
	stage.fixture{ name = "filters", channels = { "cyan", "magenta", "yellow" }, at = one:slot(81) },
	stage.fixture{ name = "fine", channels = { "dimmer", "dimmer fine", "red", "red fine", "green", "green fine", "blue", "blue fine" }, at = one:slot(91) },
	stage.fixture{ name = "many", channels = { "red", "green", "blue", "amber", "lime", "mint", "indigo", "warm white", "cold white" }, at = one:slot(111) },
	stage.fixture{ name = "tube", profile = "tube.json", mode = "48ch", at = one:slot(201) },
} `

// TestLooksAreWhatWasTold: whatever colour and intensity a script gives a fixture, it looks
// like that, within what rounding takes.
func TestLooksAreWhatWasTold(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	type told struct {
		c         color.RGB
		intensity float64
	}
	all := []told{{color.RGB{R: 255, G: 255, B: 255}, 255}, {color.RGB{R: 255}, 255}, {color.RGB{B: 255}, 128}, {color.RGB{R: 1, G: 1, B: 1}, 255}}
	for range 60 {
		all = append(all, told{color.RGB{R: float64(random.IntN(256)), G: float64(random.IntN(256)), B: float64(random.IntN(256))}, float64(random.IntN(256))})
	}
	script := &strings.Builder{}
	script.WriteString(lamps + "local all = {")
	for _, x := range all {
		fmt.Fprintf(script, " { color = { %g, %g, %g }, intensity = %g },", x.c.R, x.c.G, x.c.B, x.intensity)
	}
	script.WriteString(` } clock.run(function() for _, look in ipairs(all) do for _, f in ipairs(list) do f:set(look) end clock.sleep(1) end end)`)
	s := newStand(t, script.String())
	for n, x := range all {
		s.until(time.Duration(n)*time.Second + 500*time.Millisecond)
		want := x.c.Times(x.intensity / 255)
		for i, l := range s.Looks(s.run.Show().Levels(), nil) {
			got := seen(l)
			if off := max(math.Abs(got.R-want.R), math.Abs(got.G-want.G), math.Abs(got.B-want.B)); off > 1.1 {
				t.Errorf("%s was told %v at %g, which is %v, and looks like %v", s.Fixtures[i].Name, x.c, x.intensity, want, got)
			}
		}
	}
}

// seen is the light of a look.
func seen(l console.Look) color.RGB {
	return color.RGB{R: float64(l.R), G: float64(l.G), B: float64(l.B)}.Times(float64(l.Intensity) / 255)
}

// TestLooks: lamps that cannot make every colour, and the master.
func TestLooks(t *testing.T) {
	for name, c := range map[string]struct{ script, fixture, want string }{
		"a dimmer is warm":         {`stage.fixture{ name = "x", kind = "dimmer", at = one:slot(1) }:set(200)`, "x", "200 255,197,143"},
		"white is white":           {`stage.fixture{ name = "x", channels = { "white" }, at = one:slot(1) }:set(200)`, "x", "200 255,255,255"},
		"two whites":               {`stage.fixture{ name = "x", channels = { "warm white", "cold white" }, at = one:slot(1) }:set{ intensity = 100 }`, "x", "100 255,255,255"},
		"nothing that lights":      {`stage.fixture{ name = "x", channels = { "fan" }, at = one:slot(1) }:set(200)`, "x", "0 255,197,143"},
		"ultraviolet":              {`stage.fixture{ name = "x", channels = { "uv" }, at = one:slot(1) }:set(100)`, "x", "100 110,0,255"},
		"a dimmer over colours":    {`stage.fixture{ name = "x", channels = { "dimmer", "red", "green", "blue" }, at = one:slot(1) }:set{ dimmer = 128, red = 255 }`, "x", "128 255,0,0"},
		"more than the eye takes":  {`stage.fixture{ name = "x", kind = "rgbw", at = one:slot(1) }:set(255)`, "x", "255 255,255,255"},
		"dark":                     {`stage.fixture{ name = "x", kind = "rgb", at = one:slot(1) }`, "x", "0 255,255,255"},
		"after the master":         {`stage.fixture{ name = "x", kind = "rgb", at = one:slot(1) }:set{ color = "red" } stage.master(51)`, "x", "51 255,0,0"},
		"after the blackout":       {`stage.fixture{ name = "x", kind = "dimmer", at = one:slot(1) }:set(255) stage.blackout(true)`, "x", "0 255,197,143"},
		"a pixel":                  {`stage.fixture{ name = "x", profile = "tube.json", mode = "48ch", at = one:slot(1) }:set{ [tostring("red_2")] = 255 }`, "x 2", "255 255,0,0"},
		"a tube, on average":       {`stage.fixture{ name = "x", profile = "tube.json", mode = "48ch", at = one:slot(1) }:set{ red_2 = 255 }`, "x", "16 255,0,0"},
		"a wheel":                  {`stage.fixture{ name = "x", profile = "spot.json", mode = "11ch", at = one:slot(1) }:set{ color = "blue", intensity = 255 }`, "x", "255 0,0,255"},
		"a shutter that is closed": {`stage.fixture{ name = "x", profile = "spot.json", mode = "11ch", at = one:slot(1) }:set{ color = "blue", intensity = 255, shutter = "closed" }`, "x", "0 0,0,255"},
		"a lamp without a dimmer":  {`stage.fixture{ name = "x", profile = "spot.json", mode = "6ch", at = one:slot(1) }:set{ shutter = "open" }`, "x", "255 255,255,255"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t, c.script)
			s.until(time.Second)
			l := s.look(c.fixture)
			if got := fmt.Sprintf("%d %d,%d,%d", l.Intensity, l.R, l.G, l.B); got != c.want {
				t.Errorf("looks like %s, want %s", got, c.want)
			}
		})
	}
}

// TestTurns: pan and tilt in degrees, by what the fixture tells or what is usual.
func TestTurns(t *testing.T) {
	s := newStand(t, `local channels = { "pan", "pan fine", "tilt", "dimmer" }
		stage.fixture{ name = "told", channels = channels, range = { pan = 360, tilt = -180 }, at = one:slot(1) }:set{ pan = 180, tilt = -90 }
		stage.fixture{ name = "usual", channels = channels, at = one:slot(11) }:set{ pan = 0, tilt = 255 }
		stage.fixture{ name = "profile", profile = "spot.json", mode = "11ch", at = one:slot(21) }:set{ pan = 100, tilt = -45 }`)
	s.until(time.Second)
	for name, want := range map[string]string{
		"told": "180 -90 {-180 180 degrees} {-90 90 degrees}", "usual": "-270 135 {-270 270 } {-135 135 }", "profile": "100 -45 {-270 270 degrees} {-135 135 degrees}",
	} {
		l, f := s.look(name), s.Fixtures[s.number(name)]
		if got := fmt.Sprintf("%.4g %.4g %v %v", l.Pan, l.Tilt, *f.Pan, *f.Tilt); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// TestLevelsAreThoseOfFrames: what is read slot by slot is what goes out, also of channels
// with 16 bits.
func TestLevelsAreThoseOfFrames(t *testing.T) {
	s := newStand(t, lamps+`for i, f in ipairs(list) do f:wave{ channels = { "intensity" }, shape = "sine", period = 1 + i / 10, from = 0, to = 255 } end
		two:set(7, 100) two:set(512, 3) stage.master(180)`)
	for n := range 40 {
		s.until(time.Duration(n) * 130 * time.Millisecond)
		for i := range s.outputs {
			got := s.Levels(s.run.Show().Levels(), i, nil)
			if want := s.frame.Slots(s.outputs[i].number); string(got) != string(want) {
				t.Fatalf("%s: levels\n%v, the frame has\n%v", s.Outputs[i].Name, got, want)
			}
		}
	}
	if got := s.Levels(s.run.Show().Levels(), 2, nil); got != nil {
		t.Errorf("an output that there is not: %v", got)
	}
}

// thousand is a show of 1,000 heads.
const thousand = `local unis = {} for n = 1, 24 do unis[n] = net:universe(10 + n) end
	for i = 0, 999 do stage.fixture{ name = "h" .. i, kind = "moving_head", at = unis[i // 42 + 1]:slot(i % 42 * 12 + 1) }:set{ color = "orange", intensity = 200, pan = 20 } end`

// TestLooksCostNothing: those who look again and again need no memory for it.
func TestLooksCostNothing(t *testing.T) {
	s := newStand(t, lamps)
	s.until(time.Second)
	looks, levels := make([]console.Look, 0, len(s.Fixtures)), make([]byte, 0, 512)
	var r *engine.Reader = s.run.Show().Levels()
	if n := testing.AllocsPerRun(10, func() { looks, levels = s.Looks(r, looks[:0]), s.Levels(r, 0, levels[:0]) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkLooks is how 1,000 heads look.
func BenchmarkLooks(b *testing.B) {
	s := newStand(b, strings.ReplaceAll(thousand, "i // 42", "math.floor(i / 42)"))
	s.until(time.Second)
	var looks []console.Look
	b.ReportAllocs()
	for b.Loop() {
		looks = s.Looks(s.run.Show().Levels(), looks[:0])
	}
}
