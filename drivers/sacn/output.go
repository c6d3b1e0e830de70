package sacn

import (
	"maps"
	"net/netip"
	"slices"
	"time"

	"showrun/drivers/lan"
	"showrun/drivers/lan/multicast"
	"showrun/drivers/sacn/wire"
)

// settle is how long the levels of a frame are on their way before they are released, at
// least: receivers need it (11.2.2 leaves the length to the source).
const settle = 2 * time.Millisecond

// An output is everything a Sender streams, as a state machine: what is due at an instant
// goes into a batch, which must reach the wire before the next is filled.
type output struct {
	cfg       Config
	streams   []*stream
	index     map[uint32]*stream // by id
	sequences map[uint16]*byte   // of universes, also of those left
	cursor    int                // next stream of the present flush
	round     lan.Round

	ended []farewell

	syncTo   []multicast.Destination // where synchronisation packets go
	syncGone int                     // to how many of these the present one has gone
	syncNext byte
	sync     []byte    // the packet
	touched  bool      // levels went out since the last synchronisation
	due      time.Time // of the next, zero if nothing is to be released

	discovery time.Time // when the universes are told next
}

// A farewell is a universe that ends.
type farewell struct {
	*stream
	left int // packets
}

// A batch is what leaves together, at most multicast.BatchSize packets.
type batch struct {
	packets []multicast.Packet
	owners  []*lan.Cadence // of each packet, nil for others
}

func newBatch() *batch {
	return &batch{make([]multicast.Packet, 0, multicast.BatchSize), make([]*lan.Cadence, 0, multicast.BatchSize)}
}

func (b *batch) room(n int) bool { return len(b.packets)+n <= cap(b.packets) }

func (b *batch) add(bytes []byte, to []multicast.Destination, owner *lan.Cadence) {
	for _, d := range to {
		b.packets = append(b.packets, multicast.Packet{Bytes: bytes, To: d})
		b.owners = append(b.owners, owner)
	}
}

func newOutput(cfg Config) *output {
	return &output{cfg: cfg, index: map[uint32]*stream{}, sequences: map[uint16]*byte{}}
}

// join adds a universe; joining again replaces its options and keeps levels.
func (o *output) join(universe int, options UniverseOptions) error {
	if err := options.check(universe); err != nil {
		return err
	}
	key := streamKey{uint16(universe), options.Preview}
	sequence := o.sequences[key.universe]
	if sequence == nil {
		sequence = new(byte)
		o.sequences[key.universe] = sequence
	}
	s := newStream(key, options, o.cfg, sequence)
	if old := o.index[key.id()]; old != nil {
		s.follow(old, o.cfg)
		o.remove(old)
	}
	o.ended = slices.DeleteFunc(o.ended, func(f farewell) bool { return f.key == key })
	o.streams = append(o.streams, s)
	o.index[key.id()] = s
	o.address()
	return nil
}

// leave ends a stream of a universe. If another stream of the universe goes on, nothing is
// said: it would end as well for who does not tell them apart.
func (o *output) leave(universe int, preview bool) bool {
	s := o.index[streamKey{uint16(universe), preview}.id()]
	if s == nil || universe > wire.LastUniverse {
		return false
	}
	o.remove(s)
	o.address()
	if o.index[streamKey{s.key.universe, !preview}.id()] == nil && s.cadence.Started() {
		o.ended = append(o.ended, farewell{s, farewells})
	}
	return true
}

// leaveAll ends every universe.
func (o *output) leaveAll() {
	for len(o.streams) > 0 {
		key := o.streams[0].key
		o.leave(int(key.universe), key.preview)
	}
	o.due = time.Time{}
}

func (o *output) remove(s *stream) {
	delete(o.index, s.key.id())
	i := slices.Index(o.streams, s)
	last := len(o.streams) - 1
	o.streams[i] = o.streams[last]
	o.streams[last] = nil
	o.streams = o.streams[:last]
}

// address finds out where synchronisation packets go: to their group if any universe goes
// to one, and to every address that a universe goes to.
func (o *output) address() {
	if o.cfg.Sync == 0 {
		return
	}
	to := map[netip.AddrPort]bool{}
	for _, s := range o.streams {
		for _, d := range s.to {
			a := d.AddrPort
			if a.Addr().IsMulticast() {
				a = netip.AddrPortFrom(wire.Group(o.cfg.Sync), a.Port())
			}
			to[a] = !s.key.preview || to[a]
		}
	}
	o.syncTo = o.syncTo[:0]
	for _, a := range slices.SortedFunc(maps.Keys(to), netip.AddrPort.Compare) {
		if to[a] {
			o.syncTo = append(o.syncTo, multicast.To(a))
		}
	}
}

// fill puts what is due at now into b and tells whether more is waiting than fitted; then
// it must be called again. Levels are those of a frame to be seen at the instant frame,
// which may lie ahead; they are left out if it is zero. The caller calls begin before
// the first call.
func (o *output) fill(b *batch, now, frame time.Time) (more bool) {
	clear(b.packets)
	b.packets, b.owners = b.packets[:0], b.owners[:0]
	// What is due for release goes before the next frame.
	if !o.due.IsZero() && !now.Before(o.due) && o.fillSync(b) {
		return true
	}
	for len(o.ended) > 0 {
		f := &o.ended[0]
		if !b.room(len(f.to)) {
			return true
		}
		b.add(f.farewell(o.cfg), f.to, nil)
		if f.left--; f.left == 0 {
			o.ended = o.ended[1:]
		}
	}
	if !frame.IsZero() && o.fillStreams(b, now, frame) {
		return true
	}
	return o.fillDiscovery(b, now)
}

// begin begins a flush.
func (o *output) begin() {
	o.cursor = 0
	o.round.Begin()
}

// refused makes up for a packet that could not be sent.
func (o *output) refused(owner *lan.Cadence) {
	owner.Failed()
	o.round.Refused(func() int {
		return slices.IndexFunc(o.streams, func(s *stream) bool { return owner == &s.cadence || owner == &s.priorities })
	})
}

// fillSync puts a synchronisation packet into b, which is empty, for as many as it has room for.
func (o *output) fillSync(b *batch) (more bool) {
	to := o.syncTo[min(o.syncGone, len(o.syncTo)):]
	n := min(len(to), cap(b.packets))
	o.sync = wire.AppendSync(o.sync[:0], o.cfg.CID, o.syncNext, o.cfg.Sync)
	b.add(o.sync, to[:n], nil)
	if n < len(to) {
		o.syncGone += n
		return true
	}
	o.syncGone, o.due = 0, time.Time{}
	o.syncNext++
	return false
}

// fillStreams puts levels and priorities into b. Priorities go first: levels that come
// with others would count otherwise until then.
func (o *output) fillStreams(b *batch, now, frame time.Time) (more bool) {
	for ; o.cursor < len(o.streams); o.cursor++ {
		s := o.streams[o.round.At(o.cursor, len(o.streams))]
		if !s.cadence.Started() || o.held(s, now) {
			continue
		}
		if !b.room(2 * len(s.to)) {
			return true
		}
		if s.addresses != nil && s.priorities.Due(frame) {
			copy(s.prioritised.Slots(), s.addresses[:])
			b.add(s.next(s.prioritised), s.to, &s.priorities)
			s.priorities.Sent(frame)
			o.touched = true
		}
		if s.cadence.Due(frame) {
			copy(s.packet.Slots(), s.levels[:])
			b.add(s.next(s.packet), s.to, &s.cadence)
			s.cadence.Sent(frame)
			o.touched = o.touched || !s.key.preview
		}
	}
	return false
}

// held tells whether levels must wait for the next frame: those before them are not
// released yet, and a receiver has room for one frame.
func (o *output) held(s *stream, now time.Time) bool { return !s.key.preview && now.Before(o.due) }

// flushed notes that a flush has left the socket at now: its frame is released at the
// instant release, but not before the settling time is over. It tells whether there is one.
func (o *output) flushed(now, release time.Time) (releasing bool) {
	if o.cfg.Sync == 0 || !o.touched {
		return false
	}
	o.touched, o.due = false, release
	if settled := now.Add(settle); release.Before(settled) {
		o.due = settled
	}
	return true
}

// fillDiscovery tells the universes that are sent, and that of synchronisation (8).
func (o *output) fillDiscovery(b *batch, now time.Time) (more bool) {
	if now.Before(o.discovery) {
		return false
	}
	universes := o.universes()
	if len(universes) == 0 {
		o.discovery = time.Time{} // with the first levels
		return false
	}
	pages := (len(universes) + wire.PageUniverses - 1) / wire.PageUniverses
	if !b.room(min(pages, cap(b.packets))) {
		return true
	}
	o.discovery = now.Add(wire.DiscoveryInterval)
	to := []multicast.Destination{multicast.To(netip.AddrPortFrom(wire.Group(wire.DiscoveryUniverse), uint16(o.cfg.Port)))}
	page := 0
	for list := range slices.Chunk(universes, wire.PageUniverses) {
		b.add(wire.AppendDiscovery(nil, o.cfg.CID, o.cfg.Name, byte(page), byte(pages-1), list), to, nil)
		page++
	}
	return false
}

// universes are those that are told, in order.
func (o *output) universes() (list []uint16) {
	for _, s := range o.streams {
		if s.cadence.Started() {
			list = append(list, s.key.universe)
		}
	}
	if len(list) > 0 && o.cfg.Sync != 0 {
		list = append(list, o.cfg.Sync)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// longAgo is a deadline for at once.
var longAgo = time.Unix(1, 0)

// deadline is when fill has something to do besides levels; zero for never.
func (o *output) deadline() time.Time {
	switch {
	case len(o.ended) > 0:
		return longAgo
	case !o.due.IsZero() && (len(o.streams) == 0 || o.due.Before(o.discovery)):
		return o.due
	case len(o.streams) > 0:
		return o.discovery
	}
	return time.Time{}
}
