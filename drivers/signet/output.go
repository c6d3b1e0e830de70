package signet

import (
	"net/netip"
	"slices"
	"time"

	"showrun/drivers/lan"
	"showrun/drivers/lan/multicast"
	"showrun/drivers/signet/device"
	"showrun/drivers/signet/wire"
)

// Mode is the security mode of a Sender.
type Mode uint8

// The modes. Both sends every packet twice, for Open Mode Nodes beside Secure
// ones.
const (
	Secure Mode = iota
	Open
	Both
)

// String is the name used in configuration.
func (m Mode) String() string { return [...]string{"secure", "open", "both"}[m] }

// syncKeepalive is how often TID_SYNC repeats while idle, if asked for.
const syncKeepalive = 200 * time.Millisecond

// An output is everything a Sender streams, as a state machine: what is due
// at an instant goes into a batch. The batch is then signed, which needs nothing of
// the output but its voice, and must reach the wire in its order before the next is
// filled.
type output struct {
	cfg       SenderConfig
	voice     *device.Voice
	streams   []*stream
	index     map[streamKey]*stream
	told      map[streamKey]bool // receivers know a priority of it, until the session ends
	cursor    int                // next stream of the present flush
	round     lan.Round
	timecodes []*Timecode
	syncs     []*syncLane
	timeGroup []multicast.Destination

	pending  []announcement // joins and leaves not yet told
	announce time.Time      // when all joins are told again
}

// A syncLane releases the frames of one endpoint.
type syncLane struct {
	endpoint uint16
	lane     *device.Lane
	signed   *wire.Template
	open     *wire.Template
	touched  bool      // level packets went out since the last sync
	due      time.Time // zero if nothing is to be released
	last     time.Time
}

// An announcement waits to be told on its endpoint.
type announcement struct {
	endpoint uint16
	wire.Announcement
}

// A batch is what leaves together, at most multicast.BatchSize packets: first chosen
// as items, then numbered and signed as packets.
type batch struct {
	items   []item
	packets []multicast.Packet
	owners  []*stream // of each packet, nil for others
	arena   []byte    // payloads, then bytes, of packets without a template
	planned int       // packets of the items at most
}

// An item is one resource to be sent, in each mode and to each destination.
type item struct {
	lane         *device.Lane
	signed, open *wire.Template // that hold the payload; nil for the modes not used
	mode         Mode           // these three without templates
	resource     wire.Resource
	payload      []byte
	to           []multicast.Destination
	owner        *stream
}

func newBatch() *batch {
	return &batch{
		items:   make([]item, 0, multicast.BatchSize),
		packets: make([]multicast.Packet, 0, multicast.BatchSize),
		owners:  make([]*stream, 0, multicast.BatchSize),
	}
}

func (b *batch) reset() {
	clear(b.items)
	b.items, b.packets, b.owners, b.arena, b.planned = b.items[:0], b.packets[:0], b.owners[:0], b.arena[:0], 0
}

func (b *batch) room(n int) bool { return b.planned+n <= cap(b.packets) }

func (b *batch) plan(i item) {
	b.items = append(b.items, i)
	b.planned += 2 * len(i.to)
}

func (b *batch) add(bytes []byte, to []multicast.Destination, owner *stream) {
	for _, d := range to {
		b.packets = append(b.packets, multicast.Packet{Bytes: bytes, To: d})
		b.owners = append(b.owners, owner)
	}
}

func newOutput(cfg SenderConfig, v *device.Voice) *output {
	return &output{
		cfg:       cfg,
		voice:     v,
		index:     make(map[streamKey]*stream),
		told:      make(map[streamKey]bool),
		timeGroup: []multicast.Destination{multicast.To(netip.AddrPortFrom(wire.GroupTime, uint16(cfg.Port)))},
	}
}

// join adds a universe; joining again replaces its options and keeps levels.
func (o *output) join(universe int, options UniverseOptions) error {
	if err := options.check(universe, o.cfg); err != nil {
		return err
	}
	key := streamKey{uint16(universe), options.Preview}
	old := o.index[key]
	if old != nil {
		o.remove(old)
	}
	if options.Priority == nil && o.told[key] {
		// A receiver goes by the last priority of a session until it is told another, and a
		// leave does not end a source (sections 14.1 and 14.5).
		options.Priority = []byte{defaultPriority}
	}
	s := newStream(key, options, o.voice, o.cfg.Scope, o.cfg.Mode, o.cfg.Port)
	if old != nil {
		s.setLevels(old.levels)
		s.cadence.Follow(old.cadence)
	}
	o.streams = append(o.streams, s)
	o.index[key] = s
	if !key.preview {
		o.tell(s, wire.UniverseJoin)
	}
	if o.cfg.Sync {
		o.syncLane(options.Endpoint)
	}
	return nil
}

// leave removes a stream of a universe.
func (o *output) leave(universe int, preview bool) bool {
	s := o.index[streamKey{uint16(universe), preview}]
	if s == nil || universe > wire.LastUniverse {
		return false
	}
	o.remove(s)
	if !preview {
		o.tell(s, wire.UniverseLeave)
	}
	return true
}

// leaveAll says good-bye for every universe.
func (o *output) leaveAll() {
	for len(o.streams) > 0 {
		key := o.streams[0].key
		o.leave(int(key.universe), key.preview)
	}
	o.timecodes = nil
	o.syncs = nil
}

func (o *output) remove(s *stream) {
	delete(o.index, s.key)
	if len(s.priority) > 0 {
		o.told[s.key] = true
	}
	for i, other := range o.streams {
		if other == s {
			last := len(o.streams) - 1
			o.streams[i] = o.streams[last]
			o.streams[last] = nil
			o.streams = o.streams[:last]
			return
		}
	}
}

func (o *output) tell(s *stream, command byte) {
	o.pending = append(o.pending, announcement{s.options.Endpoint, wire.Announcement{
		Universe: s.key.universe, Command: command, Group: s.options.Multicast,
	}})
}

// dataEndpoints is the number of data endpoints in use.
func (o *output) dataEndpoints() int {
	n := int(o.cfg.Endpoint)
	for _, s := range o.streams {
		n = max(n, int(s.options.Endpoint))
	}
	if len(o.timecodes) > 0 {
		n = max(n, int(o.cfg.TimecodeEndpoint))
	}
	return n
}

// fill puts what is due at now into b and tells whether more is waiting than
// fitted; then it must be called again. Level streams are those of a frame to be
// seen at the instant frame, which may lie ahead; they are left out if it is zero.
// The caller calls begin before the first call.
func (o *output) fill(b *batch, now, frame time.Time) (more bool) {
	b.reset()
	o.fillAnnouncements(b, now)
	// What is due for release goes before the next frame.
	for _, s := range o.syncs {
		// A keep-alive would show a frame that waits for its own sync, early and unsettled.
		idle := o.cfg.SyncKeepalive && s.due.IsZero() && now.Sub(s.last) >= syncKeepalive
		if (s.due.IsZero() || now.Before(s.due)) && !idle {
			continue
		}
		if !b.room(2) {
			return true
		}
		s.due, s.last = time.Time{}, now
		b.plan(item{lane: s.lane, signed: s.signed, open: s.open, to: o.timeGroup})
	}
	for ; !frame.IsZero() && o.cursor < len(o.streams); o.cursor++ {
		s := o.streams[o.round.At(o.cursor, len(o.streams))]
		if o.held(s, now) || !s.cadence.Due(frame) {
			continue
		}
		if !b.room(2 * len(s.to)) {
			return true
		}
		setPayload(s.signed, s.open, s.payload)
		b.plan(item{lane: s.lane, signed: s.signed, open: s.open, to: s.to, owner: s})
		if s.cadence.Sent(frame) && o.cfg.Sync && !s.key.preview {
			o.syncLane(s.options.Endpoint).touched = true
		}
	}
	for _, t := range o.timecodes {
		if !t.due(now) {
			continue
		}
		if !b.room(2) {
			return true
		}
		setPayload(t.signed, t.open, t.next(now))
		b.plan(item{lane: t.lane, signed: t.signed, open: t.open, to: t.to})
	}
	return false
}

// begin begins a flush.
func (o *output) begin() {
	o.cursor = 0
	o.round.Begin()
}

func setPayload(signed, open *wire.Template, payload []byte) {
	if signed != nil {
		copy(signed.Payload(), payload)
	}
	if open != nil {
		copy(open.Payload(), payload)
	}
}

// sign numbers and signs what fill has put into b, once for each mode. On an error
// the items that are left must be sent again.
func (b *batch) sign(v *device.Voice) error {
	for i := range b.items {
		it := &b.items[i]
		switch {
		case it.payload != nil:
			if err := b.signPayload(v, it); err != nil {
				return err
			}
			continue
		case it.signed != nil:
			sequence, err := v.Number(it.lane)
			if err != nil {
				return err
			}
			b.add(it.signed.Stamp(v.NextMessageID(), v.Session(), sequence, v.MAC(wire.KindLevel)), it.to, it.owner)
		}
		if it.open != nil {
			b.add(it.open.Stamp(v.NextMessageID(), 0, 0, nil), it.to, it.owner)
		}
	}
	return nil
}

// flushed notes that a flush has left the socket at now: its frames are
// released at the instant release, but not before the settling time is over. It
// tells whether there are any.
func (o *output) flushed(now, release time.Time) (releasing bool) {
	settled := now.Add(wire.SyncSettle)
	if release.Before(settled) {
		release = settled
	}
	for _, s := range o.syncs {
		if s.touched {
			s.touched = false
			s.due = release
			releasing = true
		}
	}
	return releasing
}

// held tells whether levels must wait for the next frame: those before them are not
// released yet, and a receiver has room for one frame.
func (o *output) held(s *stream, now time.Time) bool {
	if !o.cfg.Sync || s.key.preview {
		return false
	}
	return now.Before(o.syncLane(s.options.Endpoint).due)
}

// syncPayload is TID_SYNC, which carries nothing.
var syncPayload = wire.AppendTLV(nil, wire.TIDSync, nil)

func (o *output) syncLane(endpoint uint16) *syncLane {
	for _, s := range o.syncs {
		if s.endpoint == endpoint {
			return s
		}
	}
	s := &syncLane{endpoint: endpoint, lane: o.voice.Lane(endpoint)}
	s.signed, s.open = templates(o.cfg.Mode, s.lane, o.cfg.Scope, wire.Resource{Kind: wire.KindSync}, syncPayload)
	o.syncs = append(o.syncs, s)
	return s
}

// maxAnnouncements fit one packet: 11 bytes each.
const maxAnnouncements = wire.MaxPayload / 11

// fillAnnouncements tells joins and leaves, and all joins every five seconds.
func (o *output) fillAnnouncements(b *batch, now time.Time) {
	if !now.Before(o.announce) {
		o.announce = now.Add(wire.AnnounceInterval)
		o.pending = slices.DeleteFunc(o.pending, func(a announcement) bool { return a.Command == wire.UniverseJoin })
		for _, s := range o.streams {
			if !s.key.preview {
				o.tell(s, wire.UniverseJoin)
			}
		}
	}
	slices.SortStableFunc(o.pending, func(a, b announcement) int { return int(a.endpoint) - int(b.endpoint) })
	for len(o.pending) > 0 && b.room(2) {
		endpoint := o.pending[0].endpoint
		start := len(b.arena)
		n := 0
		for n < len(o.pending) && n < maxAnnouncements && o.pending[n].endpoint == endpoint {
			b.arena = wire.AppendAnnouncement(b.arena, o.pending[n].Announcement)
			n++
		}
		o.pending = o.pending[n:]
		b.plan(item{
			mode: o.cfg.Mode, lane: o.voice.Lane(endpoint), resource: wire.Resource{Kind: wire.KindSync},
			payload: b.arena[start:len(b.arena):len(b.arena)], to: o.timeGroup,
		})
	}
}

// signPayload makes the packets of an item without templates.
func (b *batch) signPayload(v *device.Voice, it *item) error {
	if it.mode != Open {
		start := len(b.arena)
		arena, err := v.AppendOn(b.arena, it.lane, it.resource, it.payload)
		if err != nil {
			return err
		}
		b.arena = arena
		b.add(arena[start:len(arena):len(arena)], it.to, nil)
	}
	if it.mode != Secure {
		start := len(b.arena)
		b.arena = v.AppendOpen(b.arena, it.resource, it.lane.ID.Endpoint, it.payload)
		b.add(b.arena[start:len(b.arena):len(b.arena)], it.to, nil)
	}
	return nil
}

// longAgo is a deadline for at once.
var longAgo = time.Unix(1, 0)

// deadline is when fill has something to do besides level streams.
func (o *output) deadline() time.Time {
	if len(o.pending) > 0 {
		return longAgo
	}
	next := o.announce
	for _, s := range o.syncs {
		if !s.due.IsZero() && s.due.Before(next) {
			next = s.due
		}
		if o.cfg.SyncKeepalive && s.due.IsZero() && s.last.Add(syncKeepalive).Before(next) {
			next = s.last.Add(syncKeepalive)
		}
	}
	for _, t := range o.timecodes {
		if d := t.deadline(); d.Before(next) {
			next = d
		}
	}
	return next
}
