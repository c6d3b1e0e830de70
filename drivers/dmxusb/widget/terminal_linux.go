package widget

import (
	"errors"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Terminal is a pseudo terminal: a line whose other end is a port with a name.
type Terminal struct {
	*os.File
	Name string   // of the port, such as /dev/pts/7
	port *os.File // so that the line does not end while nobody has opened it
}

// OpenTerminal opens a pseudo terminal that changes no bytes.
func OpenTerminal() (*Terminal, error) {
	line, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	raw, err := line.SyscallConn()
	if err != nil {
		return nil, errors.Join(err, line.Close())
	}
	var n int
	var failed error
	if err := raw.Control(func(fd uintptr) { n, failed = unlock(int(fd)) }); err != nil || failed != nil {
		return nil, errors.Join(err, failed, line.Close())
	}
	t := &Terminal{File: line, Name: "/dev/pts/" + strconv.Itoa(n)}
	if t.port, err = os.OpenFile(t.Name, os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		return nil, errors.Join(err, line.Close())
	}
	return t, nil
}

// unlock has the port of a pseudo terminal be opened, and returns its number.
func unlock(fd int) (n int, err error) {
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		return 0, err
	}
	s, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return 0, err
	}
	s.Iflag, s.Oflag, s.Lflag = 0, 0, 0
	s.Cc[unix.VMIN], s.Cc[unix.VTIME] = 1, 0
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, s); err != nil {
		return 0, err
	}
	return unix.IoctlGetInt(fd, unix.TIOCGPTN)
}

// Close unplugs the widget.
func (t *Terminal) Close() error { return errors.Join(t.port.Close(), t.File.Close()) }
