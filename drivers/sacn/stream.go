package sacn

import (
	"bytes"
	"fmt"
	"net/netip"

	"showrun/drivers/lan"
	"showrun/drivers/lan/multicast"
	"showrun/drivers/sacn/wire"
)

// UniverseOptions describe one universe of a Sender.
type UniverseOptions struct {
	// Priority is nil for that of the Sender, one value, or 512 for per-address priority;
	// each 0-200.
	Priority []byte
	Preview  bool             // for visualisers: not for live output, and never held for synchronisation
	Unicast  []netip.AddrPort // if any, sent to these instead of the group; at most 32
}

const (
	maxUnicast = 32
	maxRate    = 1000
	farewells  = 3 // packets that end a universe (6.2.6)
)

// streamKey names a stream of a Sender.
type streamKey struct {
	universe uint16
	preview  bool
}

// id is the key as one number, which is found quickest.
func (k streamKey) id() uint32 {
	id := uint32(k.universe)
	if k.preview {
		id |= 1 << 16
	}
	return id
}

// A stream is one universe on its way out: the newest levels and priorities, and when they
// are due. Levels and priorities are apart from the packets, as new ones may come while
// those are being written.
type stream struct {
	key      streamKey
	sequence *byte // of the universe, for all packets of ours (6.7.2)
	to       []multicast.Destination
	levels   [wire.Slots]byte
	priority byte // of the packets
	packet   wire.Template
	cadence  lan.Cadence

	// Per-address priority, once it was used; nil before.
	addresses   *[wire.Slots]byte
	prioritised wire.Template
	priorities  lan.Cadence
}

func (o UniverseOptions) check(universe int) error {
	if err := wire.CheckUniverse(universe); err != nil {
		return err
	}
	if len(o.Unicast) > maxUnicast {
		return fmt.Errorf("universe %d: at most %d unicast addresses, got %d", universe, maxUnicast, len(o.Unicast))
	}
	if o.Priority != nil {
		return checkPriority(universe, o.Priority)
	}
	return nil
}

func checkPriority(universe int, p []byte) error {
	if len(p) != 1 && len(p) != wire.Slots {
		return fmt.Errorf("universe %d: want one priority or 512, got %d", universe, len(p))
	}
	for i, v := range p {
		if v > wire.MaxPriority {
			return fmt.Errorf("universe %d: priority of slot %d must be 0-%d, got %d", universe, i+1, wire.MaxPriority, v)
		}
	}
	return nil
}

// newStream makes a silent stream; options are checked.
func newStream(key streamKey, o UniverseOptions, cfg Config, sequence *byte) *stream {
	s := &stream{key: key, sequence: sequence, priority: cfg.Priority, cadence: lan.NewCadence(cfg.Rate), priorities: lan.NewCadence(cfg.Rate)}
	for _, a := range o.Unicast {
		s.to = append(s.to, multicast.To(a))
	}
	if len(s.to) == 0 {
		s.to = append(s.to, multicast.To(netip.AddrPortFrom(wire.Group(key.universe), uint16(cfg.Port))))
	}
	s.packet = s.template(cfg, wire.StartLevels)
	if o.Priority != nil && !key.preview {
		s.setPriority(o.Priority, cfg)
	}
	return s
}

func (s *stream) template(cfg Config, start byte) wire.Template {
	p := wire.Packet{
		CID: cfg.CID, Name: []byte(cfg.Name), Priority: s.priority, Universe: s.key.universe, StartCode: start, Slots: make([]byte, wire.Slots),
	}
	switch {
	case s.key.preview:
		p.Options = wire.Preview
	case start == wire.StartLevels:
		p.Sync = cfg.Sync
	}
	return wire.NewTemplate(p)
}

// setLevels takes the newest levels; slots not given are 0.
func (s *stream) setLevels(levels []byte) {
	levels = levels[:min(len(levels), wire.Slots)]
	n := len(levels)
	if s.cadence.Started() && bytes.Equal(s.levels[:n], levels) && bytes.Count(s.levels[n:], []byte{0}) == wire.Slots-n {
		return
	}
	copy(s.levels[:], levels)
	clear(s.levels[n:])
	s.cadence.Start()
}

// setPriority takes priorities, checked. Once there were 512 they stay in use: receivers
// would go by them for 2.5 s more.
func (s *stream) setPriority(p []byte, cfg Config) {
	if len(p) == 1 {
		if p[0] != s.priority {
			s.priority = p[0]
			s.cadence.Change()
		}
		if s.addresses == nil {
			return
		}
		p = bytes.Repeat(p, wire.Slots)
	}
	if s.addresses == nil {
		s.addresses = new([wire.Slots]byte)
		s.prioritised = s.template(cfg, wire.StartPriority)
	} else if bytes.Equal(s.addresses[:], p) {
		return
	}
	copy(s.addresses[:], p)
	s.priorities.Start()
}

// follow goes on with the levels of a stream in whose place this one comes.
func (s *stream) follow(old *stream, cfg Config) {
	s.levels = old.levels
	s.cadence.Follow(old.cadence)
	if old.addresses != nil && s.addresses == nil {
		s.addresses = new([wire.Slots]byte)
		s.prioritised = s.template(cfg, wire.StartPriority)
		copy(s.addresses[:], bytes.Repeat([]byte{s.priority}, wire.Slots))
		s.priorities.Start()
	}
}

// next numbers a packet of the universe.
func (s *stream) next(t wire.Template) []byte {
	t.SetPriority(s.priority)
	t.Stamp(*s.sequence)
	*s.sequence++
	return t
}

// farewell makes a packet that ends the universe. Its values mean nothing.
func (s *stream) farewell(cfg Config) []byte {
	p := wire.Packet{
		CID: cfg.CID, Name: []byte(cfg.Name), Priority: s.priority, Universe: s.key.universe, Sequence: *s.sequence,
		Options: wire.Terminated, Slots: make([]byte, wire.Slots),
	}
	if s.key.preview {
		p.Options |= wire.Preview
	}
	*s.sequence++
	return wire.AppendData(nil, p)
}
