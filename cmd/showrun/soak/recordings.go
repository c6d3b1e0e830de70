//go:build unix

package soak

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// recordings are the files that the starts of the show have recorded.
func (s *soak) recordings() ([]string, error) {
	return filepath.Glob(filepath.Join(s.dir, "soak*.showrec"))
}

// replay plays every recording again; one in which a frame differs does not hold. A process
// that was killed leaves one that breaks off, which is played up to there.
func (s *soak) replay(ctx context.Context) {
	files, err := s.recordings()
	if err != nil || len(files) == 0 {
		s.verdict.broken("nothing was recorded: %v", err)
		return
	}
	var frames uint64
	for _, file := range files {
		equal, err := replayed(ctx, s.cfg.Command, file)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			s.verdict.broken("the recording %s: %v", filepath.Base(file), err)
		}
		frames += equal
	}
	s.say("%d recordings replayed: %d frames equal", len(files), frames)
}

// replayed plays a recording by the command and tells how many frames were equal.
func replayed(ctx context.Context, command, file string) (equal uint64, err error) {
	out, err := exec.CommandContext(ctx, command, "replay", "--json", file).Output()
	var sum struct {
		Equal      uint64 `json:"frames_equal"`
		Different  uint64 `json:"frames_different"`
		Difference any    `json:"difference"`
	}
	if unread := json.Unmarshal(out, &sum); unread != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return 0, fmt.Errorf("it cannot be replayed: %s", strings.TrimSpace(string(exit.Stderr)))
		}
		return 0, fmt.Errorf("it cannot be replayed: %w", cmp.Or(err, unread))
	}
	if sum.Different > 0 || err != nil {
		return sum.Equal, fmt.Errorf("%d frames differ in its replay, the first: %v", sum.Different, sum.Difference)
	}
	return sum.Equal, nil
}
