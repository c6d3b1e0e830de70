package stagelinq

import (
	"context"
	"errors"
	"fmt"
	"time"

	"showrun/drivers/stagelinq/source"
	"showrun/runtime/device"
)

// VirtualPlayerDecl declares a virtual player that a script plays.
type VirtualPlayerDecl struct{ Decks int }

// Key implements device.Declaration.
func (d *VirtualPlayerDecl) Key() string {
	return fmt.Sprintf("stagelinq player with %d decks", d.Decks)
}

// String implements device.Declaration.
func (d *VirtualPlayerDecl) String() string { return "deck" }

// Open implements device.Declaration. Whoever runs the script has the player and
// provides it.
func (d *VirtualPlayerDecl) Open(device.Env) (device.Device, error) {
	return nil, errors.New("a show has no player of its own")
}

// OpenVirtual implements device.Declaration.
func (d *VirtualPlayerDecl) OpenVirtual(env device.Env) (device.Device, error) {
	now := env.Time(env.Now())
	model := source.NewPlayer(source.PlayerConfig{Decks: d.Decks}, now)
	return NewVirtualPlayer(func(f func(*source.Player)) { f(model) }, env.Time), nil
}

// Action is what a script does with a deck.
type Action uint8

// The actions.
const (
	Load   Action = iota + 1 // a track
	Unload                   // the track
	Start                    // playing
	Pause
	Pitch // to a percentage
	Jump  // by so many beats
	Seek  // to a beat
	Loop  // so many beats; 0 ends the loop
	Lead  // be master
	Fader // to a level, 0 to 1
)

// Act asks a player to do something with a deck, counted from 1, from an instant on,
// which may just be over. It is done when it is answered, with true, so that a script
// finds the deck as it has left it.
type Act struct {
	Deck   int
	Action Action
	At     time.Duration
	Value  float64
	Track  Track // to be loaded
}

// Track is what a script puts on a deck.
type Track struct {
	Title, Artist string
	BPM           float64
	Length        time.Duration
}

// Questions that a player answers.
type (
	// LoadedOf asks whether there is a track on a deck; a bool.
	LoadedOf struct{ Deck int }
	// BeatOf asks for the beat of a deck at an instant; a float64.
	BeatOf struct {
		Deck int
		At   time.Duration
	}
)

// VirtualPlayer is a virtual player as scripts play it.
type VirtualPlayer struct {
	// Do runs a function with the model, alone.
	Do   func(func(*source.Player))
	time func(time.Duration) time.Time
}

// NewVirtualPlayer makes a device of a model. do runs a function with the model, alone.
func NewVirtualPlayer(do func(func(*source.Player)), time func(time.Duration) time.Time) *VirtualPlayer {
	return &VirtualPlayer{do, time}
}

// Loops implements device.Device: the model is run by whoever has it.
func (p *VirtualPlayer) Loops() []func(context.Context) error { return nil }

func (a Act) on(m *source.Player, at time.Time) {
	switch a.Action {
	case Load:
		t := a.Track
		m.Load(a.Deck, source.Track{Title: t.Title, Artist: t.Artist, BPM: t.BPM, Length: t.Length}, at)
	case Unload:
		m.Unload(a.Deck, at)
	case Start:
		m.Play(a.Deck, at)
	case Pause:
		m.Pause(a.Deck, at)
	case Pitch:
		m.SetPitch(a.Deck, a.Value, at)
	case Jump:
		m.Jump(a.Deck, a.Value, at)
	case Seek:
		m.SeekBeat(a.Deck, a.Value, at)
	case Loop:
		if a.Value == 0 {
			m.EndLoop(a.Deck, at)
		} else {
			m.Loop(a.Deck, a.Value, at)
		}
	case Lead:
		m.SetMaster(a.Deck, at)
	case Fader:
		m.SetFader(a.Deck, a.Value, at)
	}
}

// Answer implements device.Answerer.
func (p *VirtualPlayer) Answer(question any) (answer any) {
	switch q := question.(type) {
	case Act:
		p.Do(func(m *source.Player) { q.on(m, p.time(q.At)) })
		return true
	case LoadedOf:
		p.Do(func(m *source.Player) { answer = m.Deck(q.Deck, p.time(0)).Loaded })
	case BeatOf:
		p.Do(func(m *source.Player) { answer = m.Beat(q.Deck, p.time(q.At)) })
	}
	return answer
}
