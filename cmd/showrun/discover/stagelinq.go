package discover

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"showrun/drivers/stagelinq"
	"showrun/drivers/stagelinq/discovery"
	"showrun/drivers/stagelinq/wire"
)

// StageLinQConfig describes a search for StageLinQ units.
type StageLinQConfig struct {
	Token     stagelinq.Token
	Interface string // "" for all but loopback, or a name or IPv4 address
	Port      int    // UDP port of discovery, 0 = the usual one
	Tell      func(what string)
	Log       *slog.Logger
}

// unit is one that is or was heard, for programs.
type unit struct {
	Name     string `json:"name"`
	Software string `json:"software"`
	Version  string `json:"version"`
	Address  string `json:"address"`
	Token    string `json:"token"`
	Decks    int    `json:"decks"`
	Kind     string `json:"kind"` // "player", "mixer", "analyzer", "accessory" or "program"
	Online   bool   `json:"online"`
}

// stageLinQ listens to announcements.
type stageLinQ struct {
	cfg       StageLinQConfig
	announcer *discovery.Announcer

	mu    sync.Mutex
	table discovery.Table
	units map[wire.Token]unit
}

// StageLinQ prepares a search for everything that announces itself. It announces
// itself as well, as everybody does.
func StageLinQ(cfg StageLinQConfig) (Search, error) {
	if _, err := discovery.Networks(cfg.Interface); err != nil {
		return nil, err
	}
	s := &stageLinQ{cfg: cfg, units: map[wire.Token]unit{}}
	s.announcer = discovery.NewAnnouncer(discovery.AnnouncerConfig{
		Self:      wire.Announcement{Token: cfg.Token, Name: "showrun discover", Software: "showrun", Version: "1.0.0"},
		Interface: cfg.Interface, Port: cfg.Port, Heard: s.take, Log: cfg.Log,
	})
	return s, nil
}

// Run implements Search.
func (s *stageLinQ) Run(ctx context.Context) error { return s.announcer.Run(ctx) }

// maxUnits bounds what is remembered of those that come and go.
const maxUnits = 1000

// take follows the announcements.
func (s *stageLinQ) take(h discovery.Heard) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire(h.At)
	u, change, evicted := s.table.Heard(h.Announcement, h.Address, h.At)
	s.left(evicted)
	if _, known := s.units[u.Token]; change == discovery.Unchanged || change == discovery.Refused || !known && len(s.units) >= maxUnits {
		return
	}
	v := unit{
		Name: u.Name, Software: u.Software, Version: u.Version, Address: u.Address.String(), Token: u.Token.String(),
		Decks: discovery.Decks(u.Software), Kind: kindOf(u.Software), Online: change != discovery.Left,
	}
	s.units[u.Token] = v
	if change == discovery.Appeared {
		s.cfg.Tell(fmt.Sprintf("%s, %s %s", v.Name, v.Software, v.Address))
	}
}

// expire notes who has fallen silent, with mu held.
func (s *stageLinQ) expire(now time.Time) {
	for {
		u, ok := s.table.Expire(now)
		if !ok {
			return
		}
		s.left(u.Token)
	}
}

// left notes that a unit is not there any more, with mu held.
func (s *stageLinQ) left(token wire.Token) {
	if gone, known := s.units[token]; known {
		gone.Online = false
		s.units[token] = gone
	}
}

func kindOf(software string) string {
	switch {
	case discovery.IsPlayer(software):
		return "player"
	case discovery.IsMixer(software):
		return "mixer"
	case discovery.IsAnalyzer(software):
		return "analyzer"
	case discovery.IsHardware(software):
		return "accessory"
	}
	return "program"
}

// stageLinQDocument is what programs get.
type stageLinQDocument struct {
	Devices []unit `json:"devices"`
}

// Found implements Search.
func (s *stageLinQ) Found(now time.Time) Section {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire(now)
	d := stageLinQDocument{Devices: slices.AppendSeq([]unit{}, maps.Values(s.units))}
	slices.SortFunc(d.Devices, func(a, b unit) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Software, b.Software), cmp.Compare(a.Token, b.Token))
	})
	out := Section{
		Name: "stagelinq", Title: "StageLinQ", Doing: "listening", Document: d,
		Columns: []string{"NAME", "SOFTWARE", "VERSION", "KIND", "DECKS", "ADDRESS", "TOKEN", "ONLINE"},
	}
	for _, u := range d.Devices {
		decks := ""
		if u.Decks > 0 {
			decks = fmt.Sprint(u.Decks)
		}
		out.Rows = append(out.Rows, Row{Cells: []string{u.Name, u.Software, u.Version, u.Kind, decks, u.Address, u.Token, yes(u.Online)}})
	}
	return out
}
