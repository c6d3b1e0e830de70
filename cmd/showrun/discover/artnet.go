package discover

import (
	"context"
	"fmt"
	"slices"
	"time"

	"showrun/drivers/artnet"
)

// artNet polls who is there.
type artNet struct {
	controller *artnet.Conn
	news       news
}

func (o Options) artNet(tell func(string)) (Search, error) {
	c, err := artnet.Open(artnet.Config{Interface: o.Interface, Port: o.ArtNetPort, Ports: o.artNetPorts, ShortName: "showrun", LongName: "showrun discover", Log: o.Log})
	if err != nil {
		return nil, err
	}
	return &artNet{controller: c, news: news{tell: tell}}, nil
}

// Run implements Search.
func (s *artNet) Run(ctx context.Context) error {
	return watching(ctx, s.controller.Run, func() {
		for _, d := range s.devices() {
			s.news.of(d.Address+" "+d.Name, fmt.Sprintf("%s %s", d.Name, d.Address))
		}
	})
}

// artNetDevice is one for programs.
type artNetDevice struct {
	Address string   `json:"address"`
	Name    string   `json:"name"`
	Label   string   `json:"label"`
	Style   string   `json:"style"`
	Outputs []uint16 `json:"outputs"` // universes that it takes from the network
	Inputs  []uint16 `json:"inputs"`  // that it gives to it
}

// devices puts the pages of ports of a device together.
func (s *artNet) devices() []artNetDevice {
	list := []artNetDevice{}
	for _, p := range s.controller.Nodes() {
		address := p.From.String()
		i := slices.IndexFunc(list, func(d artNetDevice) bool { return d.Address == address && d.Name == p.ShortName })
		if i < 0 {
			i = len(list)
			list = append(list, artNetDevice{address, p.ShortName, p.LongName, p.Style.String(), []uint16{}, []uint16{}})
		}
		d := &list[i]
		for port, state := range p.Ports {
			if state.Output {
				d.Outputs = append(d.Outputs, uint16(p.Output(port)))
			}
			if state.Input {
				d.Inputs = append(d.Inputs, uint16(p.Input(port)))
			}
		}
	}
	for _, d := range list {
		slices.Sort(d.Outputs)
		slices.Sort(d.Inputs)
	}
	return list
}

// Found implements Search.
func (s *artNet) Found(time.Time) Section {
	out := Section{Name: "artnet", Title: "Art-Net", Doing: "asking", Columns: []string{"NAME", "KIND", "ADDRESS", "OUTPUTS", "INPUTS", "LABEL"}}
	list := s.devices()
	for _, d := range list {
		out.Rows = append(out.Rows, Row{Cells: []string{d.Name, d.Style, d.Address, runs(d.Outputs), runs(d.Inputs), d.Label}})
	}
	out.Document = struct {
		Devices []artNetDevice `json:"devices"`
	}{list}
	return out
}
