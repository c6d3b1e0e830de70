package doctor

import "context"

// serialPorts looks whether DMX widgets could be opened. It opens none: a show may use it.
func serialPorts(_ context.Context, m *Machine, _ Options) (list []Finding) {
	all, err := m.Serial()
	if err != nil {
		return []Finding{warn("", "the serial ports cannot be listed: %v", err)}
	}
	for _, p := range all {
		switch err := m.Access(p.Name); {
		case !p.FTDI:
			list = append(list, ok("%v: no DMX USB Pro", p))
		case err != nil:
			list = append(list, warn(m.joins(dialout), "%v: %s may not open it: %v", p, m.User, err))
		default:
			list = append(list, ok("%v: may be opened", p))
		}
	}
	if len(list) == 0 {
		list = append(list, ok("no serial port of a USB device, so no DMX widget"))
	}
	return list
}

// The groups of those who may open serial and MIDI ports.
const (
	dialout = "dialout"
	audio   = "audio"
)

// joins is how the user comes to be allowed to open ports, by being in a group; it counts
// from the next login on.
func (m *Machine) joins(group string) string {
	if m.System == "linux" {
		return "sudo usermod -aG " + group + " " + m.User + "      # then log in again"
	}
	return ""
}
