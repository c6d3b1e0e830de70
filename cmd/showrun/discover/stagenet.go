package discover

import (
	"context"
	"log/slog"
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
	services
	browser *mdns.Browser
}

// StageNet prepares a search for what gateways advertise.
func StageNet(cfg StageNetConfig) (Search, error) {
	s := &stageNet{services: services{tell: cfg.Tell}}
	var err error
	s.browser, err = mdns.New(mdns.Config{
		Service: "_stagenet._tcp", Interface: cfg.Interface, OnEvent: s.take, Log: cfg.Log,
	})
	return s, err
}

// Run implements Search.
func (s *stageNet) Run(ctx context.Context) error { return s.browser.Run(ctx) }

// stageNetDocument is what programs get.
type stageNetDocument struct {
	Gateways []advertised `json:"gateways"`
}

// Found implements Search.
func (s *stageNet) Found(time.Time) Section {
	d := stageNetDocument{Gateways: []advertised{}}
	out := Section{Name: "stagenet", Title: "StageNet", Doing: "asking", Columns: []string{"ID", "TYPE", "VERSION", "ADDRESS", "NAME", "ONLINE"}}
	for _, f := range s.all() {
		g := advertised{
			ID: f.Text["id"], Type: f.Text["type"], Version: f.Text["version"],
			Address: f.address(), All: f.addresses(), Name: f.Instance, Online: f.online,
		}
		d.Gateways = append(d.Gateways, g)
		out.Rows = append(out.Rows, Row{Cells: []string{g.ID, g.Type, g.Version, g.Address, g.Name, yes(g.Online)}})
	}
	out.Document = d
	return out
}
