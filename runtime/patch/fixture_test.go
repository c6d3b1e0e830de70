package patch

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"showrun/runtime/level"
)

func at(slot int32) level.Address {
	return level.Address{Output: 3, Slot: slot}
}

func TestKindsArePatched(t *testing.T) {
	tests := []struct {
		kind      string
		channels  string
		intensity string
		slots     int32
	}{
		{"dimmer", "dimmer", "dimmer", 1},
		{"rgb", "red green blue", "red green blue", 3},
		{"rgbw", "red green blue white", "red green blue white", 4},
		{"rgba", "red green blue amber", "red green blue amber", 4},
		{"rgbwa", "red green blue white amber", "red green blue white amber", 5},
		{"rgbaw_uv", "red green blue amber white uv", "red green blue amber white uv", 6},
		{"moving_head", "pan tilt speed dimmer shutter red green blue white zoom", "dimmer", 12},
	}
	for i, tt := range tests {
		if Kinds()[i] != tt.kind {
			t.Errorf("kind %d is %q, want %q", i, Kinds()[i], tt.kind)
		}
		f, err := New("f", tt.kind, at(10), 512)
		if err != nil {
			t.Errorf("%s: %v", tt.kind, err)
			continue
		}
		if f.Name != "f" || f.Kind != tt.kind {
			t.Errorf("%s: name %q, kind %q", tt.kind, f.Name, f.Kind)
		}
		if got := names(f.Channels); got != tt.channels {
			t.Errorf("%s: channels %q, want %q", tt.kind, got, tt.channels)
		}
		if got := names(f.Intensity); got != tt.intensity {
			t.Errorf("%s: intensity %q, want %q", tt.kind, got, tt.intensity)
		}
		if f.Last() != at(10+tt.slots-1) {
			t.Errorf("%s: last slot %v, want %v", tt.kind, f.Last(), at(10+tt.slots-1))
		}
	}
	if len(Kinds()) != len(tests) {
		t.Errorf("%d kinds, %d tested", len(Kinds()), len(tests))
	}
}

func names(channels []Channel) string {
	var all []string
	for _, c := range channels {
		all = append(all, c.Name)
	}
	return strings.Join(all, " ")
}

func TestFineChannels(t *testing.T) {
	tests := []struct {
		names []string
		want  []Channel
	}{
		{[]string{"pan", "pan fine", "tilt", "tilt fine"}, []Channel{
			{"pan", at(1), at(2)}, {"tilt", at(3), at(4)},
		}},
		// Only right after its channel is a fine one its half.
		{[]string{"pan", "tilt", "pan fine"}, []Channel{
			{"pan", at(1), level.Address{}}, {"tilt", at(2), level.Address{}}, {"pan fine", at(3), level.Address{}},
		}},
		{[]string{"x fine", "x"}, []Channel{
			{"x fine", at(1), level.Address{}}, {"x", at(2), level.Address{}},
		}},
		{[]string{"x", "x fine", "x fine fine"}, []Channel{
			{"x", at(1), at(2)}, {"x fine fine", at(3), level.Address{}},
		}},
	}
	for _, tt := range tests {
		f, err := NewCustom("f", tt.names, at(1), 512)
		if err != nil {
			t.Errorf("%q: %v", tt.names, err)
		} else if !reflect.DeepEqual(f.Channels, tt.want) {
			t.Errorf("%q = %v, want %v", tt.names, f.Channels, tt.want)
		}
	}
}

func TestFixtureErrors(t *testing.T) {
	kind := func(name, kind string, slot int32) error {
		_, err := New(name, kind, at(slot), 512)
		return err
	}
	custom := func(names ...string) error {
		_, err := NewCustom("f", names, at(1), 4)
		return err
	}
	tests := []struct {
		err  error
		want string
	}{
		{kind("f", "rgbx", 1), `fixture "f": unknown kind "rgbx" (did you mean "rgb"?); kinds are dimmer, rgb, rgbw, rgba, rgbwa, rgbaw_uv, moving_head`},
		{kind("f", "laser", 1), `fixture "f": unknown kind "laser"; kinds are dimmer, rgb, rgbw, rgba, rgbwa, rgbaw_uv, moving_head`},
		{kind("", "rgb", 1), `fixture "": a name is needed`},
		{kind("f", "rgb", 0), `fixture "f": slot must be 1-512, got 0`},
		{kind("f", "rgb", 513), `fixture "f": slot must be 1-512, got 513`},
		{kind("f", "rgb", 510), ""},
		{kind("f", "rgb", 511), `fixture "f": 3 slots from slot 511 on run past the last slot, 512`},
		{custom(), `fixture "f": at least one channel is needed`},
		{custom("a", ""), `fixture "f": channel 2 has no name`},
		{custom("a", "b", "a"), `fixture "f": channels 1 and 3 are both called "a"`},
		{custom("a", "a fine", "a fine"), `fixture "f": channels 2 and 3 are both called "a fine"`},
		{custom("a", "b", "c", "d", "e"), `fixture "f": 5 slots from slot 1 on run past the last slot, 4`},
	}
	for _, tt := range tests {
		checkError(t, tt.err, tt.want)
	}
}

func checkError(t *testing.T, err error, want string) {
	t.Helper()
	got := ""
	if err != nil {
		got = err.Error()
	}
	if got != want {
		t.Errorf("error\n     %s\nwant %s", got, want)
	}
}

func TestChannelByName(t *testing.T) {
	f, err := NewCustom("head", []string{"pan", "pan fine", "zoom"}, at(1), 512)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := f.Channel("zoom"); err != nil || c.Coarse != at(3) {
		t.Errorf("zoom = %v, %v", c, err)
	}
	_, err = f.Channel("zom")
	checkError(t, err, `fixture "head" has no channel "zom" (did you mean "zoom"?); it has pan, zoom`)
	_, err = f.Channel("pan fine")
	checkError(t, err, `fixture "head": channel "pan fine" is the fine half of "pan", which takes fractions`)
}

func TestEditDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"a", "", 2}, {"", "ab", 4}, {"red", "red", 0}, {"rde", "red", 1}, {"rgwb", "rgbw", 1}, {"ab", "ba", 1},
		{"kitten", "sitting", 6}, {"univers", "universe", 2},
	} {
		if got := editDistance(tt.a, tt.b); got != tt.want {
			t.Errorf("editDistance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

func TestClosest(t *testing.T) {
	names := []string{"get", "set", "hold", "on", "rgb", "rgbw", "Deck", "channel"}
	for typed, want := range map[string]string{
		"rgwb": "rgbw", "rgbb": "rgb", "RGB": "rgb", "RgbW": "rgbw", "deck": "Deck", "chanel": "channel", "chanell": "channel",
		"red": "", "halt": "", "gt": "", "gett": "get", "onn": "", "laser": "", "": "", "teg": "",
	} {
		if got := Closest(typed, names); got != want {
			t.Errorf("Closest(%q) = %q, want %q", typed, got, want)
		}
	}
}

func TestClassOf(t *testing.T) {
	for name, want := range map[string]Class{
		"dimmer": Intensity, "Intensity": Intensity, "red": Color, "warm white": Color, "cyan": Color, "uv": Color,
		"pan": Position, "Tilt": Position, "zoom": Beam, "speed": Beam, "pan speed": Beam, "": Beam,
	} {
		if got := ClassOf(name); got != want {
			t.Errorf("ClassOf(%q) = %d, want %d", name, got, want)
		}
	}
}

// TestClosestOfMany: names that cannot be meant are not looked at letter by letter.
func TestClosestOfMany(t *testing.T) {
	names := make([]string, 1000)
	for i := range names {
		names[i] = fmt.Sprintf("%s%d", strings.Repeat("A", 8+i%80), i)
	}
	typed := strings.Repeat("X", 30)
	if n := testing.AllocsPerRun(5, func() { Closest(typed, names) }); n > 100 {
		t.Errorf("%v allocations", n)
	}
	long := strings.Repeat("a", 100)
	if got := Closest(long+"b", []string{"a", long}); got != long {
		t.Errorf("of long names %q", got)
	}
}
