package soak

import "golang.org/x/sys/unix"

// allowDescriptors lets a process open no descriptor that has this number or a higher one,
// and returns what takes that back.
func allowDescriptors(pid, number int) (restore func(), err error) {
	var before unix.Rlimit
	if err := unix.Prlimit(pid, unix.RLIMIT_NOFILE, nil, &before); err != nil {
		return nil, err
	}
	few := unix.Rlimit{Cur: uint64(number), Max: before.Max}
	return func() { _ = unix.Prlimit(pid, unix.RLIMIT_NOFILE, &before, nil) }, unix.Prlimit(pid, unix.RLIMIT_NOFILE, &few, nil)
}
