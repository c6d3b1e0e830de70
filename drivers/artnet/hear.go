package artnet

import (
	"fmt"
	"net/netip"
	"time"

	"showrun/drivers/artnet/wire"
	"showrun/drivers/lan/multicast"
)

// Receive takes one packet. It does not keep b.
func (c *Controller) Receive(now time.Time, b []byte, from netip.AddrPort) {
	op, err := wire.Kind(b)
	if err != nil {
		c.drop(err)
		return
	}
	switch op {
	case wire.OpPoll:
		p, err := wire.ParsePoll(b)
		if err != nil {
			c.drop(err)
			return
		}
		c.polled(now, p, from.Addr())
	case wire.OpPollReply:
		r, err := wire.ParseReply(b)
		if err != nil {
			c.drop(err)
			return
		}
		c.replied(now, r, from.Addr())
	}
}

func (c *Controller) drop(why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.Dropped[why.Error()]++
}

func (c *Controller) polled(now time.Time, p wire.Poll, from netip.Addr) {
	if p.Targeted {
		return // it has no ports, so it is not meant
	}
	c.mu.Lock()
	before := c.askers.Deadline()
	c.askers.Polled(p, from, now)
	changed := c.askers.Deadline() != before
	c.mu.Unlock()
	if changed {
		c.wake()
	}
}

func (c *Controller) replied(now time.Time, r Reply, from netip.Addr) {
	if c.cfg.Quiet {
		return
	}
	c.mu.Lock()
	changed := c.table.take(r, from, now, func(a Address) {
		if s := c.index[a]; s != nil {
			s.Change() // a new subscriber does not wait for the keep-alive
		}
	})
	c.mu.Unlock()
	if changed && c.cfg.OnNodes != nil {
		c.cfg.OnNodes()
	}
}

// Poll asks who is there at once.
func (c *Controller) Poll(now time.Time) {
	if c.cfg.Quiet {
		return
	}
	c.mu.Lock()
	c.pollDue = now
	c.mu.Unlock()
	c.wake()
}

// Step does what is due at now besides the caller's flushes: polls, answers, sync, and
// universes that nobody else flushes.
func (c *Controller) Step(now time.Time) {
	c.mu.Lock()
	aged := !c.pollDue.IsZero() && !now.Before(c.pollDue) && c.table.age(now)
	var frame time.Time
	if now.Sub(c.lastCall) >= callerGone && now.Sub(c.flushed) >= c.interval() {
		frame = now
	}
	c.flushOrLeave(now, frame, true)
	if aged && c.cfg.OnNodes != nil {
		c.cfg.OnNodes()
	}
}

// callerGone is how long after its last call a caller of FlushFor counts as gone.
const callerGone = time.Second

func (c *Controller) interval() time.Duration { return time.Second / time.Duration(c.cfg.Rate) }

// Deadline is when Step has something to do next, the zero Time for never.
func (c *Controller) Deadline() (next time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	flush := time.Time{}
	if len(c.streams) > 0 {
		flush = c.flushed.Add(c.interval())
		if gone := c.lastCall.Add(callerGone); gone.After(flush) {
			flush = gone
		}
	}
	for _, t := range []time.Time{c.pollDue, c.askers.Deadline(), c.syncDue, flush} {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	return next
}

// talk adds polls and answers that are due; mu is held, and the caller has the wire.
func (c *Controller) talk(now time.Time) {
	if !c.pollDue.IsZero() && !now.Before(c.pollDue) {
		c.pollDue = now.Add(pollInterval)
		c.say(c.all, func(b []byte) []byte {
			return wire.AppendPoll(b, wire.Poll{OnChange: true, Maker: wire.Maker, Oem: wire.Oem})
		})
	}
	c.askers.Due(now, func(to netip.Addr, _ wire.Poll) {
		c.replies++
		r := Reply{
			IP: c.self.Addr(), Oem: wire.Oem, Maker: wire.Maker, ShortName: c.cfg.ShortName, LongName: c.cfg.LongName,
			Report: fmt.Sprintf("#0001 [%04d] %d universes are sent", c.replies%10000, len(c.streams)),
			Style:  wire.StyleController, BindIP: c.self.Addr(), BindIndex: c.cfg.Page, Responding: true,
		}
		c.say(multicast.To(netip.AddrPortFrom(to, uint16(c.cfg.Port))), func(b []byte) []byte { return wire.AppendReply(b, r) })
	})
}

// say adds a packet about the device itself.
func (c *Controller) say(to multicast.Destination, write func([]byte) []byte) {
	start := len(c.arena)
	c.arena = write(c.arena)
	c.add(c.arena[start:len(c.arena):len(c.arena)], to, nil)
}

func (c *Controller) add(b []byte, to multicast.Destination, owner *stream) {
	c.packets = append(c.packets, Packet{Bytes: b, To: to})
	c.owners = append(c.owners, owner)
}
