package show_test

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"showrun/runtime/level"
	"showrun/runtime/show"
)

const heldText = `local stage = require "stage"
local wash = stage.fixture{ name = "wash 1", kind = "rgb", at = one:slot(1) }
local head = stage.fixture{ name = "head", kind = "moving_head", at = one:slot(11), range = { pan = 540, tilt = -270 } }
local dim = stage.fixture{ name = "front.left", kind = "dimmer", at = one:slot(31) }
stage.group{ name = "all", wash, head, dim }
require "theater".motion{ host = "127.0.0.1" }
wash:set{ color = "red" }
clock.every(0.1, function() wash:set{ color = "red" } dim:set(10) end)
`

// operate has the show do what people write, and says what becomes of it.
func (h *lab) operate(words string) string {
	h.t.Helper()
	fields := strings.Split(words, " ")
	for i, f := range fields {
		fields[i] = strings.ReplaceAll(f, "_", " ")
	}
	b := h.m.Board()
	op, err := b.Read(fields[0], fields[1:])
	if err == nil {
		op, err = b.Check(op)
	}
	if err == nil {
		err = h.m.Operate(op)
	}
	h.run(h.clock.Now() + 50*time.Millisecond)
	if err != nil {
		return err.Error()
	}
	return b.Describe(op)
}

// held is what the board has of the operator layer.
func (h *lab) held() string {
	var list []string
	for _, x := range h.m.Board().Holds {
		text := x.Fixture + "." + x.Channel + " " + x.Text()
		if x.Gone {
			text += " gone"
		}
		list = append(list, text)
	}
	return strings.Join(list, ", ")
}

// at is what slots of output 0 are at.
func (h *lab) at(slots ...int32) string {
	var list []string
	for _, s := range slots {
		list = append(list, fmt.Sprintf("%.4g", h.m.Levels().Shown(level.Address{Slot: s})))
	}
	return strings.Join(list, " ")
}

// TestHold puts values above the script, by all the names and in all the ways that scripts
// know, until they are let go.
func TestHold(t *testing.T) {
	h := newLab(t, heldText)
	h.run(time.Second)
	for _, c := range []struct{ words, done, held, slots, levels string }{
		{"hold wash_1 blue", "wash 1.color held at blue", "wash 1.color #0000ff", "1 2 3", "0 0 255"},
		{"hold wash_1 50%", "wash 1.intensity held at 50%", "wash 1.color #0000ff, wash 1.intensity 127.5", "1 2 3", "0 0 127.5"},
		{"hold wash_1.green 9", "wash 1.green held at 9", "wash 1.color #0000ff, wash 1.intensity 127.5, wash 1.green 9", "1 2 3", "0 9 127.5"},
		{"hold wash_1.color #102030", "wash 1.color held at #102030", "wash 1.color #102030, wash 1.intensity 127.5, wash 1.green 9", "1 2 3", "8 9 24"},
		{"unhold wash_1.intensity", "wash 1.intensity let go", "wash 1.color #102030, wash 1.green 9", "1 2 3", "16 9 48"},
		{"unhold wash_1", "wash 1 let go", "", "1 2 3", "255 0 0"},
		{"unhold wash_1", "wash 1 let go", "", "1 2 3", "255 0 0"}, // once more: nothing
		{"hold head.pan 0", "head.pan held at 0", "head.pan 127.5", "11 12", "127.5 0"},
		{"unhold wash_1", "wash 1 let go", "head.pan 127.5", "11 12", "127.5 0"}, // of which nothing is held
		{"hold head.tilt -135", "head.tilt held at -135", "head.pan 127.5, head.tilt 255", "13", "255"},
		{"hold head.dimmer 3", "head.dimmer held at 3", "head.pan 127.5, head.tilt 255, head.dimmer 3", "16", "3"},
		{"hold head.intensity 4", "head.intensity held at 4", "head.pan 127.5, head.tilt 255, head.intensity 4", "16", "4"}, // the same
		{"hold front.left 100%", "front.left.intensity held at 100%", "head.pan 127.5, head.tilt 255, head.intensity 4, front.left.intensity 255", "31", "255"},
		{"unhold", "all let go", "", "11 16 31", "0 0 10"},
		{"hold all 20", "all.intensity held at 20", "wash 1.intensity 20, head.intensity 20, front.left.intensity 20", "1 16 31", "20 20 20"},
		{"unhold head", "head let go", "wash 1.intensity 20, front.left.intensity 20", "1 16 31", "20 0 20"},
		{"unhold all", "all let go", "", "1 31", "255 10"},

		{"hold wsh_1 20", `no fixture or group is called "wsh 1" (did you mean "wash 1"?)`, "", "1", "255"},
		{"hold wsh_1.red 20", `no fixture or group is called "wsh 1" (did you mean "wash 1"?)`, "", "1", "255"},
		{"hold wash_1.gren 20", `fixture "wash 1" has no channel "gren" (did you mean "green"?); it has red, green, blue`, "", "1", "255"},
		{"hold moon 20", `no fixture or group is called "moon"; there are all, front.left, head, wash 1`, "", "1", "255"},
		{"hold wash_1.red 256", `wash 1.red must be 0-255, or 0%-100%, got "256"`, "", "1", "255"},
		{"hold wash_1.red -1", `wash 1.red must be 0-255, or 0%-100%, got "-1"`, "", "1", "255"},
		{"hold wash_1.red NaN", `wash 1.red must be 0-255, or 0%-100%, got "NaN"`, "", "1", "255"},
		{"hold wash_1.red 101%", `wash 1.red must be 0%-100%, got "101%"`, "", "1", "255"},
		{"hold wash_1 tomatoe", `wash 1.color must be a colour, or without a channel a level, got "tomatoe": no colour has that name (did you mean "tomato"?)`, "", "1", "255"},
		{"hold front.left red", `fixture "front.left" makes no colour; it has dimmer, intensity`, "", "1", "255"},
		{"hold head.pan 271", `head.pan must be -270 to 270 degrees, or 0%-100%, got "271"`, "", "1", "255"},
		{"hold theater.motion 5", "theater.motion is machinery: only light can be held, and showrun ctl stop holds machinery", "", "1", "255"},
		{"hold wash_1", "hold takes FIXTURE[.CHANNEL] VALUE|COLOR", "", "1", "255"},
		{"unhold wash_1.gren", `fixture "wash 1" has no channel "gren" (did you mean "green"?); it has red, green, blue`, "", "1", "255"},
		{"unhold wesh_1", `no fixture or group is called "wesh 1" (did you mean "wash 1"?)`, "", "1", "255"},
	} {
		if got := h.operate(c.words); got != c.done {
			t.Errorf("%s: %s\n  want %s", c.words, got, c.done)
		}
		var slots []int32
		for _, s := range strings.Fields(c.slots) {
			var n int32
			fmt.Sscan(s, &n)
			slots = append(slots, n)
		}
		if got := h.held(); got != c.held {
			t.Errorf("%s: held %s\n  want %s", c.words, got, c.held)
		}
		if got := h.at(slots...); got != c.levels {
			t.Errorf("%s: slots %s at %s, want %s", c.words, c.slots, got, c.levels)
		}
	}
}

// TestHoldsOutliveReloads, by where they are: they go by the names that are there then, and
// what is of no fixture any more is seen and let go.
func TestHoldsOutliveReloads(t *testing.T) {
	h := newLab(t, heldText)
	h.run(time.Second)
	h.operate("hold wash_1 blue")
	h.operate("hold front.left 200")
	h.operate("hold head.zoom 7")
	text := strings.NewReplacer(`"wash 1"`, `"cyc"`, "dim, ", "", "head, dim", "head").Replace(heldText)
	h.load(strings.ReplaceAll(text, `local dim = stage.fixture{ name = "front.left", kind = "dimmer", at = one:slot(31) }`, `local dim = { set = function() end }`))
	h.run(h.clock.Now() + time.Second)
	if got := h.held(); got != "cyc.color #0000ff, front.left.intensity 200 gone, head.zoom 7" {
		t.Errorf("held %s", got)
	}
	if got := h.at(3, 31, 22); got != "255 200 7" {
		t.Errorf("at %s", got)
	}
	if got := h.operate("unhold front.left"); got != "front.left let go" || h.at(31) != "0" {
		t.Errorf("%s, at %s", got, h.at(31))
	}
	h.load(heldText)
	h.run(h.clock.Now() + time.Second)
	if got := h.held(); got != "wash 1.color #0000ff, head.zoom 7" {
		t.Errorf("held %s", got)
	}
}

// TestHoldsOutliveRuns: a point has them, and also those that are of no fixture.
func TestHoldsOutliveRuns(t *testing.T) {
	h := newLab(t, heldText)
	h.run(time.Second)
	h.operate("hold wash_1 #0000ff")
	h.operate("hold wash_1 51")
	h.operate("hold front.left 200")
	r := resumed(t, h.point(), time.Second, strings.NewReplacer("dim, ", "", "head, dim", "head", `local dim = stage.fixture{ name = "front.left", kind = "dimmer", at = one:slot(31) }`, `local dim = { set = function() end }`).Replace(heldText))
	r.run(r.clock.Now() + time.Second)
	lost := r.m.Board().Holds[2].Fixture
	if got := r.held(); got != "wash 1.color #0000ff, wash 1.intensity 51, "+lost+".level 200 gone" || !strings.HasPrefix(lost, "slot 31 of ") {
		t.Errorf("held %s", got)
	}
	if got := r.at(1, 2, 3, 31); got != "0 0 51 200" {
		t.Errorf("at %s", got)
	}
	r.m.Operate(show.Unhold{Fixture: lost})
	r.run(r.clock.Now() + time.Second)
	if got := r.at(1, 2, 3, 31); got != "0 0 51 10" {
		t.Errorf("at %s", got)
	}
}

// TestHoldsAreReplayed from a record, over a reload.
func TestHoldsAreReplayed(t *testing.T) {
	const text = `local stage = require "stage"
local wash = stage.fixture{ name = "wash", kind = "rgb", at = one:slot(1) }
wash:set{ color = "red" }`
	r := newRecording(1)
	r.begin()
	r.swap(r.prepare(t, labPrelude0+text, show.First()))
	r.run(time.Second)
	r.m.Operate(show.Hold{Fixture: "wash", Value: "#000007"})
	r.run(time.Second)
	state, _ := r.m.CopyState()
	r.swap(r.prepare(t, labPrelude0+strings.ReplaceAll(text, `"wash"`, `"cyc"`), state))
	r.m.Operate(show.Hold{Fixture: "cyc", Channel: "green", Value: "5"})
	r.run(time.Second)
	r.m.Operate(show.Unhold{})
	r.run(time.Second)
	live := r.end()
	if again := r.repeated(t); live != again || !strings.Contains(live, "0/3=7") || !strings.Contains(live, "0/2=5") {
		t.Errorf("live\n%s\nagain\n%s", live, again)
	}
}

// TestHoldsInACrowd: while the script is busy the newest value of a fader counts, and what was
// let go meanwhile is not what was held before.
func TestHoldsInACrowd(t *testing.T) {
	h := newLab(t, heldText)
	h.run(time.Second)
	for n := range 5000 {
		if err := h.m.Operate(show.Hold{Fixture: "front.left", Value: fmt.Sprint(n % 256)}); err != nil {
			t.Fatal(err)
		}
	}
	h.m.Operate(show.Unhold{Fixture: "front.left"})
	for n := range 5000 {
		if err := h.m.Operate(show.Hold{Fixture: "front.left", Value: fmt.Sprint(n % 256)}); err != nil {
			t.Fatal(err)
		}
	}
	h.run(2 * time.Second)
	if got := h.held(); got != fmt.Sprintf("front.left.intensity %d", 4999%256) {
		t.Errorf("held %s", got)
	}
}

// TestHoldOfWhatNothingHasSet: it is white, as in scripts, and what is known to be dark stays so.
func TestHoldOfWhatNothingHasSet(t *testing.T) {
	h := newLab(t, `local stage = require "stage"
stage.fixture{ name = "blinder", channels = { "warm_white", "white" }, at = one:slot(1) }
stage.fixture{ name = "new", kind = "rgb", at = one:slot(11) }
stage.fixture{ name = "dark", kind = "rgb", at = one:slot(21) }:set{ red = 0 }`)
	h.run(time.Second)
	h.operate("hold blinder 50")
	h.operate("hold new 60")
	h.operate("hold dark 70")
	if got := h.at(1, 2, 11, 12, 13, 21, 22); got != "50 50 60 60 60 0 0" {
		t.Errorf("at %s", got)
	}
	h.operate("unhold")
	if got := h.at(1, 2, 11, 12, 13, 21, 22); got != "0 0 0 0 0 0 0" {
		t.Errorf("let go: at %s", got)
	}
}

// TestHoldsOverlap: a channel of several that are held together is also held by itself, and
// then the others are not let go with it.
func TestHoldsOverlap(t *testing.T) {
	h := newLab(t, "")
	h.files = map[string][]byte{"pack.json": []byte(`{ "name": "pack", "availableChannels": {
  "One": { "capability": { "type": "Intensity" } }, "Two": { "capability": { "type": "Intensity" } } },
  "modes": [{ "name": "2ch", "channels": ["One", "Two"] }] }`)}
	h.load(`local stage = require "stage"
stage.fixture{ name = "pack", profile = "pack.json", at = one:slot(1) }`)
	h.run(time.Second)
	for _, c := range [][3]string{
		{"hold pack 50", "pack.intensity 50", "50 50"},
		{"hold pack.one 60", "pack.intensity 50, pack.dimmer 60", "60 50"},
		{"unhold pack.one", "pack.intensity 50", "0 50"},
		{"hold pack.one 70", "pack.intensity 50, pack.dimmer 70", "70 50"},
		{"hold pack 80", "pack.intensity 80", "80 80"},
		{"unhold pack", "", "0 0"},
	} {
		h.operate(c[0])
		if h.held() != c[1] || h.at(1, 2) != c[2] {
			t.Errorf("%s: held %s, at %s", c[0], h.held(), h.at(1, 2))
		}
	}
}

// TestTheLastHoldCounts, also while the script is busy and the same has several names.
func TestTheLastHoldCounts(t *testing.T) {
	h := newLab(t, heldText)
	h.run(time.Second)
	for range 500 {
		h.m.Operate(show.Hold{Fixture: "front.left", Value: "9"})
	}
	for _, op := range []show.Hold{
		{Fixture: "front.left", Value: "6"}, {Fixture: "all", Value: "7"}, {Fixture: "front.left", Value: "8"},
		{Fixture: "head", Channel: "intensity", Value: "1"}, {Fixture: "head", Channel: "dimmer", Value: "2"}, {Fixture: "head", Channel: "intensity", Value: "3"},
		{Fixture: "wash 1", Value: "4"}, {Fixture: "wash 1", Value: "blue"}, {Fixture: "wash 1", Value: "5"},
	} {
		if err := h.m.Operate(op); err != nil {
			t.Fatal(err)
		}
	}
	h.run(2 * time.Second)
	if got := h.held(); got != "front.left.intensity 8, wash 1.intensity 5, head.intensity 3, wash 1.color #0000ff" {
		t.Errorf("held %s", got)
	}
}

// TestReloadOfManyHolds: the swap is short also where all that there is is held.
func TestReloadOfManyHolds(t *testing.T) {
	const text = `local stage = require "stage"
local all = { name = "all" }
for i = 1, 170 do all[i] = stage.fixture{ name = "f" .. i, kind = "rgb", at = one:slot(3 * i - 2) } end
stage.group(all)`
	h := newLab(t, text)
	h.run(time.Second)
	reload := func() uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		h.load(text)
		runtime.ReadMemStats(&after)
		h.run(h.clock.Now() + 20*time.Millisecond)
		return after.Mallocs - before.Mallocs
	}
	free := reload()
	h.operate("hold all 50%")
	h.operate("hold all red")
	if held := reload(); held > 2*free || len(h.m.Board().Holds) != 340 {
		t.Errorf("a load with %d holds allocates %d times, one without %d times", len(h.m.Board().Holds), held, free)
	}
}

// TestHoldOfParts: a part is held by the name of the whole and its own, also in a group.
func TestHoldOfParts(t *testing.T) {
	tube, err := os.ReadFile("../patch/profile/testdata/tube.json")
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid(tube) {
		t.Fatal("the profile is none")
	}
	h := newLab(t, "")
	h.files = map[string][]byte{"tube.json": tube}
	h.load(`local stage = require "stage"
local tube = stage.fixture{ name = "tube", profile = "tube.json", at = one:slot(1) }
stage.group{ name = "ends", tube.parts[1], tube.parts[16] }
tube:set{ color = "red" }`)
	h.run(time.Second)
	first := strings.ReplaceAll(h.m.Board().Patch.Fixtures()[0].Parts[0].Name[len("tube "):], " ", "_")
	h.operate("hold tube." + first + " blue")
	h.operate("hold ends.green 7")
	if got := h.at(1, 2, 3, 4, 46, 47); got != "0 7 255 255 255 7" {
		t.Errorf("at %s, held %s", got, h.held())
	}
	h.operate("unhold tube")
	if got := h.at(1, 2, 3, 46, 47); got != "255 0 0 255 0" || h.held() != "" {
		t.Errorf("at %s, held %s", got, h.held())
	}
}

// TestHoldsOfManyFixtures: what a hold, a release and a reload cost grows with what is held,
// and not with its square: nothing else of the script happens meanwhile.
func TestHoldsOfManyFixtures(t *testing.T) {
	allocations := func(universes int) (n [3]uint64) {
		text := fmt.Sprintf(`local stage, net, all = require "stage", require "signet".sender{ scope = "many" }, { name = "all" }
for u = 1, %d do
  local at = net:universe(u)
  for i = 0, 99 do all[#all + 1] = stage.fixture{ name = u .. "-" .. i, kind = "rgb", at = at:slot(3 * i + 1) } end
end
stage.group(all)`, universes)
		h := newLab(t, text)
		h.run(time.Second)
		h.operate("hold all red")
		next := h.prepare(text + "\n-- again")
		for i, do := range []func(){
			func() { h.operate("hold all.green 7") },
			func() { h.swapOn(next, 0) },
			func() { h.operate("unhold all.green") },
		} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			do()
			runtime.ReadMemStats(&after)
			n[i] = after.Mallocs - before.Mallocs
		}
		if want := 100 * universes; len(h.m.Board().Holds) != want {
			t.Errorf("%d are held, expected %d", len(h.m.Board().Holds), want)
		}
		return n
	}
	few, many := allocations(1), allocations(5)
	for i, what := range []string{"hold", "reload", "unhold"} {
		t.Logf("%s: %d and %d allocations", what, few[i], many[i])
		if most := 8 * few[i]; many[i] > most {
			t.Errorf("%s: five times as many fixtures take %d allocations, expected at most %d", what, many[i], most)
		}
	}
}
