package profile

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"showrun/runtime/color"
	"showrun/runtime/level"
	"showrun/runtime/patch"
)

// fixture patches a mode of a profile of testdata at slot 1.
func fixture(t *testing.T, file, mode string) patch.Fixture {
	t.Helper()
	p, err := Read(folder(t), file, mode)
	if err != nil {
		t.Fatal(err)
	}
	f, err := patch.NewModel("f", p.Model(), level.Address{Output: 1, Slot: 1}, 512)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// asked is what a script that writes { channel = text } gets: "channel level", or what is
// wrong.
func asked(f patch.Fixture, channel, text string) string {
	c, err := f.Channel(channel)
	if err != nil {
		return err.Error()
	}
	l, err := f.Property(c).Named(c.Name, text)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%s %.4g", c.Name, l)
}

// TestValuesByName asks channels for what their capabilities are called and counted in.
func TestValuesByName(t *testing.T) {
	for _, tt := range []struct{ file, mode, channel, text, want string }{
		{"spot.json", "11ch", "gobo", "dots", "gobo 11"},
		{"spot.json", "11ch", "gobo", "DOTS", "gobo 11"},
		{"spot.json", "11ch", "Gobo Wheel", "Dots", "gobo 11"},
		{"spot.json", "11ch", "gobo_wheel", "gobo 5", "gobo 47"},
		{"spot.json", "11ch", "gobo", "3", "gobo 19"},
		{"spot.json", "11ch", "gobo", "dots shake", "gobo 64"},
		{"spot.json", "11ch", "gobo", "fast cw", "gobo 191"},
		{"spot.json", "11ch", "gobo", "fast", "gobo 119"},
		{"spot.json", "11ch", "gobo", "dost", `gobo has no "dost" (did you mean "Dots"?); it has Open, Dots, Star, Spiral, Gobo 5, Dots shake`},
		{"spot.json", "11ch", "color_wheel", "light blue", "color_wheel 27"},
		{"spot.json", "11ch", "color_wheel", "yellow-green", "color_wheel 32"},
		{"spot.json", "11ch", "color_wheel", "yellow green", "color_wheel 32"},
		{"spot.json", "11ch", "shutter", "open", "shutter 5"},
		{"spot.json", "11ch", "shutter", "closed", "shutter 1"},
		{"spot.json", "11ch", "strobe", "0.5Hz", "shutter 8"},
		{"spot.json", "11ch", "strobe", "13 Hz", "shutter 215"},
		{"spot.json", "11ch", "strobe", "405bpm", "shutter 111.5"},
		{"spot.json", "11ch", "strobe", "20Hz", `shutter cannot be "20Hz"; it has 0.5-13Hz`},
		{"spot.json", "11ch", "gobo_rotation", "180deg", "gobo_rotation 31.5"},
		{"spot.json", "11ch", "gobo rotation", "yo-yo", "gobo_rotation 243"},
		{"spot.json", "11ch", "control", "reset", "control 155"},
		{"spot.json", "11ch", "dimmer", "open", `dimmer has no "open", only levels`},
		{"spot.json", "11ch", "pan fine", "x", `fixture "f": channel "pan fine" is the fine half of "pan", which takes fractions`},
		{"spot.json", "11ch", "gobbo", "x", `fixture "f" has no channel "gobbo" (did you mean "gobo"?); it has pan, tilt, speed, color_wheel, shutter, dimmer, gobo, gobo_rotation, control`},
		{"spot.gdtf", "", "gobo", "dots", "gobo 11"},
		{"spot.gdtf", "", "gobo1", "star", "gobo 19"},
		{"spot.gdtf", "", "color_wheel", "Pink", "color_wheel 12"},
		{"spot.gdtf", "", "shutter", "open", "shutter 5"},
		{"spot.gdtf", "", "strobe", "10Hz", "shutter 165.3"},
		{"spot.gdtf", "", "gobo_rotation", "90deg", "gobo_rotation 15.75"},
		{"spot.gdtf", "", "gobo_rotation", "60rpm", "gobo_rotation 154.5"},
		{"par.json", "6ch", "shutter", "open", "shutter 6"},
		{"par.json", "6ch", "strobe", "10Hz", "shutter 134"},
		{"par.gdtf", "6ch", "strobe", "10Hz", "shutter 134"},
		{"par.json", "9ch", "effect", "sound", "effect 197"},
		{"strobe.json", "4ch", "strobe", "25Hz", "strobe 255"},
		{"strobe.json", "4ch", "strobe", "single flash", "strobe 2"},
		{"strobe.json", "4ch", "strobe_duration", "325ms", "strobe_duration 127.5"},
		{"strobe.json", "1ch", "strobe", "blinder", "shutter 252"},
		{"strobe.json", "4ch", "shutter", "random strobe", "shutter 150"},
		{"fan.json", "", "rotation", "stop", "rotation 1"},
		{"fan.json", "", "motor_speed", "slow cw", "rotation 140"},
		{"fan.json", "", "rotation", "fast ccw", "rotation 4"},
		{"hazer.json", "", "haze", "strong", "haze 255"},
		{"hazer.json", "", "fan", "fast cw", "rotation 255"},
		{"laser.gdtf", "", "control", "dmx", "control 223"},
		{"laser.gdtf", "", "beam_position_x", "0deg", "beam_position_x 127.5"},
		{"wash.gdtf", "", "color_preset", "macro 2", "color_preset 100"},
		{"wash.gdtf", "", "strobe", "18Hz", "shutter 200"},
		{"wash.gdtf", "", "shutter", "closed", "shutter 0"},
	} {
		if got := asked(fixture(t, tt.file, tt.mode), tt.channel, tt.text); got != tt.want {
			t.Errorf("%s %s: { %s = %q } is\n     %s\nwant %s", tt.file, tt.mode, tt.channel, tt.text, got, tt.want)
		}
	}
}

// TestBothFormatsSayTheSame compares the fixtures that are there in both.
func TestBothFormatsSayTheSame(t *testing.T) {
	for _, tt := range []struct{ ofl, gdtf string }{
		{"spot.json 11ch", "spot.gdtf"}, {"par.json 4ch", "par.gdtf 4ch"}, {"par.json 6ch", "par.gdtf 6ch"}, {"tube.json", "tube.gdtf"},
	} {
		file, mode, _ := strings.Cut(tt.ofl, " ")
		a := fixture(t, file, mode)
		file, mode, _ = strings.Cut(tt.gdtf, " ")
		b := fixture(t, file, mode)
		if fmt.Sprint(a.Channels) != fmt.Sprint(b.Channels) || a.Slots != b.Slots {
			t.Errorf("%s has %v\n%s has %v", tt.ofl, a.Channels, tt.gdtf, b.Channels)
		}
		for i, p := range a.Properties {
			q := b.Properties[i]
			if p.Class != q.Class || p.Emitter != q.Emitter || p.Degrees != q.Degrees || math.Abs(p.Default-q.Default) > 8 {
				t.Errorf("%s: %s is %+v\n%s: %+v", tt.ofl, a.Channels[i].Name, p, tt.gdtf, q)
			}
		}
		wantSameWheel(t, a, b)
	}
}

// wantSameWheel compares the filters of two fixtures; the colours of GDTF are those of
// light, so they differ a little.
func wantSameWheel(t *testing.T, a, b patch.Fixture) {
	t.Helper()
	if a.Mix == nil || b.Mix == nil || len(a.Mix.Wheel) != len(b.Mix.Wheel) {
		t.Errorf("the filters are %v and %v", a.Mix, b.Mix)
		return
	}
	for i, s := range a.Mix.Wheel {
		o := b.Mix.Wheel[i]
		d := max(math.Abs(s.Color.R-o.Color.R), math.Abs(s.Color.G-o.Color.G), math.Abs(s.Color.B-o.Color.B))
		if s.Level != o.Level || d > 60 {
			t.Errorf("filter %d is %v and %v", i+1, s, o)
		}
	}
}

// TestWhatStartsHow looks at the levels that a fixture has before anybody sets one: a
// shutter is open, a head looks ahead, a fan stands still, and there is no light.
func TestWhatStartsHow(t *testing.T) {
	for _, tt := range []struct{ file, mode, want string }{
		{"spot.json", "11ch", "pan=127.5 tilt=128 shutter=5"},
		{"spot.json", "6ch", "pan=128 tilt=128 shutter=5"},
		{"spot.gdtf", "", "pan=127.5 tilt=128 shutter=4"},
		{"wash.gdtf", "", "pan=127.5 tilt=127.5 red=255 green=255 blue=255 shutter=255"}, // behind its dimmer
		{"tube.gdtf", "", ""}, // where the file has 255 for a dimmer that only desks have
		{"fan.json", "", "rotation=128 shutter=14"},
		{"strobe.json", "1ch", "shutter=252"},
		{"par.json", "6ch", "shutter=6"},
		{"laser.gdtf", "", "beam_position_x=128 beam_position_y=128"},
	} {
		var got []string
		f := fixture(t, tt.file, tt.mode)
		for i, p := range f.Properties {
			if p.Default != 0 {
				got = append(got, fmt.Sprintf("%s=%.4g", f.Channels[i].Name, p.Default))
			}
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("%s %s starts with %s, want %s", tt.file, tt.mode, s, tt.want)
		}
	}
}

// TestSixteenAndTwentyFourBits reads levels that the file has in more bits than the mode, in
// fewer, and in as many.
func TestSixteenAndTwentyFourBits(t *testing.T) {
	const file = `{ "name": "x", "availableChannels": {
	"Iris": { "fineChannelAliases": ["Iris fine", "Iris finer"], "dmxValueResolution": "16bit", "defaultValue": 33792, "capabilities": [
		{ "dmxRange": [0, 33791], "type": "Iris", "openPercentStart": "100%", "openPercentEnd": "4%" },
		{ "dmxRange": [33792, 65535], "type": "Iris", "openPercent": "4%" } ] } },
	"modes": [ { "name": "8", "channels": ["Iris"] }, { "name": "16", "channels": ["Iris", "Iris fine"] },
		{ "name": "24", "channels": ["Iris", "Iris fine", "Iris finer"] } ] }`
	for mode, want := range map[string]float64{"8": 132, "16": 33792.0 / 257, "24": 33792.0 / 257} {
		p, err := parseOFL([]byte(file), mode)
		if err != nil {
			t.Fatal(err)
		}
		if c := p.Channels[0]; c.Default != want || c.Capabilities[1].From != want || c.Capabilities[0].To >= want {
			t.Errorf("%s bits: %+v, want %v", mode, c, want)
		}
	}
	for text, want := range map[string]int{"255/1": 0xffff, "255/1s": 0xff00, "128/1": 0x8080, "4660/2": 0x1234, "1193046/3": 0x1234, "4294967295/4": 0xffff} {
		e := &element{doc: &document{}, attrs: map[string]string{"Default": text}}
		if got := dmxValue(e, "Default", 2, 0); got != want || e.doc.wrong != nil {
			t.Errorf("%s of two bytes is %#x, want %#x (%v)", text, got, want, e.doc.wrong)
		}
	}
}

// TestNoLightBeforeItIsTold: what a file has its lamps start at does not light them.
func TestNoLightBeforeItIsTold(t *testing.T) {
	const file = `{ "name": "x", "availableChannels": {
	"Dimmer": { "defaultValue": 255, "capability": { "type": "Intensity" } },
	"Red": { "defaultValue": 255, "capability": { "type": "ColorIntensity", "color": "Red" } },
	"Cyan": { "defaultValue": 255, "capability": { "type": "ColorIntensity", "color": "Cyan" } } },
	"modes": [ { "name": "a", "channels": ["Dimmer", "Red"] }, { "name": "b", "channels": ["Red", "Cyan"] }, { "name": "c", "channels": ["Cyan"] } ] }`
	for mode, want := range map[string]string{"a": "dimmer=0 red=255", "b": "red=0 cyan=0", "c": "cyan=255"} {
		p, err := parseOFL([]byte(file), mode)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range p.Channels {
			got = append(got, fmt.Sprintf("%s=%g", c.Name, c.Default))
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("mode %s starts with %s, want %s", mode, s, want)
		}
	}
}

// TestSwitchingChannels reads a mode in which names stand for what another channel selects
// at its start, also with the fine half.
func TestSwitchingChannels(t *testing.T) {
	const file = `{ "name": "x", "availableChannels": {
	"Mode": { "defaultValue": 200, "capabilities": [
		{ "dmxRange": [0, 127], "type": "Effect", "effectName": "Auto", "switchChannels": { "A": "Speed", "A fine": "Pan fine" } },
		{ "dmxRange": [128, 255], "type": "NoFunction", "comment": "By hand", "switchChannels": { "A fine": "Pan fine", "A": "Pan" } } ] },
	"Speed": { "capability": { "type": "EffectSpeed", "speedStart": "slow", "speedEnd": "fast" } },
	"Pan": { "fineChannelAliases": ["Pan fine"], "defaultValue": "50%", "capability": { "type": "Pan", "angleStart": "0deg", "angleEnd": "360deg" } } },
	"modes": [ { "name": "a", "channels": ["Mode", "A", "A fine", "Speed"] } ] }`
	p, err := parseOFL([]byte(file), "")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := outline(p), "x / a: 4 slots, 0 pixels\n1 effect=200: Auto@63, off@191\n2+3 pan=127.5: @0 0..360deg\n4 effect_speed: @0 1..100%\n"; got != want {
		t.Errorf("read\n%s\nwant\n%s", got, want)
	}
	f, err := patch.NewModel("f", p.Model(), level.Address{Output: 1, Slot: 1}, 512)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := f.Channel("A"); err != nil || c.Name != "pan" {
		t.Errorf("A is %v, %v", c, err)
	}
	for _, channels := range []string{`"Mode", "Pan", "A fine"`, `"Mode", "A", "Pan fine"`} { // only one half by another name
		p, err = parseOFL([]byte(strings.Replace(file, `"Mode", "A", "A fine", "Speed"`, channels, 1)), "")
		if err != nil || len(p.Channels) != 2 || len(p.Channels[1].Slots) != 2 {
			t.Errorf("%s: %+v, %v", channels, p, err)
		}
	}
}

// TestLens: a zoom from narrow to wide is in degrees where the file tells of the lens.
func TestLens(t *testing.T) {
	const file = `{ "name": "x", "physical": { "lens": { "degreesMinMax": [10, 60] } }, "availableChannels": {
	"Zoom": { "capability": { "type": "Zoom", "angleStart": "wide", "angleEnd": "narrow" } } },
	"modes": [ { "name": "a", "channels": ["Zoom"] }, { "name": "b", "physical": { "lens": { "degreesMinMax": [10, 20] } }, "channels": ["Zoom"] } ] }`
	for mode, want := range map[string]string{"a": "zoom 204", "b": "zoom 0"} {
		p, err := parseOFL([]byte(file), mode)
		if err != nil {
			t.Fatal(err)
		}
		f, err := patch.NewModel("f", p.Model(), level.Address{Output: 1, Slot: 1}, 512)
		if err != nil {
			t.Fatal(err)
		}
		if got := asked(f, "zoom", "20deg"); got != want {
			t.Errorf("mode %s: 20 degrees are %s, want %s", mode, got, want)
		}
	}
}

// TestNamesOfAttributes goes through the table of names.
func TestNamesOfAttributes(t *testing.T) {
	for attribute, want := range map[string]string{
		"Dimmer": "dimmer 1", "ColorAdd_R": "red 1", "ColorAdd_RY": "amber 1", "ColorSub_C": "cyan 1", "ColorRGB_Blue": "blue 1",
		"Gobo1": "gobo 1", "Gobo2": "gobo 2", "Gobo2Pos": "gobo_rotation 2", "Gobo12WheelSpin": "gobo_spin 12", "Shutter1Strobe": "strobe 1",
		"ColorMixMode": "color_mix_mode 1", "LEDZoneMode": "led_zone_mode 1", "DMXInput": "dmx_input 1", "Blade3A": "blade_a 3", "NoFeature": " 1",
		"Gobo999": "gobo999 1", "Effects1Rate": "effect_speed 1",
	} {
		property, number := attributeName(attribute)
		if got := fmt.Sprintf("%s %d", property, number); got != want {
			t.Errorf("%s is %s, want %s", attribute, got, want)
		}
	}
}

// TestColorsOfLight turns chromaticities into colours of a screen.
func TestColorsOfLight(t *testing.T) {
	for text, want := range map[string]string{
		"0.3127,0.3290,100": "#ffffff", "0.6400,0.3300,21.26": "#ff0000", "0.3000,0.6000,71.52": "#00ff00", "0.1500,0.0600,7.22": "#0000ff", "0.3,0.3,0": "#000000",
	} {
		e := &element{doc: &document{}, attrs: map[string]string{"Color": text}}
		got, ok := cie(e, "Color")
		if want, _ := color.Parse(want, nil); !ok || math.Abs(got.R-want.R)+math.Abs(got.G-want.G)+math.Abs(got.B-want.B) > 12 {
			t.Errorf("%s is %v", text, got)
		}
	}
}

// TestPixels reads the parts of bars and tubes.
func TestPixels(t *testing.T) {
	for _, tt := range []struct{ file, mode, want string }{
		{"bar.json", "4ch", ""},
		{"bar.json", "18ch", "Segment 1: red_segment_1 green_segment_1 blue_segment_1 white_segment_1"},
		{"bar.json", "48ch", "1: red_1 green_1 blue_1 white_1"},
		{"tube.gdtf", "", "1: red_1 green_1 blue_1"},
		{"dimmer.json", "2ch", "1+2: dimmer_1_2"},
	} {
		p, err := Read(folder(t), tt.file, tt.mode)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if len(p.Pixels) > 0 {
			got = p.Pixels[0].Name + ":"
			for _, c := range p.Pixels[0].Channels {
				got += " " + p.Channels[c].Name
			}
		}
		if got != tt.want {
			t.Errorf("%s %s: the first pixel is %q, want %q", tt.file, tt.mode, got, tt.want)
		}
	}
}

// TestOrderOfPixels lists a grid in the ways that a mode can.
func TestOrderOfPixels(t *testing.T) {
	root, err := parseJSON([]byte(`{ "pixelCount": [3, 2, 1] }`))
	if err != nil {
		t.Fatal(err)
	}
	m := readMatrix(root)
	for axes, want := range map[string]string{
		"XYZ": "(1, 1) (2, 1) (3, 1) (1, 2) (2, 2) (3, 2)",
		"YXZ": "(1, 1) (1, 2) (2, 1) (2, 2) (3, 1) (3, 2)",
	} {
		if got := strings.Join(m.ordered(axes), " "); got != want {
			t.Errorf("%s is %s, want %s", axes, got, want)
		}
	}
	if naturally("2", "10") >= 0 || naturally("alice 2", "Bob 1") >= 0 || naturally("a10", "a9") <= 0 || naturally("x", "x") != 0 {
		t.Error("names are not in the order of people")
	}
}
