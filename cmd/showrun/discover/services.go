package discover

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"showrun/drivers/lan/mdns"
)

// services remembers what is or was advertised by multicast DNS.
type services struct {
	tell func(what string)

	mu   sync.Mutex
	list map[string]service // by name
}

// service is one that is or was advertised.
type service struct {
	mdns.Service
	online bool
}

// maxServices bounds what is remembered of those that come and go.
const maxServices = 1000

// take follows a browser.
func (s *services) take(e mdns.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.list == nil {
		s.list = map[string]service{}
	}
	name := e.Service.Instance
	if _, known := s.list[name]; !known && len(s.list) >= maxServices {
		return
	}
	found := service{e.Service, e.Kind != mdns.Removed}
	s.list[name] = found
	if e.Kind == mdns.Added {
		s.tell(strings.TrimSpace(name + " " + found.address()))
	}
}

// all are those that are remembered, by name.
func (s *services) all() (list []service) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(s.list)) {
		list = append(list, s.list[name])
	}
	return list
}

// addresses are host and port of each way to it.
func (s service) addresses() []string {
	list := []string{}
	for _, a := range s.Endpoints {
		list = append(list, a.String())
	}
	return list
}

// address is the first of them, "" if there is none.
func (s service) address() string { return strings.Join(s.addresses()[:min(1, len(s.Endpoints))], "") }

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}
