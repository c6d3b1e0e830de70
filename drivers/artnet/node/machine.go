package node

import (
	"fmt"
	"net/netip"
	"time"

	"showrun/drivers/artnet/wire"
)

// syncLoss is how long a node waits for the next ArtSync before it shows levels as they
// come again (section 5).
const syncLoss = 4 * time.Second

// Receive takes one packet. It does not keep b.
func (n *Node) Receive(now time.Time, b []byte, from netip.AddrPort) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.receive(now, b, from.Addr()); err != nil {
		n.stats.Dropped[err.Error()]++
	}
}

func (n *Node) receive(now time.Time, b []byte, from netip.Addr) error {
	op, err := wire.Kind(b)
	if err != nil {
		return err
	}
	switch op {
	case wire.OpDmx:
		d, err := wire.ParseDmx(b)
		if err != nil {
			return err
		}
		n.dmx(now, d, from)
	case wire.OpSync:
		if err := wire.ParseSync(b); err != nil {
			return err
		}
		n.sync(now, from)
	case wire.OpPoll:
		p, err := wire.ParsePoll(b)
		if err != nil {
			return err
		}
		if n.meant(p) {
			before := n.askers.Deadline()
			n.askers.Polled(p, from, now)
			if n.askers.Deadline() != before {
				n.wake()
			}
		}
	case wire.OpAddress:
		p, err := wire.ParseProgram(b)
		if err != nil {
			return err
		}
		n.program(now, p, from)
	}
	return nil
}

// dmx takes levels.
func (n *Node) dmx(now time.Time, d wire.Dmx, from netip.Addr) {
	o := n.ports[d.Address]
	if o == nil {
		return
	}
	before, sources := o.merging(), len(o.sources)
	source := Source{from, d.Physical}
	v, changed := o.take(source, d, now, now.Before(n.synced))
	switch v {
	case stale:
		n.stats.Stale++
		return
	case crowd:
		n.stats.Crowd++
		return
	}
	n.stats.Levels++
	n.newest = from
	if o.merging() != before || !o.sending {
		o.sending = true
		n.tell(now)
	} else if len(o.sources) != sources {
		n.wake() // there is another that may stop
	}
	if changed || n.cfg.Every && o.held == nil {
		n.show(o, Packet{source, now})
	}
}

// sync shows what is held. An ArtSync of somebody else than sent the newest levels counts
// for nothing (section 5), and a port that merges does not wait for one.
func (n *Node) sync(now time.Time, from netip.Addr) {
	if from != n.newest {
		return
	}
	if n.synced.IsZero() {
		n.wake()
	}
	n.synced = now.Add(syncLoss)
	n.letGo(now)
}

// letGo shows what is held.
func (n *Node) letGo(now time.Time) {
	for _, p := range n.list {
		for _, o := range p.ports {
			if o == nil || o.held == nil {
				continue
			}
			s := o.held
			if o.merge() || n.cfg.Every {
				n.show(o, Packet{s.Source, now})
			}
		}
	}
}

func (n *Node) show(o *output, p Packet) {
	if n.cfg.OnLevels != nil {
		n.cfg.OnLevels(o.address, o.levels[:o.slots], p)
	}
}

// program does what an ArtAddress asks and answers it (section 8).
func (n *Node) program(now time.Time, p wire.Program, from netip.Addr) {
	for _, page := range n.list {
		if page.number != max(1, p.BindIndex) {
			continue
		}
		n.command(now, page, p.Command)
		n.reply(page, from)
		n.tell(now)
	}
}

func (n *Node) command(now time.Time, page *page, c wire.Command) {
	if c == wire.CommandCancelMerge {
		for _, o := range page.ports {
			if o != nil && o.merging() {
				o.ending = true
			}
		}
		return
	}
	command, port := c.Port()
	o := page.ports[port]
	if o == nil {
		return
	}
	changed := false
	switch command {
	case wire.CommandMergeLTP, wire.CommandMergeHTP:
		o.ltp = command == wire.CommandMergeLTP
		changed = o.merging() && o.merge()
	case wire.CommandClear:
		changed = o.clear()
	}
	if changed {
		p := Packet{At: now}
		if len(o.sources) > 0 {
			p.Source = o.sources[0].Source
		}
		n.show(o, p)
	}
}

// meant tells whether a poll asks for any port of ours. A node without ports is there all
// the same.
func (n *Node) meant(p wire.Poll) bool {
	if !p.Targeted {
		return true
	}
	for _, page := range n.list {
		if page.wanted(p) {
			return true
		}
	}
	return false
}

func (p *page) wanted(poll wire.Poll) bool {
	if !poll.Targeted {
		return true
	}
	for _, o := range p.ports {
		if o != nil && poll.Wants(o.address) {
			return true
		}
	}
	return false
}

// Step does what is due at now: answers, the end of sync mode, sources that have stopped.
func (n *Node) Step(now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.synced.IsZero() && !now.Before(n.synced) {
		n.synced = time.Time{}
		n.letGo(now)
	}
	for _, o := range n.ports {
		before, sources := o.merging(), len(o.sources)
		if o.age(now) {
			n.show(o, Packet{o.sources[0].Source, now}) // who is left
		}
		if sources > 0 && len(o.sources) == 0 && n.cfg.OnStopped != nil {
			n.cfg.OnStopped(o.address, now)
		}
		if o.merging() != before {
			n.askers.Changed(now)
		}
	}
	n.askers.Due(now, func(to netip.Addr, p wire.Poll) {
		for _, page := range n.list {
			if page.wanted(p) {
				n.reply(page, to)
			}
		}
	})
}

// reply says what a page is.
func (n *Node) reply(p *page, to netip.Addr) {
	n.replies++
	r := wire.Reply{
		IP: n.self, Oem: wire.Oem, Maker: wire.Maker, ShortName: n.cfg.ShortName, LongName: n.cfg.LongName,
		Net: p.base.Net(), Subnet: p.base.Subnet(), Style: n.cfg.Style, BindIP: n.self, BindIndex: p.number, Responding: true,
		Report: fmt.Sprintf("#0001 [%04d] ok", n.replies%10000),
	}
	for i, o := range p.ports {
		if o != nil {
			r.Ports[i] = wire.PortState{Output: true, SwOut: o.address.Universe(), Sending: o.sending, Merging: o.merging(), LTP: o.ltp}
		}
	}
	n.b = wire.AppendReply(n.b[:0], r)
	if err := n.send(netip.AddrPortFrom(to, uint16(n.cfg.Port)), n.b); err != nil {
		n.cfg.Log.Debug("art-net reply not sent", "to", to, "error", err)
	}
}

// Deadline is when Step has something to do, the zero Time for never.
func (n *Node) Deadline() (next time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	soonest := func(t time.Time) {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	soonest(n.askers.Deadline())
	soonest(n.synced)
	for _, o := range n.ports {
		soonest(o.deadline())
	}
	return next
}
