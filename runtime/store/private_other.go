//go:build !linux

package store

import "os"

// privateFile makes a file among the temporary ones.
func privateFile() (*os.File, error) { return os.CreateTemp("", "showrun-state-") }
