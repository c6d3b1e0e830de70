package dmxusb

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// listPorts reads what the kernel tells of the serial ports of USB devices. No port is opened
// for it: that would change the settings of one that another program uses.
func listPorts() ([]Port, error) { return portsOf(os.DirFS("/sys"), deviceOf) }

// deviceOf is the folder of the device of a port, from /sys on.
func deviceOf(port string) (string, error) {
	device, err := filepath.EvalSymlinks("/sys/class/tty/" + port + "/device")
	return strings.TrimPrefix(device, "/sys/"), err
}

// portsOf lists the ports that have a USB device somewhere above theirs.
func portsOf(sys fs.FS, deviceOf func(port string) (string, error)) (list []Port, err error) {
	all, err := fs.ReadDir(sys, "class/tty")
	if err != nil {
		return nil, err
	}
	read := func(dir, name string) string {
		b, _ := fs.ReadFile(sys, path.Join(dir, name))
		return strings.TrimSpace(string(b))
	}
	for _, e := range all {
		device, err := deviceOf(e.Name())
		if err != nil {
			continue // it is no hardware
		}
		for ; device != "." && device != "/"; device = path.Dir(device) {
			if vendor := read(device, "idVendor"); vendor != "" {
				list = append(list, Port{"/dev/" + e.Name(), read(device, "serial"), read(device, "product"), vendor == ftdi})
				break
			}
		}
	}
	return list, nil
}
