package show_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"
	"unicode"

	"showrun/runtime/level"
	"showrun/runtime/show"
)

// rigged is a random rig: its fixtures as Lua, and what can be said of each.
type rigged struct {
	rng   *rand.Rand
	text  string
	names []string
	said  map[string][]string // keys of levels, by fixture: color, intensity and channels
	slot  int
}

// models are what fixtures of a random rig can be, and the channels of those that have no
// attributes only.
var models = []struct {
	what     string
	slots    int
	channels string
}{
	{`kind = "dimmer"`, 1, "intensity"},
	{`kind = "rgb"`, 3, "color intensity red green blue"},
	{`kind = "rgbw"`, 4, "color intensity red white"},
	{`kind = "rgbaw_uv"`, 6, "color intensity amber uv green"},
	{`kind = "moving_head"`, 12, "color intensity pan tilt red zoom dimmer"},
	{`kind = "moving_head", range = { pan = 540, tilt = -270 }`, 12, "color intensity pan tilt zoom"},
	{`channels = { "dimmer", "dimmer fine", "red", "red fine", "green", "green fine", "blue", "blue fine" }`, 8, "color intensity red"},
	{`channels = { "red", "red fine", "green", "green fine", "blue", "blue fine", "strobe rate" }`, 7, "color intensity strobe_rate"},
	{`channels = { "cyan", "magenta", "yellow", "dimmer" }`, 4, "color intensity cyan"},
	{`channels = { "white", "warm_white", "end" }`, 3, "intensity white end"},
	{`channels = { "color", "intensity", "red", "green", "blue" }`, 5, "intensity red green"},
	{`channels = { "dimmer", "intensity", "red", "green", "blue" }`, 5, "color intensity dimmer"},
	{`profile = "par.json", mode = "6ch"`, 6, "color intensity red"},
	{`profile = "spot.json", mode = "11ch"`, 11, "color intensity pan tilt"},
	{`profile = "bar.json", mode = "48ch"`, 48, "color intensity red_3"},
	{`profile = "tube.json"`, 48, "color intensity green_7"},
}

var copiedFiles = []string{"par.json", "spot.json", "bar.json", "tube.json"}

func newRigged(rng *rand.Rand) *rigged {
	r := &rigged{rng: rng, said: map[string][]string{}, slot: 1}
	r.text = "local stage = require \"stage\"\nlocal f = {}\n"
	for i := range 3 + rng.IntN(6) {
		m := models[rng.IntN(len(models))]
		name := fmt.Sprintf([]string{"wash %d", "f%d", "a.\"b\\ %d", "größe%d"}[rng.IntN(4)], i)
		r.text += fmt.Sprintf("f[%d] = stage.fixture{ name = %s, at = one:slot(%d), %s }\n", i+1, quoted(name), r.slot, m.what)
		r.names = append(r.names, name)
		r.said[name] = strings.Fields(m.channels)
		r.slot += m.slots
	}
	return r
}

func quoted(name string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
}

// level is a value for what is said.
func (r *rigged) level(key string) string {
	switch key {
	case "color":
		return fmt.Sprintf(`"#%06x"`, r.rng.IntN(1<<24))
	case "pan", "tilt":
		return fmt.Sprintf(`"%g%%"`, math.Round(r.rng.Float64()*1e5)/1e3)
	}
	return []string{fmt.Sprint(r.rng.IntN(256)), fmt.Sprintf(`"%d%%"`, r.rng.IntN(101)), fmt.Sprintf("%.3f", r.rng.Float64()*255)}[r.rng.IntN(3)]
}

// do is a line that does something with one of the fixtures.
func (r *rigged) do() string {
	i := r.rng.IntN(len(r.names))
	keys := r.said[r.names[i]]
	key := keys[r.rng.IntN(len(keys))]
	value := r.level(key)
	key = strings.ReplaceAll(key, "strobe_rate", "strobe rate")
	switch r.rng.IntN(4) {
	case 0:
		return fmt.Sprintf("f[%d]:fade({ [%q] = %s }, %.2f)\n", i+1, key, value, r.rng.Float64()*4)
	case 1:
		if key != "color" {
			return fmt.Sprintf("f[%d]:wave{ channels = { %q }, period = %.2f }\n", i+1, key, 0.5+r.rng.Float64())
		}
	}
	return fmt.Sprintf("f[%d]:set{ [%q] = %s }\n", i+1, key, value)
}

// show is the rig with a script that does this and that.
func (r *rigged) show() string {
	text := r.text
	for range 4 + r.rng.IntN(20) {
		text += r.do()
	}
	for range 4 {
		text += fmt.Sprintf("clock.after(%.2f, function() %s end)\n", r.rng.Float64()*2, r.do())
	}
	return text
}

// outputs are the slots as they go out, with the master where it is and at full.
func (h *lab) outputs(slots int) (all []int) {
	r := h.m.Levels()
	for s := range int32(slots) {
		a := level.Address{Slot: s + 1}
		shown := math.Floor(r.Shown(a) + 0.5)
		all = append(all, int(shown), int(math.Floor(r.Value(a)+0.5)))
	}
	return all
}

// TestCopiedLooksAreTheSame: what was copied from a random show and is pasted into a cue of
// another, which has done something else, gives the same levels.
func TestCopiedLooksAreTheSame(t *testing.T) {
	files := map[string][]byte{}
	for _, name := range copiedFiles {
		b, err := os.ReadFile("../patch/profile/testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = b
	}
	for seed := range 100 * *rounds {
		rng := rand.New(rand.NewPCG(seed, 15))
		r := newRigged(rng)
		first := newLab(t, "")
		first.files = files
		first.load(r.show())
		first.run(time.Duration(rng.Int64N(int64(4 * time.Second))))
		master := []float64{255, 255, 128, 31.4}[rng.IntN(4)]
		first.m.Operate(show.Master{Level: master})
		for range rng.IntN(4) {
			name := r.names[rng.IntN(len(r.names))]
			first.m.Operate(show.Hold{Fixture: name, Value: []string{"50%", "tomato", "77", "#010203"}[rng.IntN(4)]})
		}
		first.run(first.clock.Now() + 50*time.Millisecond)
		look, err := first.m.Copy(r.names)
		if err != nil {
			t.Fatal(err)
		}
		want := first.outputs(r.slot - 1)
		second := newLab(t, "")
		second.files = files
		pasted := r.show() + fmt.Sprintf(`clock.after(2.5, function() for i = 1, #f do f[i]:stop() end end)
local main = require "cue".list{}
main:cue{ 1, look = %s }
clock.after(3, function() main:go() stage.master(%g) end)`, look, master)
		second.load(pasted)
		second.run(4 * time.Second)
		if got := second.outputs(r.slot - 1); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("seed %d: master %g, copied %s\n got %v\nwant %v\nlog %s", seed, master, look, got, want, second.log.String())
			return
		}
	}
}

// TestCopy writes looks as people would.
func TestCopy(t *testing.T) {
	h := newLab(t, heldText+`stage.group{ name = "two", stage.fixture{ name = "if", kind = "dimmer", at = one:slot(41) }, stage.fixture{ name = "x2", kind = "dimmer", at = one:slot(42) } }`)
	h.run(time.Second)
	if _, err := h.m.Copy(nil); err == nil || err.Error() != "nothing is held; name the fixtures whose look is to be copied" {
		t.Errorf("nothing held: %v", err)
	}
	h.operate("hold wash_1 #ff8800")
	h.operate("hold wash_1 50%")
	h.operate("hold head.pan 45")
	h.operate("hold head 100%")
	h.operate("hold two 20")
	for _, c := range []struct{ names, want string }{
		{"", `{
  ["wash 1"] = { color = "#ff8800", intensity = "50%" },
  head = { color = "#000000", pan = 45, tilt = 135, speed = 0, intensity = "100%", shutter = 0, zoom = 0 },
  ["if"] = { intensity = 20 },
  x2 = { intensity = 20 },
}`},
		{"two", "{\n  two = { intensity = 20 },\n}"},
		{"two x2", "{\n  [\"if\"] = { intensity = 20 },\n  x2 = { intensity = 20 },\n}"},
		{"tow", `no fixture or group is called "tow" (did you mean "two"?)`},
	} {
		got, err := h.m.Copy(strings.Fields(c.names))
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("copy %s: %s\n  want %s", c.names, got, c.want)
		}
	}
	h.load(strings.ReplaceAll(heldText, `"head", kind = "moving_head", at = one:slot(11)`, `"head", kind = "moving_head", at = one:slot(101)`))
	h.run(h.clock.Now() + time.Second)
	if got, err := h.m.Copy(nil); err != nil || got != "{\n  [\"wash 1\"] = { color = \"#ff8800\", intensity = \"50%\" },\n}" {
		t.Errorf("with holds of what is gone: %s, %v", got, err)
	}
}

// TestCopyOfOddNames: what is copied reads the same wherever it is shown on its way, and
// still names the fixture.
func TestCopyOfOddNames(t *testing.T) {
	for _, name := range []string{"a\x1b[31mb", "c\u009bd", "e\u202ef", "line\nbreak", "bad\xffutf", "\x00nul", `q"\x`, "größe Ω", "\u200b1"} {
		var quoted strings.Builder
		for _, c := range []byte(name) {
			fmt.Fprintf(&quoted, `\%03d`, c)
		}
		text := "local stage = require \"stage\"\nlocal f = stage.fixture{ name = \"" + quoted.String() + "\", kind = \"rgb\", at = one:slot(1) }\n"
		h := newLab(t, text+"f:set{ color = \"tomato\" }")
		h.run(time.Second)
		look, err := h.m.Copy([]string{name})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range look {
			if !unicode.IsPrint(r) && r != '\n' || r == unicode.ReplacementChar {
				t.Errorf("%q: %q has %U, which does not show", name, look, r)
			}
		}
		want := h.at(1, 2, 3)
		h = newLab(t, text+"local l = require \"cue\".list{ name = \"main\" }\nl:cue{ 1, look = "+look+" }\nshow.on(\"start\", function() l:go(1) end)")
		h.run(time.Second)
		if got := h.at(1, 2, 3); got != want {
			t.Errorf("%q: the copied look gives %s, expected %s", name, got, want)
		}
	}
}
