package lan

import "golang.org/x/sys/windows"

// share is what a port that is shared wants here.
func share(fd uintptr) error {
	return windows.SetsockoptInt(windows.Handle(fd), windows.SOL_SOCKET, windows.SO_REUSEADDR, 1)
}
