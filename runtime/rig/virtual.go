package rig

import (
	"maps"
	"slices"
	"time"

	"showrun/drivers/stagelinq"
	"showrun/drivers/stagelinq/source"
	"showrun/drivers/stagelinq/wire"
)

const deckName = "rigdeck"

// start puts a long track on deck 1 and plays it as master.
func start(p *source.Player, bpm float64, now time.Time) {
	p.Load(1, source.Track{Title: "Click", Artist: "Virtual rig", BPM: bpm, Length: 24 * time.Hour}, now)
	p.SetMaster(1, now)
	p.Play(1, now)
}

// Sink is what a player is heard by: device.Sink is one.
type Sink interface {
	OnDevice(stagelinq.DeviceEvent)
	OnState(stagelinq.StateEvent)
	OnBeat(stagelinq.BeatEvent)
}

// Deck is the rig's player for runs in virtual time: the same model, heard
// without a network.
type Deck struct {
	player *source.Player
	device stagelinq.Device
	next   time.Time
	sinks  []Sink
	decks  []stagelinq.DeckBeat
}

// beatInterval is the time between two beat messages.
const beatInterval = time.Second / 30

// NewDeck returns a deck that begins to play at now.
func NewDeck(bpm float64, now time.Time) *Deck {
	if bpm == 0 {
		bpm = 120
	}
	token := stagelinq.Token{0x0f, 6: 0x40, 8: 0x80}
	d := &Deck{
		player: source.NewPlayer(source.PlayerConfig{Token: token, Decks: 2}, now),
		device: stagelinq.Device{Token: token, Name: deckName, Software: "JP13", Version: "3.4.0"},
		next:   now,
	}
	d.player.TakeChanges() // begins the noting
	start(d.player, bpm, now)
	return d
}

// Connect lets a sink hear the deck from now on.
func (d *Deck) Connect(s Sink, now time.Time) {
	for _, kind := range []stagelinq.DeviceKind{stagelinq.Found, stagelinq.Connected} {
		s.OnDevice(stagelinq.DeviceEvent{Kind: kind, Device: d.device, At: now})
	}
	// What a track is comes before that it is loaded, as from a real player.
	states := d.player.States()
	for _, path := range slices.Concat(stagelinq.DefaultStates(), slices.Sorted(maps.Keys(states))) {
		if json, ok := states[path]; ok {
			d.tell(s, path, json, now)
			delete(states, path)
		}
	}
	d.sinks = append(d.sinks, s)
}

// Disconnect ends that.
func (d *Deck) Disconnect(s Sink) {
	for i, x := range d.sinks {
		if x == s {
			d.sinks = append(d.sinks[:i:i], d.sinks[i+1:]...)
			return
		}
	}
}

func (d *Deck) tell(s Sink, path, json string, now time.Time) {
	v, err := wire.ParseValue(json)
	if err != nil {
		panic("rig: the model made a bad value: " + err.Error())
	}
	s.OnState(stagelinq.StateEvent{Device: d.device, Path: path, Value: v, At: now})
}

// Next is when Step has something to send.
func (d *Deck) Next() time.Time { return d.next }

// Step sends what is due.
func (d *Deck) Step(now time.Time) {
	d.player.Settle(now)
	changes := d.player.TakeChanges()
	for _, s := range d.sinks {
		for _, c := range changes {
			d.tell(s, c.Path, c.JSON, now)
		}
	}
	for !d.next.After(now) {
		info := d.player.BeatInfo(d.next, d.decks)
		d.decks = info.Decks
		for _, s := range d.sinks {
			s.OnBeat(stagelinq.BeatEvent{Device: d.device, BeatInfo: info, At: d.next})
		}
		d.next = d.next.Add(beatInterval)
	}
}
