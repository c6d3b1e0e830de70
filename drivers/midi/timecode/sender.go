package timecode

import (
	"time"

	"showrun/drivers/midi/wire"
)

// Sender makes MIDI time code: a quarter frame four times a frame while it runs, and a full
// frame where it is put. What it sends is computed from its start, so it never drifts. It
// belongs to one goroutine.
type Sender struct {
	rate    wire.Rate
	running bool
	base    int64     // frame at start, where a label begins
	start   time.Time // when that begins
	sent    int64     // quarter frames since then
}

// NewSender makes a timecode that stands at 0.
func NewSender(rate wire.Rate) *Sender { return &Sender{rate: rate} }

// Locate stands still at a frame and returns the message that says so.
func (s *Sender) Locate(frame int64) wire.Message {
	s.running, s.base = false, frame
	return wire.Message{Kind: wire.Sysex, Data: string(wire.AppendFullFrame(nil, wire.LabelOf(s.rate, frame)))}
}

// Start runs from a frame, which begins at an instant. Labels are those of even frames, but at
// 25 frames a second, so an odd one is passed over.
func (s *Sender) Start(frame int64, at time.Time) {
	if odd := frame&1 != 0; odd && s.rate != wire.Rate25 {
		frame, at = frame+1, at.Add(s.rate.Time(1))
	}
	s.running, s.base, s.start, s.sent = true, frame, at, 0
}

// Stop stands still.
func (s *Sender) Stop() { s.running = false }

// Deadline is when the next quarter frame is due; zero while it stands.
func (s *Sender) Deadline() time.Time {
	if !s.running {
		return time.Time{}
	}
	whole, quarter := s.sent/4, s.sent%4
	from, to := s.rate.Time(whole), s.rate.Time(whole+1)
	return s.start.Add(from + (to-from)*time.Duration(quarter)/4)
}

// lateMost is how late a quarter frame may leave: those that were slept through would tell of
// a tape that is fast.
const lateMost = 100 * time.Millisecond

// Step returns the next quarter frame if it is due.
func (s *Sender) Step(now time.Time) (m wire.Message, due bool) {
	if s.running && now.Sub(s.Deadline()) > lateMost {
		s.sent = (s.rate.Frames(now.Sub(s.start))/2 + 1) * 8
	}
	if !s.running || s.Deadline().After(now) {
		return wire.Message{}, false
	}
	label := wire.LabelOf(s.rate, s.base+s.sent/8*2)
	m = wire.Message{Kind: wire.QuarterFrame, Number: int(wire.QuarterFrames(label)[s.sent%8])}
	s.sent++
	return m, true
}
