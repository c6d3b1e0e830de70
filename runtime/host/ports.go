package host

import (
	"fmt"
	"maps"
	"net"
	"slices"

	"showrun/runtime/device"
	"showrun/runtime/rig"
)

// ownPorts finds a free UDP port for each protocol that is spoken at a shared one, so that
// a rig and whatever else is on this machine, such as another rig, do not hear one another.
func ownPorts(protocols []device.Protocol) (map[string]int, error) {
	ports := map[string]int{}
	for _, p := range protocols {
		if !p.Shared {
			continue
		}
		c, err := net.ListenPacket("udp4", net.JoinHostPort(rig.Loopback(), "0"))
		if err != nil {
			return nil, fmt.Errorf("rig: find a free port for %s: %w", p.Name, err)
		}
		defer c.Close() // when each has another
		ports[p.Name] = c.LocalAddr().(*net.UDPAddr).Port
	}
	return ports, nil
}

// portArgs are ports for the log, by protocol.
func portArgs(ports map[string]int) (args []any) {
	for _, name := range slices.Sorted(maps.Keys(ports)) {
		args = append(args, name, ports[name])
	}
	return args
}
