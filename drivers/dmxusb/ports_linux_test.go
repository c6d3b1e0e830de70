package dmxusb

import (
	"errors"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// TestPortsOfTheKernel are those of USB devices, with what these say of themselves.
func TestPortsOfTheKernel(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text + "\n")} }
	sys := fstest.MapFS{
		"class/tty/ttyUSB0/uevent": file(""), "class/tty/ttyS0/uevent": file(""), "class/tty/ttyACM0/uevent": file(""), "class/tty/tty0/uevent": file(""),
		"devices/pci0/usb1/1-1/idVendor": file("0403"), "devices/pci0/usb1/1-1/serial": file("EN123456"), "devices/pci0/usb1/1-1/product": file("DMX USB PRO"),
		"devices/pci0/usb1/1-2/idVendor": file("2341"),
	}
	devices := map[string]string{"ttyUSB0": "devices/pci0/usb1/1-1/1-1:1.0/ttyUSB0", "ttyACM0": "devices/pci0/usb1/1-2/1-2:1.0", "ttyS0": "devices/platform/serial8250"}
	got, err := portsOf(sys, func(port string) (string, error) {
		if devices[port] == "" {
			return "", errors.New("none")
		}
		return devices[port], nil
	})
	want := []Port{{Name: "/dev/ttyACM0"}, {"/dev/ttyUSB0", "EN123456", "DMX USB PRO", true}}
	if err != nil || !cmp.Equal(got, want) {
		t.Errorf("%v %s", err, cmp.Diff(want, got))
	}
}
