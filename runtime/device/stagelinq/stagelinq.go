// Package stagelinq joins the StageLinQ driver to a show: beats become observations
// of the clock, states become events.
package stagelinq

import (
	"crypto/rand"
	"errors"

	"showrun/drivers/stagelinq"
	"showrun/runtime/device"
)

// Questions that a sink answers. A token is that of a player; "" stands for the one
// that was found first.
type (
	// PlayersOf asks for the players present; a []Player.
	PlayersOf struct{}
	// StateOf asks for the last value of a path, of the first player that has one if no
	// token is given; a bool, float64, string or nil.
	StateOf struct{ Token, Path string }
	// KnownOf asks for what is known of a path, by player; a []StateChange.
	KnownOf struct{ Path string }
	// DeckOf asks for what is known of a deck, counted from 1; 0 is the master. A Deck.
	DeckOf struct {
		Token string
		Deck  int
	}
)

// Subscribe is the order to ask every player for paths, now and whenever it connects.
type Subscribe struct{ Paths []string }

// Protocol is StageLinQ for a show.
func Protocol() device.Protocol {
	return device.Protocol{
		Name:          "stagelinq",
		Shared:        true,
		Values:        []any{Player{}, []Player{}, StateChange{}, []StateChange{}, Deck{}, DeckOf{}, Subscribe{}},
		NewRig:        newRig,
		NewVirtualRig: newVirtualRig,
	}
}

// TokenOf is the token under which this machine is known to players.
func TokenOf(store device.Store) (stagelinq.Token, error) {
	const bucket, key = "stagelinq", "token"
	kept, found, err := store.Get(bucket, key)
	switch {
	case err != nil:
		return stagelinq.Token{}, device.Missing(err)
	case found && len(kept) == len(stagelinq.Token{}):
		return stagelinq.Token(kept), nil
	case found:
		return stagelinq.Token{}, errors.New("the state file holds a broken StageLinQ token")
	}
	t, err := stagelinq.NewToken(rand.Reader)
	if err != nil {
		return t, err
	}
	return t, device.Missing(store.Put(bucket, key, t[:]))
}
