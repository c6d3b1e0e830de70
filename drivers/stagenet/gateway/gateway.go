// Package gateway is the other role of StageNet: a WebSocket server that owns
// hardware channels, asks every console that connects for as many addresses, tells
// it which channel each one is, and shows the values it gets. Tests and
// rehearsals use it in place of hardware; it can be started by itself.
package gateway

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"

	"showrun/drivers/lan"
	"showrun/drivers/stagenet/link"
	"showrun/drivers/stagenet/wire"
)

// Version is the version of the protocol that is advertised.
const Version = "1.0"

// DefaultMaxConsoles is how many consoles may be connected at once.
const DefaultMaxConsoles = 8

// maxID is how long an ID may be: with "id=" before it, it is a string of a TXT record.
const maxID = 255 - len("id=")

// askAgain is the wait after a refused lease.
const askAgain = 10 * time.Second

// Channel is one hardware channel.
type Channel struct {
	HardwareType string // "DMX", "MIDI", "ANALOG", …
	Number       int
}

// Channels returns a run of channels of one type, numbered from first on.
func Channels(hardwareType string, first, count int) []Channel {
	list := make([]Channel, count)
	for i := range list {
		list[i] = Channel{hardwareType, first + i}
	}
	return list
}

// A Sink is the hardware behind a Gateway.
type Sink interface {
	// Set shows a value on a channel. Calls come one at a time, in the order
	// of the messages of each console; with several consoles the newest value
	// of a channel counts. It must return fast.
	Set(c Channel, v wire.Value)
}

// Config describes a Gateway. ID, Channels and Sink are required.
type Config struct {
	// ID is the GatewayID; leases belong to it, so it must stay the same.
	ID string
	// Type is what is advertised, such as "DMX"; "" means the type of the first
	// channel.
	Type string
	// Channels get one address each, in this order.
	Channels []Channel
	// Listen is the address and port to listen on. "" means port 4000 of
	// Interface, or of loopback without one; port 0 takes any free one.
	Listen string
	// Interface restricts the advertisement to an interface, by its name or one
	// of its addresses.
	Interface string
	// Advertise announces the gateway by multicast DNS.
	Advertise bool
	// Name is the name of the advertised service; "" means ID.
	Name string
	// MaxConsoles is how many may be connected at once, half of them from one address; 0
	// means 8.
	MaxConsoles int
	Sink        Sink
	// Log receives what a person may want to know; nil discards it.
	Log *slog.Logger
}

// complete fills defaults in and checks the rest.
func (c *Config) complete() error {
	if c.ID == "" {
		return errors.New("stagenet gateway: no ID given")
	}
	if len(c.ID) > maxID {
		return fmt.Errorf("stagenet gateway: the ID has %d bytes, at most %d can be advertised", len(c.ID), maxID)
	}
	if c.Sink == nil {
		return errors.New("stagenet gateway: no Sink given")
	}
	if err := checkChannels(c.Channels); err != nil {
		return err
	}
	c.Channels = slices.Clone(c.Channels)
	if c.Type == "" && len(c.Channels) > 0 {
		c.Type = c.Channels[0].HardwareType
	}
	if c.Name == "" {
		c.Name = c.ID
	}
	if c.MaxConsoles == 0 {
		c.MaxConsoles = DefaultMaxConsoles
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}

// checkChannels refuses channels that no mapping could carry: a MAPPING_UPDATE is
// one message, and consoles limit its size.
func checkChannels(list []Channel) error {
	size := 1024 // the LeaseID and the rest
	for i, ch := range list {
		if ch.HardwareType == "" || ch.Number < 0 || ch.Number > 1<<31-1 {
			return fmt.Errorf("stagenet gateway: channel %d is %q %d, want a type and a number from 0 on", i+1, ch.HardwareType, ch.Number)
		}
		size += len(`{"StageNetAddress":"SN2147483647","HardwareType":"","Channel":2147483647},`) + len(ch.HardwareType)
	}
	if size > link.ReadLimit {
		return fmt.Errorf("stagenet gateway: the mapping of %d channels needs %d bytes, more than the %d of a message; use several gateways",
			len(list), size, link.ReadLimit)
	}
	return nil
}

// Stats are counters since the Gateway was made.
type Stats struct {
	Consoles         int    // connected now
	Connects         uint64 // handshakes done
	Turned           uint64 // consoles refused, because there were enough
	Leases           uint64 // LEASE_RESP that granted
	Refusals         uint64 // LEASE_RESP that did not
	Values           uint64 // DATA_PKT shown
	UnknownAddresses uint64 // DATA_PKT for an address that is not ours
	UnknownTypes     uint64
	UnknownFields    uint64
	Invalid          uint64
}

// Console is a connected console and what it granted.
type Console struct {
	Address   string // host and port
	LeaseID   string
	Addresses []string // by channel
}

// Gateway is one gateway. New makes one that consoles are connected to by Connect, such
// as in virtual time; Listen one with a port, which Run serves. The other methods are
// safe from any goroutine.
type Gateway struct {
	cfg      Config
	log      *slog.Logger
	listener net.Listener // after Listen

	sinking sync.Mutex // held while Sink runs; before mu

	mu       sync.Mutex
	channels []Channel
	consoles map[*console]bool
	stats    Stats
	stopped  bool
	running  sync.WaitGroup

	places lan.Places // of consoles, those that still shake hands included
}

// New makes a Gateway without a port.
func New(cfg Config) (*Gateway, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	return &Gateway{
		cfg: cfg, log: cfg.Log.With("gateway", cfg.ID), channels: cfg.Channels, consoles: map[*console]bool{},
		places: lan.Places{Total: cfg.MaxConsoles, Each: max(1, cfg.MaxConsoles/2)},
	}, nil
}

// Resize replaces the channels: every console is asked for the lease again, and
// told the new mapping.
func (g *Gateway) Resize(channels []Channel) error {
	if err := checkChannels(channels); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.channels = slices.Clone(channels)
	for c := range g.consoles {
		c.ask = true
		c.conn.Wake()
	}
	return nil
}

// Stats returns the counters.
func (g *Gateway) Stats() Stats {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.stats
	s.Consoles = len(g.consoles)
	return s
}

// Consoles returns the connected consoles.
func (g *Gateway) Consoles() []Console {
	g.mu.Lock()
	defer g.mu.Unlock()
	var list []Console
	for c := range g.consoles {
		list = append(list, Console{c.conn.Address(), c.leaseID, slices.Clone(c.addresses)})
	}
	return list
}
