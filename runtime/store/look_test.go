package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestPeek looks at a folder that is open, closed, damaged and gone, and changes nothing.
func TestPeek(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	if _, err := Peek(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{s.Put("a", "b", []byte("c")), s.Engage("a valve", []byte("how")), s.WritePoint("my show/1", "line", []byte("point"))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	l, err := Peek(dir)
	if err != nil || !l.InUse || l.Values != 2 || l.Damage != nil || !l.Copied || l.Engaged != nil {
		t.Errorf("open: %+v, %v", l, err)
	}
	if len(l.Points) != 1 || l.Points[0].Show != "my show/1" || l.Points[0].Damage != nil {
		t.Errorf("points: %+v", l.Points)
	}
	s.Close()
	for name, c := range map[string]struct {
		spoil        []string
		whole, saved bool
	}{
		"whole":   {nil, true, true},
		"one bad": {[]string{fileName}, false, true},
		"all bad": {[]string{fileName, goodName, "my%20show%2F1.resume"}, false, false},
	} {
		at := filepath.Join(t.TempDir(), "copy")
		if err := os.CopyFS(at, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		for _, file := range c.spoil {
			if err := os.WriteFile(filepath.Join(at, file), []byte("x"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		before := content(t, at)
		l, err := Peek(at)
		if err != nil || l.InUse || (l.Damage == nil) != c.whole || l.Copied != c.saved {
			t.Errorf("%s: %+v, %v", name, l, err)
		}
		if c.whole != slices.Equal(l.Engaged, []string{"a valve"}) {
			t.Errorf("%s: engaged %q", name, l.Engaged)
		}
		if (l.Points[0].Damage == nil) != c.saved {
			t.Errorf("%s: %+v", name, l.Points)
		}
		if after := content(t, at); !slices.Equal(before, after) {
			t.Errorf("%s: the folder has changed: %q, before %q", name, after, before)
		}
		if len(l.Files) != len(before) {
			t.Errorf("%s: files %+v", name, l.Files)
		}
	}
}

// content is what is in a folder.
func content(t *testing.T, dir string) (all []string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e.Name()+"\n"+string(b))
	}
	return all
}
