//go:build unix

package soak

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRecordings: a recording that does not replay with the same frames, or not at all, is
// a promise that was broken, and so is none.
func TestRecordings(t *testing.T) {
	for _, c := range []struct {
		name, command string
		files         []string
		broken        int
		said          string
	}{
		{"equal", `echo '{"frames_equal": 40, "frames_different": 0}'`, []string{"soak.showrec", "soak-2.showrec"}, 0, "2 recordings replayed: 80 frames equal"},
		{"breaks off", `echo '{"frames_equal": 7, "frames_different": 0, "breaks_off": "it ends here"}'`, []string{"soak.showrec"}, 0, "7 frames equal"},
		{"different", `echo '{"frames_equal": 3, "frames_different": 2, "difference": "frame 4"}'; exit 4`, []string{"soak.showrec"}, 1, "2 frames differ in its replay, the first: frame 4"},
		{"unreadable", `echo "no recording" >&2; exit 2`, []string{"soak.showrec"}, 1, "it cannot be replayed: no recording"},
		{"none", "exit 0", nil, 1, "nothing was recorded"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			command := filepath.Join(dir, "showrun")
			if err := os.WriteFile(command, []byte("#!/bin/sh\n"+c.command+"\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			for _, name := range c.files {
				if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			var out bytes.Buffer
			s := &soak{cfg: Config{Command: command, Out: &out}, dir: dir}
			s.verdict.say = s.say
			s.verdict.during("none")
			s.replay(t.Context())
			if s.verdict.count() != c.broken || !strings.Contains(out.String(), c.said) {
				t.Errorf("broken %d times, want %d:\n%s", s.verdict.count(), c.broken, out.String())
			}
		})
	}
}
