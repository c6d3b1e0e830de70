package patch

import (
	"testing"

	"showrun/runtime/level"
)

func fixture(t *testing.T, name, kind string, slot int32) Fixture {
	t.Helper()
	f, err := New(name, kind, at(slot), 512)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestPatch(t *testing.T) {
	var b Builder
	for _, f := range []Fixture{
		fixture(t, "wash", "rgb", 1),
		fixture(t, "head", "moving_head", 4),
		fixture(t, "spot", "dimmer", 16),
	} {
		if err := b.Fixture(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Group("front", "spot", "wash"); err != nil {
		t.Fatal(err)
	}
	p := b.Build()
	if f, ok := p.Fixture("head"); !ok || f.Kind != "moving_head" {
		t.Errorf("head = %v, %v", f, ok)
	}
	if g, ok := p.Group("front"); !ok || len(g.Fixtures) != 2 || g.Fixtures[0].Name != "spot" {
		t.Errorf("front = %v, %v", g, ok)
	}
	for _, name := range []string{"front", "nobody", ""} {
		if f, ok := p.Fixture(name); ok {
			t.Errorf("fixture %q = %v", name, f)
		}
	}
	if g, ok := p.Group("wash"); ok {
		t.Errorf("group wash = %v", g)
	}
	if len(p.Fixtures()) != 3 || len(p.Groups()) != 1 {
		t.Errorf("%d fixtures, %d groups", len(p.Fixtures()), len(p.Groups()))
	}
	if got, want := names(p.Intensity()), "red green blue dimmer dimmer"; got != want {
		t.Errorf("Intensity = %q, want %q", got, want)
	}
	if next := b.Build(); len(next.Fixtures()) != 0 || len(next.Groups()) != 0 {
		t.Error("Build left fixtures behind")
	}
}

func TestPatchErrors(t *testing.T) {
	var b Builder
	if err := b.Fixture(fixture(t, "wash", "rgba", 10)); err != nil {
		t.Fatal(err)
	}
	if err := b.Group("all", "wash"); err != nil {
		t.Fatal(err)
	}
	elsewhere, err := New("other", "rgba", level.Address{Output: 4, Slot: 10}, 512)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		err  error
		want string
	}{
		{b.Fixture(fixture(t, "wash", "rgb", 100)), `fixture "wash": the name is taken by a fixture`},
		{b.Fixture(fixture(t, "all", "rgb", 100)), `fixture "all": the name is taken by a group`},
		{b.Fixture(fixture(t, "spot", "rgb", 8)), `fixture "spot" (slots 8-10) overlaps fixture "wash" (slots 10-13) at slot 10`},
		{b.Fixture(fixture(t, "spot", "moving_head", 1)), `fixture "spot" (slots 1-12) overlaps fixture "wash" (slots 10-13) at slots 10-12`},
		{b.Fixture(fixture(t, "spot", "dimmer", 13)), `fixture "spot" (slot 13) overlaps fixture "wash" (slots 10-13) at slot 13`},
		{b.Fixture(fixture(t, "spot", "dimmer", 14)), ""},
		{b.Fixture(elsewhere), ""},
		{b.Group(""), `group "": a name is needed`},
		{b.Group("wash"), `group "wash": the name is taken by a fixture`},
		{b.Group("g", "wsh"), `group "g": no fixture is called "wsh" (did you mean "wash"?)`},
		{b.Group("g", "all"), `group "g": "all" is a group, expected a fixture`},
		{b.Group("g", "wash", "wash"), `group "g": fixture "wash" is named twice`},
		{b.Group("g"), ""},
	}
	for _, tt := range tests {
		checkError(t, tt.err, tt.want)
	}
	if n := len(b.Build().Fixtures()); n != 3 {
		t.Errorf("%d fixtures after the errors, want 3", n)
	}
}
