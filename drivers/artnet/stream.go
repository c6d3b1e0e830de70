package artnet

import (
	"bytes"
	"time"

	"showrun/drivers/artnet/wire"
	"showrun/drivers/lan"
)

// A stream is a universe that is sent: news as the rate allows, and then now and again
// (section 4, ruling R4). It is guarded by mu of the Controller.
type stream struct {
	address  Address
	levels   [wire.Slots]byte
	packet   []byte
	sequence byte

	lan.Cadence
}

func newStream(a Address, rate int) *stream {
	s := &stream{address: a, Cadence: lan.NewCadence(rate)}
	s.packet = wire.AppendDmx(nil, wire.Dmx{Address: a, Levels: s.levels[:]})
	return s
}

func (s *stream) setLevels(levels []byte) {
	levels = levels[:min(len(levels), len(s.levels))]
	rest := s.levels[len(levels):]
	if s.Started() && bytes.Equal(levels, s.levels[:len(levels)]) && bytes.Equal(rest, zero[:len(rest)]) {
		return
	}
	clear(s.levels[copy(s.levels[:], levels):])
	s.Start()
}

// zero is levels of 0.
var zero [wire.Slots]byte

// renew makes the packet that is to leave.
func (s *stream) renew(now time.Time) []byte {
	s.sequence = wire.Next(s.sequence)
	wire.Renew(s.packet, s.sequence, s.levels[:])
	s.Sent(now)
	return s.packet
}
