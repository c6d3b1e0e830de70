//go:build !unix

package control

import "io/fs"

// mine tells whether a file belongs to this user. Elsewhere the folder for
// temporary files is the user's own.
func mine(fs.FileInfo) bool { return true }
