//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package lan

import (
	"errors"

	"golang.org/x/sys/unix"
)

// share is what a port that is shared wants here: both options.
func share(fd uintptr) error {
	return errors.Join(
		unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1),
		unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1),
	)
}
