package peer

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"time"
)

const (
	// maxQueue is how many pieces wait to be written to one connection.
	maxQueue = 1024
	// MaxUnread is how many bytes of them there may be.
	MaxUnread = 1 << 20
	// maxOffered is with how many of them no more is offered: about a second of beat
	// messages, as a take that is late catches up on so many.
	maxOffered = 32
)

// ErrUnread ends a connection whose peer does not read.
var ErrUnread = errors.New("what is sent is not read")

// A Machine is what Sockets tell of its connections. The calls for one connection come
// one after another.
type Machine interface {
	// Opened says that a connection is there that was dialled or accepted, at our TCP
	// port.
	Opened(now time.Time, id ID, local uint16)
	// Receive takes what a connection brought. It must not keep b.
	Receive(now time.Time, id ID, b []byte)
	// Ended says that a connection is over, or could not be made.
	Ended(now time.Time, id ID, err error)
}

// Sockets are the TCP connections of a machine. It implements Streams; its other methods
// are safe from any goroutine too.
type Sockets struct {
	// Machine is told what happens. Local gives our address on the network of another,
	// from which it is dialled.
	Machine Machine
	Local   func(remote netip.Addr) netip.Addr
	// Told, if not nil, is called after the machine was told something.
	Told func()

	ctx     context.Context
	running *sync.WaitGroup

	mu   sync.Mutex
	open map[ID]*socket
}

// socket is one connection, or the way to it.
type socket struct {
	cancel context.CancelFunc
	stream *Stream // nil while it is dialled
	queue  chan []byte
	unread int  // bytes in queue
	short  bool // the system's queue is kept short
	full   bool
}

// Serve lets connections be until ctx ends, on goroutines that running waits for.
func (s *Sockets) Serve(ctx context.Context, running *sync.WaitGroup) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ctx, s.running, s.open = ctx, running, map[ID]*socket{}
}

func (s *Sockets) add(id ID) (*socket, context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := &socket{queue: make(chan []byte, maxQueue)}
	var ctx context.Context
	ctx, o.cancel = context.WithCancel(s.ctx)
	s.open[id] = o
	return o, ctx
}

// Dial implements Streams.
func (s *Sockets) Dial(id ID, to netip.AddrPort) {
	o, ctx := s.add(id)
	s.running.Go(func() {
		st, err := DialStream(ctx, s.Local(to.Addr()), to)
		if err == nil {
			err = s.carry(ctx, id, o, st)
		}
		s.end(id, o, err)
	})
}

// Accept serves a connection made to us under the name the machine has given it, until
// it ends.
func (s *Sockets) Accept(id ID, st *Stream) {
	o, ctx := s.add(id)
	s.end(id, o, s.carry(ctx, id, o, st))
}

// end tells the machine of the end of a connection it has not closed itself.
func (s *Sockets) end(id ID, o *socket, err error) {
	o.cancel()
	s.mu.Lock()
	known := s.open[id] == o
	delete(s.open, id)
	if o.full {
		err = ErrUnread
	}
	s.mu.Unlock()
	if known {
		s.Machine.Ended(time.Now(), id, err)
		s.told()
	}
}

// carry reads and writes a connection until it ends.
func (s *Sockets) carry(ctx context.Context, id ID, o *socket, st *Stream) error {
	var writing sync.WaitGroup
	defer writing.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(ctx, st.Close)()
	defer st.Close()
	s.mu.Lock()
	o.stream = st
	s.mu.Unlock()
	s.Machine.Opened(time.Now(), id, st.LocalPort())
	s.told()
	writing.Go(func() {
		for {
			select {
			case b := <-o.queue:
				s.mu.Lock()
				o.unread -= len(b)
				s.mu.Unlock()
				if st.Write(b) != nil {
					return // the reader sees the end too
				}
			case <-ctx.Done():
				return
			}
		}
	})
	return st.Read(func(b []byte, at time.Time) {
		s.Machine.Receive(at, id, b)
		s.told()
	})
}

func (s *Sockets) told() {
	if s.Told != nil {
		s.Told()
	}
}

// Write implements Streams.
func (s *Sockets) Write(id ID, b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.open[id]
	if o == nil {
		return
	}
	if len(o.queue) == maxQueue || o.unread+len(b) > MaxUnread && o.unread > 0 {
		o.full = true
		o.cancel()
		return
	}
	o.put(b)
}

// put queues b, for which there is room, with the lock of its Sockets held.
func (o *socket) put(b []byte) {
	o.unread += len(b)
	o.queue <- append([]byte(nil), b...) // only put fills it
}

// Offer implements Streams.
func (s *Sockets) Offer(id ID, b []byte) (sent bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.open[id]
	if o == nil || len(o.queue) >= maxOffered {
		return false
	}
	if !o.short && o.stream != nil {
		o.short = true
		o.stream.LimitQueue()
	}
	o.put(b)
	return true
}

// Close implements Streams.
func (s *Sockets) Close(id ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.open[id]; o != nil {
		o.cancel()
		delete(s.open, id)
	}
}

// Drive steps a machine at its deadlines until ctx ends. After poke has something the
// deadline is asked for again.
func Drive(ctx context.Context, poke <-chan struct{}, deadline func() time.Time, step func(now time.Time)) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		if due := deadline(); due.IsZero() {
			timer.Stop()
		} else {
			timer.Reset(max(0, time.Until(due)))
		}
		select {
		case <-poke:
		case <-timer.C:
			step(time.Now())
		case <-ctx.Done():
			return
		}
	}
}
