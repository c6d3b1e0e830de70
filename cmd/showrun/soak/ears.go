//go:build unix

package soak

import (
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"showrun/drivers/lan/multicast"
	"showrun/drivers/signet/wire"
)

// What is promised of the light, on a machine that is as busy as this one may be.
const (
	longestGap = 250 * time.Millisecond // between two frames
	lateSecond = 2500 * time.Millisecond
)

// ears hear the light of a show and check it: a listener on the network of its own.
type ears struct {
	broken func(format string, args ...any)

	mu       sync.Mutex
	sender   wire.SenderID // of the show; known from the first packet
	session  uint32
	sequence uint32
	packets  uint64
	at       time.Time // of the last packet of universe 1, by the kernel
	deaf     bool      // the show cannot send now
	excused  bool      // the next gap is
	settled  time.Time // until then the look may be behind
	gaps     []time.Duration
	worst    time.Duration
	levels   [2][wire.Slots]byte // of universes 1 and 2
	zero     time.Time           // when the show's clock was 0, by the first second seen
	young    time.Time           // until then a new process may still show the last second of the one before
	newLife  time.Time           // what comes later is of a new process, until its session is known
	lives    int
	doubts   []doubt
}

// doubt is something that is too late by so much: the fault of the show, unless this process
// turns out to have been late itself.
type doubt struct {
	by   time.Duration
	what string
}

// listen opens the ears on an interface.
func (e *ears) listen(iface string) (*multicast.Conn, error) {
	c, err := multicast.Open(multicast.Config{Interface: iface, Port: wire.Port, TTL: 1})
	if err != nil {
		return nil, err
	}
	for u := range uint16(2) {
		if err := c.Join(wire.Fold(u + 1)); err != nil {
			c.Close()
			return nil, err
		}
	}
	return c, nil
}

// loop is what Serve drives.
func (e *ears) loop() multicast.Loop {
	return multicast.Loop{
		Lock: &e.mu, Deadline: func() time.Time { return time.Time{} }, Step: func(time.Time) error { return nil },
		Receive: func(b []byte, _ netip.AddrPort, at time.Time) { e.hear(b, at) },
	}
}

// hear takes a packet.
func (e *ears) hear(b []byte, at time.Time) {
	var p wire.Packet
	if wire.Parse(b, &p) != wire.Accept || p.Mode != wire.ModeSecure {
		return
	}
	r, verdict := p.Route("soak")
	if verdict != wire.Accept || r.Kind != wire.KindLevel || r.Number < 1 || r.Number > 2 {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.packets == 0 {
		e.sender = p.Sender
	}
	if p.Sender != e.sender {
		return // a stranger
	}
	e.packets++
	e.checkOrder(&p, at)
	levels, ok := wire.FindTLV(p.Payload, wire.TIDLevel)
	if !ok {
		return
	}
	copy(e.levels[r.Number-1][:], levels)
	if r.Number == 1 {
		e.checkGap(at)
		e.checkLook(at)
	}
}

// checkOrder checks that sessions and, within one, sequence numbers rise.
func (e *ears) checkOrder(p *wire.Packet, at time.Time) {
	if p.Session < e.session || p.Session == e.session && p.Sequence <= e.sequence {
		e.broken("session %d, sequence %d after %d, %d", p.Session, p.Sequence, e.session, e.sequence)
	}
	reborn := !e.newLife.IsZero() && at.After(e.newLife)
	switch {
	case reborn && p.Session == e.session:
		e.broken("a new process goes on with session %d", p.Session)
	case !reborn && p.Session != e.session:
		e.broken("session %d after %d in the same process", p.Session, e.session)
	}
	if reborn {
		e.newLife, e.zero, e.young = time.Time{}, time.Time{}, at.Add(time.Second)
		e.lives++
	}
	e.session, e.sequence = p.Session, p.Sequence
}

// checkGap checks the time since the frame before.
func (e *ears) checkGap(at time.Time) {
	gap := at.Sub(e.at)
	e.at = at
	if e.deaf || e.excused {
		e.excused, e.settled = false, at.Add(lateSecond)
		return
	}
	e.gaps = append(e.gaps, gap)
	e.worst = max(e.worst, gap)
	if gap > longestGap {
		e.doubts = append(e.doubts, doubt{gap - longestGap, fmt.Sprintf("no frame for %v", gap.Round(time.Millisecond))})
	}
}

// checkLook holds what is seen against what the show is known to send.
func (e *ears) checkLook(at time.Time) {
	l := &e.levels[0]
	k, b := int(l[0]), int(l[10])
	if want := (k*7 + 13) % 256; int(l[1]) != want && l[1] != 0 {
		e.broken("half a look: second %d with %d, want %d", k, l[1], want)
	}
	if want := (b*5 + 1) % 256; int(l[11]) != want && l[11] != 0 {
		e.broken("half a look: beat %d with %d, want %d", b, l[11], want)
	}
	if l[3] != 7 {
		e.broken("the look says %d, want 7: a load that was to be refused is live", l[3])
	}
	if l[1] == 0 {
		return // no second has been told yet
	}
	if at.Before(e.young) {
		return
	}
	if e.zero.IsZero() {
		e.zero = at.Add(-time.Duration(k) * time.Second)
	}
	want := at.Sub(e.zero) % (250 * time.Second)
	off := want - time.Duration(k)*time.Second
	if off < -125*time.Second {
		off += 250 * time.Second
	} else if off > 125*time.Second {
		off -= 250 * time.Second
	}
	if by := max(-1500*time.Millisecond-off, off-lateSecond); by > 0 && at.After(e.settled) {
		e.doubts = append(e.doubts, doubt{by, fmt.Sprintf("the look is of second %d, want %v", k, want.Round(100*time.Millisecond))})
	}
}

// excuse says that the show cannot send from now on, or can again.
func (e *ears) excuse(deaf bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.deaf, e.excused = deaf, true
}

// script says that the script may be late from now on, or has to be on time again soon.
func (e *ears) script(mayBeLate bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.settled = time.Now().Add(lateSecond)
	if mayBeLate {
		e.settled = e.settled.Add(time.Hour)
	}
}

// rebirth says that the process is gone and that what comes now is of another.
func (e *ears) rebirth() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.deaf, e.excused, e.newLife = false, true, time.Now()
	e.levels = [2][wire.Slots]byte{}
}

// slot is a level of a universe, 1 or 2, from slot 1.
func (e *ears) slot(universe, n int) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return int(e.levels[universe-1][n-1])
}

// last is when the last frame came, and in which session.
func (e *ears) last() (at time.Time, session uint32) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.at, e.session
}

// judge decides on what was in doubt, now that it is known how late this process was.
func (e *ears) judge(noise time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, d := range e.doubts {
		if d.by > 2*noise {
			e.broken("%s (this process was up to %v late)", d.what, noise.Round(time.Millisecond))
		}
	}
	e.doubts = nil
}

// silent checks that frames come at all.
func (e *ears) silent(now time.Time, noise time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if gap := now.Sub(e.at); !e.deaf && !e.excused && e.packets > 0 && gap > 2*time.Second+2*noise {
		e.broken("no light for %v", gap.Round(100*time.Millisecond))
	}
}

// report tells what was heard.
func (e *ears) report() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.gaps) == 0 {
		return "no frames"
	}
	slices.Sort(e.gaps)
	long := 0
	for _, g := range e.gaps {
		if g > 60*time.Millisecond {
			long++
		}
	}
	at := func(n int) time.Duration { return e.gaps[(len(e.gaps)-1)*n/1000].Round(100 * time.Microsecond) }
	return fmt.Sprintf("frames of universe 1: %d in %d sessions; gaps: median %v, 99%% %v, 99.9%% %v, longest %v; %d over 60 ms",
		len(e.gaps), e.lives, at(500), at(990), at(999), e.worst.Round(100*time.Microsecond), long)
}
