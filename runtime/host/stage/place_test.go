package stage

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"showrun/runtime/console"
	"showrun/runtime/level"
	"showrun/runtime/patch"
)

// plan is the stage of so many dimmers, in groups of so many each and the rest in none.
func plan(t testing.TB, fixtures int, groups ...int) *Stage {
	t.Helper()
	var b patch.Builder
	for i := range fixtures {
		f, err := patch.New(fmt.Sprint("f", i), "dimmer", level.Address{Output: level.Output(i / 512), Slot: int32(i%512 + 1)}, 512)
		if err == nil {
			err = b.Fixture(f)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	next := 0
	for g, n := range groups {
		var members []string
		for range n {
			members = append(members, fmt.Sprint("f", next))
			next++
		}
		if err := b.Group(fmt.Sprint("g", g), members...); err != nil {
			t.Fatal(err)
		}
	}
	return New(b.Build(), nil, nil, func(level.Output) (string, int) { return "u", 512 })
}

// TestEveryPlaceIsLegible: however many fixtures there are and in whatever groups, all are in
// the picture, and no two nearer than a good part of what even rows would leave them.
func TestEveryPlaceIsLegible(t *testing.T) {
	pairs := slices.Repeat([]int{2}, 100)
	for name, c := range map[string]struct {
		fixtures int
		groups   []int
	}{
		"one": {1, nil}, "two": {2, nil}, "three": {3, nil}, "a rig": {24, []int{8, 8, 4}}, "a row": {40, []int{40}}, "many": {1000, []int{500, 300, 100}},
		"ungrouped": {1000, nil}, "pairs": {200, pairs}, "singles": {50, slices.Repeat([]int{1}, 50)}, "one large, many small": {300, append([]int{100}, pairs...)},
	} {
		s := plan(t, c.fixtures, c.groups...)
		least := 0.5 / math.Sqrt(float64(c.fixtures))
		for i, f := range s.Fixtures {
			if f.X <= 0 || f.X >= 1 || f.Y <= 0 || f.Y >= 1 || f.Placed {
				t.Errorf("%s: %s is at %v, %v", name, f.Name, f.X, f.Y)
			}
			for _, g := range s.Fixtures[:i] {
				if d := math.Hypot(f.X-g.X, f.Y-g.Y); d < least {
					t.Fatalf("%s: %s and %s are %.4f apart, want %.4f", name, f.Name, g.Name, d, least)
				}
			}
		}
	}
}

// TestGroupsLieTogether: a fixture lies with the smallest group it is in, in the order of
// that, and what is in none comes last, by address.
func TestGroupsLieTogether(t *testing.T) {
	s := newStand(t, `local f = {} for i = 1, 9 do f[i] = stage.fixture{ name = "f" .. i, kind = "dimmer", at = one:slot(20 - i) } end
		stage.group{ name = "all", f[1], f[2], f[3], f[4], f[5], f[6] } stage.group{ name = "front", f[3], f[2], f[1] } stage.group{ name = "back", f[4], f[5], f[6] }`)
	at := func(name string) (x, y float64) { f := s.Fixtures[s.number(name)]; return f.X, f.Y }
	for _, row := range []string{"f3 f2 f1", "f4 f5 f6", "f9 f8 f7"} {
		var lastX, rowY float64
		for i, name := range strings.Fields(row) {
			x, y := at(name)
			if i > 0 && (x <= lastX || y != rowY) {
				t.Errorf("%s of %q is at %v, %v", name, row, x, y)
			}
			lastX, rowY = x, y
		}
	}
	if _, front := at("f1"); true {
		if _, rest := at("f7"); rest <= front {
			t.Errorf("what is in no group is at %v, before %v", rest, front)
		}
	}
}

// TestLayout: what the script lays out keeps its proportions, and the rest comes below.
func TestLayout(t *testing.T) {
	s := newStand(t, `local f = {} for i = 1, 4 do f[i] = stage.fixture{ name = "f" .. i, kind = "dimmer", at = one:slot(i) } end
		stage.fixture{ name = "tube", profile = "tube.json", mode = "48ch", at = one:slot(101) }
		stage.layout{ f1 = { -100, 0 }, f2 = { 100, 0 }, f3 = { 0, 50 }, tube = { 0, 0 } }`)
	f := func(name string) *console.Fixture { return &s.Fixtures[s.number(name)] }
	width, height := f("f2").X-f("f1").X, f("f3").Y-f("f1").Y
	if math.Abs(width-4*height) > 1e-3 || width < 0.5 || f("f1").X < 0 || math.Abs(f("f3").X-0.5) > 1e-3 || !f("f1").Placed {
		t.Errorf("%v %v: %+v", width, height, s.Fixtures[:4])
	}
	if f("f4").Y <= f("f3").Y || f("f4").Placed || f("f4").Y > 1 {
		t.Errorf("what has no place is at %v, above %v", f("f4").Y, f("f3").Y)
	}
	last := 0.0
	for i := 1; i <= 16; i++ {
		p := f(fmt.Sprint("tube ", i))
		if p.X <= last || p.Y != f("tube").Y || p.Of != s.number("tube") || math.Abs(p.X-f("tube").X) > 0.3 {
			t.Errorf("pixel %d is at %v, %v of %d", i, p.X, p.Y, p.Of)
		}
		last = p.X
	}
}

// TestLayoutOfOne: places that make no area are in the middle.
func TestLayoutOfOne(t *testing.T) {
	for script, want := range map[string][2]float64{`stage.layout{ f = { 7, -3 } }`: {0.5, 0.5}, `stage.layout{ f = { 1e300, -1e300 }, g = { -1e300, -1e300 } }`: {0.95, 0.5}} {
		s := newStand(t, `for i, n in ipairs{ "f", "g" } do stage.fixture{ name = n, kind = "dimmer", at = one:slot(i) } end stage.layout{ g = { 7, -3 } } `+script)
		if f := s.Fixtures[s.number("f")]; [2]float64{f.X, f.Y} != want {
			t.Errorf("%s: %v, %v", script, f.X, f.Y)
		}
	}
}

// TestScene: fixtures are called as the patch has them, and lie on outputs by number.
func TestScene(t *testing.T) {
	s := newStand(t, `local tube = stage.fixture{ name = "tube", profile = "tube.json", mode = "48ch", at = two:slot(5) }
		local head = stage.fixture{ name = "head", kind = "moving_head", at = one:slot(1) } stage.group{ name = "g", head, tube }`)
	if fmt.Sprint(s.Outputs) != "[{universe 1 signet 512} {universe 2 signet 512}]" || fmt.Sprint(s.Groups) != "[{g [17 0]}]" || len(s.Fixtures) != 18 {
		t.Errorf("%v %v, %d fixtures", s.Outputs, s.Groups, len(s.Fixtures))
	}
	head, pixel := s.Fixtures[17], s.Fixtures[2]
	if head.Kind != "moving_head" || head.Of != -1 || !head.Dims || !head.Colors || head.Channels[0] != (console.Channel{Name: "pan", Slot: 1, Fine: 2, Class: "position"}) {
		t.Errorf("%+v", head)
	}
	if pixel.Of != 0 || pixel.Channels[0] != (console.Channel{Name: "red", Output: 1, Slot: 8, Class: "color"}) {
		t.Errorf("%+v", pixel)
	}
	if empty := New(new(patch.Patch), nil, nil, nil); empty.Fixtures == nil || len(empty.Looks(nil, nil)) != 0 {
		t.Error("no show")
	}
}
