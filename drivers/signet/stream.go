package signet

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"

	"showrun/drivers/lan"
	"showrun/drivers/lan/multicast"
	"showrun/drivers/signet/device"
	"showrun/drivers/signet/wire"
)

// UniverseOptions describe one universe of a Sender. The zero value sends 512
// levels without priority to the folded group.
type UniverseOptions struct {
	Slots     int              // 1-512 levels per packet, the same in every one; 0 means 512
	Priority  []byte           // nil for none (receivers assume 100), one value for all slots, or 512; each 0-200
	Multicast netip.Addr       // another group than the folded one; the Node must be told as well
	Unicast   []netip.AddrPort // if any, sent to these instead of the group; at most 32
	Endpoint  uint16           // merge source and lane; 0 means that of the Sender
	Rate      int              // packets per second at most; 0 means that of the Sender
	Preview   bool             // a preview stream for visualisers, filled by SetPreview
}

// Limits of a level stream.
const (
	maxUnicast  = 32
	maxPriority = 200
	maxRate     = 1000

	defaultPriority = 100 // what receivers assume if they were told none
)

// streamKey names a stream of a Sender.
type streamKey struct {
	universe uint16
	preview  bool
}

// A stream is one universe on its way out: the newest levels, and when they
// are due.
type stream struct {
	key      streamKey
	options  UniverseOptions
	lane     *device.Lane
	to       []multicast.Destination
	payload  []byte // TLVs: priority if used, then levels
	levels   []byte // inside payload
	priority []byte // inside payload, nil if not used
	signed   *wire.Template
	open     *wire.Template
	cadence  lan.Cadence
}

// check completes options with the defaults of the Sender.
func (o *UniverseOptions) check(universe int, cfg SenderConfig) error {
	if err := wire.CheckUniverse(universe); err != nil {
		return err
	}
	if o.Slots == 0 {
		o.Slots = wire.Slots
	}
	if o.Slots < 1 || o.Slots > wire.Slots {
		return fmt.Errorf("universe %d: slots must be 1-512, got %d", universe, o.Slots)
	}
	if o.Endpoint == 0 {
		o.Endpoint = cfg.Endpoint
	}
	if o.Endpoint > wire.LastDataEndpoint {
		return fmt.Errorf("universe %d: endpoint must be 1-%d, got %d", universe, wire.LastDataEndpoint, o.Endpoint)
	}
	if o.Rate == 0 {
		o.Rate = cfg.Rate
	}
	if o.Rate < 1 || o.Rate > maxRate {
		return fmt.Errorf("universe %d: rate must be 1-%d packets per second, got %d", universe, maxRate, o.Rate)
	}
	if o.Multicast.IsValid() && !(o.Multicast.Is4() && o.Multicast.IsMulticast()) {
		return fmt.Errorf("universe %d: %v is no IPv4 multicast group", universe, o.Multicast)
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
		if v > maxPriority {
			return fmt.Errorf("universe %d: priority of slot %d must be 0-%d, got %d", universe, i+1, maxPriority, v)
		}
	}
	return nil
}

// newStream makes a silent stream; options are checked.
func newStream(key streamKey, o UniverseOptions, v *device.Voice, scope string, mode Mode, port int) *stream {
	s := &stream{key: key, options: o, lane: v.Lane(o.Endpoint), cadence: lan.NewCadence(o.Rate)}
	for _, a := range o.Unicast {
		s.to = append(s.to, multicast.To(a))
	}
	if len(s.to) == 0 {
		group := s.resource().Group()
		if o.Multicast.IsValid() && !key.preview {
			group = o.Multicast
		}
		s.to = append(s.to, multicast.To(netip.AddrPortFrom(group, uint16(port))))
	}
	s.build(o.Priority, scope, mode)
	return s
}

func (s *stream) resource() wire.Resource {
	if s.key.preview {
		return wire.Resource{Kind: wire.KindPreview, Number: s.key.universe}
	}
	return wire.Resource{Kind: wire.KindLevel, Number: s.key.universe}
}

// build lays the packets out anew, keeping the levels. The payload is apart
// from the templates, as new levels may come while those are being written.
func (s *stream) build(priority []byte, scope string, mode Mode) {
	b := make([]byte, 0, wire.MaxPayload)
	if s.key.preview {
		priority = nil
	}
	if len(priority) > 0 {
		b = wire.AppendTLV(b, wire.TIDPriority, priority)
	}
	tid := wire.TIDLevel
	if s.key.preview {
		tid = wire.TIDPreview
	}
	b = wire.AppendTLVHeader(b, tid, s.options.Slots)
	first := len(b) // of the levels
	b = b[:first+s.options.Slots]
	copy(b[first:], s.levels)
	s.signed, s.open = templates(mode, s.lane, scope, s.resource(), b)
	s.payload = slices.Clone(b)
	s.levels = s.payload[first:]
	s.priority = s.payload[first-wire.TLVHeader-len(priority) : first-wire.TLVHeader]
}

// templates makes the packets of a resource for each mode in use.
func templates(mode Mode, l *device.Lane, scope string, r wire.Resource, payload []byte) (signed, open *wire.Template) {
	h := wire.Header{Sender: l.ID}
	if mode != Open {
		h.Mode = wire.ModeSecure
		signed = wire.NewTemplate(h, scope, r, payload)
	}
	if mode != Secure {
		h.Mode = wire.ModeOpen
		open = wire.NewTemplate(h, scope, r, payload)
	}
	return signed, open
}

// setLevels takes the newest levels; slots not given are 0.
func (s *stream) setLevels(levels []byte) {
	n := min(len(levels), len(s.levels))
	if s.cadence.Started() && bytes.Equal(s.levels[:n], levels[:n]) && allZero(s.levels[n:]) {
		return
	}
	copy(s.levels, levels[:n])
	clear(s.levels[n:])
	s.cadence.Start()
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// setPriority takes new priorities, checked; once used they stay in every
// packet.
func (s *stream) setPriority(p []byte, scope string, mode Mode) {
	if bytes.Equal(s.priority, p) {
		return
	}
	if len(p) == len(s.priority) {
		copy(s.priority, p)
	} else {
		s.build(p, scope, mode)
	}
	s.cadence.Change()
}
