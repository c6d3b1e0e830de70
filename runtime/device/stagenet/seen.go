package stagenet

import (
	"cmp"
	"fmt"
	"slices"

	"showrun/drivers/stagenet"
	"showrun/runtime/device"
	"showrun/runtime/level"
)

// OutputName implements device.Labelled.
func (d *ConsoleDecl) OutputName(o level.Output) string {
	for _, g := range d.Gateways {
		for _, l := range g.Levels {
			if l.Output == o {
				return "gateway " + g.ID + ", " + cmp.Or(l.Type, "by address")
			}
		}
	}
	return ""
}

// Leases implements device.Lessor: those of gateways, there or not.
func (c *Console) Leases() (list []string) {
	for _, g := range c.driver.Gateways() {
		if g.Lease.ID == "" {
			continue
		}
		is := "not there"
		if g.Connected {
			is = "connected from " + g.Address
		}
		list = append(list, fmt.Sprintf("%s holds %s, %d channels mapped, %s", g.ID, addresses(g.Lease.Addresses), len(g.Mappings), is))
	}
	return list
}

// mostRuns is how many runs of addresses are listed.
const mostRuns = 4

// addresses lists runs of addresses, such as "SN1-SN512".
func addresses(list []stagenet.Address) string {
	text, runs := "", 0
	for i := 0; i < len(list); runs++ {
		first := i
		for i++; i < len(list) && list[i] == list[i-1]+1; i++ {
		}
		if runs == mostRuns {
			return fmt.Sprintf("%s and more, %d addresses", text, len(list))
		}
		if text != "" {
			text += ", "
		}
		text += list[first].String()
		if i > first+1 {
			text += "-" + list[i-1].String()
		}
	}
	return cmp.Or(text, "no addresses")
}

// Others implements device.Neighbour: the gateways that are there and that the show does not
// name.
func (c *Console) Others() (list []device.Other) {
	declared := c.adopted.Load().Gateways
	for _, g := range c.driver.Gateways() {
		if slices.ContainsFunc(declared, func(d *GatewayDecl) bool { return d.ID == g.ID }) || !g.Connected && g.Address == "" {
			continue
		}
		what := "gateway"
		if g.Type != "" {
			what += ", " + g.Type
		}
		if !g.Connected {
			what += ", not connected"
		}
		list = append(list, device.Other{ID: g.ID, Name: g.ID, Address: g.Address, What: what})
	}
	return list
}
