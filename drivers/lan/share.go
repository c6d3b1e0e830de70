package lan

import (
	"errors"
	"syscall"
)

// Share lets other programs on this machine, and this one, open the same UDP port; what
// is sent to a group or by broadcast reaches all of them. It is a Control of a
// net.ListenConfig.
func Share(_, _ string, raw syscall.RawConn) error {
	var failure error
	err := raw.Control(func(fd uintptr) { failure = share(fd) })
	return errors.Join(err, failure)
}
