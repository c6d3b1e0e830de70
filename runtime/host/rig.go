package host

import (
	"net/netip"

	"showrun/runtime/device/signet"
	"showrun/runtime/device/stagenet"
	"showrun/runtime/device/theater"
)

// patchRig makes the rig what a load needs: its node listens to the universes, with
// the keys of the first Sender, and there are the gateways and the servers the show
// names.
func (h *Host) patchRig(l *load) {
	if h.rig == nil {
		return
	}
	keys := h.rig.Keys()
	var list []int
	for _, d := range l.show.Devices {
		switch d := d.(type) {
		case *signet.SenderDecl:
			if list == nil {
				if k, err := h.keys(d.KeyFrom); err == nil {
					keys = k
				}
			}
			for _, u := range d.Universes {
				list = append(list, u.Number)
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
	h.rig.Patch(list, keys)
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
