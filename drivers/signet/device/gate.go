// Package device is what every Sig-Net device does, whatever its role: it
// judges packets (Gate), remembers how far others have come (Replay), numbers
// and signs what it says (Voice) and makes itself known (Presence). All of it
// is state machines without clock or sockets.
package device

import (
	"crypto/hmac"
	"hash"
	"time"

	"showrun/drivers/signet/key"
	"showrun/drivers/signet/wire"
)

// Interests tells a Gate which resources its role wants. It is asked before
// any hashing and must be cheap.
type Interests interface {
	Wants(r wire.Resource) bool
}

// GateConfig describes the receiver of a Gate.
type GateConfig struct {
	TUID        wire.TUID // our own; its packets are ignored. Zero for who looks for duplicates: see IsEcho
	Scope       string    // "" means "local"
	Open        bool      // Open Mode: take unsigned packets only
	Keys        key.Keys
	Interests   Interests
	ReplayTUIDs int // capacity of the replay table; 0 means the default
	ReplayLanes int
	Budget      int // unexpected packets hashed per 10 ms; 0 means 500
}

// Counters holds one number per verdict, wire.Accept being the accepted.
type Counters [wire.VerdictCount]uint64

// Accepted is the number of packets taken.
func (c *Counters) Accepted() uint64 { return c[wire.Accept] }

// Dropped gives the counters of every reason that occurred, by name.
func (c *Counters) Dropped() map[string]uint64 {
	m := make(map[string]uint64)
	for v, n := range c {
		if n > 0 && wire.Verdict(v).Dropped() {
			m[wire.Verdict(v).String()] = n
		}
	}
	return m
}

// A Gate is the receive pipeline of section 7: it decides the fate of every
// packet in the order the page fixes. It is owned by one goroutine.
type Gate struct {
	cfg      GateConfig
	macs     key.MACs
	replay   *Replay
	counters Counters
	signed   []byte
	sum      []byte
	tick     time.Time
	budget   int // unexpected packets left in this tick
	reserve  int // expected packets left in this tick
}

// The budget of one tick. Packets that continue a known lane closely have a
// reserve of their own, so that strangers cannot starve a running show; the
// sum bounds the time spent on hashing.
const (
	budgetTick     = 10 * time.Millisecond
	defaultBudget  = 500
	reservePerTick = 10_000
)

// NewGate makes a Gate with an empty replay table.
func NewGate(cfg GateConfig) *Gate {
	if cfg.Scope == "" {
		cfg.Scope = wire.DefaultScope
	}
	if cfg.Budget == 0 {
		cfg.Budget = defaultBudget
	}
	macs := key.NewMACs(cfg.Keys)
	cfg.Keys = key.Keys{}
	return &Gate{
		cfg:    cfg,
		macs:   macs,
		replay: NewReplay(cfg.ReplayTUIDs, cfg.ReplayLanes),
		signed: make([]byte, 0, wire.MaxReceive+64),
		sum:    make([]byte, 0, wire.TagSize),
	}
}

// Counters gives a copy of the counters.
func (g *Gate) Counters() Counters { return g.counters }

// Reset forgets every device, as a restart does.
func (g *Gate) Reset() { g.replay = NewReplay(g.cfg.ReplayTUIDs, g.cfg.ReplayLanes) }

// Forget drops a device from the replay table.
func (g *Gate) Forget(t wire.TUID) bool { return g.replay.Forget(t) }

// Check decides about one packet received at now, counts the verdict and
// returns it. p then points into b. Only after wire.Accept may the payload be
// used, and it then holds well-formed TLVs.
func (g *Gate) Check(b []byte, now time.Time, p *wire.Packet) (wire.Resource, wire.Verdict) {
	r, v := g.check(b, now, p)
	g.counters[v]++
	return r, v
}

func (g *Gate) check(b []byte, now time.Time, p *wire.Packet) (wire.Resource, wire.Verdict) {
	if v := wire.Parse(b, p); v != wire.Accept {
		return wire.Resource{}, v
	}
	if v := p.CheckMode(g.cfg.Open); v == wire.Beacon {
		return g.beacon(p)
	} else if v != wire.Accept {
		return wire.Resource{}, v
	}
	r, v := p.Route(g.cfg.Scope)
	if v != wire.Accept {
		return r, v
	}
	if r.Kind == wire.KindNodeBeacon {
		return r, wire.BadURI // nothing signs it; beacons have a mode of their own
	}
	if r.Kind == wire.KindManager && r.TUID != g.cfg.TUID {
		return r, wire.OtherTUID
	}
	if !g.cfg.Interests.Wants(r) {
		return r, wire.NotSubscribed
	}
	if p.Sender.TUID == g.cfg.TUID {
		return r, wire.OwnPacket
	}
	if p.Mode == wire.ModeSecure {
		if v := g.verify(r, p, now); v != wire.Accept {
			return r, v
		}
	}
	if !wire.CheckPayload(r.Kind, p.Payload) {
		return r, wire.BadPayload
	}
	return r, wire.Accept
}

// IsEcho tells whether a packet that came from the port we send from is one of
// ours coming back. A Gate without a TUID needs to be spared those, so that
// what else carries our TUID can be verified and told as a duplicate.
func IsEcho(b []byte, fromPort, ourPort uint16, ours wire.TUID) bool {
	if fromPort != ourPort {
		return false
	}
	var p wire.Packet
	return wire.Parse(b, &p) == wire.Accept && p.Sender.TUID == ours
}

// verify is steps 19 to 23: freshness before the HMAC, so that replays cost no
// hashing; state moves only after the HMAC.
func (g *Gate) verify(r wire.Resource, p *wire.Packet, now time.Time) wire.Verdict {
	if v := g.replay.Check(p.Sender, p.Session, p.Sequence); v != wire.Accept {
		return v
	}
	if !g.afford(p, now) {
		return wire.Flood
	}
	mac := g.macs.Of(r.Kind)
	if mac == nil || !g.authentic(mac, p) {
		return wire.BadAuth
	}
	return g.replay.Commit(p.Sender, p.Session, p.Sequence, now)
}

// afford takes one HMAC from the budget of this tick. It never looks at source
// addresses, which anyone can forge.
func (g *Gate) afford(p *wire.Packet, now time.Time) bool {
	if since := now.Sub(g.tick); since >= budgetTick || since < 0 {
		g.tick, g.budget, g.reserve = now, g.cfg.Budget, reservePerTick
	}
	left := &g.budget
	if g.replay.Expected(p.Sender, p.Session, p.Sequence) {
		left = &g.reserve
	}
	if *left == 0 {
		return false
	}
	*left--
	return true
}

func (g *Gate) authentic(mac hash.Hash, p *wire.Packet) bool {
	g.signed = p.AppendSigned(g.signed[:0])
	mac.Reset()
	mac.Write(g.signed)
	mac.Write(p.Payload)
	g.sum = mac.Sum(g.sum[:0])
	return hmac.Equal(g.sum, p.Auth)
}

// beacon checks the form of a beacon (section 14.3). Its scope is always the
// factory one, and every TUID in it must agree.
func (g *Gate) beacon(p *wire.Packet) (wire.Resource, wire.Verdict) {
	r, v := p.Route(wire.DefaultScope)
	if v != wire.Accept {
		return r, v
	}
	if r.Kind != wire.KindNodeBeacon {
		return r, wire.BadURI
	}
	if !g.cfg.Interests.Wants(r) {
		return r, wire.NotSubscribed
	}
	if !p.AuthBlank() {
		return r, wire.Malformed
	}
	if !wire.CheckPayload(r.Kind, p.Payload) {
		return r, wire.BadPayload
	}
	value, _ := wire.FindTLV(p.Payload, wire.TIDPollReply)
	reply, err := wire.ParsePollReply(value)
	if err != nil || reply.TUID != r.TUID || p.HasSender() && p.Sender.TUID != r.TUID {
		return r, wire.BadPayload
	}
	return r, wire.Beacon
}
