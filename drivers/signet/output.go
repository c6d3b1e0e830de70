package signet

import (
	"net/netip"
	"slices"
	"time"

	"showrun/drivers/signet/device"
	"showrun/drivers/signet/multicast"
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
// at an instant goes into a batch, numbered and signed. Packets of a batch
// must reach the wire in its order before the next batch is filled.
type output struct {
	cfg       SenderConfig
	voice     *device.Voice
	streams   []*stream
	index     map[streamKey]*stream
	told      map[streamKey]bool // receivers know a priority of it, until the session ends
	cursor    int                // next stream of the present flush
	timecodes []*Timecode
	syncs     []*syncLane
	timeGroup multicast.Destination

	pending  []announcement // joins and leaves not yet told
	announce time.Time      // when all joins are told again
	payload  []byte
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

// A batch is packets ready for the wire, at most multicast.BatchSize.
type batch struct {
	packets []multicast.Packet
	owners  []*stream // of each packet, nil for others
	arena   []byte    // bytes of packets without a template
}

func newBatch() *batch {
	return &batch{
		packets: make([]multicast.Packet, 0, multicast.BatchSize),
		owners:  make([]*stream, 0, multicast.BatchSize),
	}
}

func (b *batch) reset() {
	b.packets, b.owners, b.arena = b.packets[:0], b.owners[:0], b.arena[:0]
}

func (b *batch) room(n int) bool { return len(b.packets)+n <= cap(b.packets) }

func (b *batch) add(bytes []byte, to multicast.Destination, owner *stream) {
	b.packets = append(b.packets, multicast.Packet{Bytes: bytes, To: to})
	b.owners = append(b.owners, owner)
}

func newOutput(cfg SenderConfig, v *device.Voice) *output {
	return &output{
		cfg:       cfg,
		voice:     v,
		index:     make(map[streamKey]*stream),
		told:      make(map[streamKey]bool),
		timeGroup: multicast.To(netip.AddrPortFrom(wire.GroupTime, uint16(cfg.Port))),
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
		s.started, s.changed, s.last = old.started, old.started, old.last
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
// The caller sets cursor to 0 before the first call.
func (o *output) fill(b *batch, now, frame time.Time) (more bool, err error) {
	b.reset()
	if err := o.fillAnnouncements(b, now); err != nil {
		return false, err
	}
	// What is due for release goes before the next frame.
	for _, s := range o.syncs {
		// A keep-alive would show a frame that waits for its own sync, early and unsettled.
		idle := o.cfg.SyncKeepalive && s.due.IsZero() && now.Sub(s.last) >= syncKeepalive
		if (s.due.IsZero() || now.Before(s.due)) && !idle {
			continue
		}
		if !b.room(2) {
			return true, nil
		}
		s.due, s.last = time.Time{}, now
		if err := o.stamp(b, s.lane, s.signed, s.open, syncPayload, []multicast.Destination{o.timeGroup}, nil); err != nil {
			return false, err
		}
	}
	for ; !frame.IsZero() && o.cursor < len(o.streams); o.cursor++ {
		s := o.streams[o.cursor]
		if !s.due(frame) || o.held(s, now) {
			continue
		}
		if !b.room(2 * len(s.to)) {
			return true, nil
		}
		if err := o.stamp(b, s.lane, s.signed, s.open, s.payload, s.to, s); err != nil {
			return false, err
		}
		if s.sent(frame) && o.cfg.Sync && !s.key.preview {
			o.syncLane(s.options.Endpoint).touched = true
		}
	}
	for _, t := range o.timecodes {
		if !t.due(now) {
			continue
		}
		if !b.room(2) {
			return true, nil
		}
		payload := t.next(now)
		if err := o.stamp(b, t.lane, t.signed, t.open, payload, t.to, nil); err != nil {
			return false, err
		}
	}
	return false, nil
}

// stamp numbers and signs one packet, once for each mode, and adds it for
// each destination.
func (o *output) stamp(b *batch, l *device.Lane, signed, open *wire.Template, payload []byte, to []multicast.Destination, owner *stream) error {
	if signed != nil {
		sequence, err := o.voice.Number(l)
		if err != nil {
			return err
		}
		copy(signed.Payload(), payload)
		packet := signed.Stamp(o.voice.NextMessageID(), o.voice.Session(), sequence, o.voice.MAC(wire.KindLevel))
		for _, d := range to {
			b.add(packet, d, owner)
		}
	}
	if open != nil {
		copy(open.Payload(), payload)
		packet := open.Stamp(o.voice.NextMessageID(), 0, 0, nil)
		for _, d := range to {
			b.add(packet, d, owner)
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
func (o *output) fillAnnouncements(b *batch, now time.Time) error {
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
		o.payload = o.payload[:0]
		n := 0
		for n < len(o.pending) && n < maxAnnouncements && o.pending[n].endpoint == endpoint {
			o.payload = wire.AppendAnnouncement(o.payload, o.pending[n].Announcement)
			n++
		}
		o.pending = o.pending[n:]
		if err := o.append(b, wire.Resource{Kind: wire.KindSync}, endpoint, o.payload, o.timeGroup); err != nil {
			return err
		}
	}
	return nil
}

// append adds one packet without a template, once for each mode.
func (o *output) append(b *batch, r wire.Resource, endpoint uint16, payload []byte, to multicast.Destination) error {
	if o.cfg.Mode != Open {
		start := len(b.arena)
		arena, err := o.voice.Append(b.arena, r, endpoint, payload)
		if err != nil {
			return err
		}
		b.arena = arena
		b.add(arena[start:len(arena):len(arena)], to, nil)
	}
	if o.cfg.Mode != Secure {
		start := len(b.arena)
		b.arena = o.voice.AppendOpen(b.arena, r, endpoint, payload)
		b.add(b.arena[start:len(b.arena):len(b.arena)], to, nil)
	}
	return nil
}

// deadline is when fill has something to do besides level streams.
func (o *output) deadline(now time.Time) time.Time {
	if len(o.pending) > 0 {
		return now
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
		if d := t.deadline(now); d.Before(next) {
			next = d
		}
	}
	return next
}
