// Package multicast is the UDP sockets of a protocol over IPv4 multicast: one that
// receives any number of groups in the order of arrival, and one that sends on a chosen
// interface.
package multicast

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/net/ipv4"

	"showrun/drivers/lan"
)

// BatchSize is the most packets one system call sends.
const BatchSize = 109

// Config says where to listen and where to send.
type Config struct {
	Interface     string // "" for the system's choice, or a name or IPv4 address
	Port          int    // UDP port to listen on
	TTL           int    // of multicast packets
	ReceiveBuffer int    // bytes asked from the system; 0 means 4 MiB
}

// A Conn receives groups and unicast on one port and sends. One goroutine may
// read while others write, join, leave and close.
type Conn struct {
	network lan.Interface // the zero one for the system's choice
	address netip.Addr    // of the interface; the zero Addr for the system's choice
	port    int

	receive *net.UDPConn
	oob     []byte
	armed   time.Time // read deadline, guarded by the Lock of the Loop
	stale   bool      // armed is not what the socket has

	send     *net.UDPConn
	batch    *ipv4.PacketConn
	messages []ipv4.Message

	mu      sync.Mutex
	groups  map[netip.Addr]*membership
	holders []*holder
}

// A holder is a socket that holds memberships. Systems limit the groups of one
// socket (20 on Linux), so there may be several.
type holder struct {
	conn *net.UDPConn
	p    *ipv4.PacketConn
	full bool
}

type membership struct {
	holder *holder
	users  int
}

// Open makes the sockets. Addresses are shared with other programs on the same
// port, so multicast reaches all of them.
func Open(cfg Config) (*Conn, error) {
	network, err := lan.Find(cfg.Interface)
	if err != nil {
		return nil, err
	}
	var address netip.Addr
	if network.Net() != nil {
		if address, err = network.IPv4(); err != nil {
			return nil, err
		}
	}
	c := &Conn{network: network, address: address, port: cfg.Port, stale: true, groups: make(map[netip.Addr]*membership)}
	if err := c.open(cfg); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (c *Conn) open(cfg Config) error {
	shared := net.ListenConfig{Control: controlReceive}
	p, err := shared.ListenPacket(context.Background(), "udp4", ":"+strconv.Itoa(cfg.Port))
	if err != nil {
		return fmt.Errorf("listen on UDP port %d: %w", cfg.Port, err)
	}
	c.receive = p.(*net.UDPConn)
	c.oob = make([]byte, 256)
	if cfg.ReceiveBuffer == 0 {
		cfg.ReceiveBuffer = 4 << 20
	}
	c.receive.SetReadBuffer(cfg.ReceiveBuffer) // as much as the system grants
	h := &holder{conn: c.receive, p: ipv4.NewPacketConn(c.receive)}
	h.p.SetMulticastLoopback(true)
	c.holders = append(c.holders, h)

	local := &net.UDPAddr{}
	if c.address.IsValid() {
		local.IP = c.address.AsSlice()
	}
	c.send, err = net.ListenUDP("udp4", local)
	if err != nil {
		return fmt.Errorf("open a socket for sending: %w", err)
	}
	c.send.SetWriteBuffer(4 << 20)
	c.batch = ipv4.NewPacketConn(c.send)
	if network := c.network.Net(); network != nil {
		if err := c.batch.SetMulticastInterface(network); err != nil {
			return fmt.Errorf("send on interface %s: %w", network.Name, err)
		}
	}
	if err := c.batch.SetMulticastTTL(cfg.TTL); err != nil {
		return fmt.Errorf("set the multicast TTL: %w", err)
	}
	if err := c.batch.SetMulticastLoopback(true); err != nil {
		return fmt.Errorf("turn multicast loopback on: %w", err)
	}
	c.messages = make([]ipv4.Message, BatchSize)
	for i := range c.messages {
		c.messages[i].Buffers = make([][]byte, 1)
	}
	return nil
}

// LocalAddr is where packets of this Conn come from; its address is
// unspecified if the system chooses the interface.
func (c *Conn) LocalAddr() netip.AddrPort {
	return c.send.LocalAddr().(*net.UDPAddr).AddrPort()
}

// Join receives a group from now on. Each Join wants its own Leave.
func (c *Conn) Join(group netip.Addr) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m := c.groups[group]; m != nil {
		m.users++
		return nil
	}
	to := &net.UDPAddr{IP: group.AsSlice()}
	for _, h := range c.holders {
		if h.full {
			continue
		}
		err := h.p.JoinGroup(c.network.Net(), to)
		if err == nil {
			c.groups[group] = &membership{h, 1}
			return nil
		}
		if !holdersWork || !errors.Is(err, syscall.ENOBUFS) {
			return fmt.Errorf("join group %v: %w", group, err)
		}
		h.full = true
	}
	// The receiving socket now has to hear groups that others hold for it.
	// One socket for all groups keeps the packets of one sender in order;
	// read from several, they would overtake one another and be refused as
	// replays.
	if err := hearAll(c.receive); err != nil {
		return fmt.Errorf("join group %v: %w", group, err)
	}
	conn, err := net.ListenUDP("udp4", nil)
	if err != nil {
		return fmt.Errorf("open a socket for group %v: %w", group, err)
	}
	h := &holder{conn: conn, p: ipv4.NewPacketConn(conn)}
	c.holders = append(c.holders, h)
	if err := h.p.JoinGroup(c.network.Net(), to); err != nil {
		return fmt.Errorf("join group %v: %w", group, err)
	}
	c.groups[group] = &membership{h, 1}
	return nil
}

// Leave ends one Join.
func (c *Conn) Leave(group netip.Addr) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.groups[group]
	if m == nil {
		return nil
	}
	if m.users--; m.users > 0 {
		return nil
	}
	delete(c.groups, group)
	m.holder.full = false
	if err := m.holder.p.LeaveGroup(c.network.Net(), &net.UDPAddr{IP: group.AsSlice()}); err != nil {
		return fmt.Errorf("leave group %v: %w", group, err)
	}
	return nil
}

// read waits for a packet until the deadline set by Serve, which gives
// os.ErrDeadlineExceeded, or Close, which gives net.ErrClosed. at is the
// arrival by the kernel's stamp where there is one. It never allocates.
func (c *Conn) read(b []byte) (n int, from netip.AddrPort, at time.Time, err error) {
	for {
		n, oobn, _, from, err := c.receive.ReadMsgUDPAddrPort(b, c.oob)
		now := time.Now()
		if err != nil {
			if errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) {
				return 0, from, now, err
			}
			// An ICMP error of an earlier unicast packet, or a datagram
			// longer than b (Windows): neither ends a receiver.
			if transient(err) {
				continue
			}
			return 0, from, now, err
		}
		info := parseControl(c.oob[:oobn])
		if c.foreign(info) {
			continue
		}
		if age := now.Round(0).Sub(info.stamp); !info.stamp.IsZero() && age > 0 && age < time.Second {
			now = now.Add(-age)
		}
		return n, netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), now, nil
	}
}

// controlInfo is what the system says about a received packet, as far as it
// says anything.
type controlInfo struct {
	stamp   time.Time  // arrival by the wall clock
	index   int        // interface it came in by, 0 if unknown
	arrived netip.Addr // address it was sent to
}

// foreign tells whether a packet came by another interface than ours.
func (c *Conn) foreign(info controlInfo) bool {
	return c.network.Index != 0 && info.index != 0 && info.index != c.network.Index && info.arrived != c.address
}

// A Loop is a machine that Serve drives.
type Loop struct {
	// Lock guards what Deadline looks at. Whoever changes that holds it and
	// calls Wake before letting go.
	Lock sync.Locker
	// Deadline is when Step has something to do, the zero Time for never. It
	// is called with Lock held.
	Deadline func() time.Time
	// Receive takes one packet, without Lock. It must not keep b.
	Receive func(b []byte, from netip.AddrPort, at time.Time)
	// Step does what is due, without Lock. An error ends Serve.
	Step func(now time.Time) error
}

// checkInterval is how often Serve looks whether the interface is still there.
const checkInterval = time.Second

// Serve reads packets and steps a machine on the calling goroutine until ctx
// ends, which gives nil, or the interface is gone.
func (c *Conn) Serve(ctx context.Context, l Loop) error {
	stop := context.AfterFunc(ctx, func() {
		l.Lock.Lock()
		defer l.Lock.Unlock()
		c.Wake()
	})
	defer stop()
	buffer := make([]byte, readSize)
	var n int
	var from netip.AddrPort
	var at time.Time
	check := time.Now().Add(checkInterval)
	for {
		l.Lock.Lock()
		deadline := l.Deadline()
		if deadline.IsZero() || check.Before(deadline) {
			deadline = check
		}
		if ctx.Err() == nil {
			c.arm(deadline, at)
		}
		l.Lock.Unlock()
		var err error
		n, from, at, err = c.read(buffer)
		if ctx.Err() != nil {
			return nil
		}
		switch {
		case err == nil:
			l.Receive(buffer[:n], from, at)
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return err
		}
		if err != nil || !deadline.IsZero() && !at.Before(deadline) {
			if err := l.Step(at); err != nil {
				return err
			}
		}
		if !at.Before(check) {
			if err := c.network.Check(c.address); errors.Is(err, lan.ErrAbsent) {
				return err
			}
			check = at.Add(checkInterval)
		}
	}
}

// readSize holds any packet we accept, and shows that a longer one is longer.
const readSize = 2048

// arm sets the read deadline if it has to come sooner, or has passed. Waking
// too early does no harm and saves setting it for every packet.
func (c *Conn) arm(deadline, now time.Time) {
	sooner := !deadline.IsZero() && (c.armed.IsZero() || deadline.Before(c.armed))
	passed := !c.armed.IsZero() && !now.Before(c.armed)
	if c.stale || sooner || passed {
		c.armed, c.stale = deadline, false
		c.receive.SetReadDeadline(deadline)
	}
}

// Wake makes Serve look at the deadline again; the Lock of its Loop is held.
func (c *Conn) Wake() {
	c.stale = true
	c.receive.SetReadDeadline(time.Unix(1, 0))
}

// A Destination is an address ready for sending. It is one word: bursts copy many.
type Destination struct{ *address }

type address struct {
	AddrPort netip.AddrPort
	udp      *net.UDPAddr
}

// To makes a Destination.
func To(a netip.AddrPort) Destination {
	return Destination{&address{a, net.UDPAddrFromAddrPort(a)}}
}

// UDP is the address as the standard library wants it; to be read only.
func (d Destination) UDP() *net.UDPAddr { return d.udp }

// A Packet is bytes on their way.
type Packet struct {
	Bytes []byte
	To    Destination
}

// Write sends one packet, without waiting for a network that takes no more. It
// counts as a WriteBatch.
func (c *Conn) Write(b []byte, to netip.AddrPort) error {
	var failure error
	c.WriteBatch([]Packet{{b, To(to)}}, 0, func(_ int, err error) { failure = err })
	return failure
}

// WriteBatch sends packets in order, at most BatchSize per system call. A
// packet that cannot be sent is reported to failed (which may be nil) by its
// index and does not stop the others. For a network that takes no more it waits
// at most for patience in all; what does not go out then has failed. It returns
// what is left of the patience. Only one goroutine may call it at a time. It
// never allocates unless something fails.
func (c *Conn) WriteBatch(packets []Packet, patience time.Duration, failed func(i int, err error)) (sent int, left time.Duration) {
	if failed == nil {
		failed = func(int, error) {}
	}
	for next := 0; next < len(packets); {
		n, err := c.writeSome(packets[next:], doNotWait)
		if errors.Is(err, errFull) && patience > 0 {
			start := time.Now()
			c.send.SetWriteDeadline(start.Add(patience))
			n, err = c.writeSome(packets[next:], 0)
			c.send.SetWriteDeadline(time.Time{})
			patience -= time.Since(start)
		}
		n = max(n, 0) // x/net says -1 on error
		sent += n
		next += n
		switch {
		case errors.Is(err, errFull) || errors.Is(err, os.ErrDeadlineExceeded):
			for ; next < len(packets); next++ {
				failed(next, err)
			}
		case err != nil || n == 0:
			failed(next, err)
			next++
		}
	}
	return sent, patience
}

// writeSome sends the first packets in one system call.
func (c *Conn) writeSome(packets []Packet, flags int) (int, error) {
	if runtime.GOOS != "linux" { // WriteBatch is missing on Windows and single elsewhere
		_, err := c.send.WriteToUDPAddrPort(packets[0].Bytes, packets[0].To.AddrPort)
		if err != nil {
			return 0, err
		}
		return 1, nil
	}
	n := min(len(packets), len(c.messages))
	for i := range n {
		c.messages[i].Buffers[0] = packets[i].Bytes
		c.messages[i].Addr = packets[i].To.udp
	}
	return c.batch.WriteBatch(c.messages[:n], flags)
}

// Close ends Serve and leaves all groups.
func (c *Conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, h := range c.holders {
		h.conn.Close()
	}
	if c.send != nil {
		return c.send.Close()
	}
	return nil
}
