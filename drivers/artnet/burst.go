package artnet

import (
	"fmt"
	"net"
	"slices"
	"time"

	"showrun/drivers/artnet/wire"
	"showrun/drivers/lan/multicast"
)

// handed is a burst left to whoever has the wire.
type handed struct {
	now, visible time.Time
	talk, waits  bool
}

// FlushFor sends what is due at now: the levels of a frame that is to be seen at the instant
// visible, which may lie ahead, with keep-alives. With Sync the levels leave at once and the
// ArtSync at visible; without it visible is the instant of the frame. Call it once per frame,
// right after SetLevels.
//
// The rate of a universe is a maximum, and reached if every frame changes something: of
// frames in between the newest levels leave with the first at or after its next instant.
//
// It returns the number of packets sent and the first error; after an error the levels
// concerned are sent again with the next flushes. If somebody else is writing at the moment,
// FlushFor does not wait for that: the burst leaves right after, on that goroutine, and
// FlushFor returns 0 packets; an error is then that of the next call. Of several frames left
// so the newest counts.
func (c *Controller) FlushFor(now, visible time.Time) (packets int, err error) {
	if visible.Before(now) {
		now = visible
	}
	c.mu.Lock()
	c.lastCall = now
	return c.flushOrLeave(now, visible, false)
}

// Flush is FlushFor for a frame that is to be seen now.
func (c *Controller) Flush(now time.Time) (packets int, err error) { return c.FlushFor(now, now) }

// Release sends the sync that is due at now, for callers whose sleep is more exact than that
// of who steps it. It waits for nobody, as FlushFor.
func (c *Controller) Release(now time.Time) (packets int, err error) {
	c.mu.Lock()
	return c.flushOrLeave(now, time.Time{}, false)
}

// flushOrLeave sends a burst or leaves it to whoever has the wire. It is called with mu held
// and lets go of it.
func (c *Controller) flushOrLeave(now, visible time.Time, talk bool) (packets int, err error) {
	late := c.late
	c.late = nil
	if c.sending {
		c.left.now, c.left.waits, c.left.talk = now, true, c.left.talk || talk
		if !visible.IsZero() {
			c.left.visible = visible
		}
		c.mu.Unlock()
		return 0, late
	}
	c.sending = true
	packets, err = c.burst(now, visible, talk)
	for c.left.waits {
		next := c.left
		c.left = handed{}
		if _, err := c.burst(next.now, next.visible, next.talk); err != nil {
			c.late = err
		}
	}
	c.sending = false
	c.mu.Unlock()
	if err == nil {
		err = late
	}
	return packets, err
}

// burst sends what is due at now and, unless visible is zero, the levels of the frame that
// is seen then. It is called with mu held, by who has the wire, and lets go of it while it
// writes.
func (c *Controller) burst(now, visible time.Time, talk bool) (packets int, err error) {
	c.failure = nil
	if talk {
		c.talk(now)
		packets += c.put()
	}
	if !visible.IsZero() {
		c.flushed = now
		n := c.levels(visible)
		packets += n
		if n > 0 && c.cfg.Sync {
			c.syncDue = visible
		}
	}
	if !c.syncDue.IsZero() && !now.Before(c.syncDue) {
		c.syncDue = time.Time{}
		c.say(c.all, wire.AppendSync)
		packets += c.put()
	} else if !c.syncDue.IsZero() {
		c.wake()
	}
	return packets, c.failure
}

// levels sends the levels of a frame.
func (c *Controller) levels(frame time.Time) (packets int) {
	c.round.Begin()
	streams := c.streams // Join and Leave do not change what is looked through
	for i := range streams {
		s := streams[c.round.At(i, len(streams))]
		if !s.Due(frame) {
			continue
		}
		subscribers := c.table.subscribers[s.address]
		if !c.cfg.Broadcast && len(subscribers) == 0 && len(c.unicast) == 0 {
			continue // levels stay news until somebody subscribes
		}
		if len(c.packets)+len(subscribers)+len(c.unicast) > multicast.BatchSize {
			packets += c.put()
			subscribers = c.table.subscribers[s.address]
		}
		b := s.renew(frame)
		if c.cfg.Broadcast {
			c.add(b, c.all, s)
			continue
		}
		for _, to := range subscribers {
			c.add(b, to.to, s)
		}
		for _, to := range c.unicast {
			if !has(subscribers, to) {
				c.add(b, to, s)
			}
		}
	}
	return packets + c.put()
}

func has(list []subscriber, to multicast.Destination) bool {
	for _, s := range list {
		if s.to.AddrPort == to.AddrPort {
			return true
		}
	}
	return false
}

// put writes the packets that were added, without mu meanwhile.
func (c *Controller) put() (sent int) {
	if len(c.packets) == 0 {
		return 0
	}
	c.mu.Unlock()
	sent = c.send(c.packets, c.onRefused)
	c.mu.Lock()
	c.stats.Packets += uint64(sent)
	c.stats.Errors += uint64(len(c.packets) - sent)
	clear(c.packets)
	clear(c.owners)
	c.packets, c.owners, c.arena = c.packets[:0], c.owners[:0], c.arena[:0]
	return sent
}

// refuse is told of each packet that could not be sent.
func (c *Controller) refuse(i int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failure == nil {
		c.failure = fmt.Errorf("art-net packet to %v: %w", c.packets[i].To.AddrPort, err)
	}
	if s := c.owners[i]; s != nil {
		s.Failed()
		c.round.Refused(func() int { return slices.Index(c.streams, s) })
	}
}

// end makes every later flush fail.
func (c *Controller) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.send = func(packets []Packet, refused func(int, error)) int {
		for i := range packets {
			refused(i, net.ErrClosed)
		}
		return 0
	}
}
