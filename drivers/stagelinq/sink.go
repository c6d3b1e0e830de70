package stagelinq

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"showrun/drivers/stagelinq/discovery"
	"showrun/drivers/stagelinq/peer"
	"showrun/drivers/stagelinq/wire"
)

// Device describes one unit on the network. It is comparable; Token alone
// identifies the unit over restarts and changes of address.
type Device struct {
	Token    Token
	Name     string // as announced, such as "prime4"
	Software string // hardware code, such as "JC11"
	Version  string
	Address  netip.Addr
}

func deviceOf(u discovery.Unit) Device {
	return Device{Token: u.Token, Name: u.Name, Software: u.Software, Version: u.Version, Address: u.Address}
}

// Config configures a Sink. The functions are called from the goroutines of
// the connections, also concurrently for different devices and for states and
// beats of one device. They must return fast: while one runs, the connection
// it was called for is not read. They must not wait for Run to return.
type Config struct {
	Name     string // announced device name, default "showrun"
	Software string // announced software name, default "showrun"
	Version  string // announced version, default "1.0.0"
	// Token identifies this sink; see NewToken. The zero token is refused.
	Token Token
	// Interface chooses the networks: "" for all but loopback, the name of an
	// interface ("eth0", "lo") or one of its IPv4 addresses.
	Interface string
	// DiscoveryPort is the UDP port of discovery, 0 for DefaultPort.
	DiscoveryPort int
	// Accept chooses the units to connect to; nil stands for every player
	// (IsPlayer). Analyzer processes are never asked about.
	Accept func(Device) bool
	// Listen also offers a main connection, so that units can dial us. Mixers
	// can be reached in no other way; see NewListenToken.
	Listen bool
	// States are the StateMap paths to subscribe on every unit.
	States []string
	// OnDevice is told what becomes of the units, in order for each unit.
	OnDevice func(DeviceEvent)
	// OnState gets every received value.
	OnState func(StateEvent)
	// OnBeat gets every beat message, about 30 a second from each unit.
	OnBeat func(BeatEvent)
	// Log receives what a person may want to know; nil discards it.
	Log *slog.Logger
}

// DeviceKind says what became of a unit.
type DeviceKind int

// A unit is Found when it is heard for the first time, Connected when values
// begin to flow, and Lost when they no longer do or the unit is gone. A unit
// that is lost while it goes on announcing itself is connected again in time,
// without being found anew.
const (
	Found DeviceKind = iota
	Connected
	Lost
)

func (k DeviceKind) String() string {
	return [...]string{"found", "connected", "lost"}[k]
}

// DeviceEvent says what became of a unit.
type DeviceEvent struct {
	Kind   DeviceKind
	Device Device
	At     time.Time
	Reason string // of a loss
}

// StateEvent is one received value. At is taken right after the read.
type StateEvent struct {
	Device Device
	Path   string
	Value  Value
	At     time.Time
}

// BeatEvent is one received beat message. At is taken right after the read.
// BeatInfo.Decks is valid only during the call.
type BeatEvent struct {
	Device   Device
	BeatInfo BeatInfo
	At       time.Time
}

// Stats are counters since the sink was made.
type Stats struct {
	Discovery discovery.AnnouncerStats
	Ignored   uint64 // datagrams of units that are not accepted
	Connects  uint64 // times a unit became connected
	Restarts  uint64 // times the connections of a unit were given up
	States    uint64
	Beats     uint64
	BadFrames uint64 // skipped: not a message of its connection
	Writes    uint64 // set and subscribe messages from units, tolerated
	Refused   uint64 // connections made to us that were closed
}

// UnitStatus says how far the way to a unit has come.
type UnitStatus struct {
	Device    Device
	Stage     string // for people
	Connected bool
	Reason    string        // why the last attempt ended, empty if none did
	RoundTrip time.Duration // of the last echo, 0 if the unit never answered
}

// Sink finds every player, connects to it and receives its states and beats.
// Run owns all sockets and goroutines. The methods are safe from any
// goroutine.
type Sink struct {
	config    Config
	log       *slog.Logger
	announcer atomic.Pointer[discovery.Announcer] // set by Run
	inbound   chan inbound

	count struct {
		ignored, connects, restarts, states, beats, badFrames, writes, refused atomic.Uint64
	}

	offered []byte // announcements of our services, written once by Run

	mu    sync.Mutex
	paths []string
	units map[Token]tracked
}

// tracked is what other goroutines may know of a session.
type tracked struct {
	session *session
	status  UnitStatus
}

// NewSink checks the configuration. Nothing happens until Run.
func NewSink(config Config) (*Sink, error) {
	if config.Token.IsZero() {
		return nil, errors.New("stagelinq: config: token missing; make one with NewToken and keep it")
	}
	if config.DiscoveryPort < 0 || config.DiscoveryPort > 65535 {
		return nil, fmt.Errorf("stagelinq: config: discovery port %d: want 0-65535", config.DiscoveryPort)
	}
	if config.Name == "" {
		config.Name = "showrun"
	}
	if config.Software == "" {
		config.Software = "showrun"
	}
	if config.Version == "" {
		config.Version = "1.0.0"
	}
	if config.Accept == nil {
		config.Accept = func(d Device) bool {
			return discovery.IsPlayer(d.Software) || config.Listen && discovery.IsMixer(d.Software)
		}
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	s := &Sink{
		config:  config,
		log:     config.Log,
		inbound: make(chan inbound),
		units:   map[Token]tracked{},
	}
	for _, path := range config.States {
		s.Subscribe(path)
	}
	return s, nil
}

// Run announces the sink and keeps the connections to all units until ctx
// ends. Everything it opened is closed when it returns. It returns nil when
// ctx ended, and an error when the network could not be had; Run may be called
// again then.
func (s *Sink) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()

	self := wire.Announcement{
		Token: s.config.Token, Name: s.config.Name, Software: s.config.Software, Version: s.config.Version,
	}
	if s.config.Listen {
		port, err := s.listen(ctx, &running)
		if err != nil {
			return err
		}
		self.Port = port
	}
	heard := make(chan discovery.Heard, 64)
	announcer := discovery.NewAnnouncer(discovery.AnnouncerConfig{
		Self: self, Interface: s.config.Interface, Port: s.config.DiscoveryPort, Log: s.log,
		Heard: func(h discovery.Heard) {
			select {
			case heard <- h:
			case <-ctx.Done():
			}
		},
	})
	s.announcer.Store(announcer)
	running.Go(func() { s.loop(ctx, heard) })
	return announcer.Run(ctx)
}

// loop owns the discovery table and starts and ends the sessions.
func (s *Sink) loop(ctx context.Context, heard <-chan discovery.Heard) {
	var (
		table    discovery.Table
		sessions = map[Token]*session{}
		parked   []inbound // connections of units not heard yet
	)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case h := <-heard:
			s.take(ctx, &table, sessions, h)
			parked = s.assign(sessions, parked, h.At)
		case in := <-s.inbound:
			parked = s.assign(sessions, append(parked, in), in.at)
		case <-timer.C:
			now := time.Now()
			for {
				u, ok := table.Expire(now)
				if !ok {
					break
				}
				s.end(sessions, u.Token, fmt.Sprintf("not heard for %v", discovery.LossTimeout))
			}
			parked = s.assign(sessions, parked, now)
		case <-ctx.Done():
			for _, session := range sessions {
				<-session.done // ctx is its parent
			}
			for _, in := range parked {
				in.stream.Close()
			}
			return
		}
		due := table.Deadline()
		if len(parked) > 0 && (due.IsZero() || parked[0].at.Add(parkTime).Before(due)) {
			due = parked[0].at.Add(parkTime)
		}
		if due.IsZero() {
			timer.Stop()
		} else {
			timer.Reset(max(0, time.Until(due)))
		}
	}
}

// take handles one datagram of a unit.
func (s *Sink) take(ctx context.Context, table *discovery.Table, sessions map[Token]*session, h discovery.Heard) {
	dial := h.Port != 0 && !discovery.IsMixer(h.Software)
	if _, known := table.Unit(h.Token); !known {
		device := deviceOf(discovery.Unit{Announcement: h.Announcement, Address: h.Address})
		if h.Exit || discovery.IsAnalyzer(h.Software) || !dial && !s.config.Listen || !s.config.Accept(device) {
			s.count.ignored.Add(1)
			return
		}
	}
	u, change := table.Heard(h.Announcement, h.Address, h.At)
	switch change {
	case discovery.Appeared:
		s.log.Info("heard", "unit", u.Name, "software", u.Software, "version", u.Version, "address", u.Address)
		sessions[u.Token] = startSession(ctx, s, u, dial, false, h.At)
		s.announcer.Load().AnnounceNow()
	case discovery.Moved:
		s.end(sessions, u.Token, "unit restarted")
		sessions[u.Token] = startSession(ctx, s, u, dial, true, h.At)
		s.announcer.Load().AnnounceNow()
	case discovery.Left:
		s.end(sessions, u.Token, "unit left")
	}
}

// end closes the session of a unit and waits until its last callback is over.
func (s *Sink) end(sessions map[Token]*session, token Token, reason string) {
	if session := sessions[token]; session != nil {
		session.cancel(errLost(reason))
		<-session.done
		delete(sessions, token)
	}
}

// unlist takes a unit off the list of Devices and Status.
func (s *Sink) unlist(token Token) {
	s.mu.Lock()
	delete(s.units, token)
	s.mu.Unlock()
}

// Subscribe asks every present and future unit for a StateMap path, such as
// /Engine/Deck1/Play. A path that a unit does not know is never answered.
// Subscribing twice is harmless.
func (s *Sink) Subscribe(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains(s.paths, path) {
		return
	}
	s.paths = append(s.paths, path)
	for _, u := range s.units {
		u.session.wakeForPaths()
	}
}

// pathsFrom returns the paths from the nth on. The slice is only read.
func (s *Sink) pathsFrom(n int) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.paths[n:len(s.paths):len(s.paths)]
}

// Devices returns the units that announce themselves and are accepted, by
// name, connected or not.
func (s *Sink) Devices() []Device {
	var devices []Device
	for _, u := range s.Status() {
		devices = append(devices, u.Device)
	}
	return devices
}

// Status returns how far the way to each unit has come, by name.
func (s *Sink) Status() []UnitStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []UnitStatus
	for _, u := range s.units {
		list = append(list, u.status)
	}
	slices.SortFunc(list, func(a, b UnitStatus) int {
		return cmp.Or(strings.Compare(a.Device.Name, b.Device.Name), bytes.Compare(a.Device.Token[:], b.Device.Token[:]))
	})
	return list
}

// Stats returns the counters.
func (s *Sink) Stats() Stats {
	st := Stats{
		Ignored: s.count.ignored.Load(), Connects: s.count.connects.Load(), Restarts: s.count.restarts.Load(),
		States: s.count.states.Load(), Beats: s.count.beats.Load(), BadFrames: s.count.badFrames.Load(),
		Writes: s.count.writes.Load(), Refused: s.count.refused.Load(),
	}
	if a := s.announcer.Load(); a != nil {
		st.Discovery = a.Stats()
	}
	return st
}

// setStatus is called before the session starts and then by its own goroutine.
func (s *Sink) setStatus(session *session, status UnitStatus) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.units[status.Device.Token] = tracked{session, status}
}

func (s *Sink) emit(e DeviceEvent) {
	s.log.Info("unit "+e.Kind.String(), "unit", e.Device.Name, "software", e.Device.Software,
		"address", e.Device.Address, "reason", e.Reason)
	if s.config.OnDevice != nil {
		s.config.OnDevice(e)
	}
}

// readStates reads a StateMap connection until it ends.
func (s *Sink) readStates(device Device, st *peer.Stream, f *wire.Framer) error {
	var names wire.PathNames
	bad := 0
	return st.ReadFrames(f, 0, func(payload []byte, at time.Time) error {
		m, err := names.ParseState(payload)
		var v Value
		if err == nil && m.Type == wire.StateEmit {
			v, err = m.Value()
		}
		switch {
		case err != nil:
			return s.badFrame(&bad, err)
		case m.Type != wire.StateEmit:
			// Units subscribe to the sink's states and write to them. It has
			// none (3.3, 3.4).
			s.count.writes.Add(1)
		default:
			s.count.states.Add(1)
			if s.config.OnState != nil {
				s.config.OnState(StateEvent{Device: device, Path: m.Path, Value: v, At: at})
			}
		}
		bad = 0
		return nil
	})
}

// readBeats reads a BeatInfo connection until it ends.
func (s *Sink) readBeats(device Device, st *peer.Stream, f *wire.Framer) error {
	decks, bad := make([]DeckBeat, 0, wire.MaxBeatDecks), 0
	return st.ReadFrames(f, beatSilence, func(payload []byte, at time.Time) error {
		kind, info, err := wire.ParseBeatInfo(payload, decks)
		if err != nil {
			return s.badFrame(&bad, err)
		}
		bad = 0
		if kind != wire.BeatEmit {
			return nil
		}
		s.count.beats.Add(1)
		if s.config.OnBeat != nil {
			s.config.OnBeat(BeatEvent{Device: device, BeatInfo: info, At: at})
		}
		return nil
	})
}

// badFrame counts a frame that is skipped, and ends a connection that sends
// nothing else.
func (s *Sink) badFrame(inARow *int, err error) error {
	s.count.badFrames.Add(1)
	if *inARow++; *inARow >= maxBadFrames {
		return fmt.Errorf("%d unreadable messages in a row: %w", *inARow, err)
	}
	return nil
}
