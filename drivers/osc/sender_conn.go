package osc

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

// Sender is a Conn that sends to one place and takes nothing in. When the network
// interface it sends by, or the one the system chose, has got another address, it goes
// on from that. OSC is not answered, but the system may say of what was sent before that
// no program listens there, or that there is no such machine: Stats.Unheard (PROTOCOL.md
// rulings 7 and 8). Either Send and SendBundle are used, or Post and Run.
type Sender struct {
	to          netip.AddrPort
	onInterface string        // "" leaves the way to the system
	wake        chan struct{} // there is something for Run

	mu      sync.Mutex // held for moments, never while anybody waits
	conn    *Conn
	bound   netip.Addr
	moving  bool // somebody looks for another socket
	closed  bool
	waiting [][]byte // that Run is to send; the first may be on its way
	dropped uint64
}

// Dial opens a socket for sending to an address, host:port. A name is looked up
// once, here. Messages leave by the network interface with a name or address; ""
// leaves that to the system, and so does an address on this machine.
func Dial(address, onInterface string) (*Sender, error) {
	to, err := Resolve(address)
	if err != nil {
		return nil, fmt.Errorf("osc: %w", err)
	}
	if to.Addr().IsLoopback() {
		onInterface = ""
	}
	s := &Sender{to: to, onInterface: onInterface, wake: make(chan struct{}, 1)}
	if s.bound, err = s.source(); err != nil {
		return nil, err
	}
	if s.conn, err = connect(s.bound, to); err != nil {
		// There is no way to it now. One may come, so every message looks for it.
		s.conn, err = Listen(Config{Address: netip.AddrPortFrom(s.bound, 0).String()})
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// connect opens a socket from any port of an address to another one.
func connect(from netip.Addr, to netip.AddrPort) (*Conn, error) {
	udp, err := net.DialUDP(network(from), net.UDPAddrFromAddrPort(netip.AddrPortFrom(from, 0)), net.UDPAddrFromAddrPort(to))
	if err != nil {
		return nil, fmt.Errorf("osc: send to %v: %w", to, err)
	}
	return &Conn{udp: udp, only: to}, nil
}

// source is the address to send from. An interface given by an address is not left for
// another of its addresses.
func (s *Sender) source() (netip.Addr, error) {
	any := netip.IPv4Unspecified()
	if s.to.Addr().Is6() {
		any = netip.IPv6Unspecified()
	}
	i, err := lan.Find(s.onInterface)
	if err != nil {
		return any, fmt.Errorf("osc: send to %v: %w", s.to, err)
	}
	if i.Asked.IsValid() && i.Asked.Is4() != any.Is4() {
		return any, fmt.Errorf("osc: send to %v: interface address %v is of another kind", s.to, i.Asked)
	}
	bind, err := i.Source(s.to.Addr())
	switch {
	case err != nil:
		return any, fmt.Errorf("osc: send to %v: %w", s.to, err)
	case !bind.IsValid():
		return any, nil
	}
	return bind, nil
}

// moved gives another socket than the one that failed if the interface has another
// address now or there is a way at last, or if the system is to choose the address
// again, else nil. Nobody waits for another goroutine that looks for one.
func (s *Sender) moved(failed *Conn) *Conn {
	s.mu.Lock()
	current, bound := s.conn, s.bound
	first := current == failed && !s.moving && !s.closed
	s.moving = s.moving || first
	s.mu.Unlock()
	switch {
	case current != failed:
		return current // somebody else was faster
	case !first:
		return nil
	}
	next, bind := s.another(failed, bound)
	if next == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.moving = false
		return nil
	}
	next.stats = failed.Stats()
	return s.change(failed, next, bind)
}

// change puts a socket in the place of one that failed, unless the Sender was closed.
func (s *Sender) change(failed, next *Conn, bind netip.Addr) *Conn {
	s.mu.Lock()
	s.moving = false
	closed := s.closed
	if !closed {
		s.conn, s.bound = next, bind
	}
	s.mu.Unlock()
	if closed {
		next.Close()
		return nil
	}
	failed.Close()
	return next
}

// another opens a socket in place of one that failed, if that is of use.
func (s *Sender) another(failed *Conn, bound netip.Addr) (*Conn, netip.Addr) {
	bind, err := s.source()
	// A connected socket keeps the address it began with, also if the system chose it.
	same := bind == bound && !bind.IsUnspecified()
	if err != nil || same && failed.only.IsValid() {
		return nil, bind
	}
	next, err := connect(bind, s.to)
	if err != nil {
		return nil, bind
	}
	return next, bind
}

// send sends by the socket, or the next one.
func (s *Sender) send(by func(*Conn) error) error {
	s.mu.Lock()
	conn := s.conn
	s.mu.Unlock()
	err := by(conn)
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) { // that took long enough
		if next := s.moved(conn); next != nil {
			err = by(next)
		}
	}
	return err
}

// To is where the Sender sends to.
func (s *Sender) To() netip.AddrPort { return s.to }

// Send sends one message in one datagram. It waits two milliseconds at most, and is
// safe from any goroutine.
func (s *Sender) Send(m Message) error {
	return s.send(func(c *Conn) error { return c.Send(s.to, m) })
}

// SendBundle sends messages in one bundle. It waits two milliseconds at most, and is
// safe from any goroutine.
func (s *Sender) SendBundle(when TimeTag, messages ...Message) error {
	return s.send(func(c *Conn) error { return c.SendBundle(s.to, when, messages...) })
}

// maxWaiting is how many messages may wait for Run.
const maxWaiting = 1024

// Post sends one message in one datagram and waits for nothing: what the system does not
// take at once is left to Run, and so are all that come before that has left. One that
// there is no room for is dropped, which Stats counts. The error is that of a message
// that cannot be sent to anybody, or net.ErrClosed. Post is safe from any goroutine.
func (s *Sender) Post(m Message) error {
	b, err := AppendMessage(nil, m)
	if err != nil {
		return fmt.Errorf("osc: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return fmt.Errorf("osc: send to %v: %w", s.to, net.ErrClosed)
	case len(s.waiting) == 0 && s.conn.now(b):
		return nil
	case len(s.waiting) == maxWaiting:
		s.dropped++
	default:
		s.waiting = append(s.waiting, b)
	}
	select {
	case s.wake <- struct{}{}:
	default: // it is awake
	}
	return nil
}

// now sends a datagram if the system takes it at once.
func (c *Conn) now(b []byte) bool {
	if !c.only.IsValid() {
		return false
	}
	err := lan.SendNow(c.udp, b)
	unheard := nobodyHeard(err)
	if unheard {
		err = lan.SendNow(c.udp, b)
	}
	if err == nil {
		c.count(c.only, nil, unheard)
	}
	return err == nil
}

// maxFinish is how long Run sends on what waits when its ctx ends.
const maxFinish = 250 * time.Millisecond

// Run sends what Post has left to it, in order, until ctx ends, and closes the socket. A
// message that cannot be sent is given up after two milliseconds, or when no other socket
// is found. failed is told of each that was, on this goroutine.
func (s *Sender) Run(ctx context.Context, failed func(error)) error {
	defer s.Close()
	for {
		select {
		case <-ctx.Done():
			last, end := context.WithTimeout(context.WithoutCancel(ctx), maxFinish)
			defer end()
			s.catchUp(last, failed)
			return nil
		case <-s.wake:
			s.catchUp(ctx, failed)
		}
	}
}

// catchUp sends what waits, until ctx ends.
func (s *Sender) catchUp(ctx context.Context, failed func(error)) {
	for ctx.Err() == nil {
		b := s.first()
		if b == nil {
			return
		}
		if err := s.send(func(c *Conn) error { return c.write(s.to, b) }); err != nil {
			failed(err)
		}
		s.mu.Lock()
		s.waiting = s.waiting[1:]
		s.mu.Unlock()
	}
}

// first is the datagram that waits longest, nil if none does.
func (s *Sender) first() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) == 0 {
		s.waiting = nil
		return nil
	}
	return s.waiting[0]
}

// Stats is what was counted so far.
func (s *Sender) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.conn.Stats()
	st.Dropped = s.dropped
	return st
}

// Close closes the socket.
func (s *Sender) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return s.conn.Close()
}
