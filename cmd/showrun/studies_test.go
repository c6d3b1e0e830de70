package main

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// wrong is an error in the log, but for those of a rig whose port another one has just taken.
var wrong = regexp.MustCompile(` ERR (?:[^r]|r[^i]|ri[^g]|rig[^:])`)

// TestStudiesOnTheRig runs every study as its README has people do first: it ends by itself, and
// nothing is logged that is wrong.
func TestStudiesOnTheRig(t *testing.T) {
	studies, err := filepath.Glob("../../examples/study-*")
	if err != nil || len(studies) != 5 {
		t.Fatalf("%v, %v", studies, err)
	}
	for _, study := range studies {
		t.Run(filepath.Base(study), func(t *testing.T) {
			t.Parallel()
			readme := readme(t, filepath.Join(study, "README.md"))
			if first := "go run ./cmd/showrun --rig examples/" + filepath.Base(study) + "\n"; !strings.Contains(readme, first) {
				t.Errorf("the README does not begin with %s", first)
			}
			cmd := exec.CommandContext(t.Context(), "showrun", "--rig", "--for", "1500ms", "--osc", "off", "--console", "off", "--state", t.TempDir(), study)
			out, err := cmd.CombinedOutput()
			if err != nil || wrong.Match(out) || !strings.Contains(string(out), "show ended") {
				t.Errorf("%v:\n%s", err, out)
			}
		})
	}
}
