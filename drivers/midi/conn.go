// Package midi puts MIDI on the network: a session of RTP-MIDI, as the host or as one that
// joins. Package raw has the ports of this computer, package wire the bytes, and the
// machines are in session, timecode and tempo.
package midi

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"showrun/drivers/lan"
	"showrun/drivers/lan/mdns"
	"showrun/drivers/midi/session"
	"showrun/drivers/midi/wire"
)

// Service is what sessions are advertised as.
const Service = "_apple-midi._udp"

const (
	maxDatagram = 2048
	readBuffer  = 1 << 20
	pairs       = 64 // tries to get two ports in a row
)

// Config describes a Conn.
type Config struct {
	Name string // of this side, for people
	// Interface is a name or an address; empty is what the system chooses for a peer, and
	// for a host all of them.
	Interface string

	// Host has this side accept others, at Port (0: the system chooses) and the port behind
	// it; it is advertised unless it is Hidden.
	Host   bool
	Port   int
	Hidden bool
	// Join is the host:port of a session to be in; Find is a pattern of the names of
	// sessions on the network, of which the first that is found counts. Of Host, Join and
	// Find there is one.
	Join string
	Find string

	// OnMessage is told of each message, one at a time; it must not wait.
	OnMessage func(session.Received)
	// OnPeer is told who is in the session; it must not wait.
	OnPeer func(name string, present bool, at time.Time)
	Log    *slog.Logger
}

// Conn is a session on the network. Its methods are safe from any goroutine.
type Conn struct {
	cfg     Config
	control *net.UDPConn
	data    *net.UDPConn
	wake    chan struct{}

	mu      sync.Mutex
	session *session.Session
	failed  error          // of sending, the last
	using   string         // name of the session that was found, "" while there is none
	at      netip.AddrPort // where it is; of the goroutine that looks for it
}

// Open opens the sockets. Run must be called for anything to happen; Close ends a Conn
// that never ran.
func Open(cfg Config) (*Conn, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if _, err := path.Match(cfg.Find, ""); err != nil {
		return nil, fmt.Errorf("midi: the pattern %q is broken", cfg.Find)
	}
	address, err := listenAddress(cfg)
	if err != nil {
		return nil, fmt.Errorf("midi: %w", err)
	}
	c := &Conn{cfg: cfg, wake: make(chan struct{}, 1)}
	if c.control, c.data, err = listen(address, cfg.Port); err != nil {
		return nil, err
	}
	var ssrc [4]byte
	rand.Read(ssrc[:])
	c.session = session.New(session.Config{
		Name: cfg.Name, SSRC: binary.BigEndian.Uint32(ssrc[:]), Accept: cfg.Host,
		Send: c.send, OnMessage: cfg.OnMessage, OnPeer: cfg.OnPeer, Log: cfg.Log,
	}, time.Now())
	return c, nil
}

// listenAddress is where packets are taken.
func listenAddress(cfg Config) (netip.Addr, error) {
	i, err := lan.Find(cfg.Interface)
	if err != nil {
		return netip.Addr{}, err
	}
	if i.Net() == nil {
		host, _, _ := net.SplitHostPort(cfg.Join)
		if to, err := netip.ParseAddr(host); err == nil && to.Is6() {
			return netip.IPv6Unspecified(), nil
		}
		return netip.IPv4Unspecified(), nil
	}
	return i.Address()
}

// listen opens two ports in a row. The control port is an even one if the system may choose:
// some tell the two apart by that.
func listen(address netip.Addr, port int) (control, data *net.UDPConn, err error) {
	for range pairs {
		control, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(address, uint16(port))))
		if err != nil {
			break
		}
		next := control.LocalAddr().(*net.UDPAddr).AddrPort().Port() + 1
		if port == 0 && next%2 == 0 {
			control.Close()
			continue
		}
		data, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(address, next)))
		if err == nil {
			control.SetReadBuffer(readBuffer)
			data.SetReadBuffer(readBuffer)
			return control, data, nil
		}
		control.Close()
		if port != 0 {
			break
		}
	}
	if err == nil {
		err = errors.New("no two free ports in a row")
	}
	if op := (*net.OpError)(nil); errors.As(err, &op) {
		err = op.Err
	}
	return nil, nil, fmt.Errorf("midi: listen on %v, ports %d and %d: %w", address, port, port+1, err)
}

// Addr is the control port.
func (c *Conn) Addr() netip.AddrPort { return c.control.LocalAddr().(*net.UDPAddr).AddrPort() }

// Stats are the counters of the session.
func (c *Conn) Stats() session.Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session.Stats()
}

// Peers are the names of those in the session.
func (c *Conn) Peers() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session.Peers()
}

// Send sends messages to all in the session, at once.
func (c *Conn) Send(list ...wire.Message) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failed = nil
	c.session.Post(time.Now(), list...)
	return c.failed
}

// Relay sends messages to all in the session but one peer; only OnMessage may call it.
func (c *Conn) Relay(from uint32, list ...wire.Message) {
	c.session.PostExcept(time.Now(), from, list...)
}

// send sends a packet, with mu held.
func (c *Conn) send(control bool, b []byte, to netip.AddrPort) {
	conn := c.data
	if control {
		conn = c.control
	}
	if _, err := conn.WriteToUDPAddrPort(b, to); err != nil {
		c.failed = err
	}
}

// Close closes a Conn that never ran.
func (c *Conn) Close() error { return errors.Join(c.control.Close(), c.data.Close()) }

// Run runs the session until ctx ends, and leaves it then.
func (c *Conn) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var running sync.WaitGroup
	defer running.Wait()
	withdraw, err := c.begin(ctx, &running, cancel)
	if err != nil {
		c.Close()
		return err
	}
	running.Go(func() { cancel(c.read(c.control, true)) })
	running.Go(func() { cancel(c.read(c.data, false)) })
	running.Go(func() { c.steps(ctx) })
	<-ctx.Done()
	withdraw()
	c.mu.Lock()
	c.session.Leave(time.Now())
	c.mu.Unlock()
	c.Close()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return fmt.Errorf("midi: %w", cause)
	}
	return nil
}

// begin advertises the session, asks for the one to join, or looks for it.
func (c *Conn) begin(ctx context.Context, running *sync.WaitGroup, fail func(error)) (withdraw func(), err error) {
	switch {
	case c.cfg.Find != "":
		running.Go(func() {
			if err := c.discover(ctx); err != nil {
				fail(err)
			}
		})
	case c.cfg.Join != "":
		switch to, err := resolve(ctx, c.cfg.Join); {
		case ctx.Err() != nil:
		case err != nil:
			return nil, fmt.Errorf("midi: %w", err)
		default:
			c.invite(to)
		}
	case c.cfg.Host && !c.cfg.Hidden:
		withdraw, err = mdns.Advertise(mdns.Advertisement{
			Instance: c.cfg.Name, Service: Service, Host: "midi-" + c.cfg.Name, Interface: c.cfg.Interface, Listen: c.Addr(),
		})
		if err == nil {
			return withdraw, nil
		}
		return nil, fmt.Errorf("midi: the session is not advertised: %w", err)
	}
	return func() {}, nil
}

// resolve finds a host:port, the first address of IPv4 if there is one. A name server may take
// its time, which the end does not wait for.
func resolve(ctx context.Context, address string) (netip.AddrPort, error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return netip.AddrPort{}, err
	}
	port, err := net.DefaultResolver.LookupPort(ctx, "udp", text)
	if err != nil {
		return netip.AddrPort{}, err
	}
	list, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.AddrPort{}, err
	}
	to := list[max(0, slices.IndexFunc(list, func(a netip.Addr) bool { return a.Unmap().Is4() }))]
	return netip.AddrPortFrom(to.Unmap(), uint16(port)), nil
}

func (c *Conn) invite(to netip.AddrPort) {
	c.mu.Lock()
	if err := c.session.Invite(to, time.Now()); err != nil {
		c.cfg.Log.Warn(err.Error(), "at", to)
	}
	c.mu.Unlock()
	c.poke()
}

func (c *Conn) poke() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// read takes packets until the socket is closed.
func (c *Conn) read(conn *net.UDPConn, control bool) error {
	b := make([]byte, maxDatagram)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(b)
		if errors.Is(err, net.ErrClosed) {
			return context.Canceled
		}
		if err != nil {
			if !lan.MayCome(err) && !refused(err) {
				return err
			}
			continue
		}
		c.mu.Lock()
		c.session.Receive(time.Now(), control, b[:n], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()))
		c.mu.Unlock()
		c.poke()
	}
}

// refused tells an error that says that nobody takes what was sent.
func refused(err error) bool { return strings.Contains(err.Error(), "refused") }

// steps does what is due.
func (c *Conn) steps(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.wake:
		case <-timer.C:
		}
		c.mu.Lock()
		c.session.Step(time.Now())
		next := c.session.Deadline()
		c.mu.Unlock()
		if next.IsZero() {
			timer.Stop()
			continue
		}
		timer.Reset(max(time.Until(next), time.Millisecond))
	}
}
