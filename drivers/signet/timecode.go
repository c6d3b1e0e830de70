package signet

import (
	"time"

	"showrun/drivers/lan"
	"showrun/drivers/lan/multicast"
	"showrun/drivers/signet/device"
	"showrun/drivers/signet/wire"
)

// A Timecode is one timecode stream of a Sender. Its label is computed from
// elapsed time and the exact rate, so it never drifts. Its methods may be
// called from any goroutine.
type Timecode struct {
	sender *Sender
	stream int
	rate   wire.TimecodeRate

	// Guarded by the lock of the Sender.
	lane    *device.Lane
	to      []multicast.Destination
	signed  *wire.Template
	open    *wire.Template
	payload []byte
	running bool
	base    int64     // frame at start, or the frozen one
	start   time.Time // when base was, or will be, current
	sent    int64     // frame of the last packet
	last    time.Time // of the last packet; zero if there was none since a change
}

// newTimecode makes a frozen stream.
func newTimecode(o *output, stream int, r wire.TimecodeRate) *Timecode {
	t := &Timecode{stream: stream, rate: r, lane: o.voice.Lane(o.cfg.TimecodeEndpoint)}
	t.to = o.timeGroup
	t.payload = wire.AppendTimecode(nil, wire.Timecode{Rate: r})
	resource := wire.Resource{Kind: wire.KindTimecode, Number: uint16(stream)}
	t.signed, t.open = templates(o.cfg.Mode, t.lane, o.cfg.Scope, resource, t.payload)
	return t
}

// Start runs the stream from a frame, counted from 00:00:00:00, that is
// current at the instant at. An instant in the future freezes the frame until
// then.
func (t *Timecode) Start(frame int64, at time.Time) { t.set(true, frame, at) }

// Stop freezes the stream at the frame current at the instant at.
func (t *Timecode) Stop(at time.Time) {
	t.sender.mu.Lock()
	frame := t.frame(at)
	t.sender.mu.Unlock()
	t.set(false, frame, at)
}

// Locate moves to a frame that is current at the instant at, without starting
// or stopping.
func (t *Timecode) Locate(frame int64, at time.Time) { t.set(t.Running(), frame, at) }

// Frame is the frame current at the instant at, counted from 00:00:00:00.
func (t *Timecode) Frame(at time.Time) int64 {
	t.sender.mu.Lock()
	defer t.sender.mu.Unlock()
	return t.frame(at)
}

// Label is the label current at the instant at.
func (t *Timecode) Label(at time.Time) wire.Timecode {
	return wire.TimecodeOf(t.rate, t.Frame(at))
}

// Rate is the rate of the stream.
func (t *Timecode) Rate() wire.TimecodeRate { return t.rate }

// Running tells whether the stream was started.
func (t *Timecode) Running() bool {
	t.sender.mu.Lock()
	defer t.sender.mu.Unlock()
	return t.running
}

func (t *Timecode) set(running bool, frame int64, at time.Time) {
	t.sender.mu.Lock()
	defer t.sender.mu.Unlock()
	t.running, t.base, t.start, t.last = running, frame, at, time.Time{}
	t.sender.wake()
}

func (t *Timecode) frame(at time.Time) int64 {
	if !t.running || at.Before(t.start) {
		return t.base
	}
	return t.base + t.rate.Frames(at.Sub(t.start))
}

// due: one packet per frame while running, one per 900 ms while frozen.
func (t *Timecode) due(now time.Time) bool {
	if now.Before(t.last) {
		return false // a flush for a late frame must not take the label back
	}
	return t.frame(now) != t.sent || now.Sub(t.last) >= lan.KeepAlive
}

// next gives the payload for now.
func (t *Timecode) next(now time.Time) []byte {
	t.sent, t.last = t.frame(now), now
	t.payload = wire.AppendTimecode(t.payload[:0], wire.TimecodeOf(t.rate, t.sent))
	return t.payload
}

func (t *Timecode) deadline() time.Time {
	if t.last.IsZero() {
		return longAgo
	}
	idle := t.last.Add(lan.KeepAlive)
	if !t.running {
		return idle
	}
	if next := t.start.Add(t.rate.At(t.sent - t.base + 1)); next.Before(idle) {
		return next
	}
	return idle
}
