//go:build !unix

package terminal

// inForeground tells whether the process may have the keys of a terminal.
func inForeground(int) bool { return true }
