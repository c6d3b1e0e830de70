//go:build !unix

package terminal

// inForeground tells whether the process may have the keys of a terminal.
func inForeground(int) bool { return true }

// HasOne tells whether the process belongs to a terminal whose end it is told by SIGHUP.
func HasOne() bool { return false }
