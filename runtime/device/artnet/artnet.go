// Package artnet joins the Art-Net driver to a show: senders, receivers, the table of the
// devices on the network, and the node of a rig.
package artnet

import (
	"fmt"
	"time"

	"showrun/drivers/artnet"
	"showrun/drivers/artnet/wire"
	"showrun/runtime/device"
	"showrun/runtime/device/universe"
)

// protocol is the name of the protocol, and of its Lua module.
const protocol = "artnet"

// LastUniverse is the highest number of a universe: net, subnet and universe in one.
const LastUniverse = int(wire.LastAddress)

// Protocol is Art-Net for the shells of a show.
func Protocol() device.Protocol {
	return device.Protocol{
		Name:   protocol,
		Shared: true,
		Values: append(universe.Values(), Node{}, []Node{}),
		NewRig: func(env device.RigEnv) (device.Rig, error) { return newRig(env), nil },
	}
}

// portsOf are the sockets that the devices of a show share: to the network all of an
// address are one device. With a rig they are those of the rig.
func portsOf(env device.Env) *artnet.Ports {
	if r := rigOf(env); r != nil {
		return &r.ports
	}
	return env.Shared.Of(protocol, func() any { return &artnet.Ports{} }).(*artnet.Ports)
}

// Number is the number of a universe by its parts: net 0-127, subnet and universe 0-15.
func Number(net, subnet, universe int) int { return int(wire.AddressOf(net, subnet, universe)) }

// NodesOf asks a Sender who answers its polls; a []Node, in the order of addresses.
type NodesOf struct{}

// Node is a device on the network.
type Node struct {
	Address string `json:"address"`
	Name    string `json:"name"`  // the short one
	Label   string `json:"label"` // the long one
	Style   string `json:"style"` // "node", "controller", "media server" and the like
	Ports   []Port `json:"ports"`
}

// Port is a port of a Node.
type Port struct {
	Universe  int    `json:"universe"`
	Direction string `json:"direction"` // "output" of the network's levels, or "input" to it
	Merging   bool   `json:"merging"`   // the levels of two sources
}

// Nodes makes one Node of the pages of ports of each address; they are in this order.
func Nodes(pages []artnet.Node) (list []Node) {
	for _, p := range pages {
		address := p.From.String()
		if len(list) == 0 || list[len(list)-1].Address != address {
			list = append(list, Node{Address: address, Name: p.ShortName, Label: p.LongName, Style: p.Style.String()})
		}
		n := &list[len(list)-1]
		for i, port := range p.Ports {
			if port.Output {
				n.Ports = append(n.Ports, Port{int(p.Output(i)), "output", port.Merging})
			}
			if port.Input {
				n.Ports = append(n.Ports, Port{int(p.Input(i)), "input", false})
			}
		}
	}
	return list
}

// counts counts packets by why they were dropped, whether any was or not, and what else there
// is.
func counts(dropped map[string]uint64, also ...device.Count) (list []device.Count) {
	for _, d := range []struct {
		name string
		why  error
	}{
		{"foreign", wire.ErrForeign}, {"short", wire.ErrShort}, {"version", wire.ErrVersion}, {"length", wire.ErrLength}, {"address", wire.ErrAddress},
	} {
		why := d.why.Error()
		list = append(list, device.Count{Name: "packets_dropped_" + d.name, What: "packets dropped: " + why, N: dropped[why]})
	}
	return append(list, also...)
}

// stepping makes a role a machine of virtual time.
type stepping struct {
	role interface {
		Step(now time.Time)
		Deadline() time.Time
	}
}

// Step implements online.Machine.
func (s stepping) Step(now time.Time) error {
	s.role.Step(now)
	return nil
}

// Deadline implements online.Machine.
func (s stepping) Deadline() time.Time { return s.role.Deadline() }

func lane(kind, name, network string) string {
	return fmt.Sprintf("artnet %s %q on %q", kind, name, network)
}
