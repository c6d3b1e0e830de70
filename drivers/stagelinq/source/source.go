// Package source is the other side of package stagelinq: a virtual StageLinQ
// player with two to four decks, for rehearsal and for tests.
//
// [Player] is the unit itself, a model without sockets or clock: tracks are
// loaded, played, pitched, looped and jumped, and it tells its states and
// beats for any instant. [Source] puts a Player on the network, step by step as
// the known clients of the protocol need it (7.1).
package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"showrun/drivers/stagelinq/discovery"
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

// Source serves a unit on the network. Run owns all sockets and goroutines; the
// other methods are safe from any goroutine.
type Source struct {
	config Config
	log    *slog.Logger

	announcer atomic.Pointer[discovery.Announcer] // set by Run
	offered   []byte                              // announcements of the services, written once by Run
	count     struct {
		beatsDropped, writes, refused atomic.Uint64
		clients                       atomic.Int64
	}

	mu     sync.Mutex
	model  model
	player *Player     // the model, if it is one
	take   *TakePlayer // the model, if it is one
	states map[*stateClient]struct{}
	beats  map[*beatClient]struct{}
	joined chan struct{} // closed when the first client is there
	began  bool          // joined is closed
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

// New checks the configuration and makes the unit, a Player with empty decks.
// Nothing happens on the network until Run.
func New(config Config) (*Source, error) {
	if err := config.complete(); err != nil {
		return nil, err
	}
	player := NewPlayer(PlayerConfig{
		Token: config.Token, Decks: config.Decks, Number: config.Number, BeatRate: config.BeatRate,
	}, time.Now())
	s := sourceOf(config, player)
	s.player = player
	return s, nil
}

// NewTake is New with a unit that plays a take back. Of the configuration, what
// says who the unit is is taken from the recorded one where it is empty, and
// Decks, Number and BeatRate do not count. The take begins with the first client.
func NewTake(config Config, p *TakePlayer) (*Source, error) {
	config.Name = cmp.Or(config.Name, p.unit.Name)
	config.Software = cmp.Or(config.Software, p.unit.Software)
	config.Version = cmp.Or(config.Version, p.unit.Version)
	config.Token = cmp.Or(config.Token, p.unit.Token)
	if err := config.complete(); err != nil {
		return nil, err
	}
	s := sourceOf(config, p)
	s.take = p
	return s, nil
}

func sourceOf(config Config, m model) *Source {
	m.TakeChanges()
	return &Source{
		config: config,
		log:    config.Log,
		model:  m,
		states: map[*stateClient]struct{}{},
		beats:  map[*beatClient]struct{}{},
		joined: make(chan struct{}),
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
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}

// Do calls f with the player and the present. What f changes is sent to the
// clients in order. f must not keep the player, and must not call Do. It is for
// sources made by New.
func (s *Source) Do(f func(p *Player, now time.Time)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	f(s.player, now)
	s.distribute(now)
}

// DoTake is Do for sources made by NewTake.
func (s *Source) DoTake(f func(p *TakePlayer, now time.Time)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s.take, time.Now())
}

// join notes that a client is there. The caller holds the lock.
func (s *Source) join() {
	if !s.began {
		s.began = true
		close(s.joined)
	}
}

// distribute hands the unit's changes to the clients. The caller holds the lock.
func (s *Source) distribute(now time.Time) {
	changes := s.model.TakeChanges()
	if len(changes) == 0 {
		return
	}
	for c := range s.states {
		for _, change := range changes {
			c.subscriber.changed(change, now)
		}
		c.wakeUp()
	}
}

// Self is what the unit announces of itself, without its port.
func (s *Source) Self() wire.Announcement {
	return wire.Announcement{
		Token: s.config.Token, Name: s.config.Name, Software: s.config.Software, Version: s.config.Version,
	}
}

// Stats returns the counters.
func (s *Source) Stats() Stats {
	st := Stats{
		Clients:      s.count.clients.Load(),
		BeatsDropped: s.count.beatsDropped.Load(),
		Writes:       s.count.writes.Load(),
		Refused:      s.count.refused.Load(),
	}
	if a := s.announcer.Load(); a != nil {
		st.Discovery = a.Stats()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st.States, st.Beats = len(s.states), len(s.beats)
	return st
}

// Run puts the unit on the network until ctx ends: opens its ports, then
// announces it (7.1). Everything it opened is closed when it returns. It
// returns nil when ctx ended, and an error when the network could not be had.
// The unit lives on between two calls of Run; only one may run at a time.
func (s *Source) Run(ctx context.Context) error {
	// The clients are served until the unit has said that it leaves.
	serving, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()

	port, err := s.listen(serving, &running)
	if err != nil {
		return err
	}
	heard := make(chan discovery.Heard)
	self := s.Self()
	self.Port = port
	announcer := discovery.NewAnnouncer(discovery.AnnouncerConfig{
		Self: self, Interface: s.config.Interface, Port: s.config.DiscoveryPort, Log: s.log,
		Heard: func(h discovery.Heard) {
			select {
			case heard <- h:
			case <-serving.Done():
			}
		},
	})
	s.announcer.Store(announcer)
	running.Go(func() { s.visit(serving, heard) })
	running.Go(func() { s.sendBeats(serving) })
	return announcer.Run(ctx)
}
