package store

import (
	"os"

	"golang.org/x/sys/unix"
)

// privateFile makes a file in memory: it needs no room on a disk, which may be full.
func privateFile() (*os.File, error) {
	fd, err := unix.MemfdCreate("showrun state", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	return os.NewFile(uintptr(fd), ""), nil
}
