package discover

import (
	"context"
	"strings"
	"sync"
	"time"

	"showrun/drivers/dmxusb"
)

// serialName is the section of what needs no network.
const serialName = "serial"

// serial looks at the serial ports of this machine.
type serial struct {
	ports dmxusb.Ports
	tell  func(string)

	mu   sync.Mutex
	list []serialPort
}

// serialPort is one for programs.
type serialPort struct {
	Port    string `json:"port"`
	Product string `json:"product"`
	USB     string `json:"usb_serial"`
	Widget  string `json:"widget"` // the number on the case of a DMX USB Pro
	Error   string `json:"error,omitempty"`
}

func (o Options) serial(tell func(string)) Search {
	s := &serial{ports: o.Ports, tell: tell}
	if s.ports == nil {
		s.ports = dmxusb.SystemPorts{}
	}
	return s
}

// Run implements Search: it looks once, and what is asked has answered in 1.5 s.
func (s *serial) Run(ctx context.Context) error {
	all, err := s.ports.List()
	if err != nil {
		return err
	}
	for _, p := range all {
		found := serialPort{Port: p.Name, Product: p.Product, USB: p.Serial}
		if p.FTDI {
			number, err := dmxusb.Ask(ctx, s.ports, p.Name)
			if found.Widget = number.String(); err != nil {
				found.Widget, found.Error = "", err.Error()
			}
		}
		s.mu.Lock()
		s.list = append(s.list, found)
		s.mu.Unlock()
		s.tell(strings.TrimSpace(p.Name + " " + found.Widget))
	}
	<-ctx.Done()
	return nil
}

// Found implements Search.
func (s *serial) Found(time.Time) Section {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := Section{Name: serialName, Title: "Serial ports", Columns: []string{"PORT", "DMX WIDGET", "USB SERIAL", "PRODUCT"}}
	for _, p := range s.list {
		row := Row{Cells: []string{p.Port, p.Widget, p.USB, p.Product}}
		if p.Error != "" {
			row.Details = []string{p.Error}
		}
		out.Rows = append(out.Rows, row)
	}
	out.Document = struct {
		Ports []serialPort `json:"ports"`
	}{append([]serialPort{}, s.list...)}
	return out
}
