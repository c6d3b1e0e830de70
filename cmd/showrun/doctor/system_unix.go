//go:build unix

package doctor

import "golang.org/x/sys/unix"

// freeOn is the space that is left for this user where a folder is.
func freeOn(dir string) (uint64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return uint64(max(int64(s.Bavail), 0)) * uint64(s.Bsize), nil
}

// access tells whether this user may read and write a file, without opening it.
func access(file string) error { return unix.Access(file, unix.R_OK|unix.W_OK) }

// mostDescriptors is what the process may raise its limit to by itself.
func mostDescriptors() (most uint64, known bool) {
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
		return 0, false
	}
	return uint64(l.Cur), true
}
