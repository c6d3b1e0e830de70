package discover

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"time"

	"showrun/drivers/artnet"
	"showrun/drivers/artnet/wire"
	"showrun/drivers/lan/broadcast"
	devartnet "showrun/runtime/device/artnet"
)

// ArtNetConfig describes a search for Art-Net devices.
type ArtNetConfig struct {
	Interface string // "" for the first that can broadcast, or a name or IPv4 address
	Port      int    // 0 = the usual one
	Tell      func(what string)
	Log       *slog.Logger
}

// artNet is a controller that sends no levels.
type artNet struct {
	controller *artnet.Conn
	news       news // by address
}

// ArtNet opens a controller that polls. It takes nothing away from another program: what is
// sent to an address reaches only one, so there must be none on the port.
func ArtNet(cfg ArtNetConfig) (Search, error) {
	cfg.Port = cmp.Or(cfg.Port, wire.Port)
	address, err := broadcast.Address(cfg.Interface)
	if err != nil {
		return nil, err
	}
	alone, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(address, uint16(cfg.Port))))
	if err != nil {
		return nil, fmt.Errorf("another program speaks Art-Net here, and would lose what is sent to it; a show lists devices with artnet.nodes(): %w", err)
	}
	alone.Close()
	s := &artNet{news: news{tell: cfg.Tell}}
	s.controller, err = artnet.Open(artnet.Config{
		Interface: cfg.Interface, Port: cfg.Port, ShortName: "showrun discover", OnNodes: s.tell, Log: cfg.Log,
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Run implements Search.
func (s *artNet) Run(ctx context.Context) error { return s.controller.Run(ctx) }

// tell tells of each device once.
func (s *artNet) tell() {
	for _, n := range devartnet.Nodes(s.controller.Nodes()) {
		s.news.of(n.Address, strings.TrimSpace(n.Address+" "+n.Name))
	}
}

// artNetDocument is what programs get.
type artNetDocument struct {
	Nodes   []devartnet.Node  `json:"nodes"`
	Dropped map[string]uint64 `json:"dropped"` // packets, by reason
}

// Found implements Search.
func (s *artNet) Found(time.Time) Section {
	d := artNetDocument{Nodes: []devartnet.Node{}, Dropped: s.controller.Stats().Dropped}
	d.Nodes = append(d.Nodes, devartnet.Nodes(s.controller.Nodes())...)
	out := Section{
		Name: "artnet", Title: "Art-Net", Doing: "asking every 2.5 s", Document: d,
		Columns: []string{"ADDRESS", "NAME", "STYLE", "LABEL"},
	}
	for _, n := range d.Nodes {
		row := Row{Cells: []string{n.Address, n.Name, n.Style, n.Label}}
		for _, p := range n.Ports {
			row.Details = append(row.Details, fmt.Sprintf("%s, universe %d", p.Direction, p.Universe))
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}
