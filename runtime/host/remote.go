package host

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"time"

	"showrun/drivers/osc"
	"showrun/runtime/clock"
	"showrun/runtime/control"
)

// Addresses of OSC commands. A button that sends its state may send 0 when it is let
// go; that releases nothing.
const (
	oscCommands = "/showrun/"
	oscStop     = oscCommands + "stop"
	oscRelease  = oscCommands + "release"
)

// listen takes commands from outside until ctx ends: on the control socket and by
// OSC. A show runs without them, so what cannot be opened is a warning.
func (h *Host) listen(ctx context.Context) {
	if h.opts.Control != "" {
		s, err := control.Listen(h.opts.Control, h.folder.Name, h.command)
		if err != nil {
			h.opts.Log.Warn("showrun ctl cannot reach this show", "error", err)
		} else {
			h.wg.Go(func() { h.supervise(ctx, "control socket", h.urgent(s.Run)) })
		}
	}
	if h.opts.OSC != "" {
		h.wg.Go(func() { h.servePanel(ctx) })
		c, err := h.listenOSC()
		if err != nil {
			h.opts.Log.Warn("no OSC commands are taken, a stop neither; it is tried again. If that is another show, give this one another port with --osc, or off", "error", err)
		}
		h.wg.Go(func() {
			h.supervise(ctx, "OSC commands", func(ctx context.Context) (err error) {
				for ; c == nil; c, err = h.listenOSC() {
					h.deaf.Store(true)
					select {
					case <-ctx.Done():
						return nil
					case <-time.After(oscRetry):
					}
				}
				if h.deaf.Swap(false) {
					h.opts.Log.Info("OSC commands are taken now", "address", h.opts.OSC)
				}
				h.panel.out.Store(c)
				defer func() { h.panel.out.Store(nil); c = nil }()
				return h.urgent(c.Run)(ctx)
			})
		})
	}
}

// urgent has a loop that waits for stops run on a thread that comes before others, where
// that is permitted. The thread ends with its goroutine.
func (h *Host) urgent(loop func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		runtime.LockOSThread()
		if err := clock.Urgent(); err != nil {
			h.opts.Log.Debug("who waits for stops does so at normal priority", "error", err)
		}
		return loop(ctx)
	}
}

// oscRetry is how often a port that another program has is tried again.
const oscRetry = time.Second

func (h *Host) listenOSC() (*osc.Conn, error) {
	c, err := osc.Listen(osc.Config{Address: h.opts.OSC, Handler: h.message, Urgent: oscCommands, First: []string{oscStop, oscRelease}, Wanted: h.isCommand, Log: h.opts.Log})
	if err == nil {
		h.ear.Store(c)
	}
	return c, err
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
		if err := h.Reload(by); err != nil {
			return control.Reply{Text: err.Error()}
		}
		return control.Reply{OK: true, Text: "loading again; its log tells what becomes of it"}
	case control.End:
		h.End(by)
		return control.Reply{OK: true, Text: "ending"}
	case control.Console:
		return replied(h.opts.Links())
	case control.Status:
		return control.Reply{OK: true, Text: fmt.Sprintf("pid %d, %v", os.Getpid(), h.Status())}
	}
	return h.operate(r)
}

// strangeInterval is the time between two messages to people about unknown commands.
const strangeInterval = 10 * time.Second

// longestCommand is the longest address pattern that is tried: what is no command has to
// cost little.
const longestCommand = 64

// isStop tells whether an address, which may be a pattern or written in capitals, is that
// of a stop.
func isStop(address []byte) bool {
	if bytes.ContainsAny(address, "?*[{") {
		return len(address) <= longestCommand && osc.Match(string(address), oscStop)
	}
	return bytes.EqualFold(address, []byte(oscStop))
}

// isCommand tells whether an OSC message is one for showrun, on the thread of the socket.
func (h *Host) isCommand(address []byte, from netip.AddrPort) bool {
	if string(address) == oscRelease || isStop(address) {
		return true
	}
	if isOperation(address) {
		return h.crowd.allow(h.clock.Now())
	}
	// A console may send all it has, so this takes nothing from errors of the script.
	if now := h.clock.Now(); now >= h.strange {
		h.strange = now + strangeInterval
		name := string(address)
		h.wg.Go(func() {
			h.opts.Log.Warn("an OSC command is not known; there are "+oscStop+", "+oscRelease+" and those that operate the show, such as "+oscCommands+"go", "address", name, "from", from)
		})
	}
	return false
}

// message takes a command that came by OSC, on the thread of the socket.
func (h *Host) message(m osc.Message, _ osc.TimeTag, from netip.AddrPort, _ time.Time) {
	pressed := true
	if len(m.Args) > 0 {
		if v, ok := osc.Number(m.Args[0]); ok {
			pressed = v != 0
		}
	}
	switch {
	case isStop([]byte(m.Address)):
		h.EmergencyStop("OSC from " + from.String())
	case m.Address == oscRelease:
		if pressed {
			h.Release("OSC from " + from.String())
		}
	default:
		h.panel.hand(m, from)
	}
}
