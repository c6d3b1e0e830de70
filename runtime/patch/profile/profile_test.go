package profile

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"showrun/runtime/patch"
)

// outline writes a profile so that people can compare it: a line for each channel with its
// slots from 1, its default if it is not 0, and the names of what it can do.
func outline(p Profile) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s / %s: %d slots, %d pixels\n", p.Name, p.Mode, p.Slots, len(p.Pixels))
	for _, c := range p.Channels {
		if c.Pixel > 0 && c.Pixel < len(p.Pixels)-1 {
			continue // as the first and the last
		}
		for i, s := range c.Slots {
			fmt.Fprintf(&b, "%s%d", map[bool]string{true: "+"}[i > 0], s+1)
		}
		b.WriteString(" " + c.Name)
		if c.Default != 0 {
			fmt.Fprintf(&b, "=%.4g", c.Default)
		}
		for i, k := range c.Capabilities {
			b.WriteString(map[bool]string{true: ": ", false: ", "}[i == 0])
			if len(k.Names) > 0 {
				b.WriteString(k.Names[0])
			}
			fmt.Fprintf(&b, "@%.4g", k.Level)
			if k.Unit != patch.NoUnit {
				fmt.Fprintf(&b, " %.4g..%.4g%s", k.Start, k.End, k.Unit)
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

// profiles are all in testdata, each in its modes.
var profiles = []string{
	"par.json 4ch", "par.json 6ch", "par.json 9ch", "bar.json 4ch", "bar.json 3ch", "bar.json 18ch", "bar.json 48ch",
	"spot.json 6ch", "spot.json 11ch", "strobe.json 1ch", "strobe.json 3ch", "strobe.json 4ch", "hazer.json",
	"dimmer.json 1ch", "dimmer.json 2ch", "dimmer.json 4ch", "tube.json", "fan.json",
	"wash.gdtf", "spot.gdtf", "hazer.gdtf", "laser.gdtf", "tube.gdtf", "par.gdtf 4ch", "par.gdtf 6ch",
}

// folder is testdata as a show folder, in which the descriptions are packed as well.
func folder(t testing.TB) fstest.MapFS {
	t.Helper()
	fsys := fstest.MapFS{}
	err := fs.WalkDir(os.DirFS("testdata"), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile("testdata/" + name)
		fsys[name] = &fstest.MapFile{Data: data}
		if make, ok := strings.CutSuffix(name, "/description.xml"); ok {
			fsys[make+".gdtf"] = &fstest.MapFile{Data: pack(t, map[string]string{"description.xml": string(data), "wheels/dots.png": "picture"})}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return fsys
}

// pack makes a zip archive.
func pack(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, text := range files {
		f, err := w.Create(name)
		if err == nil {
			_, err = f.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestProfilesAreRead compares all profiles with what outlines.txt says of them.
func TestProfilesAreRead(t *testing.T) {
	fsys := folder(t)
	want, err := os.ReadFile("testdata/outlines.txt")
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, name := range profiles {
		file, mode, _ := strings.Cut(name, " ")
		p, err := Read(fsys, file, mode)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		fmt.Fprintf(&got, "%s: %s\n", name, outline(p))
	}
	if got.String() != string(want) {
		t.Errorf("read\n%s", got.String())
	}
}
