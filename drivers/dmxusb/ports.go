package dmxusb

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"go.bug.st/serial"
)

// Port is a serial port as the system lists it.
type Port struct {
	Name    string // such as /dev/ttyUSB0 or COM3
	Serial  string // number of its USB device, "" if it has none or the system does not tell
	Product string // what that calls itself
	FTDI    bool   // it has the chip that widgets have
}

// String names the port for people.
func (p Port) String() string {
	text := p.Name
	for _, s := range []string{p.Product, p.Serial} {
		if s != "" {
			text += " " + s
		}
	}
	return text
}

// ftdi is the USB vendor of the chip in widgets, in hexadecimal.
const ftdi = "0403"

// Ports are those of a machine.
type Ports interface {
	List() ([]Port, error)
	Open(name string) (io.ReadWriteCloser, error)
}

// SystemPorts are those of this machine.
type SystemPorts struct{}

// List implements Ports.
func (SystemPorts) List() ([]Port, error) { return listPorts() }

// Open implements Ports. The speed is that of the manual; over USB it does not count.
func (SystemPorts) Open(name string) (io.ReadWriteCloser, error) {
	p, err := serial.Open(name, &serial.Mode{BaudRate: 57600})
	var known *serial.PortError
	switch {
	case errors.As(err, &known) && known.Code() == serial.PermissionDenied, errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("no permission to open %s; on Linux its group, often dialout, may: sudo usermod -aG dialout $USER", name)
	case errors.As(err, &known) && known.Code() == serial.PortBusy:
		return nil, fmt.Errorf("another program has opened %s", name)
	case errors.Is(err, fs.ErrNotExist), errors.As(err, &known) && known.Code() == serial.PortNotFound:
		return nil, fmt.Errorf("there is no port %s", name)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return p, nil
}

// isName reports whether a text names a port, and not a serial number.
func isName(text string) bool {
	return strings.ContainsAny(text, `/\`) || strings.HasPrefix(strings.ToUpper(text), "COM")
}

// candidate is a port that may be the one looked for.
type candidate struct {
	name string
	ask  bool // the widget must say that it is the one
}

// candidates are the ports that may be the one a text means, the likeliest first: that of the
// name, that of the USB device with the number, those whose widget may have it on its case.
// Nothing is written to what is no widget: it may be a machine.
func candidates(ports Ports, text string) ([]candidate, error) {
	if isName(text) {
		return []candidate{{text, false}}, nil
	}
	all, err := ports.List()
	if err != nil {
		return nil, fmt.Errorf("serial ports: %w", err)
	}
	var list []candidate
	for _, p := range all {
		switch {
		case text != "" && strings.EqualFold(p.Serial, text):
			list = append(list, candidate{p.Name, false})
		case p.FTDI:
			list = append(list, candidate{p.Name, true})
		}
	}
	slices.SortStableFunc(list, func(a, b candidate) int {
		rank := map[bool]int{true: 1}
		return cmp.Compare(rank[a.ask], rank[b.ask])
	})
	return list, nil
}
