package stagelinq

import (
	"context"
	"crypto/rand"
	"log/slog"
	"maps"
	"slices"
	"time"

	"showrun/drivers/stagelinq"
	"showrun/drivers/stagelinq/source"
	"showrun/drivers/stagelinq/wire"
	"showrun/runtime/device"
)

// The player of a rig: deck 1 plays a click as master.
const (
	rigName = "rigdeck"
	rigBPM  = 120
)

// begin puts a long track on deck 1 and plays it as master.
func begin(p *source.Player, bpm float64, now time.Time) {
	p.Load(1, source.Track{Title: "Click", Artist: "Virtual rig", BPM: bpm, Length: 24 * time.Hour}, now)
	p.SetMaster(1, now)
	p.Play(1, now)
}

// Rig is the part of a virtual rig that plays.
type Rig struct {
	unit *source.Conn
	log  *slog.Logger
}

func newRig(env device.RigEnv) (device.Rig, error) {
	token, err := stagelinq.NewToken(rand.Reader)
	if err != nil {
		return nil, err
	}
	unit, err := source.Open(source.Config{
		Name: rigName, Token: token, Decks: 2, Interface: env.Interface, DiscoveryPort: env.Ports["stagelinq"], Log: env.Log,
	})
	return &Rig{unit, env.Log}, err
}

// Patch implements device.Rig: sinks find the player by themselves.
func (r *Rig) Patch([]device.Opened) {}

// Player is the virtual unit.
func (r *Rig) Player() *source.Conn { return r.unit }

// Run implements device.Rig.
func (r *Rig) Run(ctx context.Context) {
	r.unit.Do(func(p *source.Player, now time.Time) { begin(p, rigBPM, now) })
	if err := r.unit.Run(ctx); err != nil {
		r.log.Error("rig: player", "error", err)
	}
}

// VirtualRig is the rig's player for runs in virtual time: the same model, heard
// without a network.
type VirtualRig struct {
	env    device.RigEnv
	player *source.Player
	unit   stagelinq.Device
	next   time.Time
	sinks  []*Sink
	decks  []stagelinq.DeckBeat
}

// beatInterval is the time between two beat messages.
const beatInterval = time.Second / 30

func newVirtualRig(env device.RigEnv) (device.VirtualRig, error) {
	return NewVirtualRig(env, rigBPM, 0), nil
}

// NewVirtualRig makes a player that begins to play at a show time.
func NewVirtualRig(env device.RigEnv, bpm float64, at time.Duration) *VirtualRig {
	r := NewQuietRig(env, 2, at)
	begin(r.player, bpm, env.Time(at))
	return r
}

// NewQuietRig makes a player with so many decks, on which there is nothing, at a show time.
func NewQuietRig(env device.RigEnv, decks int, at time.Duration) *VirtualRig {
	now := env.Time(at)
	token := stagelinq.Token{0x0f, 6: 0x40, 8: 0x80}
	r := &VirtualRig{
		env: env, player: source.NewPlayer(source.PlayerConfig{Token: token, Decks: decks}, now),
		unit: stagelinq.Device{Token: token, Name: rigName, Software: "JP13", Version: "3.4.0"}, next: now,
	}
	r.player.TakeChanges() // begins the noting
	return r
}

// Player is the model that plays.
func (r *VirtualRig) Player() *source.Player { return r.player }

// Do runs a function with the model.
func (r *VirtualRig) Do(f func(*source.Player)) { f(r.player) }

// Patch implements device.VirtualRig: the sinks of a load hear the player, and no
// others.
func (r *VirtualRig) Patch(opened []device.Opened) {
	before := r.sinks
	r.sinks = nil
	for _, o := range opened {
		s, ok := o.Device.(*Sink)
		if !ok {
			continue
		}
		r.sinks = append(r.sinks, s)
		if !slices.Contains(before, s) {
			r.connect(s)
		}
	}
}

// connect lets a sink find the player.
func (r *VirtualRig) connect(s *Sink) {
	now := r.env.Time(s.env.Now())
	for _, kind := range []stagelinq.DeviceKind{stagelinq.Found, stagelinq.Connected} {
		s.OnDevice(stagelinq.DeviceEvent{Kind: kind, Device: r.unit, At: now})
	}
	// What a track is comes before that it is loaded, as from a real player.
	states := r.player.States()
	for _, path := range slices.Concat(stagelinq.DefaultStates(), slices.Sorted(maps.Keys(states))) {
		if json, ok := states[path]; ok {
			r.tell(s, path, json, now)
			delete(states, path)
		}
	}
}

func (r *VirtualRig) tell(s *Sink, path, json string, now time.Time) {
	v, err := wire.ParseValue(json)
	if err != nil {
		panic("rig: the model made a bad value: " + err.Error())
	}
	s.OnState(stagelinq.StateEvent{Device: r.unit, Path: path, Value: v, At: now})
}

// Next implements device.Stepper.
func (r *VirtualRig) Next() time.Duration { return r.env.Since(r.next) }

// Step implements device.Stepper.
func (r *VirtualRig) Step(at time.Duration) {
	now := r.env.Time(at)
	r.player.Settle(now)
	changes := r.player.TakeChanges()
	for _, s := range r.sinks {
		for _, c := range changes {
			r.tell(s, c.Path, c.JSON, now)
		}
	}
	for !r.next.After(now) {
		info := r.player.BeatInfo(r.next, r.decks)
		r.decks = info.Decks
		for _, s := range r.sinks {
			s.OnBeat(stagelinq.BeatEvent{Device: r.unit, BeatInfo: info, At: r.next})
		}
		r.next = r.next.Add(beatInterval)
	}
}
