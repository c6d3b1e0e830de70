package folder

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestFind(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "gala")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Find(dir); err == nil || !strings.Contains(err.Error(), "has no show.lua") {
		t.Errorf("an empty folder: %v", err)
	}
	if _, err := Find(filepath.Join(dir, "x.lua")); err == nil || !strings.Contains(err.Error(), "no show at") {
		t.Errorf("a file that is not there: %v", err)
	}
	write(t, dir, "show.lua", "")
	write(t, dir, "encore.lua", "")
	for path, want := range map[string]Folder{
		dir:                               {"gala", dir, "show.lua"},
		filepath.Join(dir, "show.lua"):    {"gala", dir, "show.lua"},
		filepath.Join(dir, "encore.lua"):  {"encore", dir, "encore.lua"},
		dir + "/../gala/" + "encore.lua/": {"encore", dir, "encore.lua"},
	} {
		if got, err := Find(path); err == nil && got != want {
			t.Errorf("%s: %+v, want %+v", path, got, want)
		}
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "show.lua", "x")
	f, err := Folder{Dir: dir}.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if b, err := fs.ReadFile(f, "show.lua"); string(b) != "x" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := fs.Stat(f, "part/init.lua"); err == nil || !strings.HasPrefix(err.Error(), "open part/init.lua: ") {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := f.Open("../show.lua"); err == nil {
		t.Error("the folder can be left")
	}
	for name, want := range map[string]bool{"show.lua": true, "part/init.lua": true, "other.lua": false, "part/other.lua": false, "": true} {
		if got := f.Uses(filepath.Join(dir, name)); got != want {
			t.Errorf("uses %q: %t", name, got)
		}
	}
}

// TestUsesLinks: a file that is used by another of its names is used.
func TestUsesLinks(t *testing.T) {
	dir := t.TempDir()
	os.Mkdir(filepath.Join(dir, "v2"), 0o700)
	write(t, dir, "v2/show.lua", "x")
	write(t, dir, "v2/other.lua", "x")
	if err := os.Symlink("v2/show.lua", filepath.Join(dir, "show.lua")); err != nil {
		t.Skip(err)
	}
	if err := os.Symlink("v2", filepath.Join(dir, "lib")); err != nil {
		t.Skip(err)
	}
	f, err := Folder{Dir: dir}.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if b, err := fs.ReadFile(f, "show.lua"); string(b) != "x" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	if !f.Uses(filepath.Join(dir, "v2/show.lua")) {
		t.Error("the show is not used by the name of its file")
	}
	if f.Uses(filepath.Join(dir, "v2/other.lua")) {
		t.Error("a file that nobody asked for is used")
	}
	fs.ReadFile(f, "lib/other.lua")
	if !f.Uses(filepath.Join(dir, "v2/other.lua")) {
		t.Error("a file of a linked folder is not used")
	}
}
