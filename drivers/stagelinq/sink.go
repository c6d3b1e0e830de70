package stagelinq

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
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

// Config configures a Sink. The functions are called one at a time, from within Heard,
// Receive and the other methods that tell the sink something. They must return fast:
// while one runs, no connection is read. They may call Subscribe, Devices, Status and
// Stats only, and must not wait for Run to return.
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
	// (MayPlay). Analyzer processes are never asked about.
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
	// Random draws from [0, 1) for the spacing of attempts; nil seeds one from the system.
	Random func() float64
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
	NoRoom    uint64 // datagrams of units there was no room for
	Connects  uint64 // times a unit became connected
	Restarts  uint64 // times the connections of a unit were given up
	States    uint64
	Beats     uint64
	BadFrames uint64 // skipped: not a message of its connection
	TooLong   uint64 // frames passed over
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

// Sink finds every player, connects to it and receives its states and beats. It is a
// machine: it has no sockets, clock or goroutines. Heard, Accepted, Opened, Receive and
// Ended tell it what happens, Step does what is due, Deadline says when, and what it
// wants done on its connections it asks of a Network. All methods are safe from any
// goroutine.
type Sink struct {
	config Config
	log    *slog.Logger
	net    Network

	count struct {
		ignored, noRoom, connects, restarts, states, beats, badFrames, tooLong, writes, refused atomic.Uint64
	}

	// turn is held by the methods that tell the machine something, also while they call
	// the functions of Config, which are so called one at a time. It is taken before mu.
	turn     sync.Mutex
	table    discovery.Table
	sessions map[Token]*session
	streams  map[peer.ID]*stream
	lastID   peer.ID
	offered  []byte // announcements of our services

	mu    sync.Mutex
	paths []string
	fresh bool // paths were added since the last Step
	wake  func()
	units map[Token]UnitStatus
	other map[Token]other
}

// other is a unit that announces itself and is not accepted.
type other struct {
	device Device
	heard  time.Time
}

// Units that are not accepted are forgotten when they were not heard for a while, and so
// many are known.
const (
	otherFor  = 5 * time.Second
	maxOthers = 64
)

// ignore notes a unit that is not accepted.
func (s *Sink) ignore(d Device, h discovery.Heard) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.other, func(t Token, o other) bool {
		return h.At.Sub(o.heard) > otherFor || h.Exit && t == d.Token
	})
	if _, known := s.other[d.Token]; !h.Exit && !discovery.IsAnalyzer(h.Software) && (known || len(s.other) < maxOthers) {
		s.other[d.Token] = other{d, h.At}
	}
}

// Ignored returns the units that announce themselves and are not accepted, by name.
func (s *Sink) Ignored(now time.Time) (list []Device) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.other {
		if now.Sub(o.heard) <= otherFor {
			list = append(list, o.device)
		}
	}
	slices.SortFunc(list, func(a, b Device) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), bytes.Compare(a.Token[:], b.Token[:]))
	})
	return list
}

// Network is what a Sink wants done.
type Network interface {
	peer.Streams
	// AnnounceNow sends a HOWDY, so that a unit that has just appeared knows us before we
	// dial it.
	AnnounceNow()
}

// nowhere is the Network of a Sink that reaches nobody.
type nowhere struct{ peer.Nowhere }

// AnnounceNow implements Network.
func (nowhere) AnnounceNow() {}

// NewSink makes a Sink whose wishes net carries out; with nil nobody does.
func NewSink(config Config, net Network) (*Sink, error) {
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
			return discovery.MayPlay(d.Software) || config.Listen && discovery.IsMixer(d.Software)
		}
	}
	if config.Random == nil {
		config.Random = rand.Float64
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if net == nil {
		net = nowhere{}
	}
	s := &Sink{
		config:   config,
		log:      config.Log,
		net:      net,
		sessions: map[Token]*session{},
		streams:  map[peer.ID]*stream{},
		wake:     func() {},
		units:    map[Token]UnitStatus{},
		other:    map[Token]other{},
	}
	for _, path := range config.States {
		s.Subscribe(path)
	}
	return s, nil
}

// Self is what the sink announces of itself; port is that of its main connection, 0 for
// none.
func (s *Sink) Self(port uint16) wire.Announcement {
	return wire.Announcement{
		Token: s.config.Token, Name: s.config.Name, Software: s.config.Software, Version: s.config.Version, Port: port,
	}
}

// SetPorts says on which TCP ports our services are, by their names, for units that dial us.
func (s *Sink) SetPorts(ports map[string]uint16) {
	s.turn.Lock()
	defer s.turn.Unlock()
	s.offered = nil
	for k := range serviceCount {
		if port := ports[k.String()]; port != 0 {
			s.offered = wire.AppendMessage(s.offered, wire.Message{
				ID: wire.IDAnnounce, Token: s.config.Token, Service: k.String(), Port: port,
			})
		}
	}
}

// Heard takes one datagram of a unit.
func (s *Sink) Heard(h discovery.Heard) {
	s.turn.Lock()
	defer s.turn.Unlock()
	dial := h.Port != 0 && !discovery.IsMixer(h.Software)
	if _, known := s.table.Unit(h.Token); !known {
		device := deviceOf(discovery.Unit{Announcement: h.Announcement, Address: h.Address})
		if h.Exit || discovery.IsAnalyzer(h.Software) || !dial && !s.config.Listen || !s.config.Accept(device) {
			s.count.ignored.Add(1)
			s.ignore(device, h)
			return
		}
	}
	u, change, evicted := s.table.Heard(h.Announcement, h.Address, h.At)
	s.end(evicted, "others need its place", h.At)
	switch change {
	case discovery.Refused:
		s.count.noRoom.Add(1)
	case discovery.Appeared:
		s.log.Debug("heard", "unit", u.Name, "software", u.Software, "version", u.Version, "address", u.Address)
		s.begin(u, dial, false, h.At)
	case discovery.Moved:
		s.end(u.Token, "unit restarted", h.At)
		s.begin(u, dial, true, h.At)
	case discovery.Left:
		s.end(u.Token, reasonLeft, h.At)
	}
}

func (s *Sink) begin(u discovery.Unit, dial, known bool, now time.Time) {
	session := newSession(s, u, dial, known, now)
	s.sessions[u.Token] = session
	s.net.AnnounceNow()
	s.unpark(u.Token, now)
	session.step(now)
}

// end forgets a unit.
func (s *Sink) end(token Token, reason string, now time.Time) {
	session := s.sessions[token]
	if session == nil {
		return
	}
	delete(s.sessions, token)
	s.mu.Lock()
	delete(s.units, token)
	s.mu.Unlock()
	session.end(reason, now)
}

// hold tells the table whether a unit is connected, and forgets one that has left: it
// reports false then.
func (s *Sink) hold(session *session, now time.Time) bool {
	if s.table.Hold(session.unit.Token, session.link.connected()) {
		s.end(session.unit.Token, reasonLeft, now)
		return false
	}
	return true
}

// reasonLeft is why a unit is lost that said goodbye.
const reasonLeft = "unit left"

// Step does what is due at now.
func (s *Sink) Step(now time.Time) {
	s.turn.Lock()
	defer s.turn.Unlock()
	s.mu.Lock()
	s.fresh = false
	s.mu.Unlock()
	for u, ok := s.table.Expire(now); ok; u, ok = s.table.Expire(now) {
		reason := fmt.Sprintf("not heard for %v", discovery.LossTimeout)
		if u.Left() {
			reason = reasonLeft
		}
		s.end(u.Token, reason, now)
	}
	s.overdue(now)
	for _, session := range s.sessions {
		session.step(now)
	}
}

// Deadline is when Step has something to do next, the zero Time for never.
func (s *Sink) Deadline() time.Time {
	s.turn.Lock()
	defer s.turn.Unlock()
	s.mu.Lock()
	fresh := s.fresh
	s.mu.Unlock()
	if fresh {
		return time.Unix(1, 0) // at once
	}
	next := s.table.Deadline()
	consider := func(t time.Time) {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	for _, session := range s.sessions {
		consider(session.link.deadline())
	}
	for _, st := range s.streams {
		consider(st.due)
	}
	return next
}

// Leave closes every connection and forgets every unit: all are lost.
func (s *Sink) Leave(now time.Time) {
	s.turn.Lock()
	defer s.turn.Unlock()
	for token := range s.sessions {
		s.end(token, "sink closed", now)
	}
	for _, id := range s.order() {
		s.close(id)
	}
	s.table, s.offered = discovery.Table{}, nil
}

// order lists the connections by their age.
func (s *Sink) order() []peer.ID { return slices.Sorted(maps.Keys(s.streams)) }

// Subscribe asks every present and future unit for a StateMap path, such as
// /Engine/Deck1/Play. A path that a unit does not know is never answered.
// Subscribing twice is harmless.
func (s *Sink) Subscribe(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains(s.paths, path) {
		return
	}
	s.paths, s.fresh = append(s.paths, path), true
	s.wake()
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
		list = append(list, u)
	}
	slices.SortFunc(list, func(a, b UnitStatus) int {
		return cmp.Or(strings.Compare(a.Device.Name, b.Device.Name), bytes.Compare(a.Device.Token[:], b.Device.Token[:]))
	})
	return list
}

// Stats returns the counters, without those of discovery.
func (s *Sink) Stats() Stats {
	return Stats{
		Ignored: s.count.ignored.Load(), NoRoom: s.count.noRoom.Load(), Connects: s.count.connects.Load(), Restarts: s.count.restarts.Load(),
		States: s.count.states.Load(), Beats: s.count.beats.Load(), BadFrames: s.count.badFrames.Load(),
		TooLong: s.count.tooLong.Load(), Writes: s.count.writes.Load(), Refused: s.count.refused.Load(),
	}
}

func (s *Sink) setStatus(status UnitStatus) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.units[status.Device.Token] = status
}

func (s *Sink) emit(e DeviceEvent) {
	s.log.Info("unit "+e.Kind.String(), "unit", e.Device.Name, "software", e.Device.Software,
		"address", e.Device.Address, "reason", e.Reason)
	if s.config.OnDevice != nil {
		s.config.OnDevice(e)
	}
}
