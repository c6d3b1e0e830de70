package osc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"showrun/drivers/lan"
)

// Handler takes one message. when is the tag of its bundle, Immediately without
// one: what is to be done with a future one is up to the Handler. from is who
// sent it and at when it was read. Messages come in the order of arrival on the
// goroutine of Run, which waits for the Handler; m is the Handler's to keep.
type Handler func(m Message, when TimeTag, from netip.AddrPort, at time.Time)

// Config says where a Conn listens.
type Config struct {
	// Address is host:port, where port 0 lets the system choose. Empty means
	// Interface and Port.
	Address string
	// Interface is the name or address of a network interface, or 0.0.0.0 or ::
	// for all of them. Empty means 127.0.0.1.
	Interface string
	Port      int // 0 lets the system choose

	Handler Handler // may be nil: then messages are only counted

	// Urgent, if it is not empty, is how the addresses begin that have to be heard
	// whatever else comes, in at least 8 characters. Wanted tells which they are, patterns
	// for them too; only these are for the Handler. A datagram with none among its first
	// 256 messages is counted, whatever is in it, or not even that: of a flood of them the
	// system gives none away, where it can. Run then waits on its thread, in the system;
	// whoever calls it may have put that before others. The address must not be kept.
	//
	// First are the beginnings of those among them that have to be heard even if the flood is
	// one of addresses that begin as Urgent does: the system may then give away the others.
	Urgent string
	First  []string
	Wanted func(address []byte, from netip.AddrPort) bool

	Log *slog.Logger // nil for none
}

// Stats counts since Listen or Dial.
type Stats struct {
	Packets    uint64          // datagrams that came in
	Messages   uint64          // messages in them
	Malformed  [reasons]uint64 // datagrams refused, by Reason
	Unwanted   uint64          // datagrams with nothing that is wanted
	ReadErrors uint64          // of the network, which went on
	Sent       uint64          // datagrams that left
	SendErrors uint64          // datagrams that did not
	Unheard    uint64          // times that a Sender was told nobody takes what it sent
	Dropped    uint64          // messages of Sender.Post that there was no room for
}

// Refused is the number of datagrams refused for any reason.
func (s Stats) Refused() (n uint64) {
	for _, m := range s.Malformed {
		n += m
	}
	return n
}

// Conn is a UDP socket that takes and sends OSC. What it sends leaves from the
// port it listens on, so that the other side can answer. Its methods are safe
// from any goroutine.
type Conn struct {
	cfg  Config
	udp  *net.UDPConn
	only netip.AddrPort // of a Sender: where all goes to

	unwanted, readErrors atomic.Uint64
	crowded              atomic.Uint64 // of the unwanted, those that begin as Urgent does

	mu       sync.Mutex
	stats    Stats
	logged   [reasons]lan.Seldom
	elements []Element // of the packet at hand; Run only
}

// Listen opens the socket. Run must be called for messages to come in; Close
// ends a Conn that never ran.
func Listen(cfg Config) (*Conn, error) {
	address := cfg.Address
	if address == "" {
		ip, err := listenAddress(cfg.Interface)
		if err != nil {
			return nil, fmt.Errorf("osc: listen: %w", err)
		}
		address = net.JoinHostPort(ip.String(), strconv.Itoa(cfg.Port))
	}
	bind, err := Resolve(address)
	if err != nil {
		return nil, fmt.Errorf("osc: listen: %w", err)
	}
	udp, err := net.ListenUDP(network(bind.Addr()), net.UDPAddrFromAddrPort(bind))
	if err != nil {
		if op := (*net.OpError)(nil); errors.As(err, &op) {
			err = op.Err // the rest says where once more
		}
		return nil, fmt.Errorf("osc: listen on %v: %w: is another program using the port?", bind, err)
	}
	udp.SetReadBuffer(readBuffer) // as much as the system grants
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Conn{cfg: cfg, udp: udp}, nil
}

// listenAddress is the address of an interface; 0.0.0.0 and :: are all of them
// (PROTOCOL.md ruling 6).
func listenAddress(onInterface string) (netip.Addr, error) {
	if onInterface == "" {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1}), nil
	}
	if ip, err := netip.ParseAddr(onInterface); err == nil && ip.IsUnspecified() {
		return ip, nil
	}
	i, err := lan.Find(onInterface)
	if err != nil {
		return netip.Addr{}, err
	}
	return i.Address()
}

// readBuffer is the receive buffer asked from the system: a burst of some
// thousand messages, for a Handler that is busy.
const readBuffer = 1 << 20

// Addr is where the Conn listens.
func (c *Conn) Addr() netip.AddrPort {
	a := c.udp.LocalAddr().(*net.UDPAddr).AddrPort()
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// Stats is what was counted so far.
func (c *Conn) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.stats
	s.Unwanted, s.ReadErrors = c.unwanted.Load(), c.readErrors.Load()
	return s
}

// maxReadErrors is how many errors in a row end Run: then it is the socket, not
// an answer to something sent to a machine that is off.
const maxReadErrors = 100

// Run reads datagrams and calls the Handler until ctx ends, which gives nil, and
// closes the socket.
func (c *Conn) Run(ctx context.Context) error {
	if c.cfg.Urgent != "" {
		return c.runUrgent(ctx)
	}
	return c.run(ctx)
}

func (c *Conn) run(ctx context.Context) error {
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { c.Close() })
	defer stop()
	b := make([]byte, MaxPacket+1)
	for failures := 0; ; {
		n, from, err := c.udp.ReadFromUDPAddrPort(b)
		at := time.Now()
		switch {
		case err == nil:
			failures = 0
			c.receive(b[:n], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), at)
		case ctx.Err() != nil:
			return nil
		default:
			c.readErrors.Add(1)
			if failures++; errors.Is(err, net.ErrClosed) || failures == maxReadErrors {
				return fmt.Errorf("osc: read on %v: %w", c.Addr(), err)
			}
		}
	}
}

// logInterval is how often a datagram refused for the same reason is logged.
const logInterval = 10 * time.Second

// receive takes one datagram.
func (c *Conn) receive(b []byte, from netip.AddrPort, at time.Time) {
	if c.cfg.Urgent != "" && !c.wants(b, from) {
		c.unwanted.Add(1)
		if n := len(c.cfg.Urgent); len(b) >= n && bytes.EqualFold(b[:n], []byte(c.cfg.Urgent)) {
			c.crowded.Add(1)
		}
		return
	}
	elements, err := Parse(c.elements[:0], b)
	var refused *ParseError
	errors.As(err, &refused)
	c.mu.Lock()
	c.stats.Packets++
	c.stats.Messages += uint64(len(elements))
	held, log := 0, false
	if refused != nil {
		c.stats.Malformed[refused.Reason]++
		held, log = c.logged[refused.Reason].Allow(at, logInterval)
	}
	c.mu.Unlock()
	if log {
		c.cfg.Log.Warn("osc: datagram refused", "from", from, "bytes", len(b), "reason", err, "more", held)
	}
	if c.cfg.Handler != nil {
		for _, e := range elements {
			c.cfg.Handler(e.Message, e.When, from, at)
		}
	}
	clear(elements)
	c.elements = elements[:0]
}

// sendPatience is how long a send waits for a network that takes no more, twice
// (PROTOCOL.md ruling 7).
// Then the datagram is given up. It is twice because a process that is put aside
// between reading the clock and writing is out of time before it has tried.
const sendPatience = time.Millisecond

// Send sends one message in one datagram. It waits two milliseconds at most.
func (c *Conn) Send(to netip.AddrPort, m Message) error {
	b, err := AppendMessage(nil, m)
	if err != nil {
		return fmt.Errorf("osc: %w", err)
	}
	return c.write(to, b)
}

// SendBundle sends messages in one bundle, in one datagram. It waits two
// milliseconds at most.
func (c *Conn) SendBundle(to netip.AddrPort, when TimeTag, messages ...Message) error {
	b, err := AppendBundle(nil, when, messages...)
	if err != nil {
		return fmt.Errorf("osc: %w", err)
	}
	return c.write(to, b)
}

func (c *Conn) write(to netip.AddrPort, b []byte) error {
	var err error
	unheard := false
	defer c.udp.SetWriteDeadline(time.Time{})
	for range 2 {
		c.udp.SetWriteDeadline(time.Now().Add(sendPatience))
		if c.only.IsValid() {
			_, err = c.udp.Write(b)
		} else {
			_, err = c.udp.WriteToUDPAddrPort(b, to)
		}
		late := c.only.IsValid() && nobodyHeard(err)
		unheard = unheard || late
		if !late && !errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
	}
	return c.count(to, err, unheard)
}

// nobodyHeard tells that an error is about the datagrams before: what a connected socket
// is told of them comes as an error of the next one, which has not left.
func nobodyHeard(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.EHOSTUNREACH)
}

// count counts a datagram that left, or did not.
func (c *Conn) count(to netip.AddrPort, err error, unheard bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if unheard {
		c.stats.Unheard++
	}
	if err != nil {
		c.stats.SendErrors++
		return fmt.Errorf("osc: send to %v: %w", to, err)
	}
	c.stats.Sent++
	return nil
}

// Close closes the socket. Run does it by itself.
func (c *Conn) Close() error { return c.udp.Close() }

// resolveTimeout bounds the wait for a name server.
const resolveTimeout = 2 * time.Second

// Resolve finds the address of host:port, where host is a name or an address. It
// may wait two seconds for a name. Of a name with several addresses it takes the
// first of IPv4. Without a host it is every address of this machine, to listen on.
func Resolve(address string) (netip.AddrPort, error) {
	if a, err := netip.ParseAddrPort(address); err == nil {
		return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()), nil
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("address %q: expected host:port", address)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("address %q: port %q: expected a number from 0 to 65535", address, port)
	}
	if host == "" {
		return netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(number)), nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), resolveTimeout)
	defer cancel()
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil || len(found) == 0 {
		return netip.AddrPort{}, fmt.Errorf("address %q: host %q is not found: %v", address, host, err)
	}
	ip := found[0].Unmap()
	for _, f := range found {
		if f.Unmap().Is4() {
			ip = f.Unmap()
			break
		}
	}
	return netip.AddrPortFrom(ip, uint16(number)), nil
}

// network is the kind of socket an address needs.
func network(a netip.Addr) string {
	if a.Is4() {
		return "udp4"
	}
	return "udp" // :: hears both kinds
}
