package link

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Liveness and robustness (PROTOCOL.md rulings 7 and 8).
const (
	PingPeriod    = 5 * time.Second
	MaxSilence    = 15 * time.Second
	ProbeSilence  = 2 * time.Second // after a ping that somebody waits for
	WriteDeadline = 2 * time.Second
	ReadLimit     = 1 << 20 // bytes of a message
)

// The waits between attempts to connect (PROTOCOL.md ruling 7), and how long a connection
// must last for the next wait to be the first again.
const (
	FirstWait = 250 * time.Millisecond
	MaxWait   = 10 * time.Second
	Steady    = 5 * time.Second
)

// LogInterval is the time between two log lines about the same peer's mistakes.
const LogInterval = time.Second

// farewell is how long a peer has to answer our close before the socket goes.
const farewell = time.Second

// ErrSilent says that the peer sent nothing, not even a pong, for MaxSilence, or after a
// Probe for ProbeSilence.
var ErrSilent = fmt.Errorf("nothing heard for %s, or %s after a question", MaxSilence, ProbeSilence)

// ErrStuck says that the peer did not read for WriteDeadline.
var ErrStuck = fmt.Errorf("the peer did not read for %s", WriteDeadline)

// Conn is a connection over the network. Its methods but Run are safe from any
// goroutine.
type Conn struct {
	ws  *websocket.Conn
	net *bufferConn

	wake chan struct{}

	mu      sync.Mutex
	kick    *ClosedError // asked for
	closing bool         // our close is on its way
	probe   bool         // a ping is wanted, and an answer soon
	pong    []byte       // to be sent; nil for none
}

func newConn(ws *websocket.Conn, b *bufferConn) *Conn {
	c := &Conn{ws: ws, net: b, wake: make(chan struct{}, 1)}
	ws.SetReadLimit(ReadLimit)
	ws.SetPingHandler(func(payload string) error {
		c.mu.Lock()
		c.pong = append(make([]byte, 0, len(payload)), payload...)
		c.mu.Unlock()
		c.extend()
		c.Wake()
		return nil
	})
	ws.SetPongHandler(func(string) error {
		c.extend()
		return nil
	})
	b.hold()
	return c
}

// Address implements Peer.
func (c *Conn) Address() string { return c.net.RemoteAddr().String() }

// Local is our own address.
func (c *Conn) Local() netip.Addr {
	a, _ := netip.ParseAddrPort(c.net.LocalAddr().String())
	return a.Addr().Unmap().WithZone("")
}

// Wake implements Peer.
func (c *Conn) Wake() {
	select {
	case c.wake <- struct{}{}:
	default: // it is about to
	}
}

// Probe implements Peer: it asks the peer to answer within ProbeSilence.
func (c *Conn) Probe() {
	c.mu.Lock()
	c.probe = true
	c.mu.Unlock()
	c.Wake()
}

// Kick implements Peer.
func (c *Conn) Kick(code int, reason string) {
	c.mu.Lock()
	if c.kick == nil {
		c.kick = &ClosedError{code, reason}
	}
	c.mu.Unlock()
	c.Wake()
}

// Drop closes the socket without a word. Run does so at its end.
func (c *Conn) Drop() { c.net.Close() }

// Send implements Peer. A failure ends the connection.
func (c *Conn) Send(b []byte) {
	if c.ws.WriteMessage(websocket.TextMessage, b) != nil {
		c.Drop() // whatever was the reason: the reader ends, and so does Run
	}
}

// extend grants the peer MaxSilence from now on.
func (c *Conn) extend() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closing {
		c.ws.SetReadDeadline(time.Now().Add(MaxSilence))
	}
}

// Run serves the connection until it ends, and tells why, the Handler first; it closes
// the connection with 1001 when ctx ends. It returns when the goroutine it started
// is gone. Call it once.
func (c *Conn) Run(ctx context.Context, h Handler) error {
	err := c.run(ctx, h)
	h.End(time.Now(), err)
	return err
}

func (c *Conn) run(ctx context.Context, h Handler) error {
	done := make(chan struct{})
	written := make(chan error, 1)
	go func() {
		err := c.write(ctx, done, h)
		if err != nil {
			c.Drop()
		}
		written <- err
	}()
	err := c.read(h)
	close(done)
	if cause := <-written; cause != nil {
		err = cause
	} else {
		c.net.flush() // the answer to a close
	}
	c.Drop()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing {
		return c.kick
	}
	return explain(err)
}

// explain words an error for people.
func explain(err error) error {
	var closed *websocket.CloseError
	switch {
	case errors.As(err, &closed):
		return fmt.Errorf("the peer closed: %w", err)
	case errors.Is(err, websocket.ErrReadLimit):
		return fmt.Errorf("message of more than %d bytes", ReadLimit)
	case isTimeout(err):
		return ErrSilent
	}
	return err
}

// isTimeout recognizes a deadline, also behind the library's own errors.
func isTimeout(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout()
}

// read hands messages to the handler until the connection ends.
func (c *Conn) read(h Handler) error {
	var buf bytes.Buffer
	for {
		c.extend()
		kind, message, err := c.ws.NextReader()
		if err != nil {
			return err
		}
		buf.Reset()
		if _, err := buf.ReadFrom(message); err != nil {
			return err
		}
		c.mu.Lock()
		closing := c.closing
		c.mu.Unlock()
		switch {
		case closing: // until the peer closes too
		case kind == websocket.TextMessage:
			h.Receive(time.Now(), buf.Bytes())
		default:
			h.Receive(time.Now(), nil)
		}
		if buf.Cap() > bufferSize {
			buf = bytes.Buffer{} // do not keep what one large message needed
		}
	}
}

// write lets the handler write until reading ends. An error means that the
// socket is to be closed; nil that the reader closes it.
func (c *Conn) write(ctx context.Context, done <-chan struct{}, h Handler) error {
	ping := time.NewTicker(PingPeriod)
	defer ping.Stop()
	due := time.NewTimer(0)
	defer due.Stop()
	for {
		var control int
		select {
		case <-done:
			return nil
		case <-ctx.Done():
			h.Finish(time.Now())
			c.Kick(GoingAway, "shutting down")
		case <-ping.C:
			control = websocket.PingMessage
		case <-c.wake:
		case <-due.C:
		}
		c.mu.Lock()
		now := time.Now()
		kick, pong := c.kick, c.pong
		c.pong = nil
		if c.probe {
			c.probe, control = false, websocket.PingMessage
			if !c.closing {
				c.ws.SetReadDeadline(now.Add(ProbeSilence)) // whatever comes extends it
			}
		}
		c.mu.Unlock()
		if kick != nil {
			return c.close(kick)
		}
		if pong != nil {
			c.ws.WriteControl(websocket.PongMessage, pong, now.Add(WriteDeadline))
		}
		if control != 0 {
			c.ws.WriteControl(control, nil, now.Add(WriteDeadline))
		}
		next := h.Write(now)
		if err := c.net.flush(); err != nil {
			if isTimeout(err) {
				return ErrStuck
			}
			return err
		}
		if next.IsZero() {
			due.Stop()
		} else {
			due.Reset(next.Sub(now))
		}
	}
}

// close says goodbye and leaves the peer a moment to answer: closing a socket
// with unread bytes would destroy the message on its way.
func (c *Conn) close(why *ClosedError) error {
	c.mu.Lock()
	c.closing = true
	c.ws.SetReadDeadline(time.Now().Add(farewell))
	c.mu.Unlock()
	reason := why.Reason
	if len(reason) > 120 { // of a control frame's 125 bytes, two are the code
		reason = reason[:120]
	}
	c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(why.Code, reason), time.Now().Add(WriteDeadline))
	return c.net.flush()
}
