package mdns

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"

	"showrun/drivers/lan"
)

// groups are where multicast DNS is spoken (RFC 6762 3).
const (
	port   = 5353
	group4 = "224.0.0.251"
	group6 = "ff02::fb"
)

const (
	datagram = 9000        // bytes, RFC 6762 17
	refresh  = time.Second // between looks at the interfaces of the machine
	backlog  = 64          // datagrams read ahead; more wait in the system, then get lost
)

// Config describes a Browser.
type Config struct {
	// Service is the type to look for, such as "_lighting._tcp".
	Service string
	// Interface is the name of an interface or one of its addresses, or "" for all that
	// are up and can multicast, except loopback unless there is nothing else; see
	// lan.Select.
	Interface string
	// OnEvent is told what becomes of services, on the goroutine of Run.
	OnEvent func(Event)
	// Used, if not nil, tells whether a service is in use and must not make room for
	// another, on the goroutine of Run.
	Used func(instance string) bool
	// Log receives what a person may want to know; nil discards it.
	Log *slog.Logger
}

// Stats are counters since the Browser was made.
type Stats struct {
	Received  uint64 // datagrams on the chosen interfaces
	Malformed uint64 // of them, read as far as possible
	Foreign   uint64 // dropped: not from a responder on the local network
	Sent      uint64 // queries
	SendError uint64
	Refused   uint64 // records there was no room for
	Evicted   uint64 // services that made room for others
	Distant   uint64 // addresses on no network of the interface they were heard on
}

// Browser finds the instances of a service. Run owns its sockets.
type Browser struct {
	cfg     Config
	service name
	count   struct{ received, malformed, foreign, sent, sendError, refused, evicted, distant atomic.Uint64 }
}

// New checks the configuration. Nothing is on the network before Run.
func New(cfg Config) (*Browser, error) {
	labels := append(strings.Split(cfg.Service, "."), "local")
	for _, l := range labels {
		if l == "" || len(l) > maxLabel {
			return nil, fmt.Errorf("mdns: service %q, want a type such as _lighting._tcp", cfg.Service)
		}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Browser{cfg: cfg, service: nameOf(labels...)}, nil
}

// Stats returns the counters.
func (b *Browser) Stats() Stats {
	return Stats{
		Received: b.count.received.Load(), Malformed: b.count.malformed.Load(), Foreign: b.count.foreign.Load(),
		Sent: b.count.sent.Load(), SendError: b.count.sendError.Load(), Refused: b.count.refused.Load(),
		Evicted: b.count.evicted.Load(), Distant: b.count.distant.Load(),
	}
}

// packet is a datagram and the interface it came in on.
type packet struct {
	index int
	bytes []byte
	from  netip.Addr
	at    time.Time
}

// socket is the port for IPv4 or IPv6.
type socket struct {
	conn   net.PacketConn
	group  *net.UDPAddr
	join   func(*net.Interface) error
	choose func(*net.Interface) error // for sending
	read   func([]byte) (n, index int, from, to net.Addr, err error)
	joined map[int]string // interfaces by index, with their name
}

// openSocket4 opens the port for IPv4. Package net lets other programs share a
// port that is given with a multicast address, and binds to all addresses.
func openSocket4() (*socket, error) {
	conn, err := net.ListenPacket("udp4", net.JoinHostPort(group4, fmt.Sprint(port)))
	if err != nil {
		return nil, err
	}
	p := ipv4.NewPacketConn(conn)
	p.SetMulticastTTL(255)
	p.SetMulticastLoopback(true)
	p.SetControlMessage(ipv4.FlagInterface|ipv4.FlagDst, true) // Windows has none
	group := &net.UDPAddr{IP: net.ParseIP(group4), Port: port}
	return &socket{
		conn: conn, group: group, joined: map[int]string{}, choose: p.SetMulticastInterface,
		join: func(i *net.Interface) error { return p.JoinGroup(i, group) },
		read: func(b []byte) (int, int, net.Addr, net.Addr, error) {
			n, cm, from, err := p.ReadFrom(b)
			if cm == nil {
				return n, 0, from, nil, err
			}
			return n, cm.IfIndex, from, &net.UDPAddr{IP: cm.Dst}, err
		},
	}, nil
}

// openSocket6 opens the port for IPv6.
func openSocket6() (*socket, error) {
	conn, err := net.ListenPacket("udp6", net.JoinHostPort(group6, fmt.Sprint(port)))
	if err != nil {
		return nil, err
	}
	p := ipv6.NewPacketConn(conn)
	p.SetMulticastHopLimit(255)
	p.SetMulticastLoopback(true)
	p.SetControlMessage(ipv6.FlagInterface|ipv6.FlagDst, true)
	group := &net.UDPAddr{IP: net.ParseIP(group6), Port: port}
	return &socket{
		conn: conn, group: group, joined: map[int]string{}, choose: p.SetMulticastInterface,
		join: func(i *net.Interface) error { return p.JoinGroup(i, group) },
		read: func(b []byte) (int, int, net.Addr, net.Addr, error) {
			n, cm, from, err := p.ReadFrom(b)
			if cm == nil {
				return n, 0, from, nil, err
			}
			return n, cm.IfIndex, from, &net.UDPAddr{IP: cm.Dst}, err
		},
	}, nil
}

// Run looks for services until ctx ends; it then returns nil. It fails at once
// when the interface does not exist or the port cannot be had. Interfaces that
// come and go later are followed.
func (b *Browser) Run(ctx context.Context) error {
	networks, err := lan.Select(b.cfg.Interface, net.FlagMulticast)
	if err != nil {
		return fmt.Errorf("mdns: %w", err)
	}
	four, err4 := openSocket4()
	six, err6 := openSocket6()
	if err4 != nil && err6 != nil {
		return fmt.Errorf("mdns: port %d: %w (a program that does not share it may hold it)", port, errors.Join(err4, err6))
	}
	var sockets []*socket
	for _, s := range []*socket{four, six} {
		if s != nil {
			sockets = append(sockets, s)
		}
	}
	var current atomic.Pointer[[]lan.Interface]
	current.Store(&networks)
	packets := make(chan packet, backlog)
	var reading sync.WaitGroup
	for _, s := range sockets {
		reading.Go(func() { b.read(ctx, s, &current, packets) })
	}
	defer reading.Wait()
	for _, s := range sockets {
		defer s.conn.Close()
	}
	b.browse(ctx, sockets, &current, packets)
	return nil
}

// browse is the loop that owns the cache.
func (b *Browser) browse(ctx context.Context, sockets []*socket, current *atomic.Pointer[[]lan.Interface], packets <-chan packet) {
	c := newCache(b.service)
	if b.cfg.Used != nil {
		c.used = b.cfg.Used
	}
	c.near = func(index int, a netip.Addr) bool {
		return slices.ContainsFunc(*current.Load(), func(n lan.Interface) bool { return n.Index == index && n.Near(a) })
	}
	look := time.NewTicker(refresh)
	defer look.Stop()
	due := time.NewTimer(0)
	defer due.Stop()
	b.follow(c, sockets, *current.Load(), time.Now())
	for {
		select {
		case <-ctx.Done():
			return
		case <-due.C:
		case <-look.C:
			networks, err := lan.Select(b.cfg.Interface, net.FlagMulticast)
			if err == nil || errors.Is(err, lan.ErrAbsent) { // unplugged; it may come back
				current.Store(&networks)
				b.follow(c, sockets, networks, time.Now())
			}
		case p := <-packets:
			b.take(c, p)
			for range len(packets) {
				b.take(c, <-packets)
			}
		}
		now := time.Now()
		for _, e := range c.settle(now) {
			b.cfg.OnEvent(e)
		}
		b.count.refused.Store(c.refused)
		b.count.evicted.Store(c.evicted)
		b.count.distant.Store(c.distant)
		b.send(sockets, *current.Load(), c.queries)
		c.queries = c.queries[:0]
		if next := c.deadline(now); next.IsZero() {
			due.Stop()
		} else {
			due.Reset(next.Sub(now))
		}
	}
}

func (b *Browser) take(c *cache, p packet) {
	if c.take(p.index, p.bytes, p.from, p.at) != nil {
		b.count.malformed.Add(1)
	}
}

// follow makes sockets and cache agree with the interfaces there are.
func (b *Browser) follow(c *cache, sockets []*socket, networks []lan.Interface, now time.Time) {
	var links []link
	for _, n := range networks {
		links = append(links, link{n.Index, n.Name})
	}
	c.links(links, now)
	for _, s := range sockets {
		for index, name := range s.joined {
			if !slices.Contains(links, link{index, name}) {
				delete(s.joined, index) // with the interface, its membership went
			}
		}
		for _, n := range networks {
			if _, ok := s.joined[n.Index]; ok || !n.Speaks(s.group.AddrPort().Addr().Unmap()) {
				continue
			}
			if err := s.join(n.Net()); err != nil {
				b.cfg.Log.Warn("mdns: cannot listen on an interface", "interface", n.Name, "error", err)
			}
			s.joined[n.Index] = n.Name // an error is told once
		}
	}
}

// send sends queries, interface by interface.
func (b *Browser) send(sockets []*socket, networks []lan.Interface, queries []query) {
	for _, n := range networks {
		var questions []question
		for _, q := range queries {
			if q.link.index == n.Index {
				questions = append(questions, q.question)
			}
		}
		for len(questions) > 0 {
			var m []byte
			m, questions = appendQuery(nil, questions)
			for _, s := range sockets {
				if !n.Speaks(s.group.AddrPort().Addr().Unmap()) {
					continue
				}
				err := s.choose(n.Net())
				if err == nil {
					to := *s.group
					if to.IP.To4() == nil {
						to.Zone = n.Name
					}
					_, err = s.conn.WriteTo(m, &to)
				}
				if err != nil {
					b.count.sendError.Add(1)
					continue
				}
				b.count.sent.Add(1)
			}
		}
	}
}

// read reads datagrams until the socket is closed.
func (b *Browser) read(ctx context.Context, s *socket, current *atomic.Pointer[[]lan.Interface], packets chan<- packet) {
	buf := make([]byte, datagram)
	for {
		n, index, from, to, err := s.read(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			// Windows reports what a send met as read errors.
			select {
			case <-ctx.Done():
			case <-time.After(10 * time.Millisecond):
			}
			continue
		}
		index, ok := admit(*current.Load(), index, from, to)
		if !ok {
			b.count.foreign.Add(1)
			continue
		}
		b.count.received.Add(1)
		select {
		case packets <- packet{index, slices.Clone(buf[:n]), from.(*net.UDPAddr).AddrPort().Addr().Unmap(), time.Now()}:
		case <-ctx.Done():
			return
		}
	}
}

// admit finds the interface a datagram came in on, and checks that it is from a
// responder on that network (RFC 6762 11): from port 5353, and sent to the
// group or from an address of the network.
func admit(networks []lan.Interface, index int, from, to net.Addr) (int, bool) {
	sender, ok := from.(*net.UDPAddr)
	if !ok || sender.Port != port {
		return 0, false
	}
	address, _ := netip.AddrFromSlice(sender.IP)
	address = address.Unmap()
	for _, n := range networks {
		if index != 0 && n.Index != index {
			continue
		}
		destination, known := to.(*net.UDPAddr)
		multicast := known && destination.IP.IsMulticast()
		if multicast || n.Near(address) {
			return n.Index, true
		}
	}
	return 0, false
}
