package source

import (
	"fmt"
	"maps"
	"time"

	"showrun/drivers/stagelinq/wire"
)

// PlayerConfig describes the unit a Player plays.
type PlayerConfig struct {
	Token  wire.Token
	Decks  int // 2-4, default 4
	Number int // player number shown on the unit, 1-4, default 1
	// BeatRate is the number of beat messages a second, default 30.
	BeatRate int
}

// Player is the model of a unit: its decks and mixer, and the states and beat
// messages they give. It has no sockets and no clock: every command and
// question takes the present. What is told to a deck with an instant before that
// of its last command counts as told at that. It has one owner; Source.Do lends
// the one it serves.
//
// Decks are numbered from 1. A command for a deck the unit does not have
// panics; one that makes no sense in the present state, such as playing an
// empty deck, does nothing.
type Player struct {
	config  PlayerConfig
	born    time.Time
	decks   []deck
	master  int // 0: none
	cross   float64
	states  map[string]string
	changes []Change
	noting  bool      // changes are wanted
	next    time.Time // of the next beat message
}

// Change is one changed state: the path and its new value as JSON.
type Change struct {
	Path string
	JSON string
}

// NewPlayer returns a unit with empty decks, faders up and no master.
func NewPlayer(config PlayerConfig, now time.Time) *Player {
	if config.Decks == 0 {
		config.Decks = 4
	}
	if config.Decks < 2 || config.Decks > 4 {
		panic(fmt.Sprintf("source: NewPlayer: %d decks, want 2-4", config.Decks))
	}
	if config.Number == 0 {
		config.Number = 1
	}
	if config.BeatRate <= 0 {
		config.BeatRate = 30
	}
	p := &Player{
		config: config,
		born:   now,
		decks:  make([]deck, config.Decks),
		cross:  0.5,
		states: map[string]string{},
		next:   now,
	}
	for i := range p.decks {
		p.decks[i].fader = 1
		p.decks[i].since = now
	}
	p.publishFixed()
	p.publish()
	return p
}

// Decks returns the number of decks.
func (p *Player) Decks() int { return len(p.decks) }

func (p *Player) deck(n int) *deck {
	if n < 1 || n > len(p.decks) {
		panic(fmt.Sprintf("source: deck %d of %d", n, len(p.decks)))
	}
	return &p.decks[n-1]
}

// command settles the deck's motion at now, changes it and publishes.
func (p *Player) command(n int, now time.Time, change func(*deck)) {
	p.Settle(now)
	d, master := p.deck(n), p.master
	d.rebase(now)
	change(d)
	if p.master != master {
		p.publish()
		return
	}
	p.publishUnit()
	p.publishDeck(n)
}

// Load puts a track on a deck, stopped at its beginning, replacing the one
// before.
func (p *Player) Load(n int, t Track, now time.Time) {
	p.Unload(n, now)
	p.command(n, now, func(d *deck) { d.loaded, d.track = true, t.withDefaults() })
}

// Unload empties a deck.
func (p *Player) Unload(n int, now time.Time) {
	p.command(n, now, func(d *deck) {
		*d = deck{pitch: d.pitch, fader: d.fader, since: d.since}
	})
}

// Play starts a deck. The first deck to play becomes master.
func (p *Player) Play(n int, now time.Time) {
	p.command(n, now, func(d *deck) {
		d.playing = d.loaded && d.base < d.track.length()
		d.played = d.played || d.playing
		if d.playing && p.master == 0 {
			p.master = n
		}
	})
}

// Pause stops a deck where it is.
func (p *Player) Pause(n int, now time.Time) {
	p.command(n, now, func(d *deck) { d.playing = false })
}

// SetPitch moves the pitch fader, in percent of the track's tempo, -100 to 100.
// The deck's pitch range becomes the smallest that reaches it.
func (p *Player) SetPitch(n int, percent float64, now time.Time) {
	p.command(n, now, func(d *deck) { d.pitch = max(-100, min(100, percent)) })
}

// SetTempo moves the pitch fader so that the effective tempo is bpm, as far as
// it reaches. A deck without a grid ignores it.
func (p *Player) SetTempo(n int, bpm float64, now time.Time) {
	if d := p.deck(n); d.loaded && d.track.BPM > 0 {
		p.SetPitch(n, 100*(bpm/d.track.BPM-1), now)
	}
}

// Jump moves a deck by a number of beats, within its track.
func (p *Player) Jump(n int, beats float64, now time.Time) {
	p.SeekBeat(n, p.Beat(n, now)+beats, now)
}

// SeekBeat moves a deck to a beat of its track, within the track.
func (p *Player) SeekBeat(n int, beat float64, now time.Time) {
	p.command(n, now, func(d *deck) {
		if d.loaded && d.track.BPM > 0 {
			d.base = max(0, min(d.track.length(), d.track.sample(beat)))
		}
	})
}

// Loop starts a loop of a number of beats at the present position.
func (p *Player) Loop(n int, beats float64, now time.Time) {
	p.command(n, now, func(d *deck) {
		if d.loaded && d.track.BPM > 0 && beats > 0 {
			d.looping, d.in, d.out = true, d.base, d.base+beats*d.track.perBeat()
		}
	})
}

// EndLoop leaves the loop and plays on from the present position.
func (p *Player) EndLoop(n int, now time.Time) {
	p.command(n, now, func(d *deck) { d.looping = false })
}

// SetMaster makes a deck the tempo master, or none with 0.
func (p *Player) SetMaster(n int, now time.Time) {
	p.Settle(now)
	if n != 0 {
		p.deck(n)
	}
	p.master = n
	p.publish()
}

// SetFader moves a deck's channel fader, 0 to 1. It has the 128 steps of the
// real one.
func (p *Player) SetFader(n int, level float64, now time.Time) {
	p.command(n, now, func(d *deck) { d.fader = max(0, min(1, level)) })
}

// SetCrossfader moves the crossfader, 0 to 1.
func (p *Player) SetCrossfader(position float64, now time.Time) {
	p.Settle(now)
	p.cross = max(0, min(1, position))
	p.publish()
}

// Settle stops decks that have reached the end of their track. Commands do it
// themselves; a server calls it now and then.
func (p *Player) Settle(now time.Time) {
	for i := range p.decks {
		if d := &p.decks[i]; d.ended(now) {
			d.rebase(now)
			d.playing = false
			p.publishDeck(i + 1)
		}
	}
}

// DeckState is how a deck stands at an instant.
type DeckState struct {
	Loaded, Playing, Looping, Master bool

	Track Track   // the zero Track on an empty deck
	Pitch float64 // percent
	BPM   float64 // effective tempo; 120 with its pitch on an empty deck
	Beat  float64
}

// Deck returns how a deck stands.
func (p *Player) Deck(n int, now time.Time) DeckState {
	d := p.deck(n)
	return DeckState{
		Loaded: d.loaded, Playing: p.Playing(n, now), Looping: d.looping, Master: p.master == n,
		Track: d.track, Pitch: d.pitch, BPM: d.bpm(), Beat: d.beat(now),
	}
}

// Beat returns a deck's position in beats.
func (p *Player) Beat(n int, now time.Time) float64 { return p.deck(n).beat(now) }

// Playing reports whether a deck runs.
func (p *Player) Playing(n int, now time.Time) bool {
	d := p.deck(n)
	return d.playing && !d.ended(now)
}

// BeatTime returns the instant at which a deck passes a beat if nothing is
// touched: the next such instant, or the last one since the deck was touched.
// ok is false when there is none, as for a stopped deck.
func (p *Player) BeatTime(n int, beat float64, now time.Time) (at time.Time, ok bool) {
	return p.deck(n).beatTime(beat, now)
}

// Clock returns the unit's monotonic clock in nanoseconds.
func (p *Player) Clock(now time.Time) uint64 { return uint64(now.Sub(p.born)) }

// BeatInfo returns the beat message of an instant. Its decks are appended to
// decks[:0].
func (p *Player) BeatInfo(now time.Time, decks []wire.DeckBeat) wire.BeatInfo {
	info := wire.BeatInfo{Clock: p.Clock(now), Decks: decks[:0]}
	for i := range p.decks {
		d := &p.decks[i]
		info.Decks = append(info.Decks, wire.DeckBeat{
			Beat: d.beat(now), Total: d.total(), BPM: d.bpm(), Sample: d.position(now),
		})
	}
	return info
}

// Step settles the unit at now and returns the beat message of this instant, if
// one is due.
func (p *Player) Step(now time.Time, decks []wire.DeckBeat) (info wire.BeatInfo, ok bool) {
	p.Settle(now)
	if now.Before(p.next) {
		return wire.BeatInfo{}, false
	}
	period := time.Second / time.Duration(p.config.BeatRate)
	p.next = p.next.Add((now.Sub(p.next)/period + 1) * period) // what is missed is missed
	return p.BeatInfo(now, decks), true
}

// Deadline returns when the next beat message is due.
func (p *Player) Deadline() time.Time { return p.next }

// State returns the present value of a path as JSON; ok is false for a path
// the unit does not have.
func (p *Player) State(path string) (json string, ok bool) {
	json, ok = p.states[path]
	return json, ok
}

// States returns all paths with their values as JSON. The caller owns the map.
func (p *Player) States() map[string]string {
	return maps.Clone(p.states)
}

// TakeChanges returns the changes since the last call, in order. They are noted
// from the first call on, which returns none.
func (p *Player) TakeChanges() []Change {
	changes := p.changes
	p.changes, p.noting = nil, true
	return changes
}
