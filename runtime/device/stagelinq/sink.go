package stagelinq

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"showrun/drivers/stagelinq"
	"showrun/drivers/stagelinq/discovery"
	"showrun/runtime/beat"
	"showrun/runtime/device"
)

// SinkDecl declares a StageLinQ sink.
type SinkDecl struct {
	Name      string // announced device name
	Interface string // "" = what the host was told, else a name or address
	Devices   string // names, software names or addresses to accept, one a line; "" = every player
}

// Key implements device.Declaration.
func (d *SinkDecl) Key() string {
	return fmt.Sprintf("stagelinq sink %q on %q for %q", d.Name, d.Interface, d.Devices)
}

// String implements device.Declaration.
func (d *SinkDecl) String() string { return fmt.Sprintf("stagelinq.sink %q", d.Name) }

// MasterKey names the tempo source that is whichever deck is master.
func (d *SinkDecl) MasterKey() string { return d.Key() + " master" }

// DeckKey names the tempo source that is deck n of the first player found.
func (d *SinkDecl) DeckKey(n int) string { return fmt.Sprintf("%s deck %d", d.Key(), n) }

// UnitDeckKey names the tempo source that is deck n of the player with a token.
func (d *SinkDecl) UnitDeckKey(token string, n int) string {
	return fmt.Sprintf("%s %s deck %d", d.Key(), token, n)
}

// StateTopic is the topic of the values of a StateMap path; it carries a StateChange.
func (d *SinkDecl) StateTopic(path string) string { return d.Key() + " state " + path }

// KnownPaths lists the paths every player is asked for.
func KnownPaths() []string { return stagelinq.DefaultStates() }

// StateChange is a value of a player.
type StateChange struct {
	Player Player
	Path   string
	Value  any // bool, float64, string or nil
}

// PlayerEvents are the events a sink reports of its players.
var PlayerEvents = []string{"found", "connected", "lost"}

// EventTopic is the topic of an event of PlayerEvents; it carries a Player.
func (d *SinkDecl) EventTopic(event string) string { return d.Key() + " " + event }

func (d *SinkDecl) accepts(p stagelinq.Device) bool {
	if d.Devices == "" {
		return stagelinq.MayPlay(p.Software)
	}
	for _, want := range strings.Split(d.Devices, "\n") {
		if want == p.Name || want == p.Software || want == p.Address.String() {
			return true
		}
	}
	return false
}

// Player is a unit as scripts see it.
type Player struct {
	Name, Software, Version, Address, Token string
	Decks                                   int
}

// Sink joins a StageLinQ sink to the runtime. Beats of decks go to the beat
// clock, states are kept for scripts to ask for. The On functions are called by
// the driver, or by whoever plays its part in virtual time; they are safe from
// any goroutine.
type Sink struct {
	decl   *SinkDecl
	env    device.Env
	driver *stagelinq.SinkConn
	heard  chan struct{} // something of a track

	mu     sync.Mutex
	units  []*unit // in the order in which they were found
	master deckRef
	led    string            // signature of the track that leads, as it was told
	said   map[string]string // aliases as last set
	unkept uint64            // states there was no room for

	seen atomic.Pointer[[]device.Deck] // the decks as people see them; nil if that has changed, with mu
}

// unit is one player on the network.
type unit struct {
	player Player
	token  stagelinq.Token
	gone   bool // lost, and not heard again yet
	here   bool // connected
	states map[string]any
	bytes  int                     // of states
	decks  []string                // tempo source of each deck, from deck 1
	beats  [maxDecks]float64       // length of its track in beats
	since  [maxDecks]time.Duration // by deck: when it began to play
	songs  [maxDecks]song          // by deck
	loads  [maxDecks]load          // by deck
}

// maxUnits is after how many units those that are gone are forgotten.
const maxUnits = 64

// Limits on what is kept of the states of one unit.
const (
	MaxStates     = 4096
	MaxStateBytes = 256 << 10 // of their paths and texts
)

// maxDecks is how many decks of a unit are looked at.
const maxDecks = 8

type deckRef struct {
	unit *unit
	deck int // from 1
}

// Open implements device.Declaration.
func (d *SinkDecl) Open(env device.Env) (device.Device, error) {
	if iface := env.NetworkInterface(d.Interface); iface != "" {
		if _, err := discovery.Networks(iface); err != nil {
			return nil, err
		}
	}
	token, err := TokenOf(env.Store)
	if err != nil {
		return nil, err
	}
	return d.open(env, token)
}

// OpenVirtual implements device.Declaration. The sink hears what is put into its On
// methods.
func (d *SinkDecl) OpenVirtual(env device.Env) (device.Device, error) {
	return d.open(env, stagelinq.Token{1}) // its driver never runs, so any token will do
}

func (d *SinkDecl) open(env device.Env, token stagelinq.Token) (*Sink, error) {
	s := &Sink{decl: d, env: env, heard: make(chan struct{}, 1), said: map[string]string{}}
	var err error
	s.driver, err = stagelinq.OpenSink(stagelinq.Config{
		Name: d.Name, Token: token, Interface: env.NetworkInterface(d.Interface), DiscoveryPort: env.Ports["stagelinq"],
		Accept: d.accepts, States: stagelinq.DefaultStates(), Log: env.Log,
		OnDevice: s.OnDevice, OnState: s.OnState, OnBeat: s.OnBeat,
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Loops implements device.Device.
func (s *Sink) Loops() []func(context.Context) error {
	return []func(context.Context) error{s.driver.Run, s.tracks}
}

// Take implements device.Taker.
func (s *Sink) Take(_ time.Duration, message any) {
	if m, ok := message.(Subscribe); ok {
		for _, path := range m.Paths {
			s.driver.Subscribe(path)
		}
	}
}

// Answer implements device.Answerer.
func (s *Sink) Answer(question any) any {
	switch q := question.(type) {
	case PlayersOf:
		return s.players()
	case StateOf:
		return s.state(q.Token, q.Path)
	case KnownOf:
		return s.known(q.Path)
	case DeckOf:
		return s.deck(q.Token, q.Deck)
	}
	return nil
}

// Counts implements device.Counted.
func (s *Sink) Counts() []device.Count {
	st := s.driver.Stats()
	s.mu.Lock()
	unkept := s.unkept
	s.mu.Unlock()
	return []device.Count{
		{Name: "announcements_malformed", What: "announcements that are none", N: st.Discovery.Malformed},
		{Name: "announcements_foreign", What: "announcements from other networks", N: st.Discovery.Foreign},
		{Name: "announcements_no_room", What: "announcements without room", N: st.NoRoom},
		{Name: "connections_refused", What: "connections refused", N: st.Refused},
		{Name: "messages_invalid", What: "messages not understood", N: st.BadFrames},
		{Name: "messages_too_long", What: "messages too long", N: st.TooLong},
		{Name: "states_not_kept", What: "states not kept", N: unkept},
	}
}

// OnDevice takes what the driver says of a unit.
func (s *Sink) OnDevice(ev stagelinq.DeviceEvent) {
	s.mu.Lock()
	s.seen.Store(nil)
	u := s.unit(ev.Device)
	u.here = ev.Kind == stagelinq.Connected
	if ev.Kind == stagelinq.Lost {
		u.gone, u.states, u.bytes, u.songs = true, map[string]any{}, 0, [maxDecks]song{} // it keeps its place in the order
		s.elect(s.env.Since(ev.At))
		for n := range u.decks {
			s.change(u, n+1, s.env.Since(ev.At))
		}
		for n := 1; n <= 4; n++ {
			s.event(s.decl.DeckKey(n), Changed, s.env.Since(ev.At)) // which stands for another one now
		}
	}
	player := u.player
	s.mu.Unlock()
	s.env.Event(device.Event{
		Topic: s.decl.EventTopic(ev.Kind.String()), At: s.env.Since(ev.At), Value: player,
	})
}

// OnState takes a value of a unit.
func (s *Sink) OnState(ev stagelinq.StateEvent) {
	at := s.env.Since(ev.At)
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.unit(ev.Device)
	before, value := u.states[ev.Path], ev.Value.Any()
	if !u.keep(ev.Path, value) {
		s.unkept++
		return // nobody asked for so much
	}
	topic := s.decl.StateTopic(ev.Path)
	s.env.Event(device.Event{
		Topic: topic, Key: topic + u.player.Token, At: at, Value: StateChange{u.player, ev.Path, value},
	})
	n, name := deckOf(ev.Path)
	if before != value {
		s.seen.Store(nil)
	}
	if n == 0 || before == value {
		return
	}
	switch {
	case name == "PlayState" && value == true:
		u.since[n-1] = at
	case (name == "PlayState" || name == "Play") && value == false && n <= len(u.decks):
		s.env.Observe(u.decks[n-1], beat.Observation{Arrival: at, Halt: true})
	}
	moved := u.loads[n-1].hear(name, before, value)
	s.elect(at)
	if event := deckEvent(name, value); event != "" {
		s.tell(u, n, event, at)
	}
	g := &u.songs[n-1]
	if g.hear(name, value, at) {
		s.track(u, n, at)
	}
	if g.pending {
		select {
		case s.heard <- struct{}{}:
		default: // it looks again anyway
		}
	}
	if moved || slices.Contains(changing, name) {
		s.change(u, n, at)
	}
}

// keep keeps a state, if there is room for it.
func (u *unit) keep(path string, value any) bool {
	size := func(v any) int { text, _ := v.(string); return len(text) }
	before, known := u.states[path]
	bytes := u.bytes + size(value) - size(before)
	if !known {
		bytes += len(path)
	}
	if !known && len(u.states) >= MaxStates || bytes > MaxStateBytes {
		return false
	}
	u.states[path], u.bytes = value, bytes
	return true
}

// OnBeat takes a beat message of a unit.
func (s *Sink) OnBeat(ev stagelinq.BeatEvent) {
	arrival := s.env.Since(ev.At)
	s.mu.Lock()
	u := s.unit(ev.Device)
	for len(u.decks) < min(len(ev.BeatInfo.Decks), maxDecks) {
		u.decks = append(u.decks, s.decl.UnitDeckKey(u.player.Token, len(u.decks)+1))
		u.player.Decks = len(u.decks)
		s.seen.Store(nil)
		s.alias(arrival)
	}
	decks := u.decks[:min(len(u.decks), len(ev.BeatInfo.Decks))]
	var loops [maxDecks][2]float64
	for i := range decks {
		if u.beats[i] != ev.BeatInfo.Decks[i].Total {
			s.seen.Store(nil)
		}
		u.beats[i] = ev.BeatInfo.Decks[i].Total
		loops[i] = u.loop(i+1, ev.BeatInfo.Decks[i])
		if u.loads[i].place() {
			s.change(u, i+1, arrival)
		}
	}
	s.mu.Unlock()
	for i, key := range decks {
		d := ev.BeatInfo.Decks[i]
		o := beat.Observation{Arrival: arrival, Clock: ev.BeatInfo.Clock, Beat: d.Beat, BPM: d.BPM, Loop: loops[i]}
		if d.Beat == 0 && d.Total == 0 { // nothing is loaded (4.4)
			o = beat.Observation{Arrival: arrival, Empty: true}
		}
		s.env.Observe(key, o)
	}
}

// loop is where the loop a deck plays begins and ends, in beats. The player tells both in
// samples (5); how long a beat is follows from what is left of the track, in both.
func (u *unit) loop(n int, d stagelinq.DeckBeat) [2]float64 {
	prefix := fmt.Sprintf("/Engine/Deck%d/Track/", n)
	number := func(name string) float64 { f, _ := u.states[prefix+name].(float64); return f }
	in, out := number("CurrentLoopInPosition"), number("CurrentLoopOutPosition")
	left := d.Total - d.Beat
	if u.states[prefix+"LoopEnableState"] != true || in >= out || left < 1 {
		return [2]float64{}
	}
	perBeat := (number("TrackLength") - d.Sample) / left
	if !(perBeat > 0) {
		return [2]float64{}
	}
	return [2]float64{d.Beat + (in-d.Sample)/perBeat, d.Beat + (out-d.Sample)/perBeat}
}

// players lists the units present.
func (s *Sink) players() []Player {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Player
	for _, u := range s.units {
		if !u.gone {
			list = append(list, u.player)
		}
	}
	return list
}

// state returns the last value of a path.
func (s *Sink) state(token, path string) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range s.units {
		if token != "" && token != u.player.Token {
			continue
		}
		if v, ok := u.states[path]; ok {
			return v
		}
	}
	return nil
}

// known lists what is known of a path, by unit.
func (s *Sink) known(path string) []StateChange {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []StateChange
	for _, u := range s.units {
		if v, ok := u.states[path]; ok {
			list = append(list, StateChange{u.player, path, v})
		}
	}
	return list
}

// unit finds a unit by its token or adds it.
func (s *Sink) unit(d stagelinq.Device) *unit {
	for _, u := range s.units {
		if u.token == d.Token {
			u.gone = false
			return u
		}
	}
	if len(s.units) >= maxUnits {
		s.units = slices.DeleteFunc(s.units, func(u *unit) bool { return u.gone })
	}
	u := &unit{token: d.Token, states: map[string]any{}, player: Player{
		Name: d.Name, Software: d.Software, Version: d.Version, Address: d.Address.String(), Token: d.Token.String(),
	}}
	s.units = append(s.units, u)
	return u
}

// deckOf splits the path of a deck's state into the deck and the rest; the deck is
// 0 for other paths.
func deckOf(path string) (n int, name string) {
	rest, ok := strings.CutPrefix(path, "/Engine/Deck")
	number, name, cut := strings.Cut(rest, "/")
	if n, err := strconv.Atoi(number); ok && cut && err == nil && n >= 1 && n <= maxDecks {
		return n, name
	}
	return 0, ""
}
