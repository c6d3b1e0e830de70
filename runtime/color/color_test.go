package color_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"showrun/runtime/color"
	"showrun/runtime/patch"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"#ff8800": "#ff8800", "#F80": "#ff8800", "#000": "#000000", "tomato": "#ff6347", "Tomato": "#ff6347",
		"dark orange": "#ff8c00", "dark_orange": "#ff8c00", "DarkOrange": "#ff8c00", "rebeccapurple": "#663399",
		"grey": "#808080", "L201": "#a8c8f5", "l201": "#a8c8f5", "Lee 201": "#a8c8f5", "L19": "#ff4500", "L019": "#ff4500",
		"R26": "#e01020", "r2": "#ffe0b0", "Rosco 80": "#0828b0", "red": "#ff0000", "lime": "#00ff00", "royalblue": "#4169e1",
	} {
		if c, err := color.Parse(text, patch.Closest); err != nil || c.String() != want {
			t.Errorf("%q is %v, %v, want %s", text, c, err, want)
		}
	}
	for text, want := range map[string]string{
		"#ff88": "followed by 6", "#gg0000": "followed by 6", "#": "followed by 6", "#+ff000": "followed by 6", "#ff_000": "followed by 6",
		"ff8800": `"#ff8800"`, "f80": `"#f80"`, "purpel": `did you mean "purple"`, "darkornge": `did you mean "darkorange"`,
		"L999": "no filter of that number", "R0": "no filter of that number", "": "no colour has that name", "warmish glow of dusk": "no colour",
	} {
		if c, err := color.Parse(text, patch.Closest); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is %v, %v, want an error with %s", text, c, err, want)
		}
	}
	if n := len(color.Names()); n != 148 {
		t.Errorf("%d names of the web", n)
	}
}

func TestHSV(t *testing.T) {
	for want, hsv := range map[string][3]float64{
		"#ff0000": {0, 1, 1}, "#ffff00": {60, 1, 1}, "#00ff00": {120, 1, 1}, "#00ffff": {180, 1, 1}, "#0000ff": {-120, 1, 1},
		"#ff00ff": {300 + 720, 1, 1}, "#808080": {77, 0, 0.5}, "#800000": {360, 1, 0.5}, "#ff8080": {0, 0.5, 1}, "#ff8000": {30, 1, 1},
	} {
		if c := color.HSV(hsv[0], hsv[1], hsv[2]); c.String() != want {
			t.Errorf("%v is %s, want %s", hsv, c, want)
		}
	}
}

func TestBetween(t *testing.T) {
	red, blue := color.RGB{R: 255}, color.RGB{B: 255}
	if c := color.Between(red, blue, 0.5); c.String() != "#ff00ff" {
		t.Errorf("half-way between red and blue is %s", c)
	}
	if c := color.Direct(red, blue, 0.5); c.String() != "#800080" {
		t.Errorf("half-way and direct is %s", c)
	}
	rnd := rand.New(rand.NewPCG(1, 1))
	any := func() color.RGB {
		return color.RGB{R: rnd.Float64() * 255, G: rnd.Float64() * 255, B: rnd.Float64() * 255}
	}
	for range 10000 {
		a, b, u := any(), any(), rnd.Float64()
		c := color.Between(a, b, u)
		if want := a.Max()*(1-u) + b.Max()*u; math.Abs(c.Max()-want) > 1e-9 {
			t.Fatalf("%v to %v is at %v with %v: its largest is not at %v", a, b, u, c, want)
		}
		if color.Between(a, b, 0) != a || far(color.Between(a, b, 1), b) > 1e-9 {
			t.Fatalf("%v to %v begins or ends elsewhere", a, b)
		}
		if c := color.Between(a, color.RGB{}, u); far(c, a.Times(1-u)) > 1e-9 {
			t.Fatalf("%v fades out by %v", a, c)
		}
	}
}

// far is how far two colours are apart in the component in which they are most.
func far(a, b color.RGB) float64 {
	return max(math.Abs(a.R-b.R), math.Abs(a.G-b.G), math.Abs(a.B-b.B))
}

// TestLevelsMakeTheColour: what emitters are told makes the colour, if they can make it, and
// none is told more or less than there is.
func TestLevelsMakeTheColour(t *testing.T) {
	rgb := []color.Emitter{color.Red, color.Green, color.Blue}
	rnd := rand.New(rand.NewPCG(2, 2))
	for _, more := range [][]color.Emitter{
		nil, {color.White}, {color.White, color.White}, {color.Amber}, {color.White, color.Amber, color.Lime}, {color.Lime, color.UV},
		{color.Amber, color.White, color.UV}, {color.Mint, color.Indigo}, {color.White, color.Amber, color.Lime, color.Mint, color.Indigo, color.UV},
	} {
		m := color.Mix{Emitters: append(rgb[:3:3], more...)}
		for range 2000 {
			c := color.RGB{R: rnd.Float64() * 255, G: float64(rnd.IntN(3)) * 127.5, B: rnd.Float64() * 255}
			levels := m.Levels(nil, c)
			for i, l := range levels {
				if l < -1e-9 || l > 255+1e-9 {
					t.Fatalf("%v tells %v to be at %v", c, m.Emitters[i], l)
				}
			}
			if back := m.Color(levels); far(back, c) > 1e-6 {
				t.Fatalf("%v with %v makes %v", c, m.Emitters, back)
			}
		}
	}
	cmy := color.Mix{Emitters: []color.Emitter{color.Yellow, color.Cyan, color.Magenta}}
	if l := cmy.Levels(nil, color.RGB{R: 255, G: 100, B: 0}); l[0] != 255 || l[1] != 0 || l[2] != 155 {
		t.Errorf("filters at %v", l)
	}
	if c := cmy.Color([]float64{255, 0, 155}); c != (color.RGB{R: 255, G: 100}) {
		t.Errorf("filters make %v", c)
	}
}

func TestWheel(t *testing.T) {
	wheel := []color.Slot{
		{color.RGB{R: 255, G: 255, B: 255}, 0}, {color.RGB{R: 255}, 20}, {color.RGB{R: 255, G: 128}, 40}, {color.RGB{B: 200}, 60}, {color.RGB{G: 255}, 80},
	}
	m := color.Mix{Emitters: []color.Emitter{color.Wheel}, Wheel: wheel}
	for name, want := range map[string]float64{
		"white": 0, "red": 20, "darkred": 20, "orange": 40, "navy": 60, "green": 80, "black": 0, "ivory": 0, "tomato": 40, "crimson": 20,
	} {
		c, err := color.Parse(name, patch.Closest)
		if l := m.Levels(nil, c); err != nil || l[0] != want {
			t.Errorf("%s puts the wheel at %v, want %v", name, l, want)
		}
	}
	if c := m.Color([]float64{55}); c != (color.RGB{B: 200}) {
		t.Errorf("at 55 the wheel makes %v", c)
	}
	// What mixes has its wheel open.
	both := color.Mix{Emitters: []color.Emitter{color.Red, color.Green, color.Blue, color.Wheel}, Wheel: wheel}
	if l := both.Levels(nil, color.RGB{R: 255}); l[0] != 255 || l[3] != 0 {
		t.Errorf("with red, green and blue: %v", l)
	}
}

func TestInfer(t *testing.T) {
	rgb := color.Mix{Emitters: []color.Emitter{color.Red, color.Green, color.Blue}}
	for _, tt := range []struct {
		levels []float64
		have   float64
		want   float64
		color  string
	}{
		{[]float64{100, 0, 0}, 255, 255, "#640000"},
		{[]float64{100, 0, 50}, 100, 100, "#ff0080"},
		{[]float64{200, 100, 0}, 100, 200, "#ff8000"},
		{[]float64{0, 0, 0}, 255, 255, "#000000"},
		{[]float64{0, 0, 0}, 0, 0, "#000000"},
		{[]float64{51, 0, 0}, 0, 51, "#ff0000"},
	} {
		if intensity, c := rgb.Infer(tt.levels, tt.have); math.Abs(intensity-tt.want) > 1e-9 || c.String() != tt.color {
			t.Errorf("%v at %v: %v of %s, want %v of %s", tt.levels, tt.have, intensity, c, tt.want, tt.color)
		}
	}
}
