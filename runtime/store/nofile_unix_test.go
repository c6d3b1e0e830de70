//go:build unix

package store

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestNoFile: what is no file at all is set aside as well, and nobody waits for a pipe.
func TestNoFile(t *testing.T) {
	for name, put := range map[string]func(file string) error{
		"a folder": func(file string) error { return os.MkdirAll(filepath.Join(file, "x"), 0o700) },
		"a pipe":   func(file string) error { return syscall.Mkfifo(file, 0o600) },
		"nothing":  func(string) error { return nil },
		"a loop":   func(file string) error { return os.Symlink(file, file) },
	} {
		dir := full(t)
		s := opened(t, dir)
		want := digest(s)
		s.Close()
		file := filepath.Join(dir, fileName)
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		if err := put(file); err != nil {
			t.Fatal(err)
		}
		s, log, err := fresh(dir)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if digest(s) != want || !strings.Contains(log.String(), restored) {
			t.Errorf("%s: %s", name, log)
		}
		s.Close()
		if _, err := read(file); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
