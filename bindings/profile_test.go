package bindings

import (
	"os"
	"strings"
	"testing"
)

// withProfiles are the files of a show and the profiles that it may use.
func withProfiles(t *testing.T, text string) map[string]string {
	t.Helper()
	files := map[string]string{"show.lua": prelude + text}
	for _, name := range []string{"par.json", "spot.json", "tube.json", "bar.json", "fan.json", "dimmer.json", "spot/description.xml"} {
		data, err := os.ReadFile("../runtime/patch/profile/testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		files["fixtures/"+name] = string(data)
	}
	return files
}

// profiled are fixtures with a profile: par 1-6, spot 11-21, tube 101-148.
const profiled = `local par = stage.fixture{ name = "par", profile = "fixtures/par.json", mode = "6ch", at = one:slot(1) } ` +
	`local spot = stage.fixture{ name = "spot", profile = "fixtures/spot.json", mode = "11ch", at = one:slot(11) } ` +
	`local tube = stage.fixture{ name = "tube", profile = "fixtures/tube.json", at = one:slot(101) } `

var profileTests = []struct {
	name, text string
	levels     []string
}{
	{"what it starts at", ``, []string{"0s 1=0 6=6 11=128 12=128 13=0 14=128 17=5 18=0 101=0"}},
	{"what the script says comes after", `spot:set{ shutter = "closed" }`, []string{"0s 11=128 17=1"}},
	{"a part by its name", `spot:set{ gobo = "dots", shutter = "OPEN" } par:set{ shutter = "open" }`, []string{"0s 19=11 17=5 6=6"}},
	{"by what the file calls the channel", `spot:set{ ["Gobo Wheel"] = "Star", gobo_rotation = "yo-yo" }`, []string{"0s 19=19 20=243"}},
	{"a rate", `spot:set{ strobe = "13Hz" } par:fade({ strobe = "10Hz" }, 1)`, []string{"0s 17=215", "1s 6=134"}},
	{"percent stays a level", `spot:set{ gobo = "50%", dimmer = "20%" }`, []string{"0s 19=128 18=51"}},
	{"degrees", `spot:set{ pan = 270, tilt = -135 }`, []string{"0s 11=255 13=255 12=0 14=0"}},
	{"degrees in words", `spot:set{ pan = "-90 deg" }`, []string{"0s 11=85 13=85"}},
	{"colour is mixed", `par:set{ color = "#ff8040", intensity = 100 }`, []string{"0s 1=100 2=191 3=64 4=0 5=64"}},
	{"colour is the nearest filter", `spot:set{ color = "#f00010", intensity = 9 }`, []string{"0s 16=37 18=9"}},
	{"a colour of the wheel", `spot:set{ color_wheel = "peachblow" }`, []string{"0s 16=22"}},
	{"the whole tube", `tube:set{ color = "red" }`, []string{"0s 101=255 102=0 146=255 148=0"}},
	{"a list is in the order of channels", `par:set{ 1, 2, 3 }`, []string{"0s 1=1 2=2 3=3"}},
	{"a group takes what it has", `stage.group{ par, spot }:set{ shutter = "open", gobo = "star" }`, []string{"0s 6=6 17=5 19=19"}},
	{"unpacked GDTF", `stage.fixture{ name = "x", profile = "fixtures/spot/description.xml", at = one:slot(201) }:set{ gobo = "star", pan = 270 }`,
		[]string{"0s 201=255 207=4 209=19"}},
}

var pixelTests = []struct {
	name, text string
	levels     []string
}{
	{"one of them", `tube.parts[2]:set{ color = "blue" }`, []string{"0s 101=0 103=0 104=0 106=255 109=0"}},
	{"the first, which begins where the tube does", `tube:set{ color = "red" } tube.parts[1]:set{ color = "lime" }`, []string{"0s 101=0 102=255 104=255 105=0 146=255"}},
	{"all again", `tube.parts[1]:set{ color = "lime" } later(function() tube:set{ color = "red" } end)`, []string{"0s 102=255", "1s 101=255 102=0 104=255"}},
	{"one after all", `tube:set{ color = "red", intensity = 100 } later(function() tube.parts[16]:fade({ color = "blue" }, 1) end)`,
		[]string{"1s 146=100 148=0", "2s 146=0 148=255 101=100"}},
	{"by channel", `tube.parts[3]:set{ red = 7 } tube:set{ red_4 = 8 }`, []string{"0s 107=7 110=8"}},
	{"an array", `local t = {} for i = 1, 48 do t[i] = i end tube.parts:pixels(t)`, []string{"0s 101=1 102=2 148=48"}},
	{"a wave along it", `tube.parts:wave{ channels = { "intensity" }, period = 16, shape = "square", width = 1 / 16, spread = 1 }`, []string{"500ms 101=255 104=0 146=0", "1500ms 101=0 104=255", "15.5s 101=0 146=255"}},
	{"in a group with others", `stage.group{ name = "all", tube.parts[16], par, tube.parts }:set{ color = "blue" }`, []string{"0s 4=255 103=255 148=255"}},
	{"segments", `local bar = stage.fixture{ name = "bar", profile = "fixtures/bar.json", mode = "18ch", at = one:slot(201) } bar:set{ intensity = 9 } bar.parts[2]:set{ color = "#ff4040" }`,
		[]string{"0s 201=9 202=5 203=0 207=191 210=64 211=0"}},
	{"a pack of dimmers", `local pack = stage.fixture{ name = "pack", profile = "fixtures/dimmer.json", mode = "4ch", at = one:slot(201) } pack:set{ intensity = 9 } pack.parts[4]:set{ intensity = 90 }`,
		[]string{"0s 201=9 203=9 204=90"}},
}

// TestPixelsOfAProfile plays the parts of tubes and bars.
func TestPixelsOfAProfile(t *testing.T) {
	for _, tt := range pixelTests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStand(t)
			if err := s.load(withProfiles(t, profiled+`local function later(f) clock.after(1, f) end `+tt.text)); err != nil {
				t.Fatal(err)
			}
			for _, l := range tt.levels {
				s.wantLevels(l)
			}
			s.wantFailures()
		})
	}
	s := newStand(t)
	if err := s.load(withProfiles(t, profiled+`print(#tube.parts, tube.parts.name, tube.parts[2], par.parts, tube.parts == tube.parts) for i in pairs{ stage.get("tube 2") } do print(i) end`)); err != nil {
		t.Fatal(err)
	}
	s.wantLog("0.000 16\ttube.parts\tstage.fixture tube 2\tnil\ttrue")
}

// TestProfiles plays what scripts do with fixtures that have a profile.
func TestProfiles(t *testing.T) {
	for _, tt := range profileTests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStand(t)
			if err := s.load(withProfiles(t, profiled+tt.text)); err != nil {
				t.Fatal(err)
			}
			for _, l := range tt.levels {
				s.wantLevels(l)
			}
			s.wantFailures()
		})
	}
}

var profileErrors = []struct{ text, want string }{
	{`stage.fixture{ name = "x", profile = "fixtures/par.json", at = one:slot(1) }`, `stage.fixture: fixture "x": fixtures/par.json: mode must say which of these is meant: RGBW, DRGBW Strobe, DRGBW Strobe & Program`},
	{`stage.fixture{ name = "x", profile = "fixtures/par.json", mode = "5ch", at = one:slot(1) }`, `stage.fixture: fixture "x": fixtures/par.json: no mode '5ch' (did you mean '4ch'?); there are RGBW, DRGBW Strobe, DRGBW Strobe & Program`},
	{`stage.fixture{ name = "x", profile = "fixtures/pra.json", mode = "4ch", at = one:slot(1) }`, `stage.fixture: fixture "x": fixtures/pra.json: there is no such file in the show folder (did you mean 'fixtures/par.json'?)`},
	{`stage.fixture{ name = "x", profile = "../par.json", at = one:slot(1) }`, `stage.fixture: fixture "x": ../par.json: a profile is a file in the show folder, such as fixtures/par.json`},
	{`stage.fixture{ name = "x", profile = "par", at = one:slot(1) }`, `stage.fixture: fixture "x": par: a profile is a .json file of the Open Fixture Library, a .gdtf file or the description.xml of one`},
	{`stage.fixture{ name = "x", profile = "show.json", at = one:slot(1) }`, `stage.fixture: fixture "x": show.json: there is no such file in the show folder`},
	{`stage.fixture{ name = "x", profile = 7, at = one:slot(1) }`, `stage.fixture: profile must be a string, got 7`},
	{`stage.fixture{ name = "x", profile = "fixtures/par.json", mode = 4, at = one:slot(1) }`, `stage.fixture: mode must be a string, got 4`},
	{`stage.fixture{ name = "x", profile = "fixtures/par.json", kind = "rgb", at = one:slot(1) }`, `stage.fixture: fixture "x": give one of kind, channels and profile`},
	{`stage.fixture{ name = "x", kind = "rgb", mode = "4ch", at = one:slot(1) }`, `stage.fixture: fixture "x": mode stands with profile`},
	{`stage.fixture{ name = "x", profile = "fixtures/par.json", mode = "6ch", at = one:slot(508) }`, `stage.fixture: fixture "x": 6 slots from slot 508 on run past the last slot, 512`},
	{`spot:set{ gobo = "dost" }`, `stage.fixture:set: fixture "spot": gobo has no "dost" (did you mean "Dots"?); it has Open, Dots, Star, Spiral, Gobo 5, Dots shake`},
	{`spot:set{ shutter = "opne" }`, `stage.fixture:set: fixture "spot": shutter has no "opne" (did you mean "open"?); it has closed, open, strobe`},
	{`spot:set{ strobe = "30Hz" }`, `stage.fixture:set: fixture "spot": strobe cannot be "30Hz"; it has 0.5-13Hz`},
	{`spot:set{ strobe = "3 hours" }`, `stage.fixture:set: fixture "spot": strobe has no "3 hours"; it has closed, open, strobe`},
	{`spot:set{ gobos = "dots" }`, `stage.fixture:set: fixture "spot" has no channel "gobos" (did you mean "gobo"?); it has pan, tilt, speed, color_wheel, shutter, dimmer, gobo, gobo_rotation, control`},
	{`spot:set{ pan = 300 }`, `stage.fixture:set: pan must be -270 to 270 degrees, as far as fixture "spot" turns, got 300`},
	{`spot:set{ pan = "300deg" }`, `stage.fixture:set: fixture "spot": pan cannot be "300deg"; it has -270-270deg`},
	{`par:set{ red = "open" }`, `stage.fixture:set: red must be a number 0-255, got "open"`},
	{`tube:set{ red_61 = 5 }`, `stage.fixture:set: fixture "tube" has no channel "red_61" (did you mean "red_16"?); it has red_1, green_1, blue_1, red_2, green_2, blue_2, red_3, green_3, blue_3, red_4, green_4, blue_4, red_5, green_5, blue_5, red_6, green_6, blue_6, red_7, green_7, blue_7, red_8, green_8, blue_8 and 24 more`},
	{`tube.parts[1]:set{ red_2 = 5 }`, `stage.fixture:set: fixture "tube 1" has no channel "red_2"; it has red, green, blue`},
	{`tube.parts:set{ pan = 5 }`, `stage.group:set: fixture "tube 1" has no channel "pan"; it has red, green, blue`},
	{`par:set{ gobo = "dots" }`, `stage.fixture:set: fixture "par" has no channel "gobo"; it has dimmer, red, green, blue, white, shutter`},
	{`stage.group{ par, spot }:set{ shutter = "closed" }`, `stage.group:set: fixture "par": shutter has no "closed"; it has open, strobe`},
}

// TestMistakesWithProfiles loads shows with one mistake each.
func TestMistakesWithProfiles(t *testing.T) {
	for _, tt := range profileErrors {
		text := profiled + "\n" + tt.text
		if strings.HasPrefix(tt.text, "stage.fixture") {
			text = "\n" + tt.text
		}
		err := newStand(t).load(withProfiles(t, text))
		if want := "show.lua:2: " + tt.want; err == nil || err.Error() != want {
			t.Errorf("%s\nraised %v\n  want %s", tt.text, err, want)
		}
	}
}

// TestProfilesAreReadAtTheTopLevel patches in a task: it is refused before a file is read.
func TestProfilesAreReadAtTheTopLevel(t *testing.T) {
	s := live(t, "\nclock.run(function() stage.fixture{ name = \"x\", profile = \"none.json\", at = one:slot(1) } end)")
	s.run(0)
	s.wantFailures("clock.run show.lua:2: show.lua:2: stage.fixture: fixtures are patched while the show loads: at the top level of the script, not in a task or a handler")
}

// TestABrokenProfileNamesTheField: a mistake in the file is told with its place in it, at the
// line of the script that uses it.
func TestABrokenProfileNamesTheField(t *testing.T) {
	files := withProfiles(t, "\n"+profiled)
	files["fixtures/par.json"] = strings.Replace(files["fixtures/par.json"], `"White", "Strobe"]`, `"White", "Strobe 2"]`, 1)
	err := newStand(t).load(files)
	if want := `show.lua:2: stage.fixture: fixture "par": fixtures/par.json: modes[1].channels[5]: no channel 'Strobe 2' (did you mean 'Strobe'?)`; err == nil || err.Error() != want {
		t.Errorf("error %v\n want %s", err, want)
	}
}
