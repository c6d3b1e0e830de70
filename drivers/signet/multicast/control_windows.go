package multicast

import (
	"errors"
	"syscall"

	"golang.org/x/sys/windows"
)

// holdersWork: here a socket hears only the groups it joined itself, which may
// be many.
const holdersWork = false

// doNotWait is not known here: a write to a full socket waits.
const doNotWait = 0

var errFull = errors.New("socket is full")

func hearAll(syscall.Conn) error { return nil }

// controlReceive prepares the receiving socket before it is bound.
func controlReceive(_, _ string, raw syscall.RawConn) error {
	var failure error
	err := raw.Control(func(fd uintptr) {
		failure = windows.SetsockoptInt(windows.Handle(fd), windows.SOL_SOCKET, windows.SO_REUSEADDR, 1)
	})
	return errors.Join(err, failure)
}

func parseControl([]byte) controlInfo { return controlInfo{} }

func transient(err error) bool {
	return errors.Is(err, windows.WSAECONNRESET) || errors.Is(err, windows.WSAEMSGSIZE)
}
