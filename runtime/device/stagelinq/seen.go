package stagelinq

import (
	"fmt"

	"showrun/runtime/device"
)

// Decks implements device.Player. While nothing but beats come, nobody waits for it.
func (s *Sink) Decks() []device.Deck {
	if list := s.seen.Load(); list != nil {
		return *list
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []device.Deck{}
	for _, u := range s.units {
		if u.gone {
			continue
		}
		for i, key := range u.decks {
			d := u.deckView(i + 1)
			list = append(list, device.Deck{
				Name: fmt.Sprintf("%s deck %d", u.player.Name, i+1), Source: key, Title: d.Title, Artist: d.Artist,
				Playing: d.Playing, Leads: s.master == deckRef{u, i + 1}, OnAir: d.OnAir, BPM: d.BPM, Length: d.TotalBeats,
			})
		}
	}
	s.seen.Store(&list)
	return list
}

// Others implements device.Neighbour: the units that are there and that the show does not
// listen to.
func (s *Sink) Others() (list []device.Other) {
	for _, u := range s.driver.Ignored(s.env.Time(s.env.Now())) {
		list = append(list, device.Other{ID: u.Token.String(), Name: u.Name, Address: u.Address.String(), What: "player, " + u.Software + " " + u.Version})
	}
	return list
}
