package profile

import (
	"os"
	"testing"

	"showrun/runtime/level"
	"showrun/runtime/patch"
)

// FuzzOFL reads any JSON file: whatever is in it, there is an error or a profile that can be
// patched.
func FuzzOFL(f *testing.F) {
	f.Add([]byte(soundOFL))
	for _, name := range []string{"par", "bar", "spot", "strobe", "hazer", "dimmer", "tube", "fan"} {
		data, err := os.ReadFile("testdata/" + name + ".json")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, mode := range []string{"", "Full", "48ch"} {
			wantPatchable(t, parseOFL, data, mode)
		}
	})
}

// FuzzGDTF reads any description, and the same bytes as an archive.
func FuzzGDTF(f *testing.F) {
	f.Add([]byte(soundGDTF))
	f.Add(pack(f, map[string]string{"description.xml": soundGDTF}))
	for _, name := range []string{"wash", "spot", "hazer", "laser", "tube", "par"} {
		data, err := os.ReadFile("testdata/" + name + "/description.xml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, mode := range []string{"", "Full", "6ch"} {
			wantPatchable(t, parseDescription, data, mode)
		}
		wantPatchable(t, parseGDTF, data, "")
	})
}

// wantPatchable reads a file, and patches what came of it.
func wantPatchable(t *testing.T, parse func([]byte, string) (Profile, error), data []byte, mode string) {
	t.Helper()
	p, err := parse(data, mode)
	if err != nil {
		return
	}
	fixture, err := patch.NewModel("f", p.Model(), level.Address{Output: 1, Slot: 1}, maxSlots)
	if err != nil {
		t.Fatalf("%v: %+v", err, p)
	}
	names := map[string]bool{}
	for i, c := range p.Channels {
		if names[c.Name] || c.Name == "" {
			t.Errorf("channel %d is called %q, as another or not at all", i, c.Name)
		}
		names[c.Name] = true
		if !(c.Default >= 0 && c.Default <= 255) {
			t.Errorf("the default of %s is %v", c.Name, c.Default)
		}
		for _, k := range c.Capabilities {
			if !(k.From >= 0 && k.From <= k.Level && k.Level <= k.To && k.To <= 255) {
				t.Errorf("%s: %+v", c.Name, k)
			}
		}
		if at, err := fixture.Channel(c.Name); err != nil || at != fixture.Channels[i] {
			t.Errorf("%s is not found: %v", c.Name, err)
		}
	}
}
