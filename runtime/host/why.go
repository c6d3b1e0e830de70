package host

import (
	"errors"

	"showrun/runtime/console"
)

// Why implements console.View.
func (h *Host) Why(fixture, channel string) ([]console.Cause, error) {
	return nil, errors.New("nobody can tell yet")
}
