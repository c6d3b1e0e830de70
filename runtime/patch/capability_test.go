package patch

import "testing"

func TestQuantities(t *testing.T) {
	for text, want := range map[string]struct {
		value float64
		unit  Unit
	}{
		"10Hz": {10, Hertz}, "10 hz": {10, Hertz}, "-0.5Hz": {-0.5, Hertz}, "120bpm": {2, Hertz}, "30rpm": {0.5, Hertz},
		"540deg": {540, Degrees}, "-12.5°": {-12.5, Degrees}, "3degrees": {3, Degrees}, "250ms": {0.25, Seconds}, "2s": {2, Seconds},
		"3m": {3, Meters}, "5600K": {5600, Kelvin}, "900lm": {900, Lumens}, "2m^3/min": {2, CubicMetersPerMinute}, "-40%": {-40, Percent},
		"slow CW": {1, Percent}, "Fast Reverse": {-100, Percent}, " stop ": {0, Percent},
	} {
		if v, u, ok := ParseQuantity(text); v != want.value || u != want.unit || !ok {
			t.Errorf("%q is %v %v, %v", text, v, u, ok)
		}
	}
	for _, text := range []string{"", "10", "Hz", "x Hz", "1e999Hz", "infs", "nanK", "0x1pm", "1_0Hz", "10 hours", "sloww", "--1s"} {
		if v, u, ok := ParseQuantity(text); ok {
			t.Errorf("%q is %v %v", text, v, u)
		}
	}
}

// TestNamed asks a channel that strobes at its end.
func TestNamed(t *testing.T) {
	p := Property{Capabilities: []Capability{
		{Names: []string{"Closed"}, To: 9, Level: 4},
		{Names: []string{"Open", "clear"}, From: 10, To: 99, Level: 54, About: "shutter"},
		{Names: []string{"pulse"}, From: 100, To: 149, Level: 100, About: "pulse", Start: 1, End: 9, Unit: Hertz},
		{Names: []string{"strobe"}, From: 150, To: 255, Level: 150, About: "strobe", Start: 20, End: 5, Unit: Hertz},
	}}
	for text, want := range map[string]float64{"open": 54, "CLEAR": 54, "closed": 4, "20Hz": 150, "5Hz": 255, "12.5Hz": 202.5, "1Hz": 100, "540 rpm": 227} {
		if l, err := p.Named("shutter", text); err != nil || l-want > 1 || want-l > 1 {
			t.Errorf("%q is %v, %v; want %v", text, l, err, want)
		}
	}
	for text, want := range map[string]string{
		"opne": `shutter has no "opne" (did you mean "Open"?); it has Closed, Open, pulse, strobe`,
		"":     `shutter has no ""; it has Closed, Open, pulse, strobe`,
		"30Hz": `shutter cannot be "30Hz"; it has 20-5Hz, 1-9Hz`,
		"3deg": `shutter has no "3deg"; it has Closed, Open, pulse, strobe`,
	} {
		_, err := p.Named("shutter", text)
		checkError(t, err, want)
	}
	_, err := Property{}.Named("red", "open")
	checkError(t, err, `red has no "open", only levels`)
}
