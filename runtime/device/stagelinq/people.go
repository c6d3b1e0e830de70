package stagelinq

import (
	"fmt"
	"strings"
)

// WaitsFor implements device.Waiter: the units the show names that are not connected, or
// any player.
func (s *Sink) WaitsFor() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.decl.Devices == "" {
		if s.connected("") {
			return nil
		}
		return []string{"a player"}
	}
	var list []string
	for _, name := range strings.Split(s.decl.Devices, "\n") {
		if !s.connected(name) {
			list = append(list, "player "+name)
		}
	}
	return list
}

// connected tells whether a unit that has a name, "" for any, is.
func (s *Sink) connected(name string) bool {
	for _, u := range s.units {
		if u.here && (name == "" || name == u.player.Name || name == u.player.Software || name == u.player.Address) {
			return true
		}
	}
	return false
}

// SourceName implements device.Source.
func (s *Sink) SourceName(source string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	of, own := strings.CutPrefix(source, s.decl.Key()+" ")
	if !own {
		return ""
	}
	if stands := s.said[source]; stands != "" {
		source = stands
	}
	for _, u := range s.units {
		for i, key := range u.decks {
			if key == source {
				return fmt.Sprintf("deck %d of %s", i+1, u.player.Name)
			}
		}
	}
	if of == "master" {
		return "the master deck, which nobody is yet"
	}
	return of + ", which is not there"
}
