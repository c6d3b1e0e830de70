//go:build unix && !(darwin || dragonfly || freebsd || netbsd || openbsd)

package lan

import "golang.org/x/sys/unix"

// share is what a port that is shared wants here.
func share(fd uintptr) error {
	return unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
}
