package signet

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"showrun/drivers/signet"
	"showrun/runtime/device"
	"showrun/runtime/device/universe"
	"showrun/runtime/level"
)

// OutputName implements device.Labelled.
func (d *SenderDecl) OutputName(o level.Output) string { return universe.Name(d.Universes, o) }

// ID implements device.Known.
func (s *Sender) ID() string { return s.sender().TUID().Screen() }

// ID implements device.Known.
func (r *Receiver) ID() string { return screen(&r.tuid) }

// ID implements device.Known.
func (m *Manager) ID() string { return screen(&m.tuid) }

func screen(of *atomic.Pointer[signet.TUID]) string {
	if t := of.Load(); t != nil {
		return t.Screen()
	}
	return ""
}

// Others implements device.Neighbour: the devices that it sees, with keys or without.
func (m *Manager) Others() (list []device.Other) {
	nodes := slices.Clone(*m.nodes.Load())
	for _, b := range m.driver.Load().Beacons() {
		nodes = append(nodes, NodeOfBeacon(b, true))
	}
	for _, n := range nodes {
		what := cmp.Or(strings.Join(n.Roles, ", "), "device")
		if n.Model != "" {
			what += ", " + n.Model
		}
		for _, note := range n.Notes {
			what += ", " + note
		}
		if !n.Online {
			what += ", not heard any more"
		}
		list = append(list, device.Other{ID: n.TUID, Name: cmp.Or(n.Label, n.TUID), Address: n.Address, What: what})
	}
	return list
}

// Others implements device.Neighbour: the Senders that announce universes.
func (r *Receiver) Others() (list []device.Other) {
	universes := map[string][]int{}
	for _, e := range r.driver.Load().Directory() {
		id := e.Sender.TUID.Screen()
		universes[id] = append(universes[id], e.Universe)
	}
	for _, id := range slices.Sorted(maps.Keys(universes)) {
		slices.Sort(universes[id])
		list = append(list, device.Other{ID: id, Name: id, What: "sender of " + numbered(slices.Compact(universes[id]))})
	}
	return list
}

// mostNumbered is how many universes are listed.
const mostNumbered = 8

// numbered lists universes.
func numbered(universes []int) string {
	if len(universes) > mostNumbered {
		return fmt.Sprintf("%d universes", len(universes))
	}
	text := "universe"
	for i, n := range universes {
		if i > 0 {
			text += ","
		}
		text += fmt.Sprintf(" %d", n)
	}
	return text
}
