package lan

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"syscall"
	"testing"
)

// TestMayCome: what is not there may come, what is wrong or forbidden does not.
func TestMayCome(t *testing.T) {
	call := func(e syscall.Errno) error {
		return fmt.Errorf("listen: %w", &net.OpError{Op: "listen", Err: os.NewSyscallError("bind", e)})
	}
	dns := &net.DNSError{Err: "no such host", IsNotFound: true}
	for _, err := range []error{
		missing("interface gone"), fmt.Errorf("send: %w", dns), call(syscall.EADDRINUSE), call(syscall.EADDRNOTAVAIL), call(syscall.ENETUNREACH),
		call(syscall.ENODEV), call(syscall.EMFILE), call(syscall.ENOBUFS),
	} {
		if !MayCome(err) {
			t.Errorf("%v: is not waited for", err)
		}
	}
	for _, err := range []error{
		nil, call(syscall.EACCES), call(syscall.EPERM), call(syscall.EINVAL), call(syscall.EAFNOSUPPORT), errors.New("a wrong option"),
		&fs.PathError{Op: "open", Path: "key", Err: syscall.ENOENT}, context.Canceled, second(find(machine, "eth*")),
	} {
		if MayCome(err) {
			t.Errorf("%v: is waited for", err)
		}
	}
}

// TestImpossibleInterfaces: a name that no interface can have is not one that is not there.
func TestImpossibleInterfaces(t *testing.T) {
	for name, possible := range map[string]bool{
		"eth7": true, "en0": true, "enx00e04c680001": true, "10.1.2.3": true, "fe80::99": true, "fe80::5%eth9": true, "bond0.12": true,
		"eth*": false, "10.0.0.0/24": false, "10.0.0.300": false, "10.0.0": false, "fe80::zz": false, "224.0.0.1": false, "ff02::1": false,
		"255.255.255.255": false, "http://10.0.0.1": false, "eth?": false, "10.0.0.5:20000": false,
	} {
		if _, err := find(machine, name); err == nil || errors.Is(err, ErrAbsent) != possible {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// second drops what comes with an error.
func second[T any](_ T, err error) error { return err }
