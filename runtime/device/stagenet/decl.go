// Package stagenet joins the StageNet driver to a show: the levels of its fixtures
// go to gateways, and what becomes of gateways comes back as events.
//
// A show names channels in three ways: by the place of an address in the lease of a
// gateway, by the hardware channel a gateway maps it to, and by the address itself.
// None of these is known to belong together before the gateway has come. So each
// way has outputs of its own, and a Console finds out with every lease and every
// mapping which slots meet in which address. Where several do, the highest level
// counts.
package stagenet

import (
	"fmt"
	"slices"
	"time"

	"showrun/drivers/lan"
	"showrun/drivers/stagenet"
	"showrun/drivers/stagenet/gateway"
	"showrun/drivers/stagenet/link"
	"showrun/runtime/device"
	"showrun/runtime/level"
)

// Block is the step in which outputs grow: 512 slots, as many as DMX has.
const Block = 512

// MaxAddress is the highest address a script may name: SN1048576.
const MaxAddress = 1 << 20

// ConsoleDecl declares a console.
type ConsoleDecl struct {
	Discover  bool
	Interface string   // "" = what the host was told, else a name or address
	URLs      []string // of gateways on networks without multicast
	Rate      int      // frames a second at most
	Latency   time.Duration

	// Load is the number of the script's load. It is not part of the key.
	Load int
	// Gateways are those the show names, in the order in which it does. They are
	// not part of the key: a reload may change them on the live device.
	Gateways []*GatewayDecl
}

// GatewayDecl is a gateway that a show names.
type GatewayDecl struct {
	ID     string
	Levels []Levels
}

// Levels are levels for channels of a gateway.
type Levels struct {
	// Type is the hardware type of the channels; "" counts the addresses of the
	// lease instead.
	Type   string
	Output level.Output
	Slots  int // of the output
	Used   int // the highest slot the show has named
}

// FirstChannel is the number of the channel in slot 1: DMX counts from 1, others
// may count from 0.
func FirstChannel(hardwareType string) int {
	if hardwareType == "DMX" {
		return 1
	}
	return 0
}

// Key implements device.Declaration.
func (d *ConsoleDecl) Key() string {
	return fmt.Sprintf("stagenet console on %q discover %t gateways %q rate %d latency %v", d.Interface, d.Discover, d.URLs, d.Rate, d.Latency)
}

// String implements device.Declaration.
func (d *ConsoleDecl) String() string {
	if d.Interface != "" {
		return fmt.Sprintf("stagenet.console on %s", d.Interface)
	}
	return "stagenet.console"
}

// OutputKey names outputs of a console in the registry. Other options do not change
// it, so levels survive a reload that changes them.
func (d *ConsoleDecl) OutputKey(what string) string {
	return fmt.Sprintf("stagenet %q %s", d.Interface, what)
}

// EventTopic is where events of a kind are reported: found, leased, mapped, lost.
func (d *ConsoleDecl) EventTopic(kind string) string { return d.OutputKey(kind) }

// Outputs implements device.Outputs.
func (d *ConsoleDecl) Outputs() []level.Output {
	var list []level.Output
	for _, g := range d.Gateways {
		for _, l := range g.Levels {
			list = append(list, l.Output)
		}
	}
	return list
}

// Sources are the slots of the show that are shown at a place.
func (d *ConsoleDecl) Sources(p Place) []level.Address { return sources(d.Gateways, p) }

func sources(declared []*GatewayDecl, p Place) []level.Address {
	var list []level.Address
	for _, g := range declared {
		if g.ID != p.Gateway {
			continue
		}
		for _, l := range g.Levels {
			slot := p.Index + 1
			if l.Type != "" {
				slot = p.Channel.Channel - FirstChannel(l.Type) + 1
			}
			if (l.Type == "" || l.Type == p.Channel.Type) && slot >= 1 && slot <= l.Slots {
				list = append(list, level.Address{Output: l.Output, Slot: int32(slot)})
			}
		}
	}
	return list
}

// CheckURL tells whether a text is the URL of a gateway.
func CheckURL(text string) error {
	_, err := link.CheckURL(text)
	return err
}

// Events are the kinds of events a console reports.
var Events = []string{stagenet.Found.String(), stagenet.Leased.String(), stagenet.Mapped.String(), stagenet.Lost.String()}

// RigGateways are gateways that suit the show, for a rig: those it names, each with
// as many channels as it names slots, or one called "rig" if it names none. IDs,
// types and channels are set.
func (d *ConsoleDecl) RigGateways() []gateway.Config {
	var list []gateway.Config
	for _, g := range d.Gateways {
		c := gateway.Config{ID: g.ID}
		slots := 0
		for _, l := range g.Levels {
			if l.Type == "" {
				slots = l.Slots
				continue
			}
			c.Channels = append(c.Channels, gateway.Channels(l.Type, FirstChannel(l.Type), l.Slots)...)
		}
		if len(c.Channels) == 0 {
			slots = max(slots, Block)
		}
		// What is named by its place in the lease only is DMX, beyond what is DMX
		// already.
		if missing := slots - len(c.Channels); missing > 0 {
			first := 1
			for _, ch := range c.Channels {
				if ch.HardwareType == "DMX" {
					first = max(first, ch.Number+1)
				}
			}
			c.Channels = append(c.Channels, gateway.Channels("DMX", first, missing)...)
		}
		list = append(list, c)
	}
	if list == nil {
		list = []gateway.Config{{ID: "rig", Channels: gateway.Channels("DMX", 1, Block)}}
	}
	return list
}

// FrameRate implements device.Frequent.
func (d *ConsoleDecl) FrameRate() int { return d.Rate }

// Lead implements device.Early.
func (d *ConsoleDecl) Lead() time.Duration { return d.Latency }

// leasesName is what the leases of a console on an interface are kept under. A rehearsal
// on loopback must not take addresses away from the gateways of the show.
func (d *ConsoleDecl) leasesName(iface string) string {
	switch {
	case d.Interface == iface || !isLoopback(iface):
		return d.Interface
	case d.Interface == "":
		return "loopback"
	}
	return "loopback for " + d.Interface
}

// isLoopback tells whether an interface, named by itself or one of its addresses, is
// within this machine.
func isLoopback(name string) bool {
	i, err := lan.Find(name)
	return err == nil && i.Loopback()
}

// Open implements device.Declaration.
func (d *ConsoleDecl) Open(env device.Env) (device.Device, error) {
	iface, urls := env.NetworkInterface(d.Interface), slices.Clone(d.URLs)
	if env.Rigs != nil { // which has all of its gateways, and tells where they are
		urls = nil
	}
	if _, err := lan.Find(iface); err != nil {
		return nil, err
	}
	c := newConsole(d, env)
	kept := leases{env.Store, d.leasesName(iface), env.Log}
	if err := c.drive(stagenet.Config{
		Gateways: urls, Discover: d.Discover && env.Rigs == nil, Interface: iface, Rate: d.Rate, Saved: kept.load(), Leases: kept,
	}); err != nil {
		return nil, err
	}
	return goOnline(c), nil
}

// OpenVirtual implements device.Declaration: every gateway is there from the start.
func (d *ConsoleDecl) OpenVirtual(env device.Env) (device.Device, error) {
	c := &virtualConsole{Console: newConsole(d, env), boxes: map[string]*virtualGateway{}}
	return c, c.drive(stagenet.Config{Rate: d.Rate})
}
