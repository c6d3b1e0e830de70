package signet

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"

	"showrun/drivers/lan"
	"showrun/drivers/lan/multicast"
	"showrun/drivers/signet/device"
	"showrun/drivers/signet/wire"
)

// SenderConfig describes a Sender. TUID is required, and in every mode but
// Open so are Keys.Sender and Keys.Citizen; all else has a default.
type SenderConfig struct {
	TUID             TUID
	Scope            string // "" means "local"
	Keys             Keys   // without Keys.Manager polls are not answered
	Session          uint32 // of this start; 0 means 1. OpenSender takes the next of Sessions
	Sessions         Sessions
	Interface        string // "" for the system's choice, or a name or IPv4 address
	Port             int    // 0 means 5683
	Endpoint         uint16 // lane of levels, preview and sync; 0 means 1
	TimecodeEndpoint uint16 // lane of timecode; 0 means the one after Endpoint, or before the last
	Rate             int    // packets per second and universe at most; 0 means 44
	Mode             Mode
	Sync             bool // release every frame with TID_SYNC; Rate is then at most 120
	SyncKeepalive    bool // repeat TID_SYNC every 200 ms while idle
	Label            string
	Model            string // "" means "showrun"
	Version          string // of the software, for TID_RT_FIRMWARE_VERSION
	Roles            byte   // further roles of the same device, such as device.RoleVisualiser
	SoemCode         uint32 // 0 means the prototype code
	Log              *slog.Logger
	Rand             *rand.Rand // for random delays; nil seeds one from the system
}

// complete fills defaults in and checks the rest.
func (c *SenderConfig) complete() error {
	if c.TUID.IsZero() {
		return fmt.Errorf("sig-net sender: no TUID given")
	}
	if c.Scope == "" {
		c.Scope = wire.DefaultScope
	}
	if err := wire.CheckScope(c.Scope); err != nil {
		return err
	}
	if c.Mode > Both {
		return fmt.Errorf("sig-net sender: unknown mode %d", c.Mode)
	}
	if c.Mode != Open && (c.Keys.Sender.IsZero() || c.Keys.Citizen.IsZero()) {
		return fmt.Errorf("sig-net sender: mode %s needs keys; enter the passphrase of the installation", c.Mode)
	}
	if c.Port == 0 {
		c.Port = wire.Port
	}
	if c.Endpoint == 0 {
		c.Endpoint = 1
	}
	if c.TimecodeEndpoint == 0 {
		c.TimecodeEndpoint = c.Endpoint + 1
		if c.Endpoint == wire.LastDataEndpoint {
			c.TimecodeEndpoint = c.Endpoint - 1
		}
	}
	if c.Endpoint > wire.LastDataEndpoint || c.TimecodeEndpoint > wire.LastDataEndpoint {
		return fmt.Errorf("sig-net sender: endpoints must be 1-%d", wire.LastDataEndpoint)
	}
	if c.Rate == 0 {
		c.Rate = 44
	}
	if c.Rate < 1 || c.Rate > maxRate {
		return fmt.Errorf("sig-net sender: rate must be 1-%d packets per second, got %d", maxRate, c.Rate)
	}
	if c.Sync && c.Rate > 120 {
		return fmt.Errorf("sig-net sender: with sync the rate must be at most 120, got %d", c.Rate)
	}
	if c.Model == "" {
		c.Model = "showrun"
	}
	if c.SoemCode == 0 {
		c.SoemCode = wire.PrototypeSoemCode
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Rand == nil {
		c.Rand = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	return nil
}

// SenderStats counts what a Sender did since it was opened.
type SenderStats struct {
	Packets    uint64 // that left the socket
	Errors     uint64 // packets the system refused
	Universes  int
	Session    uint32
	Received   Counters // polls and other packets, by verdict
	Lost       bool     // no Manager polls, so we say so every three seconds
	Duplicates uint64   // packets of another device with our TUID
}

// A Sender streams universes, sync and timecode, announces its universes and
// answers polls. It is a machine: it has no sockets, clock or goroutines, instants are
// handed in, and what is to leave is given to a Send.
//
// One goroutine at a time calls Receive, Step and Deadline. All other methods may be
// called from any goroutine. SetLevels, SetPreview, SetPriority, FlushFor, Flush and
// Release, the methods of a Timecode, Join and Leave never wait for a lock that is held
// while somebody verifies or signs a packet, parses, logs, stores a session number or
// writes to a socket: a thread that has frames to keep on time may call them. What
// they wait for is mu, which is held to look up and copy, at most for one batch of
// levels. Who finds the wire taken does not wait for it: see FlushFor.
type Sender struct {
	cfg  SenderConfig
	send Send
	wake func() // says that Deadline has changed; mu is held

	// ear guards what hears and answers. It is held while packets are verified, so
	// none of the methods above takes it. It is taken before mu.
	ear        sync.Mutex
	presence   *device.Presence
	gate       *device.Gate
	duplicates uint64
	duplicate  time.Time // when a duplicate TUID was logged last
	said       []said    // of Step
	talk       []byte    // payloads of said

	mu      sync.Mutex
	output  *output
	stats   SenderStats
	flushes lan.Flushes // of levels
	talkDue time.Time   // when the presence has something to say
	ended   bool
	turn    *lan.Turn

	// Of whoever has the wire.
	batch     *batch
	voice     *device.Voice
	onRefused func(i int, err error) // refuse
	refusals  []int                  // packets of the batch that were not sent
	refusal   error                  // why the first of them was not
	reserved  uint32                 // the next session number, stored already; 0 for none

	reserveBelow uint32 // numbers left in a lane
}

// Send puts the packets of a burst on the wire, in order. now is the same for all parts
// of a burst. It calls refused for each packet that cannot be sent and tells how many
// were and when it was done. It must not keep the bytes.
type Send func(now time.Time, packets []Packet, refused func(i int, err error)) (sent int, done time.Time)

// Packet is bytes on their way.
type Packet = multicast.Packet

// NewSender makes a Sender that starts at now. Its packets are given to send, or go
// nowhere if that is nil.
func NewSender(cfg SenderConfig, now time.Time, send Send) (*Sender, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	if send == nil {
		send = func(now time.Time, packets []Packet, _ func(int, error)) (int, time.Time) { return len(packets), now }
	}
	s := &Sender{cfg: cfg, send: send, wake: func() {}, flushes: lan.Flushes{Frame: time.Second / time.Duration(cfg.Rate)}, batch: newBatch(), reserveBelow: reserveBelow}
	s.turn, s.onRefused = lan.NewTurn(&s.mu, s.burst), s.refuse
	var err error
	s.voice, err = device.NewVoice(device.VoiceConfig{
		TUID: cfg.TUID, Scope: cfg.Scope, Open: cfg.Mode == Open, Keys: cfg.Keys, Session: cfg.Session, Next: s.nextSession,
	})
	if err != nil {
		return nil, err
	}
	s.stats.Session = s.voice.Session()
	s.gate = device.NewGate(device.GateConfig{
		Scope: cfg.Scope, Open: cfg.Mode == Open, Keys: cfg.Keys, Interests: interests{cfg.TUID},
	})
	s.presence = device.NewPresence(device.PresenceConfig{
		TUID: cfg.TUID, SoemCode: cfg.SoemCode, Rand: cfg.Rand, Polled: cfg.Mode != Secure || !cfg.Keys.Manager.IsZero(),
		Device: &senderDevice{
			sender: s,
			label:  cfg.Label,
			open:   cfg.Mode == Open,
			description: device.Description{
				Supported: senderTIDs, FirmwareText: cfg.Version, Model: cfg.Model, Scope: cfg.Scope,
				Roles: device.RoleSender | device.RoleOpen | cfg.Roles,
			},
		},
	}, now)
	s.talkDue = s.presence.Deadline()
	s.cfg.Keys = Keys{} // the machines hold what they need
	s.output = newOutput(s.cfg, s.voice)
	return s, nil
}

// Groups are the multicast groups a Sender listens to.
func (s *Sender) Groups() []netip.Addr {
	if s.presence.Polls() {
		return []netip.Addr{wire.GroupNode, wire.GroupPoll}
	}
	return []netip.Addr{wire.GroupNode}
}

// Join adds a universe, 1 to 63999: it is announced at once and sent from the
// first SetLevels on. Joining again replaces the options and keeps the levels.
func (s *Sender) Join(universe int, options UniverseOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.output.join(universe, options); err != nil {
		return err
	}
	s.wake()
	return nil
}

// Leave ends a universe: its leave is announced and nothing more is sent. Its
// preview stream, if there is one, goes on.
func (s *Sender) Leave(universe int) error { return s.leave(universe, false) }

// LeavePreview ends the preview stream of a universe.
func (s *Sender) LeavePreview(universe int) error { return s.leave(universe, true) }

func (s *Sender) leave(universe int, preview bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.output.leave(universe, preview) {
		return fmt.Errorf("universe %d is not joined", universe)
	}
	s.wake()
	return nil
}

// SetLevels takes the newest levels of a joined universe, slot 1 first; slots
// not given are 0. They are copied and leave with the next Flush. Levels of
// other universes are ignored.
func (s *Sender) SetLevels(universe int, levels []byte) { s.set(universe, false, levels) }

// SetPreview takes the newest levels of a preview stream.
func (s *Sender) SetPreview(universe int, levels []byte) { s.set(universe, true, levels) }

func (s *Sender) set(universe int, preview bool, levels []byte) {
	if universe < 1 || universe > wire.LastUniverse {
		return
	}
	s.mu.Lock()
	if stream := s.output.index[streamKey{uint16(universe), preview}]; stream != nil {
		stream.setLevels(levels)
	}
	s.mu.Unlock()
}

// SetPriority gives a universe one priority for all slots, or 512. 0 means it
// takes no part in the merge.
func (s *Sender) SetPriority(universe int, priority []byte) error {
	if err := wire.CheckUniverse(universe); err != nil {
		return err
	}
	if err := checkPriority(universe, priority); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	stream := s.output.index[streamKey{uint16(universe), false}]
	if stream == nil {
		return fmt.Errorf("universe %d is not joined", universe)
	}
	stream.setPriority(priority, s.cfg.Scope, s.cfg.Mode)
	return nil
}

// Timecode opens a timecode stream, 1 to 255, frozen at 00:00:00:00. Opening
// one again gives a new handle and ends the old one.
func (s *Sender) Timecode(stream int, rate wire.TimecodeRate) (*Timecode, error) {
	if stream < 1 || stream > 255 {
		return nil, fmt.Errorf("timecode stream must be 1-255, got %d", stream)
	}
	if !rate.Valid() {
		return nil, fmt.Errorf("timecode rate %d is reserved", rate)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t := newTimecode(s.output, stream, rate)
	t.sender = s
	s.removeTimecode(stream)
	s.output.timecodes = append(s.output.timecodes, t)
	s.wake()
	return t, nil
}

// CloseTimecode ends a timecode stream: nothing more is sent.
func (s *Sender) CloseTimecode(stream int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.removeTimecode(stream)
}

func (s *Sender) removeTimecode(stream int) {
	kept := s.output.timecodes[:0]
	for _, t := range s.output.timecodes {
		if t.stream != stream {
			kept = append(kept, t)
		}
	}
	clear(s.output.timecodes[len(kept):])
	s.output.timecodes = kept
}

// Forget drops a Manager from the replay table: one that lost its session
// counter is not answered until then.
func (s *Sender) Forget(t TUID) bool {
	s.ear.Lock()
	defer s.ear.Unlock()
	return s.gate.Forget(t)
}

// Stats gives the counters.
func (s *Sender) Stats() SenderStats {
	s.ear.Lock()
	received, duplicates := s.gate.Counters(), s.duplicates
	s.ear.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := s.stats
	stats.Universes = len(s.output.streams)
	stats.Received, stats.Duplicates = received, duplicates
	return stats
}

// TUID is the identity of the Sender.
func (s *Sender) TUID() TUID { return s.cfg.TUID }
