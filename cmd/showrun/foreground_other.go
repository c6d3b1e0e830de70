//go:build !unix

package main

// inForeground tells whether the process may have the keys of a terminal.
func inForeground(int) bool { return true }
