package stagelinq

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
	maxInbound     = 64
	maxInboundFrom = 16
)

// SinkConn is a Sink on the network. Run owns all sockets and goroutines.
type SinkConn struct {
	*Sink
	sockets   peer.Sockets
	announcer atomic.Pointer[discovery.Announcer] // set by Run
	poke      chan struct{}                       // the deadline may have changed
}

// carrier carries out what a Sink wants.
type carrier struct{ c *SinkConn }

// Dial implements Network.
func (n carrier) Dial(id peer.ID, to netip.AddrPort) { n.c.sockets.Dial(id, to) }

// Write implements Network.
func (n carrier) Write(id peer.ID, b []byte) { n.c.sockets.Write(id, b) }

// Offer implements Network.
func (n carrier) Offer(id peer.ID, b []byte) bool { return n.c.sockets.Offer(id, b) }

// Close implements Network.
func (n carrier) Close(id peer.ID) { n.c.sockets.Close(id) }

// AnnounceNow implements Network.
func (n carrier) AnnounceNow() { n.c.announcer.Load().AnnounceNow() }

// OpenSink checks the configuration. Nothing is opened until Run.
func OpenSink(config Config) (*SinkConn, error) {
	c := &SinkConn{poke: make(chan struct{}, 1)}
	s, err := NewSink(config, carrier{c})
	if err != nil {
		return nil, err
	}
	c.Sink, s.wake = s, c.wakeUp
	c.sockets = peer.Sockets{Machine: s, Told: c.wakeUp, Local: func(remote netip.Addr) netip.Addr {
		return c.announcer.Load().LocalAddress(remote)
	}}
	return c, nil
}

func (c *SinkConn) wakeUp() {
	select {
	case c.poke <- struct{}{}:
	default:
	}
}

// Stats returns the counters.
func (c *SinkConn) Stats() Stats {
	st := c.Sink.Stats()
	if a := c.announcer.Load(); a != nil {
		st.Discovery = a.Stats()
	}
	return st
}

// Run announces the sink and keeps the connections to all units until ctx
// ends. Everything it opened is closed when it returns. It returns nil when
// ctx ended, and an error when the network could not be had; Run may be called
// again then.
func (c *SinkConn) Run(ctx context.Context) error {
	// The connections live until the sink has left them.
	serving, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	c.sockets.Serve(serving, &running)
	var port uint16
	if c.config.Listen {
		var err error
		if port, err = c.listen(serving, &running); err != nil {
			return err
		}
	}
	announcer := discovery.NewAnnouncer(discovery.AnnouncerConfig{
		Self: c.Self(port), Interface: c.config.Interface, Port: c.config.DiscoveryPort, Log: c.log,
		Heard: func(h discovery.Heard) {
			c.Heard(h)
			c.wakeUp()
		},
	})
	c.announcer.Store(announcer)
	running.Go(func() { peer.Drive(serving, c.poke, c.Deadline, c.Step) })
	err := announcer.Run(ctx)
	c.Leave(time.Now())
	return err
}

// listen opens a main connection port and the ports of our services, and
// serves them until ctx ends. It returns the main port.
func (c *SinkConn) listen(ctx context.Context, running *sync.WaitGroup) (uint16, error) {
	address, err := discovery.ListenAddress(c.config.Interface)
	if err != nil {
		return 0, err
	}
	places := &lan.Places{Total: maxInbound, Each: maxInboundFrom}
	open := func(name string) (uint16, error) {
		return peer.Listen(ctx, running, address, places, func(st *peer.Stream) {
			c.sockets.Accept(c.Accepted(time.Now(), name), st)
		})
	}
	ports := map[string]uint16{}
	for k := range serviceCount {
		if ports[k.String()], err = open(k.String()); err != nil {
			return 0, err
		}
	}
	c.SetPorts(ports)
	return open("")
}
