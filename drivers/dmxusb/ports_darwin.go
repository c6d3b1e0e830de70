package dmxusb

import (
	"strings"

	"go.bug.st/serial"
)

// listPorts finds the number of a USB device in the name of its port, where the system writes
// it: asking for it would take cgo.
func listPorts() (list []Port, err error) {
	names, err := serial.GetPortsList()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if !strings.Contains(name, "/cu.") {
			continue // the other name of a port waits for a carrier
		}
		_, number, found := strings.Cut(name, "usbserial-")
		list = append(list, Port{Name: name, Serial: number, FTDI: found})
	}
	return list, nil
}
