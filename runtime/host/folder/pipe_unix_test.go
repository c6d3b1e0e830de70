//go:build unix

package folder

import (
	"io/fs"
	"path/filepath"
	"syscall"
	"testing"
)

// TestAPipeKeepsNobodyWaiting: what is no file is seen to be none, whether or not anybody ever
// writes to it.
func TestAPipeKeepsNobodyWaiting(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "show.lua"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := Folder{Dir: dir}.Open()
	defer f.Close()
	if st, err := fs.Stat(f, "show.lua"); err != nil || st.Mode().IsRegular() {
		t.Errorf("a pipe: %v, %v", st, err)
	}
}
