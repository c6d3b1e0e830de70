//go:build unix

package soak

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"time"
)

// point is what the line of a restore point says.
type point struct{ Written, Resumed time.Time }

// point reads the restore point of the show. There is none at first.
func (s *soak) point() (p point, err error) {
	names, _ := filepath.Glob(filepath.Join(s.state(), "*.resume"))
	if len(names) != 1 {
		return p, errors.New("there is no restore point")
	}
	b, err := os.ReadFile(names[0])
	if err != nil {
		return p, err
	}
	lines := bytes.SplitN(b, []byte{'\n'}, 3)
	if len(lines) < 3 {
		return p, errors.New("the restore point is cut off")
	}
	return p, json.Unmarshal(lines[1], &p)
}

// resumed checks that a show goes on from the restore point that was there when it was killed,
// unless it had itself gone on from one less than a minute before.
func (s *soak) resumed(ctx context.Context, left point, dead time.Time) error {
	soon := !left.Resumed.IsZero() && left.Written.Sub(left.Resumed) < time.Minute
	_, err := awaits(ctx, "a restore point after the kill", 5*time.Second, func() bool {
		p, err := s.point()
		return err == nil && p.Written.After(dead) && p.Resumed.After(dead) != soon
	})
	return err
}
