// Package broadcast is the UDP sockets of a protocol whose devices ask all by directed
// broadcast and answer one by unicast, everybody from and to one port.
//
// The port is shared with other programs of this machine as far as a system can: what is
// broadcast reaches all of them, what is sent to an address only one of those that have
// this address. So the socket that is sent by and to is bound to the address of the
// interface, which is nearer than what listens to all addresses, and whoever has another
// address is not robbed.
package broadcast

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"showrun/drivers/lan"
)

// Conn sends and receives on one interface and port. Its methods are safe from any
// goroutine.
type Conn struct {
	network lan.Interface
	address netip.AddrPort
	all     netip.AddrPort

	unicast *net.UDPConn   // what is sent by, and hears what is sent to the address
	others  []*net.UDPConn // that hear broadcasts
}

// Open opens the sockets on an interface, by its name or IPv4 address; without one on the
// first that is up, has an IPv4 address and can broadcast.
func Open(name string, port int) (*Conn, error) {
	c, err := place(name, port)
	if err != nil {
		return nil, err
	}
	if c.unicast, err = listen(c.address); err != nil {
		return nil, err
	}
	for _, a := range hearing(c.address.Addr(), c.all.Addr()) {
		other, err := listen(netip.AddrPortFrom(a, uint16(port)))
		if err != nil {
			c.Close()
			return nil, err
		}
		c.others = append(c.others, other)
	}
	return c, nil
}

// OpenSilent is Open for who only sends: it takes a port that nobody has, and nothing from
// other programs that are on the one of the protocol at the same address.
func OpenSilent(name string, port int) (*Conn, error) {
	c, err := place(name, port)
	if err != nil {
		return nil, err
	}
	c.unicast, err = listen(netip.AddrPortFrom(c.address.Addr(), 0))
	return c, err
}

// place is a Conn without sockets.
func place(name string, port int) (*Conn, error) {
	network, err := choose(name)
	if err != nil {
		return nil, err
	}
	address, err := network.IPv4()
	if err != nil {
		return nil, err
	}
	return &Conn{
		network: network, address: netip.AddrPortFrom(address, uint16(port)),
		all: netip.AddrPortFrom(everybody(network, address), uint16(port)),
	}, nil
}

// Address is where Open would be on an interface.
func Address(name string) (netip.Addr, error) {
	network, err := choose(name)
	if err != nil {
		return netip.Addr{}, err
	}
	return network.IPv4()
}

// choose finds the interface.
func choose(name string) (lan.Interface, error) {
	list, err := lan.Select(name, net.FlagBroadcast)
	if err != nil {
		return lan.Interface{}, err
	}
	for _, i := range list {
		if _, err := i.IPv4(); err == nil {
			return i, nil
		}
	}
	return lan.Interface{}, fmt.Errorf("no interface with an IPv4 address is up: %w", lan.ErrAbsent)
}

// everybody is the directed broadcast address of the network an address is in. On a network
// without broadcasts it is the address itself: only who shares it is reached.
func everybody(i lan.Interface, a netip.Addr) netip.Addr {
	if i.Flags&net.FlagBroadcast == 0 && !(i.Loopback() && loopbackBroadcasts) {
		return a
	}
	for _, p := range i.Prefixes {
		if p.Contains(a) && p.Addr().Is4() && p.Bits() < 31 {
			b := a.As4()
			for bit := p.Bits(); bit < 32; bit++ {
				b[bit/8] |= 0x80 >> (bit % 8)
			}
			return netip.AddrFrom4(b)
		}
	}
	return a
}

// bufferSize is asked from the system for each socket and direction: a frame of many universes
// is one burst, for which nobody waits.
const bufferSize = 4 << 20

func listen(a netip.AddrPort) (*net.UDPConn, error) {
	shared := net.ListenConfig{Control: lan.Share}
	p, err := shared.ListenPacket(context.Background(), "udp4", a.String())
	if err != nil {
		return nil, fmt.Errorf("listen on UDP %v: %w", a, err)
	}
	conn := p.(*net.UDPConn)
	conn.SetReadBuffer(bufferSize) // as much as the system grants
	conn.SetWriteBuffer(bufferSize)
	return conn, nil
}

// Address is where this Conn is, with the port of the protocol.
func (c *Conn) Address() netip.AddrPort { return c.address }

// Broadcast is where everybody hears what is sent.
func (c *Conn) Broadcast() netip.AddrPort { return c.all }

// checkInterval is how often Serve looks whether the interface is still there.
const checkInterval = time.Second

// readSize is more than any packet that a receiver takes.
const readSize = 2048

// Serve hands every packet to receive, until ctx ends, which gives nil, or the interface is
// gone. receive is called by several goroutines at a time, and must not keep the bytes.
// When Serve returns it is not called any more, and the sockets are closed.
func (c *Conn) Serve(ctx context.Context, receive func(b []byte, from netip.AddrPort, at time.Time)) error {
	readers := append([]*net.UDPConn{c.unicast}, c.others...)
	ended := make(chan error, len(readers))
	var reading sync.WaitGroup
	for _, conn := range readers {
		reading.Go(func() { ended <- read(conn, receive) })
	}
	defer reading.Wait()
	defer c.Close()
	check := time.NewTicker(checkInterval)
	defer check.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-ended:
			return err
		case <-check.C:
			if err := c.network.Check(c.address.Addr()); errors.Is(err, lan.ErrAbsent) {
				return err
			}
		}
	}
}

// read reads one socket until it is closed or fails.
func read(conn *net.UDPConn, receive func(b []byte, from netip.AddrPort, at time.Time)) error {
	buffer := make([]byte, readSize)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(buffer)
		switch {
		case err == nil:
			receive(buffer[:n], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), time.Now())
		case errors.Is(err, net.ErrClosed):
			return err
		case !transient(err):
			return fmt.Errorf("read UDP %v: %w", conn.LocalAddr(), err)
		}
	}
}

// Close closes the sockets. Serve does it by itself.
func (c *Conn) Close() error {
	for _, o := range c.others {
		o.Close()
	}
	if err := c.unicast.Close(); err != nil && !errors.Is(err, os.ErrClosed) && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}
