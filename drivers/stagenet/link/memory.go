package link

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Memory is a connection within a program: two Handlers that pass messages to one
// another, without a socket, a goroutine or a clock. Whoever made it steps it, one call
// at a time. Nothing gets lost and both sides always read, so the deadlines of a Conn
// have no counterpart.
type Memory struct {
	ends  [2]*end
	ended bool

	mu   sync.Mutex // of what a Handler's Peer may be told from any goroutine
	last time.Time  // of the last Step
}

// end is one side of a Memory, the Peer of the Handler there.
type end struct {
	memory  *Memory
	handler Handler
	address string // of the other side
	outbox  [][]byte
	due     time.Time // when it is to write, zero for never

	// Guarded by the Memory's mu.
	woken bool
	kick  *ClosedError
}

// Connect connects a console with a gateway at an instant; each is told where the other
// is. Nothing is said before Step.
func Connect(now time.Time, console, gateway string, join, accept func(Peer) Handler) *Memory {
	m := &Memory{last: now}
	for i, address := range []string{gateway, console} {
		m.ends[i] = &end{memory: m, address: address, woken: true}
	}
	m.ends[0].handler, m.ends[1].handler = join(m.ends[0]), accept(m.ends[1])
	return m
}

// Address implements Peer.
func (e *end) Address() string { return e.address }

// Send implements Peer.
func (e *end) Send(b []byte) { e.outbox = append(e.outbox, slices.Clone(b)) }

// Wake implements Peer.
func (e *end) Wake() {
	e.memory.mu.Lock()
	defer e.memory.mu.Unlock()
	e.woken = true
}

// Probe implements Peer: who is in memory is alive.
func (e *end) Probe() {}

// Kick implements Peer.
func (e *end) Kick(code int, reason string) {
	e.memory.mu.Lock()
	defer e.memory.mu.Unlock()
	if e.kick == nil {
		e.kick = &ClosedError{code, reason}
	}
}

// Deadline is when Step has something to do: at the instant of the last one if a Handler
// was woken since. The zero Time means not before that.
func (m *Memory) Deadline() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	var next time.Time
	for _, e := range m.ends {
		switch {
		case m.ended:
		case e.woken || e.kick != nil:
			return m.last
		case next.IsZero() || !e.due.IsZero() && e.due.Before(next):
			next = e.due
		}
	}
	return next
}

// Step lets both sides write what is due at now and take what the other wrote, until
// neither has more to say. It reports whether the connection is still there.
func (m *Memory) Step(now time.Time) bool {
	m.mu.Lock()
	m.last = now
	m.mu.Unlock()
	for busy := true; busy && !m.ended; {
		busy = false
		for i, e := range m.ends {
			if why := e.kicked(); why != nil {
				m.close(now, i, why)
				return false
			}
			if e.turn(now) {
				e.due = e.handler.Write(now)
				busy = true
			}
			m.deliver(now, i)
		}
	}
	return !m.ended
}

// turn tells whether it is the turn of a side to write.
func (e *end) turn(now time.Time) bool {
	e.memory.mu.Lock()
	defer e.memory.mu.Unlock()
	woken := e.woken
	e.woken = false
	return woken || !e.due.IsZero() && !e.due.After(now)
}

func (e *end) kicked() *ClosedError {
	e.memory.mu.Lock()
	defer e.memory.mu.Unlock()
	return e.kick
}

// deliver hands what a side wrote to the other.
func (m *Memory) deliver(now time.Time, from int) {
	e := m.ends[from]
	for len(e.outbox) > 0 {
		b := e.outbox[0]
		e.outbox = e.outbox[1:]
		m.ends[1-from].handler.Receive(now, b)
	}
}

// Close ends the connection as a console does that goes: what waits leaves, then it
// says goodbye.
func (m *Memory) Close(now time.Time) {
	if m.ended {
		return
	}
	m.ends[0].handler.Finish(now)
	m.deliver(now, 0)
	m.close(now, 0, &ClosedError{GoingAway, "shutting down"})
}

// close ends the connection on behalf of one side.
func (m *Memory) close(now time.Time, by int, why *ClosedError) {
	m.ended = true
	m.ends[by].handler.End(now, why)
	m.ends[1-by].handler.End(now, fmt.Errorf("the peer closed: %w", &websocket.CloseError{Code: why.Code, Text: why.Reason}))
}
