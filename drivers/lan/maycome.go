package lan

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"syscall"
)

// MayCome tells whether an error of opening is for want of something that is not there now
// and may come: an interface, an address, a way, an answer of a name server, a port that
// another program has, a free descriptor. What is wrong in itself or not permitted does not
// come by waiting.
func MayCome(err error) bool {
	var name *net.DNSError
	if errors.Is(err, ErrAbsent) || errors.As(err, &name) {
		return true
	}
	var call *os.SyscallError
	return errors.As(err, &call) && !errors.Is(err, fs.ErrPermission) &&
		!errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.EAFNOSUPPORT)
}
