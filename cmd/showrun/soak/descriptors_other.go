//go:build unix && !linux

package soak

// allowDescriptors would let a process open few descriptors; only Linux can do so from
// outside.
func allowDescriptors(int, int) (restore func(), err error) { return func() {}, nil }
