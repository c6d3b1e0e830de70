package receiver

import (
	"time"

	"showrun/drivers/signet/wire"
)

// TimecodeState is what a timecode stream is doing.
type TimecodeState uint8

// The states.
const (
	TimecodeNone    TimecodeState = iota // never heard
	TimecodeRunning                      // labels advance
	TimecodePaused                       // the label stands
	TimecodeLost                         // no packet: the last label is held
)

// String is the name of the state.
func (s TimecodeState) String() string {
	return [...]string{"none", "running", "paused", "lost"}[s]
}

// TimecodeChange is why OnTimecode was called.
type TimecodeChange uint8

// The changes.
const (
	TimecodeFound  TimecodeChange = iota // first packet ever or after a loss
	TimecodeFrame                        // another label
	TimecodePause                        // the label stands from now on
	TimecodeVanish                       // no packet for too long
)

// String is the name of the change.
func (c TimecodeChange) String() string {
	return [...]string{"found", "frame", "pause", "lost"}[c]
}

// Times of a timecode stream. A paused source repeats its label once a second,
// so the protocol's second has no margin: a quarter more is allowed unless
// the receiver is strict (ruling 32).
const (
	timecodeGrace = 250 * time.Millisecond
	timecodeStall = 250 * time.Millisecond // without a new label: paused
)

// Timecode is the state of one stream.
type Timecode struct {
	State   TimecodeState
	Label   wire.Timecode
	Source  wire.SenderID
	At      time.Time // arrival of the last packet
	Rivals  uint64    // packets of other senders on the same stream
	Skipped uint64    // labels that drop-frame counting does not have
}

// A timecodeStream follows one stream (section 14.4).
type timecodeStream struct {
	Timecode
	moved time.Time // arrival of the last new label
}

// take follows one packet. ok is false if it is another sender's.
func (t *timecodeStream) take(id wire.SenderID, label wire.Timecode, at time.Time) (change TimecodeChange, jump, ok bool) {
	known := t.State != TimecodeNone && t.State != TimecodeLost
	if known && t.Source != id {
		t.Rivals++
		return 0, false, false
	}
	if label.Skipped() {
		t.Skipped++
	}
	before := t.Label
	t.Label, t.Source, t.At = label, id, at
	switch {
	case !known:
		t.State, t.moved = TimecodeRunning, at
		return TimecodeFound, true, true
	case label == before: // some send each label twice; one that stands is noticed by step
		return 0, false, false
	}
	t.State, t.moved = TimecodeRunning, at
	step := label.Frame() - before.Frame()
	jump = label.Rate != before.Rate || step < 0 || step > int64(label.Rate.Labels())
	return TimecodeFrame, jump, true
}

// limit is how long a stream may be silent.
func limit(strict bool) time.Duration {
	if strict {
		return wire.TimecodeLoss
	}
	return wire.TimecodeLoss + timecodeGrace
}

// step notices silence.
func (t *timecodeStream) step(now time.Time, strict bool) (change TimecodeChange, ok bool) {
	switch {
	case t.State == TimecodeNone || t.State == TimecodeLost:
	case now.Sub(t.At) >= limit(strict):
		t.State = TimecodeLost
		return TimecodeVanish, true
	case t.State == TimecodeRunning && now.Sub(t.moved) >= timecodeStall:
		t.State = TimecodePaused
		return TimecodePause, true
	}
	return 0, false
}

// deadline is when step has something to notice, the zero Time for never.
func (t *timecodeStream) deadline(strict bool) time.Time {
	switch t.State {
	case TimecodeRunning:
		return t.moved.Add(timecodeStall)
	case TimecodePaused:
		return t.At.Add(limit(strict))
	}
	return time.Time{}
}
