package stagelinq

import (
	"fmt"
	"time"
)

// elect finds the master deck: the one that says so on the unit that leads the
// network; with no leading unit, the one that says so; with none, the loudest of those
// that play, of equal ones that which began last (4.4). Without a word of its fader a
// deck counts as silent.
func (s *Sink) elect(now time.Duration) {
	var best deckRef
	rank := 0
	var loud float64
	var since time.Duration
	for _, u := range s.units {
		leads := u.states["/Engine/Sync/Network/MasterStatus"] == true
		for n := 1; n <= len(u.since); n++ {
			r := 0
			prefix := fmt.Sprintf("/Engine/Deck%d/", n)
			fader, _ := u.states[prefix+"ExternalMixerVolume"].(float64)
			switch {
			case u.states[prefix+"DeckIsMaster"] == true:
				r = 2
				if leads {
					r = 3
				}
			case u.states[prefix+"PlayState"] == true:
				r = 1
			}
			if r > rank || r == 1 && rank == 1 && (fader > loud || fader == loud && u.since[n-1] > since) {
				best, rank, loud, since = deckRef{u, n}, r, fader, u.since[n-1]
			}
		}
	}
	before := s.master
	if rank > 0 || s.master.unit != nil && s.master.unit.gone {
		s.master = best
	}
	s.alias(now)
	if s.master != before {
		s.lead(before, now)
	}
}

// lead tells that another deck leads, and with it another title, if that is known by now.
func (s *Sink) lead(before deckRef, now time.Duration) {
	key, u, n := s.decl.MasterKey(), s.master.unit, s.master.deck
	if before.unit != nil {
		s.change(before.unit, before.deck, now)
	}
	if u == nil {
		s.event(key, Changed, now)
		return
	}
	s.event(key, "master", now)
	if is := u.deckView(n); is.Told && is.Signature() != s.led {
		s.led = is.Signature()
		s.event(key, "track", now)
	}
	s.change(u, n, now)
}

// alias tells the beat clock which decks the names that scripts use stand for.
// A name keeps its deck while nothing better is there, so that the beat runs on
// when a player is lost.
func (s *Sink) alias(now time.Duration) {
	set := func(source string, u *unit, deck int) {
		if u == nil || deck > len(u.decks) || s.said[source] == u.decks[deck-1] {
			return
		}
		s.said[source] = u.decks[deck-1]
		s.env.Alias(source, u.decks[deck-1], now)
	}
	set(s.decl.MasterKey(), s.master.unit, s.master.deck)
	for n := 1; n <= 4; n++ {
		set(s.decl.DeckKey(n), s.first(), n)
	}
}

// first is the unit found first of those present; nil if there is none.
func (s *Sink) first() *unit {
	for _, u := range s.units {
		if !u.gone {
			return u
		}
	}
	return nil
}
