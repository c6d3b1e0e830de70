package host

import (
	"net/netip"

	"showrun/runtime/device/signet"
	"showrun/runtime/device/stagenet"
	"showrun/runtime/device/theater"
	"showrun/runtime/rig"
)

// patchRig makes the rig what a load needs: its node listens to the universes of the
// first Sender and of all others it can hear together with that, and there are the
// gateways and the servers the show names.
func (h *Host) patchRig(l *load) {
	if h.rig == nil {
		return
	}
	node := rig.Patch{Keys: h.rig.Keys()}
	patched := false
	for _, d := range l.show.Devices {
		switch d := d.(type) {
		case *signet.SenderDecl:
			if !patched {
				patched, node.Scope, node.Open = true, d.Scope, d.Mode == "open"
				if k, err := h.keys(d.KeyFrom); err == nil && !node.Open {
					node.Keys = k
				}
			}
			if d.Scope != node.Scope || d.Mode != "both" && node.Open != (d.Mode == "open") {
				continue
			}
			for _, u := range d.Universes {
				if !u.Preview {
					node.Universes = append(node.Universes, u.Number)
				}
			}
		case *stagenet.ConsoleDecl:
			urls, err := h.rig.Gateways(d.RigGateways())
			if err == nil {
				err = l.devices[d.Key()].device.(*stagenet.Console).Dial(urls)
			}
			h.noRig(err)
		case *theater.LightingDecl:
			more := map[string]int{}
			for _, f := range d.Fixtures {
				more[f.ID.String()] = f.Channels
			}
			h.theaterRig(d.Server, func(port int) error { return h.rig.Lighting(port, more) })
		case *theater.MotionDecl:
			h.theaterRig(d.Server, h.rig.Motion)
		case *theater.ValveDecl:
			h.theaterRig(d.Server, h.rig.Valve)
		}
	}
	h.rig.Patch(node)
}

// theaterRig opens a server of the rig if the show means one on this machine.
func (h *Host) theaterRig(s theater.Server, open func(port int) error) {
	if ip, err := netip.ParseAddr(s.Host); s.Host == "localhost" || err == nil && ip.IsLoopback() {
		h.noRig(open(s.Port))
	}
}

// noRig warns of what the rig cannot be; the show runs without it.
func (h *Host) noRig(err error) {
	if err != nil {
		h.opts.Log.Warn("the rig lacks something the show names", "error", err)
	}
}
