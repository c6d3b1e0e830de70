//go:build unix

package terminal

import (
	"os"

	"golang.org/x/sys/unix"
)

// HasOne tells whether the process belongs to a terminal, whose end it is told by SIGHUP.
func HasOne() bool {
	f, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	f.Close()
	return true
}

// inForeground tells whether the process may have the keys of a terminal: one in
// the background would be stopped for asking. A terminal that does not control the
// process stops nobody, and has no group to tell.
func inForeground(fd int) bool {
	group, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP)
	return err != nil || group == unix.Getpgrp()
}
