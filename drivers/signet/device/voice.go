package device

import (
	"fmt"
	"hash"
	"sync"

	"showrun/drivers/signet/key"
	"showrun/drivers/signet/wire"
)

// VoiceConfig says in whose name a Voice speaks.
type VoiceConfig struct {
	TUID    wire.TUID
	Scope   string // "" means "local"
	Open    bool   // Open Mode: no keys, no numbers
	Keys    key.Keys
	Session uint32                 // of this start; 0 means 1. Not used in Open Mode
	Next    func() (uint32, error) // gives the session numbers after it; nil counts on in memory
}

// A Voice numbers and signs what one device sends: a session number per start
// and a sequence number per endpoint. It is owned by one goroutine at a time,
// which must also put its packets on the wire in the order they were made. Lane alone
// is safe from any goroutine.
type Voice struct {
	cfg       VoiceConfig
	macs      key.MACs
	session   uint32
	messageID uint16

	mu    sync.Mutex // only for looking lanes up
	lanes map[uint16]*Lane
}

// A Lane is the sequence of one endpoint.
type Lane struct {
	ID       wire.SenderID
	sequence uint32 // last one sent
}

// NewVoice makes a Voice whose lanes all start at 1. Whoever keeps session numbers
// has taken and stored that of this start before.
func NewVoice(cfg VoiceConfig) (*Voice, error) {
	if cfg.TUID.IsZero() {
		return nil, fmt.Errorf("sig-net: no TUID given")
	}
	if cfg.Scope == "" {
		cfg.Scope = wire.DefaultScope
	}
	if err := wire.CheckScope(cfg.Scope); err != nil {
		return nil, err
	}
	v := &Voice{cfg: cfg, macs: key.NewMACs(cfg.Keys), lanes: make(map[uint16]*Lane)}
	v.cfg.Keys = key.Keys{}
	if !cfg.Open {
		v.session = max(cfg.Session, 1)
	}
	if cfg.Next == nil {
		v.cfg.Next = Numbers(nil, cfg.TUID, v.session)
	}
	return v, nil
}

// Renew moves to the next session, as a restart does: every lane starts at 1.
func (v *Voice) Renew() error {
	if v.cfg.Open {
		return nil
	}
	session, err := v.cfg.Next()
	if err != nil {
		return err
	}
	v.session = session
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, l := range v.lanes {
		l.sequence = 0
	}
	return nil
}

// Left is how many packets the lane that is furthest on may still send in this session.
func (v *Voice) Left() uint32 {
	v.mu.Lock()
	defer v.mu.Unlock()
	last := uint32(0)
	for _, l := range v.lanes {
		last = max(last, l.sequence)
	}
	return lastSequence - 1 - last
}

// Session is the present session number, 0 in Open Mode.
func (v *Voice) Session() uint32 { return v.session }

// Lane gives the sequence of an endpoint.
func (v *Voice) Lane(endpoint uint16) *Lane {
	v.mu.Lock()
	defer v.mu.Unlock()
	l := v.lanes[endpoint]
	if l == nil {
		l = &Lane{ID: wire.SenderID{TUID: v.cfg.TUID, Endpoint: endpoint}}
		v.lanes[endpoint] = l
	}
	return l
}

// Number takes the next sequence number of a lane. At the end of the numbers
// it moves to the next session, which is stored first.
func (v *Voice) Number(l *Lane) (uint32, error) {
	if l.sequence+1 == lastSequence {
		if err := v.Renew(); err != nil {
			return 0, err
		}
	}
	l.sequence++
	return l.sequence, nil
}

// MAC gives the HMAC that signs a resource, nil without its key.
func (v *Voice) MAC(k wire.Kind) hash.Hash { return v.macs.Of(k) }

// NextMessageID counts every packet and is never 0.
func (v *Voice) NextMessageID() uint16 {
	v.messageID++
	if v.messageID == 0 {
		v.messageID = 1
	}
	return v.messageID
}

// Append appends one packet of ours, as from the given endpoint.
func (v *Voice) Append(b []byte, r wire.Resource, endpoint uint16, payload []byte) ([]byte, error) {
	if v.cfg.Open {
		return v.AppendOpen(b, r, endpoint, payload), nil
	}
	return v.AppendOn(b, v.Lane(endpoint), r, payload)
}

// AppendOn appends one signed packet of ours with the next number of a lane.
func (v *Voice) AppendOn(b []byte, l *Lane, r wire.Resource, payload []byte) ([]byte, error) {
	mac := v.macs.Of(r.Kind)
	if mac == nil {
		return b, fmt.Errorf("sig-net: no key to sign %s packets", r.Kind)
	}
	sequence, err := v.Number(l)
	if err != nil {
		return b, err
	}
	h := wire.Header{
		MessageID: v.NextMessageID(), Mode: wire.ModeSecure,
		Sender: l.ID, Session: v.session, Sequence: sequence,
	}
	return wire.Append(b, h, v.cfg.Scope, r, payload, mac), nil
}

// AppendOpen appends one packet in Open Mode, whatever the mode of the Voice.
func (v *Voice) AppendOpen(b []byte, r wire.Resource, endpoint uint16, payload []byte) []byte {
	h := wire.Header{
		MessageID: v.NextMessageID(), Mode: wire.ModeOpen,
		Sender: wire.SenderID{TUID: v.cfg.TUID, Endpoint: endpoint},
	}
	return wire.Append(b, h, v.cfg.Scope, r, payload, nil)
}

// AppendBeacon appends the beacon of a device without keys. Its scope is the
// factory one (section 14.3).
func (v *Voice) AppendBeacon(b []byte, payload []byte) []byte {
	h := wire.Header{
		MessageID: v.NextMessageID(), Mode: wire.ModeOffboarded,
		Sender: wire.SenderID{TUID: v.cfg.TUID},
	}
	r := wire.Resource{Kind: wire.KindNodeBeacon, TUID: v.cfg.TUID}
	return wire.Append(b, h, wire.DefaultScope, r, payload, nil)
}
