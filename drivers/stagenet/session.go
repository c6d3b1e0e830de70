package stagenet

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"time"

	"showrun/drivers/lan"
	"showrun/drivers/stagenet/link"
	"showrun/drivers/stagenet/wire"
)

// maxReplies is how many answers may wait for a gateway that does not read.
const maxReplies = 64

// session is one connection to a gateway, from its handshake to its end. It is
// the link.Handler of its connection.
type session struct {
	console *Console
	target  *target
	conn    link.Peer
	log     *slog.Logger
	address string // of the peer
	from    string // its host

	// Guarded by the Console's mu.
	leases  []*lease // that this connection holds
	replies []reply
	dirty   bool  // there is news for the next Flush
	frames  pacer // of Flush
	refresh pacer // after a mapping

	// The reading goroutine's.
	strikes link.Strikes
	seldom  lan.Seldom
	differs bool // that the advertised id differs was said

	// The writing goroutine's.
	message  []byte
	answered []reply
	changes  []change
}

// reply is the answer to a LEASE_REQ: a lease, or why there is none.
type reply struct {
	lease   Lease
	refusal string
}

func newSession(c *Console, t *target, conn link.Peer) *session {
	from, _, _ := net.SplitHostPort(conn.Address())
	return &session{
		console: c, target: t, conn: conn, address: conn.Address(), from: from, log: c.log.With("address", conn.Address()),
		frames: pacer{period: c.period}, refresh: pacer{period: c.period},
	}
}

// Connect takes a gateway on a connection that the caller carries, such as a
// link.Memory: the Console needs neither Run nor a network for it. Values leave when the
// caller lets the Handler write. text is what the gateway would advertise, its TXT records
// by key; nil for nothing.
func (c *Console) Connect(p link.Peer, text map[string]string) link.Handler {
	t := newTarget(p.Address(), p.Address())
	t.id, t.about = text["id"], about{text["type"], text["version"], p.Address()}
	s := newSession(c, t, p)
	c.begin(s, "")
	return s
}

// begin takes a connection to a URL in. It reports false if that is not wanted any more.
func (c *Console) begin(s *session, url string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.target.retired { // meanwhile
		return false
	}
	c.stats.Connects++
	c.sessions[s] = true
	s.target.using, s.target.ids = url, nil
	return true
}

// Receive implements link.Handler.
func (s *session) Receive(now time.Time, b []byte) {
	m, err := wire.Parse(b)
	c := s.console
	c.mu.Lock()
	c.stats.UnknownFields += uint64(m.Unknown)
	c.mu.Unlock()
	if err != nil {
		s.invalid(m, err, now)
		return
	}
	switch m.Kind {
	case wire.LeaseRequest:
		c.request(s, m, now)
	case wire.MappingUpdate:
		c.remap(s, m, now)
		c.use(s, m.LeaseID)
	default: // unknown, or what only a console sends
		c.mu.Lock()
		c.stats.UnknownTypes++
		c.mu.Unlock()
	}
	c.tell()
}

// invalid counts a message that cannot be used, and closes the connection when
// there are too many (PROTOCOL.md ruling 8).
func (s *session) invalid(m wire.Message, err error, now time.Time) {
	c := s.console
	c.mu.Lock()
	c.stats.Invalid++
	if m.Kind == wire.LeaseRequest { // it waits for an answer (PROTOCOL.md ruling 4)
		c.stats.Requests++
		c.refuse(s, err.Error())
	}
	c.mu.Unlock()
	if held, ok := s.seldom.Allow(now, link.LogInterval); ok {
		s.log.Warn("stagenet: invalid message from gateway", "error", err, "more", held)
	}
	if s.strikes.Add(now) {
		s.conn.Kick(link.Policy, fmt.Sprintf("%d invalid messages within %s", link.MaxStrikes, link.StrikeWindow))
	}
}

// Write implements link.Handler.
func (s *session) Write(now time.Time) (next time.Time) {
	c := s.console
	c.mu.Lock()
	s.answered = append(s.answered[:0], s.replies...)
	s.replies = s.replies[:0]
	frame, atFrame := s.frames.due(now)
	refresh, atRefresh := s.refresh.due(now)
	s.changes = s.changes[:0]
	if frame || refresh {
		for _, l := range s.leases {
			s.changes = l.collect(s.changes)
		}
		c.stats.Frames++
		c.stats.Values += uint64(len(s.changes))
	}
	c.mu.Unlock()

	for _, r := range s.answered {
		if r.refusal != "" {
			s.message = wire.AppendLeaseRefusal(s.message[:0], r.refusal)
		} else {
			s.message = wire.AppendLeaseResponse(s.message[:0], r.lease.ID, r.lease.Addresses)
		}
		s.conn.Send(s.message)
	}
	for _, ch := range s.changes {
		s.message = wire.AppendDataPacket(s.message[:0], ch.address, ch.value)
		s.conn.Send(s.message)
	}
	return sooner(atFrame, atRefresh)
}

// Finish implements link.Handler: the last frame does not wait for its turn.
func (s *session) Finish(now time.Time) {
	s.console.mu.Lock()
	s.frames.last, s.refresh.last = time.Time{}, time.Time{}
	s.console.mu.Unlock()
	s.Write(now)
}

// request answers a LEASE_REQ.
func (c *Console) request(s *session, m wire.Message, now time.Time) {
	c.storing.Lock()
	defer c.storing.Unlock()
	c.mu.Lock()
	c.stats.Requests++
	taken := c.claimed(s, m.GatewayID)
	c.mu.Unlock()
	if taken {
		return
	}
	granted, changed, err := c.plan(m.GatewayID, m.AddressCount, s.from)
	if err == nil && changed && c.cfg.Leases != nil {
		if failed := c.cfg.Leases.Save(granted); failed != nil {
			c.log.Error("stagenet: lease not granted because it cannot be stored", "gateway", m.GatewayID, "error", failed)
			err = refusal("the console cannot store the lease")
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		if held, ok := s.seldom.Allow(now, link.LogInterval); ok {
			c.later(s.log.Warn, "stagenet: lease refused", "gateway", m.GatewayID, "addresses", m.AddressCount, "error", err, "more", held)
		}
		c.refuse(s, err.Error())
		return
	}
	if c.claimed(s, m.GatewayID) { // meanwhile
		return
	}
	l := c.table.commit(granted)
	if id := s.target.id; id != "" && id != m.GatewayID && !s.differs {
		s.differs = true
		c.later(s.log.Warn, "stagenet: a gateway asks with another id than it advertises", "advertised", id, "asks", m.GatewayID)
	}
	c.take(s, l, now)
	if c.reply(s, reply{lease: granted}) {
		c.event(Leased, m.GatewayID, "", now)
	}
}

// plan works out what a request leads to, with storing held. When there is no room for it,
// leases that were never used go.
func (c *Console) plan(gatewayID string, count int, from string) (Lease, bool, error) {
	for {
		c.mu.Lock()
		granted, changed, err := c.table.plan(gatewayID, count, from)
		var victim *lease
		if errors.As(err, &errFull{}) {
			victim = c.table.unused(from)
		}
		c.mu.Unlock()
		if victim == nil {
			return granted, changed, err
		}
		if c.cfg.Leases != nil && c.cfg.Leases.Delete(victim.GatewayID) != nil {
			return granted, changed, err
		}
		c.mu.Lock()
		if victim.holder == nil {
			c.table.remove(victim)
			c.stats.Evicted++
		}
		c.mu.Unlock()
	}
}

// claimed tells whether another connection holds the gateway a connection asks for, with
// mu held. Nobody is authenticated, so a connection that is alive keeps its gateway: it
// is asked whether it is, and the newcomer is sent away, to be dialled again when the
// other is gone (PROTOCOL.md ruling 3).
func (c *Console) claimed(s *session, id string) bool {
	l := c.table.leases[id]
	if l == nil || l.holder == nil || l.holder == s {
		return false
	}
	c.stats.Claims++
	c.later(c.log.Warn, "stagenet: two connections with one gateway id, the newer is refused",
		"gateway", id, "older", l.holder.address, "newer", s.address)
	l.holder.conn.Probe()
	s.target.remember(id)
	const why = "another connection has this GatewayID"
	if len(s.leases) == 0 {
		s.conn.Kick(link.Policy, why)
	} else {
		c.refuse(s, why)
	}
	return true
}

// take gives a lease to the connection that asks for it. Called with mu held.
func (c *Console) take(s *session, l *lease, now time.Time) {
	if l.holder == nil {
		s.leases = append(s.leases, l)
	}
	l.holder = s
	l.about = about{s.target.about.Type, s.target.about.Version, s.address}
	s.target.remember(l.GatewayID)
	delete(c.gone, l.GatewayID)
	c.found(l.GatewayID, now)
}

// detach makes a connection hold a lease no more, with mu held.
func (c *Console) detach(s *session, l *lease) {
	l.holder = nil
	l.unmap()
	s.leases = slices.DeleteFunc(s.leases, func(other *lease) bool { return other == l })
}

// refuse answers a LEASE_REQ with an Error, with mu held.
func (c *Console) refuse(s *session, why string) {
	c.stats.Refused++
	c.reply(s, reply{refusal: why})
}

// reply queues an answer, with mu held. A gateway that asks and does not read is
// closed.
func (c *Console) reply(s *session, r reply) bool {
	if len(s.replies) == maxReplies {
		s.conn.Kick(link.Policy, "too many requests without reading the answers")
		return false
	}
	s.replies = append(s.replies, r)
	s.conn.Wake()
	return true
}

// remap takes a MAPPING_UPDATE.
func (c *Console) remap(s *session, m wire.Message, now time.Time) {
	entries := mappingsOf(m.Mappings)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.MappingUpdates++
	i := slices.IndexFunc(s.leases, func(l *lease) bool { return l.ID == m.LeaseID })
	if i < 0 {
		c.stats.UnknownLeases++
		if held, ok := s.seldom.Allow(now, link.LogInterval); ok {
			c.later(s.log.Warn, "stagenet: mapping for a lease this gateway does not hold", "lease", m.LeaseID, "more", held)
		}
		return
	}
	l := s.leases[i]
	d := l.remap(entries, c.table)
	c.stats.ForeignMappings += d.foreign
	c.stats.DoubleMappings += d.twice
	c.stats.BadMappings += d.incomplete
	if d.sum() > 0 {
		if held, ok := s.seldom.Allow(now, link.LogInterval); ok {
			c.later(s.log.Warn, "stagenet: entries of a mapping dropped", "gateway", l.GatewayID, "used", len(l.mappings),
				"not leased", d.foreign, "twice", d.twice, "incomplete", d.incomplete, "more", held)
		}
	}
	if c.cfg.Routed {
		l.unset()
	} else {
		s.refresh.want(now)
		s.conn.Wake()
	}
	c.event(Mapped, l.GatewayID, "", now)
}

// use stores that a lease is used, once it has channels.
func (c *Console) use(s *session, leaseID string) {
	c.storing.Lock()
	defer c.storing.Unlock()
	c.mu.Lock()
	i := slices.IndexFunc(s.leases, func(l *lease) bool { return l.ID == leaseID })
	if i < 0 || !s.leases[i].Unused || len(s.leases[i].mappings) == 0 {
		c.mu.Unlock()
		return
	}
	l := s.leases[i]
	l.Unused = false
	stored := l.Lease
	c.mu.Unlock()
	if c.cfg.Leases == nil {
		return
	}
	if err := c.cfg.Leases.Save(stored); err != nil {
		c.log.Error("stagenet: it cannot be stored that a lease is used", "gateway", l.GatewayID, "error", err)
	}
}

// End implements link.Handler.
func (s *session) End(now time.Time, reason error) {
	c := s.console
	c.mu.Lock()
	delete(c.sessions, s)
	if errors.Is(reason, link.ErrStuck) {
		c.stats.Stuck++
	}
	for _, l := range slices.Clone(s.leases) {
		c.detach(s, l)
		c.lost(l.GatewayID, reason.Error(), now)
	}
	close(c.released)
	c.released = make(chan struct{})
	c.mu.Unlock()
	c.tell()
}
