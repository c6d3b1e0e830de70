package patch

import (
	"fmt"
	"math"
	"testing"

	"showrun/runtime/color"
	"showrun/runtime/level"
)

// spot is a model with a wheel, a fine half elsewhere, and a slot of no channel.
func spot() Model {
	return Model{
		Name: "a spot", Slots: 8,
		Channels: []ModelChannel{
			{Name: "pan", Coarse: 1, Fine: 3, Property: Property{Class: Position, Degrees: 540}},
			{Name: "tilt", Coarse: 2, Fine: 4, Property: Property{Class: Position, Degrees: -270}},
			{Name: "colours", Coarse: 5, Property: Property{Class: Color, Emitter: color.Wheel}},
			{Name: "gobo", Coarse: 6, Property: Property{Default: 9, Capabilities: []Capability{{"dots", 10, 19, 15}}}},
			{Name: "light", Coarse: 7, Property: Property{Class: Intensity}},
		},
		Wheel: []color.Slot{{Color: color.RGB{R: 255, G: 255, B: 255}}, {Color: color.RGB{R: 255}, Level: 40}},
	}
}

func TestNewModel(t *testing.T) {
	f, err := NewModel("spot", spot(), level.Address{Output: 2, Slot: 11}, 512)
	if err != nil {
		t.Fatal(err)
	}
	pan, _ := f.Channel("pan")
	if pan.Coarse.Slot != 11 || pan.Fine.Slot != 13 || f.Last().Slot != 18 || pan.Coarse.Output != 2 {
		t.Errorf("pan on %v, the last slot %v", pan, f.Last())
	}
	if p := f.Property(pan); p.Degrees != 540 || f.Property(Channel{}).Degrees != 0 {
		t.Errorf("pan is %+v", p)
	}
	if !f.Colored() || f.Mix.Dims || len(f.Mix.Channels) != 1 || fmt.Sprint(f.Dimmer()) != fmt.Sprint(f.Intensity) || f.Dimmer()[0].Name != "light" {
		t.Errorf("colour %v, dimmer %v", f.Mix, f.Dimmer())
	}
	if a := f.Mix.Attribute(3).Coarse; a.Fixture() != f.At || !a.Output.IsAttribute() || a == f.Mix.Attribute(2).Coarse {
		t.Errorf("blue is at %v", a)
	}
	for slot, want := range map[int32]bool{505: true, 506: false} {
		if _, err := NewModel("spot", spot(), level.Address{Slot: slot}, 512); (err == nil) != want {
			t.Errorf("from slot %d: %v", slot, err)
		}
	}
}

// TestWhatFixturesHave: colour and intensity, by their channels.
func TestWhatFixturesHave(t *testing.T) {
	for _, tt := range []struct {
		channels []string
		colored  bool
		dimmer   string
	}{
		{[]string{"dimmer"}, false, "dimmer"},
		{[]string{"red", "green", "blue"}, true, "intensity"},
		{[]string{"red", "green", "blue", "Dimmer"}, true, "Dimmer"},
		{[]string{"white"}, false, "intensity"},
		{[]string{"warm white", "cold white"}, false, "intensity"},
		{[]string{"cyan", "magenta", "yellow", "intensity"}, true, "intensity"},
		{[]string{"amber"}, true, "intensity"},
		{[]string{"speed", "pan"}, false, ""},
		{[]string{"color", "dimmer"}, false, "dimmer"}, // a wheel of which nothing is known
	} {
		f, err := NewCustom("x", tt.channels, level.Address{Slot: 1}, 512)
		if err != nil {
			t.Fatal(err)
		}
		dimmer := ""
		if d := f.Dimmer(); len(d) > 0 {
			dimmer = d[0].Name
		}
		if f.Colored() != tt.colored || dimmer != tt.dimmer {
			t.Errorf("%v: colour %v, dimmer %q", tt.channels, f.Colored(), dimmer)
		}
	}
}

func TestAngles(t *testing.T) {
	p := Property{Degrees: 540}
	for degrees, want := range map[float64]float64{0: 127.5, 270: 255, -270: 0, 135: 191.25} {
		if l, ok := p.Angle(degrees); l != want || !ok || math.Abs(p.Turned(l)-degrees) > 1e-9 {
			t.Errorf("%v degrees are %v, %v, and back %v", degrees, l, ok, p.Turned(l))
		}
	}
	for degrees := range map[float64]bool{271: true, -270.1: true} {
		if _, ok := p.Angle(degrees); ok {
			t.Errorf("%v degrees are reached", degrees)
		}
	}
	if l, ok := (Property{Degrees: -270}).Angle(135); l != 0 || !ok {
		t.Errorf("the other way 135 degrees are %v", l)
	}
}

// TestAim turns the direction that the angles give back and finds the place again.
func TestAim(t *testing.T) {
	for _, tt := range []struct {
		name               string
		from, hung, at     Vector
		wantPan, wantLeans float64
	}{
		{"down", Vector{0, 0, 4}, Vector{}, Vector{0, 0, 0}, 0, 0},
		{"away", Vector{0, 0, 4}, Vector{}, Vector{0, 4, 0}, 0, 45},
		{"right", Vector{0, 0, 4}, Vector{}, Vector{4, 0, 0}, 90, 45},
		{"left", Vector{0, 0, 4}, Vector{}, Vector{-4, 0, 0}, -90, 45},
		{"level", Vector{1, 1, 4}, Vector{}, Vector{1, 9, 4}, 0, 90},
		{"up from the floor", Vector{}, Vector{X: 180}, Vector{0, 0, 5}, 0, 0},
		{"from the floor to the audience", Vector{}, Vector{X: 180}, Vector{0, -5, 5}, 0, 45},
		{"turned on the bar", Vector{0, 0, 4}, Vector{Z: 90}, Vector{-4, 0, 0}, 0, 45},
		{"on the right wall", Vector{5, 0, 3}, Vector{Y: 90}, Vector{0, 0, 3}, 0, 0},
	} {
		pan, tilt := Fixture{Position: tt.from, Rotation: tt.hung}.Aim(tt.at)
		if math.Abs(tilt-tt.wantLeans) > 1e-6 || tilt > 1e-6 && math.Abs(pan-tt.wantPan) > 1e-6 {
			t.Errorf("%s: pan %v, tilt %v, want %v, %v", tt.name, pan, tilt, tt.wantPan, tt.wantLeans)
		}
	}
}
