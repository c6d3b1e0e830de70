package device

import (
	"log/slog"
	"net/netip"
	"time"

	"showrun/drivers/signet/wire"
)

// Send puts one packet on the wire at now. It must not keep the bytes.
type Send func(now time.Time, to netip.AddrPort, b []byte) error

// An Outbox takes what a device says about itself, numbered and signed at once, until
// its owner has let go of its locks and sends it. It is owned by one goroutine.
type Outbox struct {
	packets []outgoing
	arena   []byte
	failure error
}

type outgoing struct {
	to         netip.Addr
	start, end int // in the arena
}

// Say makes packets in the name of a Voice. After an error, which Send returns, nothing
// more is said: numbering cannot go on.
func (o *Outbox) Say(v *Voice) Say {
	return func(r wire.Resource, payload []byte) {
		if o.failure != nil {
			return
		}
		start := len(o.arena)
		if r.Kind == wire.KindNodeBeacon {
			o.arena = v.AppendBeacon(o.arena, payload)
		} else if o.arena, o.failure = v.Append(o.arena, r, r.Number, payload); o.failure != nil {
			return
		}
		o.packets = append(o.packets, outgoing{r.Group(), start, len(o.arena)})
	}
}

// Send sends what was said to a port. Nil sends nothing. It returns the error that
// numbering cannot go on; one of the network is only logged.
func (o *Outbox) Send(now time.Time, send Send, port int, log *slog.Logger) error {
	for _, p := range o.packets {
		if send == nil {
			break
		}
		if err := send(now, netip.AddrPortFrom(p.to, uint16(port)), o.arena[p.start:p.end]); err != nil {
			log.Debug("sig-net packet not sent", "error", err)
		}
	}
	o.packets, o.arena = o.packets[:0], o.arena[:0]
	err := o.failure
	o.failure = nil
	return err
}
