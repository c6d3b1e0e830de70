package device

import (
	"encoding/binary"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"showrun/drivers/signet/wire"
)

// A Device is what a Presence speaks for.
type Device interface {
	// DataEndpoints is the number of data endpoints, root not counted.
	DataEndpoints() int
	// ChangeCount moves when stored configuration changes.
	ChangeCount() uint16
	// AppendTLV appends the TLV of a TID at an endpoint, or nothing if the
	// device does not support it there.
	AppendTLV(b []byte, endpoint uint16, t wire.TID) []byte
}

// A Say sends one payload of a device about itself: at once, in order. The
// payload is only valid during the call.
type Say func(r wire.Resource, payload []byte)

// bootTIDs follow TID_POLL_REPLY in on-boot and lost packets, in this order.
var bootTIDs = [...]wire.TID{
	wire.TIDProtocolVersion, wire.TIDRoleCapability, wire.TIDEndpointCount,
	wire.TIDMultOverride, wire.TIDOTWCapability,
}

// Limits of what a Presence keeps waiting.
const (
	maxReplies   = 32
	maxEventCode = 8
	lostAfter    = wire.LostPolls * wire.PollInterval
)

// PresenceConfig describes the device.
type PresenceConfig struct {
	TUID     wire.TUID
	SoemCode uint32 // 0 means the prototype code
	Device   Device
	Rand     *rand.Rand // for the random delays
	Polled   bool       // we can verify polls, so their absence means we are lost
}

// A Presence is what every device says about itself: the on-boot
// notification, poll replies, answers, lost heartbeats, status and security
// events (sections 13.7 to 13.11). It is a state machine owned by one
// goroutine: Step sends what is due, Deadline says when to step next.
type Presence struct {
	cfg      PresenceConfig
	warned   time.Time           // people, last
	warning  Warning             // not taken yet
	fits     map[netip.Addr]bool // who sent what we could take; some of them
	booting  bool
	boot     time.Time
	lastPoll time.Time
	nextLost time.Time
	replies  []reply
	status   []statusLine
	events   [maxEventCode + 1]eventLine
	payload  []byte
	value    []byte
}

// A reply is an answer on its way: to a poll of some endpoints, or about
// certain TIDs of one endpoint.
type reply struct {
	at         time.Time
	next, last uint16
	level      wire.QueryLevel
	tids       []wire.TID // nil for a poll reply
}

// A statusLine holds the status TIDs of an endpoint back to one packet per
// second.
type statusLine struct {
	endpoint uint16
	free     time.Time // when the next packet may go
	tids     []wire.TID
}

// An eventLine is the counter of one security event code.
type eventLine struct {
	count   uint32
	address netip.Addr
	free    time.Time
	pending bool
}

// NewPresence starts a device at now: its on-boot notification goes out within
// a second.
func NewPresence(cfg PresenceConfig, now time.Time) *Presence {
	if cfg.SoemCode == 0 {
		cfg.SoemCode = wire.PrototypeSoemCode
	}
	p := &Presence{cfg: cfg, payload: make([]byte, 0, wire.MaxSend), fits: map[netip.Addr]bool{}}
	p.booting = true
	p.boot = now.Add(p.random(wire.PollBackoff))
	p.lastPoll = now
	p.nextLost = now.Add(lostAfter)
	return p
}

func (p *Presence) random(limit time.Duration) time.Duration {
	return time.Duration(p.cfg.Rand.Int64N(int64(limit) + 1))
}

// Polled takes a verified poll, whether or not it is for us: any poll ends the
// lost state.
func (p *Presence) Polled(poll wire.Poll, now time.Time) {
	p.lastPoll = now
	p.nextLost = now.Add(lostAfter)
	if !poll.Covers(p.cfg.TUID) {
		return
	}
	r := reply{at: now, next: poll.Endpoint, last: poll.Endpoint, level: poll.Level}
	switch {
	case poll.Endpoint == wire.AllEndpoints && poll.Level == wire.QueryHeartbeat:
		r.next, r.last = wire.RootEndpoint, wire.RootEndpoint // ruling 14
	case poll.Endpoint == wire.AllEndpoints:
		r.next, r.last = wire.RootEndpoint, uint16(p.cfg.Device.DataEndpoints())
	case int(poll.Endpoint) > p.cfg.Device.DataEndpoints():
		return
	}
	for _, other := range p.replies {
		if other.tids == nil && other.level == r.level && other.next == r.next && other.last == r.last {
			return // the answer on its way serves both
		}
	}
	if poll.Low != poll.High {
		r.at = now.Add(p.random(wire.PollBackoff))
	}
	p.queue(r)
}

// Report says certain TIDs of endpoints first to last as soon as possible: the
// answer to a GET, the confirmation of a SET, a local change. Nothing to say,
// no packet.
func (p *Presence) Report(first, last uint16, tids []wire.TID, now time.Time) {
	p.queue(reply{at: now, next: first, last: last, tids: slices.Clone(tids)})
}

func (p *Presence) queue(r reply) {
	if len(p.replies) < maxReplies {
		p.replies = append(p.replies, r)
	}
}

// Status says a status TID of an endpoint, at most once per second; the newest
// value wins.
func (p *Presence) Status(endpoint uint16, t wire.TID, now time.Time) {
	for i := range p.status {
		if line := &p.status[i]; line.endpoint == endpoint {
			if !slices.Contains(line.tids, t) {
				line.tids = append(line.tids, t)
			}
			return
		}
	}
	p.status = append(p.status, statusLine{endpoint: endpoint, free: now, tids: []wire.TID{t}})
}

// Verdict counts a refused packet as a security event where it is one. What people
// set up wrongly gives a Warning, once a minute.
func (p *Presence) Verdict(v wire.Verdict, from netip.Addr, now time.Time) {
	switch v {
	case wire.Accept, wire.NotSubscribed:
		if !p.fits[from] {
			if len(p.fits) == maxFits {
				clear(p.fits)
			}
			p.fits[from] = true
		}
	case wire.BadAuth:
		p.Event(wire.EventAuth, from, now)
		p.warn(now, "sig-net: packets do not fit our key and are dropped: theirs is another, or they are forged", from)
	case wire.ModeMismatch:
		if p.fits[from] {
			return // it sends both, and the other of them is for us
		}
		p.warn(now, "sig-net: packets are dropped: of them and us one signs and the other does not", from)
	case wire.ReplaySession, wire.ReplaySequence:
		p.Event(wire.EventReplay, from, now)
	case wire.Flood:
		p.Event(wire.EventFlood, from, now)
	}
}

// maxFits bounds what is remembered; addresses can be forged.
const maxFits = 256

// warnInterval is the time between two messages to people.
const warnInterval = time.Minute

// A Warning is a message to people about packets that are dropped. The zero Warning
// is none.
type Warning struct {
	Text string
	From netip.Addr
}

func (p *Presence) warn(now time.Time, text string, from netip.Addr) {
	if now.Sub(p.warned) < warnInterval {
		return
	}
	p.warned, p.warning = now, Warning{text, from}
}

// TakeWarning gives the message that waits to be logged, once. A Presence does not
// log by itself: its owner lets go of its locks first.
func (p *Presence) TakeWarning() Warning {
	w := p.warning
	p.warning = Warning{}
	return w
}

// Log writes a Warning about packets that did not reach a device of ours. On loopback
// nothing is wrong with them: another rig, or a program that is tried out, has a key of
// its own.
func (w Warning) Log(log *slog.Logger, device wire.TUID) {
	switch {
	case w.Text == "":
	case w.From.IsLoopback():
		log.Info(w.Text+"; on this machine other rigs have keys of their own", "device", device.Screen())
	default:
		log.Warn(w.Text, "from", w.From, "device", device.Screen())
	}
}

// Event counts a security event of code 1 to 8 and reports it, at most once
// per second and code.
func (p *Presence) Event(code uint16, from netip.Addr, now time.Time) {
	e := &p.events[code]
	if e.count == 0 {
		e.free = now
	}
	e.count++
	e.address = from
	e.pending = true
}

// Polls tells whether we can verify polls.
func (p *Presence) Polls() bool { return p.cfg.Polled }

// Lost tells whether no poll came for three intervals.
func (p *Presence) Lost(now time.Time) bool {
	return p.cfg.Polled && now.Sub(p.lastPoll) >= lostAfter
}

// Deadline is when Step has something to do next.
func (p *Presence) Deadline() time.Time {
	var next time.Time
	sooner := func(t time.Time) {
		if next.IsZero() || t.Before(next) {
			next = t
		}
	}
	if p.booting {
		sooner(p.boot)
	}
	if p.cfg.Polled {
		sooner(p.nextLost)
	}
	for i := range p.replies {
		sooner(p.replies[i].at)
	}
	for i := range p.status {
		if len(p.status[i].tids) > 0 {
			sooner(p.status[i].free)
		}
	}
	for i := range p.events {
		if p.events[i].pending {
			sooner(p.events[i].free)
		}
	}
	return next
}

// Step sends what is due at now.
func (p *Presence) Step(now time.Time, say Say) {
	if p.booting && !now.Before(p.boot) {
		p.booting = false
		p.sayBoot(wire.KindNode, say)
	}
	if p.cfg.Polled && !now.Before(p.nextLost) {
		p.nextLost = now.Add(wire.PollInterval)
		p.sayBoot(wire.KindNodeLost, say)
	}
	for i := 0; i < len(p.replies); {
		r := &p.replies[i]
		if now.Before(r.at) {
			i++
			continue
		}
		p.sayReply(*r, say)
		if r.next++; r.next > r.last {
			p.replies = slices.Delete(p.replies, i, i+1)
			continue
		}
		r.at = now.Add(wire.EndpointSpacing)
		i++
	}
	for i := range p.status {
		line := &p.status[i]
		if len(line.tids) > 0 && !now.Before(line.free) {
			p.sayTIDs(line.endpoint, line.tids, say)
			line.tids = line.tids[:0]
			line.free = now.Add(wire.StatusInterval)
		}
	}
	for code := range p.events {
		e := &p.events[code]
		if e.pending && !now.Before(e.free) {
			e.pending = false
			e.free = now.Add(wire.StatusInterval)
			say(p.path(wire.RootEndpoint), p.appendEvent(p.head(), code))
		}
	}
}

func (p *Presence) path(endpoint uint16) wire.Resource {
	return wire.Resource{Kind: wire.KindNode, TUID: p.cfg.TUID, Number: endpoint}
}

// head starts a payload with TID_POLL_REPLY.
func (p *Presence) head() []byte {
	return wire.AppendPollReply(p.payload[:0], wire.PollReply{
		TUID: p.cfg.TUID, SoemCode: p.cfg.SoemCode, ChangeCount: p.cfg.Device.ChangeCount(),
	})
}

// sayBoot sends the on-boot list, as notification or as lost heartbeat.
func (p *Presence) sayBoot(kind wire.Kind, say Say) {
	b := p.head()
	for _, t := range bootTIDs {
		b = p.cfg.Device.AppendTLV(b, wire.RootEndpoint, t)
	}
	say(wire.Resource{Kind: kind, TUID: p.cfg.TUID}, b)
}

func (p *Presence) sayReply(r reply, say Say) {
	if r.tids != nil {
		p.sayTIDs(r.next, r.tids, say)
		return
	}
	b := p.head()
	for _, e := range wire.Table() {
		if e.Poll > r.level || e.TID == wire.TIDPollReply || !at(e.Place, r.next) {
			continue
		}
		b = p.add(b, r.next, e.TID, say)
	}
	say(p.path(r.next), b)
}

func (p *Presence) sayTIDs(endpoint uint16, tids []wire.TID, say Say) {
	b := p.head()
	empty := len(b)
	for _, t := range tids {
		b = p.add(b, endpoint, t, say)
	}
	if len(b) > empty {
		say(p.path(endpoint), b)
	}
}

// add appends one TLV; if the packet is full it is sent and a new one begun,
// which starts with TID_POLL_REPLY as well.
func (p *Presence) add(b []byte, endpoint uint16, t wire.TID, say Say) []byte {
	p.value = p.appendTLV(p.value[:0], endpoint, t)
	if len(b)+len(p.value) > wire.MaxPayload {
		say(p.path(endpoint), b)
		b = p.head()
	}
	return append(b, p.value...)
}

func (p *Presence) appendTLV(b []byte, endpoint uint16, t wire.TID) []byte {
	if t != wire.TIDSecurityEvent {
		return p.cfg.Device.AppendTLV(b, endpoint, t)
	}
	if endpoint == wire.RootEndpoint {
		for code := range p.events {
			if p.events[code].count > 0 {
				b = p.appendEvent(b, code)
			}
		}
	}
	return b
}

func (p *Presence) appendEvent(b []byte, code int) []byte {
	e := &p.events[code]
	return wire.AppendSecurityEvent(b, wire.SecurityEvent{Code: uint16(code), Count: e.count, Address: e.address})
}

func at(place wire.Place, endpoint uint16) bool {
	if endpoint == wire.RootEndpoint {
		return place&wire.AtRoot != 0
	}
	return place&wire.AtData != 0
}

// AppendCommonTLV appends the root TIDs whose values are the same for every
// device of ours, or nothing.
func AppendCommonTLV(b []byte, t wire.TID, d Description, dataEndpoints int) []byte {
	switch t {
	case wire.TIDSupportedTIDs:
		return wire.AppendSupported(b, d.Supported)
	case wire.TIDEndpointCount:
		return binary.BigEndian.AppendUint16(wire.AppendTLVHeader(b, t, 2), uint16(dataEndpoints))
	case wire.TIDProtocolVersion:
		return wire.AppendTLV(b, t, []byte{1})
	case wire.TIDFirmwareVersion:
		return wire.AppendFirmware(b, d.Firmware, d.FirmwareText)
	case wire.TIDRoleCapability:
		return wire.AppendTLV(b, t, []byte{d.Roles})
	case wire.TIDModelName:
		return wire.AppendLabel(b, t, d.Model)
	case wire.TIDScope:
		return wire.AppendTLV(b, t, []byte(d.Scope))
	}
	return b
}

// Role bits of TID_RT_ROLE_CAPABILITY.
const (
	RoleNode       = 1 << 0
	RoleSender     = 1 << 1
	RoleManager    = 1 << 2
	RoleVisualiser = 1 << 3
	RoleOpen       = 1 << 7 // Open Mode supported
)

// A Description is the fixed part of what a device tells about itself.
type Description struct {
	Supported    []wire.TID // every TID sent or acted on, ascending
	Firmware     uint32
	FirmwareText string
	Model        string
	Scope        string
	Roles        byte
}
