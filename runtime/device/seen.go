package device

import "showrun/runtime/level"

// The optional interfaces of this file are for people who look at a show. What they return
// is the caller's. They are asked from any goroutine, a few times a second, and wait for
// neither a network nor a log.

// Labelled is implemented by declarations whose outputs have names for people.
type Labelled interface {
	// OutputName names one of its Outputs, such as "universe 1".
	OutputName(level.Output) string
}

// Mechanical is implemented by declarations of machinery that people see.
type Mechanical interface {
	// Mechanism tells what it is.
	Mechanism() Mechanism
}

// A Mechanism is a machine with axes, or a valve.
type Mechanism struct {
	Kind string // "motion" or "valve"
	Axes []Axis
}

// Axis is one of a Mechanism.
type Axis struct {
	Name     string
	Min, Max float64 // its ends; infinite for none
	Unit     string
}

// Posed is a device that knows how its Mechanism stands.
type Posed interface {
	Posture() Posture
}

// Posture is how machinery stands by what it was told.
type Posture struct {
	Positions []float64 // of the axes, in their units
	Open      float64   // of a valve: how much of it is fed, 0-1
	Says      string    // for people
}

// Player is a device that hears players.
type Player interface {
	// Decks lists the decks of those that are there, in an order that stays.
	Decks() []Deck
}

// Deck is a deck of a player.
type Deck struct {
	Name          string // of the player and the deck
	Source        string // the tempo source that it is
	Title, Artist string
	Playing       bool
	Leads         bool
	OnAir         bool
	BPM           float64
	Length        float64 // in beats; 0 if it is not known
}

// Lessor is a device that leases out what it has.
type Lessor interface {
	// Leases lists them in words, in an order that stays.
	Leases() []string
}

// Known is a device that others on its network hear of.
type Known interface {
	// ID is by what they know it, as in Other.
	ID() string
}

// Neighbour is a device that hears of more on the network than the show names.
type Neighbour interface {
	// Others lists that, in an order that stays.
	Others() []Other
}

// Other is something on the network.
type Other struct {
	ID      string // by which it is known there
	Name    string
	Address string
	What    string // it is, for people
}
