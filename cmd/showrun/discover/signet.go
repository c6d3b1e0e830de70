package discover

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"showrun/cmd/showrun/terminal"
	"showrun/drivers/signet"
	"showrun/drivers/signet/manager"
	"showrun/drivers/signet/wire"
	devsignet "showrun/runtime/device/signet"
)

// listen is how long a Manager hears no other before it asks: a poll interval and
// the longest delay of one. The page wants 10.5 s as well, of those that stay; one
// that a person has just started, and that ends soon, is their refresh.
const listen = wire.PollInterval + wire.PollJitter

// SigNetConfig describes a search for Sig-Net devices.
type SigNetConfig struct {
	TUID      signet.TUID
	Sessions  signet.Sessions
	Scope     string // "" = "local"
	Keys      signet.Keys
	Interface string // "" for the system's choice, or a name or IPv4 address
	Port      int    // 0 = the usual one
	Now       bool   // ask at once
	Tell      func(what string)
	Log       *slog.Logger
}

// sigNet is a Manager that only looks.
type sigNet struct {
	cfg     SigNetConfig
	manager *manager.Conn
	began   time.Time

	mu     sync.Mutex
	told   map[signet.TUID]bool // devices that are known in full
	double netip.Addr           // from where another speaks with our TUID
}

// SigNet opens a Manager that lists the devices of an installation. Close it if it
// is not run.
func SigNet(cfg SigNetConfig) (Search, error) {
	if cfg.Scope == "" {
		cfg.Scope = wire.DefaultScope
	}
	s := &sigNet{cfg: cfg, told: map[signet.TUID]bool{}, began: time.Now()}
	var err error
	s.manager, err = manager.Open(manager.Config{
		TUID: cfg.TUID, Sessions: cfg.Sessions, Scope: cfg.Scope, Keys: cfg.Keys, Interface: cfg.Interface, Port: cfg.Port,
		Listen: listen, Label: "showrun discover", OnEvent: s.take, Log: cfg.Log,
	})
	if err != nil {
		return nil, err
	}
	if cfg.Now {
		s.manager.Refresh()
	}
	return s, nil
}

// Run implements Search.
func (s *sigNet) Run(ctx context.Context) error { return s.manager.Run(ctx) }

// take follows the Manager.
func (s *sigNet) take(e manager.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e.Kind {
	case manager.Duplicate:
		s.double = e.Node.Address.Addr()
	case manager.BeaconFound:
		s.cfg.Tell(strings.TrimSpace(e.Beacon.TUID.Screen() + " without keys " + e.Beacon.Label))
	case manager.Found, manager.Changed:
		if n := devsignet.NodeOf(e.Node); !s.told[e.Node.TUID] && n.Model != "" && len(n.Endpoints) >= n.EndpointCount {
			s.told[e.Node.TUID] = true
			s.cfg.Tell(strings.Join(strings.Fields(n.TUID+" "+n.Label), " "))
		}
	}
}

// sigNetDocument is what programs get.
type sigNetDocument struct {
	Scope   string            `json:"scope"`
	Nodes   []devsignet.Node  `json:"nodes"`
	Beacons []devsignet.Node  `json:"beacons"` // devices without keys
	Dropped map[string]uint64 `json:"dropped"` // packets, by reason
}

// Found implements Search.
func (s *sigNet) Found(now time.Time) Section {
	stats := s.manager.Stats()
	d := sigNetDocument{Scope: s.cfg.Scope, Nodes: []devsignet.Node{}, Beacons: []devsignet.Node{}, Dropped: stats.Drops}
	for _, n := range s.manager.Nodes() {
		d.Nodes = append(d.Nodes, devsignet.NodeOf(n))
	}
	for _, b := range s.manager.Beacons() {
		d.Beacons = append(d.Beacons, devsignet.NodeOfBeacon(b, true))
	}
	out := Section{
		Name: "signet", Title: "Sig-Net, scope " + s.cfg.Scope, Doing: s.doing(now, stats), Document: d, Remarks: s.remarks(stats),
		Columns: []string{"TUID", "LABEL", "MODEL", "SOEMCODE", "ROLES", "ADDRESS", "ONLINE", "NOTES"},
	}
	for _, n := range slices.Concat(d.Nodes, d.Beacons) {
		out.Rows = append(out.Rows, nodeRow(n))
	}
	return out
}

func nodeRow(n devsignet.Node) Row {
	code := ""
	if n.SoemCode != 0 {
		code = fmt.Sprintf("%08X", n.SoemCode)
	}
	row := Row{Cells: []string{
		n.TUID, n.Label, n.Model, code, strings.Join(n.Roles, " "), n.Address, yes(n.Online), strings.Join(n.Notes, ", "),
	}}
	for _, e := range n.Endpoints {
		line := fmt.Sprintf("endpoint %d", e.Number)
		if e.Direction != "" {
			line += ", " + e.Direction
		}
		if e.Universe != 0 {
			line += fmt.Sprintf(", universe %d", e.Universe)
		}
		if e.Label != "" {
			line += fmt.Sprintf(", %q", e.Label)
		}
		row.Details = append(row.Details, line)
	}
	return row
}

// doing says what the Manager waits for.
func (s *sigNet) doing(now time.Time, stats manager.Stats) string {
	switch {
	case stats.Active:
		return "asking every 3 s"
	case stats.Snooped > 0:
		return "another Manager asks, the answers are for all"
	}
	left := max(listen-now.Sub(s.began), 0)
	return fmt.Sprintf("listening for another Manager, asking in %d s", (left+time.Second-1)/time.Second)
}

// remarks say what may be wrong.
func (s *sigNet) remarks(stats manager.Stats) (list []string) {
	for _, r := range []struct {
		verdict wire.Verdict
		text    string
	}{
		{wire.BadAuth, "signed with another key; is it the key of this installation?"},
		{wire.WrongScope, "of another scope; --scope names it"},
		{wire.ModeMismatch, "of devices in Open Mode, which nobody signs"},
	} {
		if n := stats.Counters[r.verdict]; n > 0 {
			list = append(list, fmt.Sprintf("%s %s", terminal.Plural(int(n), "packet"), r.text))
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.double.IsValid() {
		list = append(list, fmt.Sprintf("duplicate: %v speaks with our TUID %s", s.double, s.cfg.TUID.Screen()))
	}
	return list
}
