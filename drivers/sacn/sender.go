// Package sacn is a source of streaming ACN, ANSI E1.31-2018: it sends universes with
// priorities, synchronises them, and tells which there are. PROTOCOL.md is how we read the
// standard; package receiver is the other side.
package sacn

import (
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"showrun/drivers/lan"
	"showrun/drivers/lan/multicast"
	"showrun/drivers/sacn/wire"
)

// CID is the identity of a source.
type CID = wire.CID

// Config describes a Sender. CID is required; all else has a default.
type Config struct {
	CID       CID
	Name      string // of the source, for people; up to 63 bytes of it are sent
	Interface string // "" for the system's choice, or a name or IPv4 address
	Port      int    // 0 means 5568
	Rate      int    // packets per second and universe at most; 0 means 44
	Priority  byte   // of universes without one, 0-200; 100 is usual
	Sync      uint16 // universe on which frames are released, 0 for none
	Log       *slog.Logger
}

// complete fills defaults in and checks the rest.
func (c *Config) complete() error {
	if c.CID == (CID{}) {
		return fmt.Errorf("sacn sender: no CID given")
	}
	if c.Port == 0 {
		c.Port = wire.Port
	}
	if c.Rate == 0 {
		c.Rate = 44
	}
	if c.Rate < 1 || c.Rate > maxRate {
		return fmt.Errorf("sacn sender: rate must be 1-%d packets per second, got %d", maxRate, c.Rate)
	}
	if c.Priority > wire.MaxPriority {
		return fmt.Errorf("sacn sender: priority must be 0-%d, got %d", wire.MaxPriority, c.Priority)
	}
	if c.Sync > wire.LastUniverse {
		return fmt.Errorf("sacn sender: universe of synchronisation must be 1-%d, got %d", wire.LastUniverse, c.Sync)
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}

// Stats counts what a Sender did since it was opened.
type Stats struct {
	Packets   uint64 // that left the socket
	Errors    uint64 // packets the system refused
	Universes int
}

// A Sender streams universes. It is a machine: it has no sockets, clock or goroutines,
// instants are handed in, and what is to leave is given to a Send.
//
// One goroutine at a time calls Step and Deadline. All other methods may be called from any
// goroutine. They never wait for a lock that is held while somebody writes to a socket or
// logs: a thread that has frames to keep on time may call them. What they wait for is mu,
// which is held to look up and copy, at most for one batch of levels.
type Sender struct {
	cfg  Config
	send Send
	wake func() // says that Deadline has changed; mu is held

	mu      sync.Mutex
	output  *output
	stats   Stats
	flushes lan.Flushes // of levels
	ended   bool
	turn    *lan.Turn

	// Of whoever has the wire.
	batch     *batch
	onRefused func(i int, err error) // refuse
	refusals  []int                  // packets of the batch that were not sent
	refusal   error                  // why the first of them was not
}

// Send puts the packets of a burst on the wire, in order. now is the same for all parts
// of a burst. It calls refused for each packet that cannot be sent and tells how many
// were and when it was done. It must not keep the bytes.
type Send func(now time.Time, packets []multicast.Packet, refused func(i int, err error)) (sent int, done time.Time)

// NewSender makes a Sender. Its packets are given to send, or go nowhere if that is nil.
func NewSender(cfg Config, send Send) (*Sender, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	if send == nil {
		send = func(now time.Time, packets []multicast.Packet, _ func(int, error)) (int, time.Time) {
			return len(packets), now
		}
	}
	s := &Sender{cfg: cfg, send: send, wake: func() {}, flushes: lan.Flushes{Frame: time.Second / time.Duration(cfg.Rate)}, batch: newBatch(), output: newOutput(cfg)}
	s.turn, s.onRefused = lan.NewTurn(&s.mu, s.burst), s.refuse
	return s, nil
}

// Join adds a universe, 1 to 63999, which is sent from the first SetLevels on. Joining again
// replaces the options and keeps the levels.
func (s *Sender) Join(universe int, options UniverseOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.wake()
	return s.output.join(universe, options)
}

// Leave ends a universe: three packets say so and nothing more is sent. Its preview, if
// there is one, goes on.
func (s *Sender) Leave(universe int, preview bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.output.leave(universe, preview) {
		return fmt.Errorf("universe %d is not joined", universe)
	}
	s.wake()
	return nil
}

// SetLevels takes the newest levels of a joined universe, slot 1 first; slots not given
// are 0. They are copied and leave with the next Flush. Levels of other universes are
// ignored.
func (s *Sender) SetLevels(universe int, preview bool, levels []byte) {
	if wire.CheckUniverse(universe) != nil {
		return
	}
	s.mu.Lock()
	if stream := s.output.index[streamKey{uint16(universe), preview}.id()]; stream != nil {
		stream.setLevels(levels)
	}
	s.mu.Unlock()
}

// SetPriority gives a universe one priority for all slots, or 512. As one of 512 a 0 means
// that the slot is not driven; alone it is the lowest priority.
func (s *Sender) SetPriority(universe int, priority []byte) error {
	if err := wire.CheckUniverse(universe); err != nil {
		return err
	}
	if err := checkPriority(universe, priority); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	stream := s.output.index[streamKey{uint16(universe), false}.id()]
	if stream == nil {
		return fmt.Errorf("universe %d is not joined", universe)
	}
	stream.setPriority(priority, s.cfg)
	return nil
}

// FlushFor sends what is due at now in one burst: the levels of a frame that is to be
// seen at the instant visible, which may lie ahead, with owed repeats and keep-alives. Call
// it once per frame, right after SetLevels. With Sync the levels leave at once and the
// synchronisation at visible, or 2 ms after the levels if that is later; without it visible
// is the instant of the frame.
//
// It returns the number of packets sent and the first error; after an error the packets
// concerned are repeated with the next flushes. It does not wait for others: see lan.Turn.
func (s *Sender) FlushFor(now, visible time.Time) (packets int, err error) {
	if visible.Before(now) {
		now = visible
	}
	s.mu.Lock()
	s.flushes.Called = visible
	return s.turn.Flush(now, visible)
}

// Release sends the synchronisation that is due at now, for callers whose sleep is more
// exact than that of Run, which sends it otherwise. It waits for nobody, as FlushFor.
func (s *Sender) Release(now time.Time) (packets int, err error) {
	s.mu.Lock()
	return s.turn.Flush(now, time.Time{})
}

// Stats gives the counters.
func (s *Sender) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := s.stats
	stats.Universes = len(s.output.streams)
	return stats
}

// burst sends what is due at now and, unless frame is zero, the levels of that frame.
// The caller has the wire.
func (s *Sender) burst(now, frame time.Time) (packets int, err error) {
	done := now
	for more, first := true, true; more; first = false {
		s.mu.Lock()
		if s.ended {
			s.mu.Unlock()
			return packets, net.ErrClosed
		}
		if first {
			s.output.begin()
			if !frame.IsZero() {
				s.flushes.Flushed = frame
			}
		}
		more = s.output.fill(s.batch, now, frame)
		s.mu.Unlock()
		if len(s.batch.packets) == 0 {
			continue
		}
		sent, at := s.send(now, s.batch.packets, s.onRefused)
		packets, done = packets+sent, at
		if failure := s.sent(sent); err == nil {
			err = failure
		}
	}
	s.mu.Lock()
	if s.output.flushed(done, frame) {
		s.wake()
	}
	s.mu.Unlock()
	return packets, err
}

// sent counts a batch and makes up for what was not sent.
func (s *Sender) sent(n int) (refusal error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Packets += uint64(n)
	s.stats.Errors += uint64(len(s.batch.packets) - n)
	for _, i := range s.refusals {
		if owner := s.batch.owners[i]; owner != nil {
			s.output.refused(owner)
		}
	}
	refusal = s.refusal
	s.refusals, s.refusal = s.refusals[:0], nil
	return refusal
}

// refuse is told of each packet of the batch that could not be sent.
func (s *Sender) refuse(i int, err error) {
	if s.refusal == nil {
		s.refusal = fmt.Errorf("sacn packet to %v: %w", s.batch.packets[i].To.AddrPort, err)
	}
	s.refusals = append(s.refusals, i)
}

// Step does what is due at now besides the caller's flushes: synchronisation, discovery,
// farewells, and universes that nobody else flushes.
func (s *Sender) Step(now time.Time) error {
	s.mu.Lock()
	var frame time.Time
	if s.flushes.Due(now) {
		frame = now
	}
	s.mu.Unlock()
	s.turn.Seize()
	defer s.turn.Yield()
	_, _ = s.burst(now, frame) // what failed is repeated, and counted
	return nil
}

// Deadline is when Step has something to do next.
func (s *Sender) Deadline() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.deadline()
}

// deadline is Deadline with mu held.
func (s *Sender) deadline() time.Time {
	next := s.flushes.Next()
	if d := s.output.deadline(); !d.IsZero() && d.Before(next) {
		return d
	}
	return next
}

// goodbye ends every universe.
func (s *Sender) goodbye(now time.Time) {
	s.mu.Lock()
	s.output.leaveAll()
	s.mu.Unlock()
	s.turn.Seize()
	_, err := s.burst(now, time.Time{})
	s.turn.Yield()
	if err != nil {
		s.cfg.Log.Warn("sacn: the end of universes is not told", "error", err)
	}
}

// end makes every later flush fail.
func (s *Sender) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
}
