package source

import (
	"context"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"showrun/drivers/lan"
	"showrun/drivers/stagelinq/discovery"
	"showrun/drivers/stagelinq/peer"
)

// Limits on the connections others hold to us, at once and from one address.
const (
	maxConnections     = 128
	maxConnectionsFrom = 32
)

// Conn is a Source on the network. Run owns all sockets and goroutines; the other
// methods are safe from any goroutine.
type Conn struct {
	*Source
	sockets   peer.Sockets
	announcer atomic.Pointer[discovery.Announcer] // set by Run
	poke      chan struct{}                       // the deadline may have changed
}

// Open checks the configuration and makes the unit, a Player with empty decks.
// Nothing happens on the network until Run.
func Open(config Config) (*Conn, error) {
	c := newConn()
	s, err := New(config, time.Now(), &c.sockets)
	return c.carry(s), err
}

// OpenTake is Open with a unit that plays a take back; see NewTake.
func OpenTake(config Config, p *TakePlayer) (*Conn, error) {
	c := newConn()
	s, err := NewTake(config, p, &c.sockets)
	return c.carry(s), err
}

func newConn() *Conn { return &Conn{poke: make(chan struct{}, 1)} }

// carry puts a source on a Conn, if there is one.
func (c *Conn) carry(s *Source) *Conn {
	if s == nil {
		return nil
	}
	c.Source = s
	c.sockets.Machine, c.sockets.Told = s, c.wakeUp
	c.sockets.Local = func(remote netip.Addr) netip.Addr { return c.announcer.Load().LocalAddress(remote) }
	return c
}

func (c *Conn) wakeUp() {
	select {
	case c.poke <- struct{}{}:
	default:
	}
}

// Do calls f with the player and the present; see Source.Do.
func (c *Conn) Do(f func(p *Player, now time.Time)) {
	c.Source.Do(time.Now(), f)
	c.wakeUp()
}

// DoTake calls f with the take and the present; see Source.DoTake.
func (c *Conn) DoTake(f func(p *TakePlayer, now time.Time)) { c.Source.DoTake(time.Now(), f) }

// Stats returns the counters.
func (c *Conn) Stats() Stats {
	st := c.Source.Stats()
	if a := c.announcer.Load(); a != nil {
		st.Discovery = a.Stats()
	}
	return st
}

// Run puts the unit on the network until ctx ends: opens its ports, then
// announces it (7.1). Everything it opened is closed when it returns. It
// returns nil when ctx ended, and an error when the network could not be had.
// The unit lives on between two calls of Run; only one may run at a time.
func (c *Conn) Run(ctx context.Context) error {
	// The clients are served until the unit has said that it leaves.
	serving, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	c.sockets.Serve(serving, &running)
	port, err := c.listen(serving, &running)
	if err != nil {
		return err
	}
	self := c.Self()
	self.Port = port
	announcer := discovery.NewAnnouncer(discovery.AnnouncerConfig{
		Self: self, Interface: c.config.Interface, Port: c.config.DiscoveryPort, Log: c.log,
		Heard: func(h discovery.Heard) {
			c.Heard(h)
			c.wakeUp()
		},
	})
	c.announcer.Store(announcer)
	running.Go(func() { peer.Drive(serving, c.poke, c.Deadline, c.Step) })
	err = announcer.Run(ctx)
	c.Leave()
	return err
}

// listen opens the main port and one per service, all served until ctx ends.
// It returns the main port.
func (c *Conn) listen(ctx context.Context, running *sync.WaitGroup) (uint16, error) {
	address, err := discovery.ListenAddress(c.config.Interface)
	if err != nil {
		return 0, err
	}
	places := &lan.Places{Total: maxConnections, Each: maxConnectionsFrom}
	open := func(name string) (uint16, error) {
		return peer.Listen(ctx, running, address, places, func(st *peer.Stream) {
			c.sockets.Accept(c.Accepted(time.Now(), name), st)
		})
	}
	ports := map[string]uint16{}
	for _, name := range services {
		if ports[name], err = open(name); err != nil {
			return 0, err
		}
	}
	c.SetPorts(ports)
	return open("")
}
