// Package source is the other side of package stagelinq: a virtual StageLinQ
// player with two to four decks, for rehearsal and for tests.
//
// [Player] is the unit itself, a model without sockets or clock: tracks are
// loaded, played, pitched, looped and jumped, and it tells its states and
// beats for any instant. [Source] serves a Player step by step as the known clients of
// the protocol need it (7.1), and [Conn] puts it on the network.
package source

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"showrun/drivers/stagelinq/discovery"
	"showrun/drivers/stagelinq/peer"
	"showrun/drivers/stagelinq/wire"
)

// Config configures a Source.
type Config struct {
	Name     string // announced device name, default "prime4" or "sc6000"
	Software string // announced hardware code, default "JC11" or, with two decks, "JP13"
	Version  string // announced version, default "3.4.0"
	// Token identifies the unit. The zero token is refused.
	Token  wire.Token
	Decks  int // 2-4, default 4
	Number int // player number shown on the unit, 1-4, default 1
	// Interface chooses the network, as in stagelinq.Config. The TCP ports are
	// opened on that address only, or on all with "".
	Interface string
	// DiscoveryPort is the UDP port of discovery, 0 for stagelinq.DefaultPort.
	DiscoveryPort int
	// BeatRate is the number of beat messages a second, 1-100, default 30.
	BeatRate int
	// Random draws from [0, 1) for the spacing of attempts; nil seeds one from the system.
	Random func() float64
	// Log receives what a person may want to know; nil discards it.
	Log *slog.Logger
}

// Stats are counters since the source was made.
type Stats struct {
	Discovery    discovery.AnnouncerStats
	Clients      int64  // service connections open now
	States       int    // of them, those for states
	Beats        int    // of them, those that get beat messages
	BeatsDropped uint64 // beat messages not sent to clients that do not read
	Writes       uint64 // set messages received and ignored
	Refused      uint64 // connections closed for a wrong hello or a flood
	NoRoom       uint64 // datagrams of listeners there was no room for
}

// model is the unit a Source serves, behind the source's lock. Instants never run
// backwards.
type model interface {
	// State returns the present value of a path as JSON; ok is false for a path
	// the unit does not have.
	State(path string) (json string, ok bool)
	// TakeChanges returns the changes of states since the last call, in order.
	TakeChanges() []Change
	// Step brings the unit to now and returns a beat message that is due, with
	// its decks in decks[:0]. Each call returns one, until ok is false.
	Step(now time.Time, decks []wire.DeckBeat) (info wire.BeatInfo, ok bool)
	// Deadline returns when Step has something to do again, the zero time for
	// never.
	Deadline() time.Time
}

// Source serves a unit. It is a machine: it has no sockets, clock or goroutines. Heard,
// Accepted, Opened, Receive and Ended tell it what happens, Do changes the unit, Step does
// what is due, Deadline says when, and what it wants done on its connections it asks of
// peer.Streams. All methods are safe from any goroutine.
type Source struct {
	config Config
	log    *slog.Logger
	net    peer.Streams
	count  struct {
		beatsDropped, writes, refused, noRoom atomic.Uint64
	}

	mu      sync.Mutex
	model   model
	player  *Player     // the model, if it is one
	take    *TakePlayer // the model, if it is one
	offered []byte      // announcements of the services
	streams map[peer.ID]*stream
	lastID  peer.ID
	table   discovery.Table // who listens for units
	calls   map[wire.Token]*call
	joined  bool            // there was a client, so the unit moves
	began   bool            // the unit was stepped
	decks   []wire.DeckBeat // lent to the model
	beat    []byte          // the last beat message
}

// services are offered in this order. Some clients insist on four names, some
// on FileTransfer (7.2).
var services = []string{
	wire.ServiceStateMap,
	wire.ServiceBroadcast,
	wire.ServiceTimeSync,
	wire.ServiceBeatInfo,
	wire.ServiceFileTransfer,
}

// New checks the configuration and makes the unit at now, a Player with empty decks.
// What it wants done on its connections is asked of net; with nil nobody does it.
func New(config Config, now time.Time, net peer.Streams) (*Source, error) {
	if err := config.complete(); err != nil {
		return nil, err
	}
	player := NewPlayer(PlayerConfig{
		Token: config.Token, Decks: config.Decks, Number: config.Number, BeatRate: config.BeatRate,
	}, now)
	s := sourceOf(config, player, net)
	s.player = player
	return s, nil
}

// NewTake is New with a unit that plays a take back. Of the configuration, what
// says who the unit is is taken from the recorded one where it is empty, and
// Decks, Number and BeatRate do not count. The take begins with the first client.
func NewTake(config Config, p *TakePlayer, net peer.Streams) (*Source, error) {
	config.Name = cmp.Or(config.Name, p.unit.Name)
	config.Software = cmp.Or(config.Software, p.unit.Software)
	config.Version = cmp.Or(config.Version, p.unit.Version)
	config.Token = cmp.Or(config.Token, p.unit.Token)
	if err := config.complete(); err != nil {
		return nil, err
	}
	s := sourceOf(config, p, net)
	s.take = p
	return s, nil
}

func sourceOf(config Config, m model, net peer.Streams) *Source {
	m.TakeChanges()
	if net == nil {
		net = peer.Nowhere{}
	}
	return &Source{
		config: config, log: config.Log, net: net, model: m,
		streams: map[peer.ID]*stream{}, calls: map[wire.Token]*call{},
	}
}

// complete checks the configuration and fills in what was left out.
func (config *Config) complete() error {
	if config.Token.IsZero() {
		return errors.New("source: config: token missing; make one with stagelinq.NewToken and keep it")
	}
	if config.Decks == 0 {
		config.Decks = 4
	}
	if config.Decks < 2 || config.Decks > 4 {
		return fmt.Errorf("source: config: %d decks: want 2-4", config.Decks)
	}
	if config.BeatRate == 0 {
		config.BeatRate = 30
	}
	if config.BeatRate < 1 || config.BeatRate > 100 {
		return fmt.Errorf("source: config: beat rate %d Hz: want 1-100", config.BeatRate)
	}
	if config.Number < 0 || config.Number > 4 {
		return fmt.Errorf("source: config: player number %d: want 1-4", config.Number)
	}
	name, software := "prime4", "JC11"
	if config.Decks == 2 {
		name, software = "sc6000", "JP13"
	}
	if config.Name == "" {
		config.Name = name
	}
	if config.Software == "" {
		config.Software = software
	}
	if config.Version == "" {
		config.Version = "3.4.0"
	}
	if config.Random == nil {
		config.Random = rand.Float64
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}

// Do calls f with the player and now. What f changes is sent to the
// clients in order. f must not keep the player, and must not call Do. It is for
// sources made by New.
func (s *Source) Do(now time.Time, f func(p *Player, now time.Time)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s.player, now)
	s.distribute(now)
}

// DoTake is Do for sources made by NewTake.
func (s *Source) DoTake(now time.Time, f func(p *TakePlayer, now time.Time)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s.take, now)
}

// SetPorts says on which TCP ports our services are, by their names.
func (s *Source) SetPorts(ports map[string]uint16) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offered = nil
	for _, name := range services {
		s.offered = wire.AppendMessage(s.offered, wire.Message{
			ID: wire.IDAnnounce, Token: s.config.Token, Service: name, Port: ports[name],
		})
	}
}

// Step does what is due at now.
func (s *Source) Step(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.play(now)
	for u, ok := s.table.Expire(now); ok; u, ok = s.table.Expire(now) {
		s.endCall(u.Token)
	}
	for _, c := range s.calls {
		s.ring(c, now)
	}
	for _, st := range s.streams {
		s.step(st, now)
	}
}

// Deadline is when Step has something to do next, the zero Time for never.
func (s *Source) Deadline() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.joined && !s.began {
		return time.Unix(1, 0) // at once
	}
	next := s.table.Deadline()
	consider := func(t time.Time) {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	if s.joined {
		consider(s.model.Deadline())
	}
	for _, c := range s.calls {
		consider(c.due)
	}
	for _, st := range s.streams {
		st.deadlines(consider)
	}
	return next
}

// Leave closes every connection. The unit lives on.
func (s *Source) Leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range s.streams {
		s.close(id)
	}
	s.table, s.calls = discovery.Table{}, map[wire.Token]*call{}
}

// Self is what the unit announces of itself, without its port.
func (s *Source) Self() wire.Announcement {
	return wire.Announcement{
		Token: s.config.Token, Name: s.config.Name, Software: s.config.Software, Version: s.config.Version,
	}
}

// Stats returns the counters, without those of discovery.
func (s *Source) Stats() Stats {
	st := Stats{
		BeatsDropped: s.count.beatsDropped.Load(),
		Writes:       s.count.writes.Load(),
		Refused:      s.count.refused.Load(),
		NoRoom:       s.count.noRoom.Load(),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.streams {
		if c.serving {
			st.Clients++
		}
		if c.subscriber != nil {
			st.States++
		}
		if c.beats {
			st.Beats++
		}
	}
	return st
}
