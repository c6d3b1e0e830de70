package artnet

import (
	"bytes"
	"time"

	"showrun/drivers/artnet/wire"
)

// A stream is a universe that is sent. It is guarded by mu of the Controller.
type stream struct {
	address  Address
	levels   [wire.Slots]byte
	packet   []byte
	sequence byte

	started bool      // levels have been set
	changed bool      // they are to be sent: they are news, or to somebody, or were not sent
	last    time.Time // they were sent
}

func newStream(a Address) *stream {
	s := &stream{address: a}
	s.packet = wire.AppendDmx(nil, wire.Dmx{Address: a, Levels: s.levels[:]})
	return s
}

func (s *stream) setLevels(levels []byte) {
	levels = levels[:min(len(levels), len(s.levels))]
	rest := s.levels[len(levels):]
	if s.started && bytes.Equal(levels, s.levels[:len(levels)]) && bytes.Equal(rest, zero[:len(rest)]) {
		return
	}
	clear(s.levels[copy(s.levels[:], levels):])
	s.started, s.changed = true, true
}

// zero is levels of 0.
var zero [wire.Slots]byte

// keepAlive is after what time levels that have not changed are sent again: 800 to 1000 ms
// (section 4), and it waits for the next frame.
const keepAlive = 800 * time.Millisecond

// early is how much sooner than its rate a universe may be sent, for callers that pace
// their frames; half the interval if that is less.
const early = 3 * time.Millisecond

// due tells whether levels are to leave with a frame at an instant.
func (s *stream) due(now time.Time, interval time.Duration) bool {
	if !s.started {
		return false
	}
	if s.changed {
		return now.Sub(s.last) >= interval-min(early, interval/2)
	}
	return now.Sub(s.last) >= keepAlive
}

// renew makes the packet that is to leave.
func (s *stream) renew(now time.Time) []byte {
	s.sequence = wire.Next(s.sequence)
	wire.Renew(s.packet, s.sequence, s.levels[:])
	s.changed, s.last = false, now
	return s.packet
}
