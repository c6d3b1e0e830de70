package host

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"showrun/drivers/theater/osc"
	"showrun/runtime/control"
)

// Addresses of OSC commands. A button that sends its state may send 0 when it is let
// go; that releases nothing.
const (
	oscStop    = "/showrun/stop"
	oscRelease = "/showrun/release"
)

// listen takes commands from outside until ctx ends: on the control socket and by
// OSC. A show runs without them, so what cannot be opened is a warning.
func (h *Host) listen(ctx context.Context) {
	if h.opts.Control != "" {
		s, err := control.Listen(h.opts.Control, h.show.name, h.command)
		if err != nil {
			h.opts.Log.Warn("showrun ctl cannot reach this show", "error", err)
		} else {
			h.wg.Go(func() { h.supervise(ctx, "control socket", s.Run) })
		}
	}
	if h.opts.OSC != "" {
		c, err := osc.Listen(osc.Config{Address: h.opts.OSC, Handler: h.message, Log: h.opts.Log})
		if err != nil {
			h.opts.Log.Warn("no OSC commands are taken", "error", err)
		} else {
			h.wg.Go(func() { h.supervise(ctx, "OSC commands", c.Run) })
		}
	}
}

// command answers a request on the control socket.
func (h *Host) command(r control.Request) control.Reply {
	by := "showrun ctl"
	if r.By != "" {
		by = r.By
	}
	switch r.Command {
	case control.Stop:
		n, untold := h.EmergencyStop(by)
		reply := control.Reply{OK: untold == 0, Text: fmt.Sprintf("stopped; machines held: %d", n)}
		if untold > 0 {
			reply.Text += fmt.Sprintf("; %d of them could not be told, the network does not take it", untold)
		}
		return reply
	case control.Release:
		h.Release(by)
		return control.Reply{OK: true, Text: "released"}
	case control.Reload:
		if h.opts.Reload == ReloadOff {
			return control.Reply{Text: "it was started with --reload off"}
		}
		h.askReload(by)
		return control.Reply{OK: true, Text: "loading again; its log tells what becomes of it"}
	case control.Status:
		return control.Reply{OK: true, Text: h.Status().String()}
	}
	return control.Reply{Text: fmt.Sprintf("unknown command %q", r.Command)}
}

// message takes an OSC message, on the goroutine of the socket.
func (h *Host) message(m osc.Message, _ osc.TimeTag, from netip.AddrPort, _ time.Time) {
	pressed := true
	if len(m.Args) > 0 {
		if v, ok := osc.Number(m.Args[0]); ok {
			pressed = v != 0
		}
	}
	switch {
	case osc.Match(m.Address, oscStop):
		h.EmergencyStop("OSC from " + from.String())
	case m.Address == oscRelease && pressed:
		h.Release("OSC from " + from.String())
	}
}
