package discover

import (
	"context"
	"io/fs"
	"os"
	"time"

	"showrun/drivers/lan/mdns"
	"showrun/drivers/midi"
	"showrun/drivers/midi/raw"
)

// music looks for sessions of RTP-MIDI, and for the MIDI ports of this computer.
type music struct {
	services
	cfg  mdns.Config
	root fs.FS
}

func (o Options) midi(tell func(string)) Search {
	s := &music{services: services{tell: tell}, root: o.Root}
	if s.root == nil {
		s.root = os.DirFS("/")
	}
	s.cfg = mdns.Config{Service: midi.Service, Interface: o.Interface, OnEvent: s.take, Log: o.Log}
	return s
}

// Run implements Search.
func (s *music) Run(ctx context.Context) error {
	ports, err := raw.Ports(s.root)
	if err != nil {
		return err
	}
	for _, p := range ports {
		s.tell("port " + p.Name)
	}
	browser, err := mdns.New(s.cfg)
	if err != nil {
		return err
	}
	return browser.Run(ctx)
}

// midiDocument is what programs get.
type midiDocument struct {
	Ports    []midiPort    `json:"ports"`
	Sessions []midiSession `json:"sessions"`
}

// midiPort is a port of this computer.
type midiPort struct {
	Name string `json:"name"`
	Card string `json:"card"`
	File string `json:"file"`
}

// midiSession is a session that is or was advertised.
type midiSession struct {
	Name    string   `json:"name"`
	Address string   `json:"address"`   // the first of Addresses
	All     []string `json:"addresses"` // host and control port
	Online  bool     `json:"online"`
}

// Found implements Search. Ports that were plugged in or out meanwhile are taken as they are.
func (s *music) Found(time.Time) Section {
	d := midiDocument{Ports: []midiPort{}, Sessions: []midiSession{}}
	out := Section{Name: "midi", Title: "MIDI", Doing: "asking", Columns: []string{"KIND", "NAME", "ADDRESS", "ONLINE"}}
	ports, _ := raw.Ports(s.root) // Run tells that they cannot be listed
	for _, p := range ports {
		port := midiPort{p.Name, p.Card, "/" + p.Device}
		d.Ports = append(d.Ports, port)
		out.Rows = append(out.Rows, Row{Cells: []string{"port", port.Name, port.File, "yes"}})
	}
	for _, f := range s.all() {
		is := midiSession{f.Instance, f.address(), f.addresses(), f.online}
		d.Sessions = append(d.Sessions, is)
		out.Rows = append(out.Rows, Row{Cells: []string{"session", is.Name, is.Address, yes(is.Online)}})
	}
	out.Document = d
	return out
}
