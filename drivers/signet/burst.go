package signet

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"showrun/drivers/lan/multicast"
	"showrun/drivers/signet/device"
	"showrun/drivers/signet/wire"
)

// FlushFor sends what is due at now in one burst: the levels of a frame that is to be
// seen at the instant visible, which may lie ahead, with owed repeats and keep-alives,
// and sync and timecode. Call it once per frame, right after SetLevels. With Sync the
// levels leave at once and the sync at visible, or 5 ms after the levels if that is
// later; without it visible is the instant of the frame.
//
// The rate of a universe is a maximum, and reached if every frame changes something:
// news leave with the first frame at or after each instant of the rate, which may be 3 ms
// early (or half the interval of the rate if that is less) for callers that pace their
// frames. Of frames in between the newest levels leave then.
//
// It returns the number of packets sent and the first error; after an error the
// packets concerned are repeated with the next flushes. If somebody else is writing
// at the moment, FlushFor does not wait for that: the burst leaves right after, on that
// goroutine, and FlushFor returns 0 packets; an error is then that of the next call. Of
// several frames left so the newest counts.
func (s *Sender) FlushFor(now, visible time.Time) (packets int, err error) {
	if visible.Before(now) {
		now = visible
	}
	s.mu.Lock()
	s.flushes.Called = visible
	return s.turn.Flush(now, visible)
}

// Flush is FlushFor for a frame that is to be seen now.
func (s *Sender) Flush(now time.Time) (packets int, err error) { return s.FlushFor(now, now) }

// Release sends the sync that is due at now, for callers whose sleep is more
// exact than that of Run, which sends it otherwise. It waits for nobody, as FlushFor.
func (s *Sender) Release(now time.Time) (packets int, err error) {
	s.mu.Lock()
	return s.turn.Flush(now, time.Time{})
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
		sent, at, failure, spent := s.put(now)
		if spent != nil {
			return packets + sent, spent
		}
		packets += sent
		if !at.IsZero() {
			done = at
		}
		if failure != nil && err == nil {
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

// put numbers and signs the batch and gives it to Send. The error spent says that
// numbering cannot go on, refusal why the first packet that was not sent was not. at is
// when it was done, zero if there was nothing to do. The caller has the wire.
func (s *Sender) put(now time.Time) (sent int, at time.Time, refusal, spent error) {
	spent = s.batch.sign(s.voice)
	if len(s.batch.packets) > 0 {
		sent, at = s.send(now, s.batch.packets, s.onRefused)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Packets += uint64(sent)
	s.stats.Errors += uint64(len(s.batch.packets) - sent)
	s.stats.Session = s.voice.Session()
	if spent != nil {
		for _, it := range s.batch.items {
			if it.owner != nil {
				it.owner.cadence.Failed()
			}
		}
	}
	for _, i := range s.refusals {
		if owner := s.batch.owners[i]; owner != nil {
			owner.cadence.Failed()
			s.output.round.Refused(func() int { return slices.Index(s.output.streams, owner) })
		}
	}
	refusal = s.refusal
	s.refusals, s.refusal = s.refusals[:0], nil
	return sent, at, refusal, spent
}

// refuse is told of each packet of the batch that could not be sent.
func (s *Sender) refuse(i int, err error) {
	if s.refusal == nil {
		s.refusal = fmt.Errorf("sig-net packet to %v: %w", s.batch.packets[i].To.AddrPort, err)
	}
	s.refusals = append(s.refusals, i)
}

// say sends one packet about the device itself. The error says that numbering cannot
// go on.
func (s *Sender) say(now time.Time, r wire.Resource, payload []byte) error {
	s.turn.Seize()
	defer s.turn.Yield()
	s.batch.reset()
	s.batch.plan(item{
		mode: s.cfg.Mode, lane: s.voice.Lane(r.Number), resource: r, payload: payload,
		to: []multicast.Destination{multicast.To(netip.AddrPortFrom(r.Group(), uint16(s.cfg.Port)))},
	})
	_, _, refusal, spent := s.put(now)
	if refusal != nil {
		s.cfg.Log.Debug("sig-net packet not sent", "error", refusal)
	}
	return spent
}

// reserveBelow is with how many numbers left in a lane the next session number is
// stored: when it is needed there is no time for that.
const reserveBelow = 1 << 16

// reserve stores the next session number if it is needed soon. Nobody waits for it.
func (s *Sender) reserve() error {
	if s.cfg.Mode == Open {
		return nil
	}
	s.turn.Seize()
	needed := s.reserved == 0 && s.voice.Left() < s.reserveBelow
	session := s.voice.Session()
	s.turn.Yield()
	if !needed {
		return nil
	}
	next, err := device.Numbers(s.cfg.Sessions, s.cfg.TUID, session)()
	if err != nil {
		return err
	}
	s.turn.Seize()
	s.reserved = next
	s.turn.Yield()
	return nil
}

// nextSession is called by the voice when a lane is at its end.
func (s *Sender) nextSession() (uint32, error) {
	next := s.reserved
	s.reserved = 0
	if next == 0 {
		return 0, fmt.Errorf("%w: the next session number is not stored yet: run the Sender", device.ErrSessionStore)
	}
	return next, nil
}
