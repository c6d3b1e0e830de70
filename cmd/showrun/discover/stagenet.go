package discover

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"showrun/drivers/lan/mdns"
)

// StageNetConfig describes a search for StageNet gateways.
type StageNetConfig struct {
	Interface string // "" for all but loopback, or a name or address
	Tell      func(what string)
	Log       *slog.Logger
}

// advertised is a gateway that is or was advertised, for programs.
type advertised struct {
	ID      string   `json:"id"`
	Type    string   `json:"type"` // of its channels, such as "DMX"
	Version string   `json:"version"`
	Address string   `json:"address"`   // the first of Addresses
	All     []string `json:"addresses"` // host and port
	Name    string   `json:"name"`      // of the advertised service
	Online  bool     `json:"online"`
}

// stageNet browses for gateways.
type stageNet struct {
	cfg     StageNetConfig
	browser *mdns.Browser

	mu       sync.Mutex
	gateways map[string]advertised // by name
}

// StageNet prepares a search for what gateways advertise.
func StageNet(cfg StageNetConfig) (Search, error) {
	s := &stageNet{cfg: cfg, gateways: map[string]advertised{}}
	var err error
	s.browser, err = mdns.New(mdns.Config{
		Service: "_stagenet._tcp", Interface: cfg.Interface, OnEvent: s.take, Log: cfg.Log,
	})
	return s, err
}

// Run implements Search.
func (s *stageNet) Run(ctx context.Context) error { return s.browser.Run(ctx) }

// maxGateways bounds what is remembered of those that come and go.
const maxGateways = 1000

// take follows the browser.
func (s *stageNet) take(e mdns.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := e.Service.Instance
	if _, known := s.gateways[name]; !known && len(s.gateways) >= maxGateways {
		return
	}
	g := advertised{
		ID: e.Service.Text["id"], Type: e.Service.Text["type"], Version: e.Service.Text["version"],
		All: []string{}, Name: name, Online: e.Kind != mdns.Removed,
	}
	for _, a := range e.Service.Endpoints {
		g.All = append(g.All, a.String())
	}
	if len(g.All) > 0 {
		g.Address = g.All[0]
	}
	s.gateways[name] = g
	if e.Kind == mdns.Added {
		s.cfg.Tell(strings.TrimSpace(name + " " + g.Address))
	}
}

// stageNetDocument is what programs get.
type stageNetDocument struct {
	Gateways []advertised `json:"gateways"`
}

// Found implements Search.
func (s *stageNet) Found(time.Time) Section {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := stageNetDocument{Gateways: []advertised{}}
	out := Section{Name: "stagenet", Title: "StageNet", Doing: "asking", Columns: []string{"ID", "TYPE", "VERSION", "ADDRESS", "NAME", "ONLINE"}}
	for _, name := range slices.Sorted(maps.Keys(s.gateways)) {
		g := s.gateways[name]
		d.Gateways = append(d.Gateways, g)
		out.Rows = append(out.Rows, Row{Cells: []string{g.ID, g.Type, g.Version, g.Address, g.Name, yes(g.Online)}})
	}
	out.Document = d
	return out
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}
