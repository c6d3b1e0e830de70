//go:build unix

package control

import (
	"io/fs"
	"os"
	"syscall"
)

// mine tells whether a file belongs to this user.
func mine(st fs.FileInfo) bool {
	sys, ok := st.Sys().(*syscall.Stat_t)
	return ok && int(sys.Uid) == os.Getuid()
}
