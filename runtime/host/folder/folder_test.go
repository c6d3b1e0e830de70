package folder

import (
	"cmp"
	"errors"
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
	f := Folder{Dir: dir}.Open()
	defer f.Close()
	if b, err := fs.ReadFile(f, "show.lua"); string(b) != "x" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := fs.Stat(f, "part/init.lua"); err == nil || !strings.HasPrefix(err.Error(), "open part/init.lua: ") {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := fs.Stat(f, "show.lua/check.lua"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file in one that is no folder: %v", err)
	}
	if _, err := f.Open("../show.lua"); err == nil {
		t.Error("the folder can be left")
	}
}

// link makes dir/name a link to a target, in one step as those do who switch releases.
func link(t *testing.T, dir, name, target string) {
	t.Helper()
	fresh := filepath.Join(dir, name+"~")
	if err := os.Symlink(target, fresh); err != nil {
		t.Skip(err)
	}
	rename(t, fresh, filepath.Join(dir, name))
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

// TestChanged: a load is told of whatever makes its files other ones, once it has come to
// rest, and of nothing else.
func TestChanged(t *testing.T) {
	for name, c := range map[string]struct {
		prepare, change func(dir string)
		path            string // of the show folder, in dir
		want            string
	}{
		"nothing":       {change: func(string) {}},
		"saved":         {change: func(dir string) { write(t, dir, "show/show.lua", "y") }, want: "show.lua"},
		"replaced":      {change: func(dir string) { write(t, dir, "show/~", "x"); rename(t, dir+"/show/~", dir+"/show/show.lua") }, want: "show.lua"},
		"a module":      {change: func(dir string) { write(t, dir, "show/part.lua", "yy") }, want: "part.lua"},
		"one that came": {change: func(dir string) { write(t, dir, "show/absent.lua", "y") }, want: "absent.lua"},
		"one that went": {change: func(dir string) { os.Remove(dir + "/show/part.lua") }, want: "part.lua"},
		"unused":        {change: func(dir string) { write(t, dir, "show/other.lua", "y") }},
		"the folder, moved and replaced": {change: func(dir string) {
			rename(t, dir+"/show", dir+"/old")
			os.Mkdir(dir+"/show", 0o700)
			write(t, dir, "show/show.lua", "x")
			write(t, dir, "show/part.lua", "x")
		}, want: "part.lua"},
		"gone": {change: func(dir string) { rename(t, dir+"/show", dir+"/old") }, want: "part.lua"},
		"a folder link": {
			prepare: func(dir string) { link(t, dir, "current", "show") }, path: "current",
			change: func(dir string) {
				os.Mkdir(dir+"/two", 0o700)
				write(t, dir, "two/show.lua", "x")
				write(t, dir, "two/part.lua", "x")
				link(t, dir, "current", "two")
			}, want: "part.lua",
		},
		"behind a folder link": {
			prepare: func(dir string) { link(t, dir, "current", "show") }, path: "current",
			change: func(dir string) { write(t, dir, "show/part.lua", "yy") }, want: "part.lua",
		},
		"a link within": {
			prepare: func(dir string) {
				rename(t, dir+"/show/part.lua", dir+"/show/one.lua")
				write(t, dir, "show/two.lua", "x")
				link(t, dir, "show/part.lua", "one.lua")
			},
			change: func(dir string) { link(t, dir, "show/part.lua", "two.lua") }, want: "part.lua",
		},
		"a link of links": { // as volumes of configuration are made
			prepare: func(dir string) {
				os.Mkdir(dir+"/show/..1", 0o700)
				rename(t, dir+"/show/part.lua", dir+"/show/..1/part.lua")
				link(t, dir, "show/..data", "..1")
				link(t, dir, "show/part.lua", "..data/part.lua")
			},
			change: func(dir string) {
				os.Mkdir(dir+"/show/..2", 0o700)
				write(t, dir, "show/..2/part.lua", "x")
				link(t, dir, "show/..data", "..2")
			}, want: "part.lua",
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			os.Mkdir(filepath.Join(dir, "show"), 0o700)
			for _, file := range []string{"show.lua", "part.lua", "other.lua"} {
				write(t, dir, "show/"+file, "x")
			}
			if c.prepare != nil {
				c.prepare(dir)
			}
			files := Folder{Dir: filepath.Join(dir, cmp.Or(c.path, "show"))}.Open()
			for _, file := range []string{"show.lua", "part.lua", "absent.lua"} {
				fs.ReadFile(files, file)
			}
			files.Close()
			var w Watcher
			for range 2 {
				if got := w.Changed(files); got != "" {
					t.Fatalf("%q has changed already", got)
				}
			}
			c.change(dir)
			if got := w.Changed(files); got != "" {
				t.Errorf("%q is told before it has come to rest", got)
			}
			if got := w.Changed(files); got != c.want {
				t.Errorf("told of %q, want %q", got, c.want)
			}
		})
	}
}

// TestChangedWaits: while a file is being written nothing is told.
func TestChangedWaits(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "show.lua", "")
	files := Folder{Dir: dir}.Open()
	defer files.Close()
	fs.ReadFile(files, "show.lua")
	var w Watcher
	for n := range 5 {
		write(t, dir, "show.lua", strings.Repeat("x", n+1))
		if got := w.Changed(files); got != "" {
			t.Fatalf("%q is told while it is written", got)
		}
	}
	if got := w.Changed(files); got != "show.lua" {
		t.Errorf("told of %q", got)
	}
}

// TestNoFolder: a load of a folder that has gone finds nothing, and is told when it is back.
func TestNoFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "show")
	files := Folder{Dir: dir}.Open()
	defer files.Close()
	if _, err := files.Open("show.lua"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	os.Mkdir(dir, 0o700)
	write(t, dir, "show.lua", "")
	var w Watcher
	if first, second := w.Changed(files), w.Changed(files); first != "" || second != "show.lua" {
		t.Errorf("told of %q, then of %q", first, second)
	}
}
