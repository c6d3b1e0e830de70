// Package timecode follows MIDI time code: it says which frame it is, from quarter frames
// as they come and for a while without them.
//
// A label takes eight quarter frames, which is two frames, to be told (PROTOCOL.md 2). The
// first of the eight comes when its frame begins, so once a label is known each fourth
// quarter frame is the beginning of a frame.
package timecode

import (
	"time"

	"showrun/drivers/midi/wire"
)

// DefaultFreewheel is how long a timecode goes on without a word.
const DefaultFreewheel = 200 * time.Millisecond

// overshoot is how many frames it may have run on too far without a word, which is no jump
// back.
const overshoot = 8

// Change says what became of a timecode.
type Change int

// The changes. A Frame that is a jump is also one where the timecode was put; Lost is told
// when it no longer runs, whether it was stopped or broke off.
const (
	Found Change = iota
	Frame
	Lost
)

// Event is a change: from At on it is frame Number of Rate, and goes on from there if it is
// Running.
type Event struct {
	Change  Change
	Rate    wire.Rate
	Number  int64
	At      time.Time
	Running bool
	Jump    bool // the frame does not follow the one before
}

// Reader follows one timecode. It belongs to one goroutine.
type Reader struct {
	freewheel time.Duration
	tell      func(Event)

	pieces [8]byte
	next   int // piece that is to come
	count  int // pieces in a row, up to eight
	back   bool

	known   bool // it is there
	heardOf bool // it ever was
	told    int64
	running bool
	rate    wire.Rate
	frame   int64     // that was told last
	began   time.Time // that frame
	heard   time.Time // the last quarter frame
	half    bool      // the frame that runs is the second of a label
}

// New makes a Reader. tell is called by Receive and Step. A freewheel of 0 is the default.
func New(freewheel time.Duration, tell func(Event)) *Reader {
	if freewheel <= 0 {
		freewheel = DefaultFreewheel
	}
	return &Reader{freewheel: freewheel, tell: tell}
}

// SetFreewheel changes how long it goes on without a word.
func (r *Reader) SetFreewheel(d time.Duration) { r.freewheel = max(d, DefaultFreewheel/4) }

// Receive takes a message that arrived at an instant; all but quarter and full frames
// change nothing.
func (r *Reader) Receive(m wire.Message, at time.Time) {
	switch m.Kind {
	case wire.QuarterFrame:
		r.Step(at)
		r.quarter(byte(m.Number), at)
	case wire.Sysex:
		if l, ok := wire.ParseFullFrame(m.Data); ok {
			r.full(l, at)
		}
	}
}

// full takes a label at which the timecode was put.
func (r *Reader) full(l wire.Label, at time.Time) {
	r.count = 0
	r.found(l.Rate, l.Number(), at)
	r.running, r.rate = false, l.Rate
	r.put(l.Number(), at, at, true)
}

// found tells of a timecode that was not there.
func (r *Reader) found(rate wire.Rate, frame int64, at time.Time) {
	if !r.known {
		r.tell(Event{Found, rate, frame, at, r.running, false})
	}
	r.known = true
}

// put goes to a frame that began at an instant and was known of at another. It is told
// unless it was before, as one may be that was thought to have begun.
func (r *Reader) put(frame int64, began, at time.Time, jump bool) {
	r.frame, r.began = frame, began
	if jump || !r.heardOf || frame > r.told {
		r.told, r.heardOf = frame, true
		r.tell(Event{Frame, r.rate, frame, at, r.running, jump})
	}
}

// quarter takes a quarter frame.
func (r *Reader) quarter(b byte, at time.Time) {
	piece := int(b >> 4 & 7)
	r.heard = at
	switch {
	case r.count > 0 && piece == r.next:
		r.count = min(r.count+1, 8)
	case r.count == 1 && piece == (r.next+6)&7: // the one before the one before: it goes back
		r.back, r.count = true, 2
	default:
		r.back, r.count = false, 1
	}
	step := 1
	if r.back {
		step = 7
	}
	r.next = (piece + step) & 7
	r.pieces[piece] = b & 0x0f
	switch {
	case r.back:
		r.backwards(piece, at)
	case piece == 7 && r.count == 8:
		r.whole(at)
	case piece&3 == 0 && r.running && r.count > 1:
		r.advance(piece == 4, at)
	}
}

// backwards takes a quarter frame of a timecode that is played back to front: the label it
// tells is where it was when the last piece came first.
func (r *Reader) backwards(piece int, at time.Time) {
	l := wire.LabelOfQuarters(r.pieces)
	if piece != 0 || r.count < 8 || !l.Valid() {
		return
	}
	r.running, r.rate = false, l.Rate
	r.found(l.Rate, l.Number(), at)
	r.put(l.Number(), at, at, true)
}

// whole takes the last piece of a label, whose frame began seven quarters before.
func (r *Reader) whole(at time.Time) {
	l := wire.LabelOfQuarters(r.pieces)
	if !l.Valid() {
		return
	}
	now := l.Number() + 1 // the second of the two that it takes to tell one
	ahead := now - r.frame
	follows := r.heardOf && l.Rate == r.rate && ahead >= -overshoot && ahead <= 2
	jump := r.heardOf && !follows
	r.found(l.Rate, now, at)
	if r.running && ahead == 0 && follows {
		r.half = true
		return
	}
	r.running, r.rate, r.half = true, l.Rate, true
	r.put(now, at.Add(-r.rate.Time(3)/4), at, jump)
}

// advance takes the beginning of a frame: the first of a label or the second.
func (r *Reader) advance(second bool, at time.Time) {
	if second == r.half { // that one has begun without its quarter frame
		r.began = at
		return
	}
	r.half = second
	r.put(r.frame+1, at, at, false)
}

// Deadline is when Step has something to do; zero for not before something arrives.
func (r *Reader) Deadline() time.Time {
	if !r.running {
		return time.Time{}
	}
	next := r.late()
	if end := r.heard.Add(r.freewheel); end.Before(next) {
		return end
	}
	return next
}

// late is when the next frame begins without its quarter frame.
func (r *Reader) late() time.Time { return r.began.Add(r.rate.Time(3) / 2) }

// Step lets the timecode run on without quarter frames, and stop if there are none for too
// long.
func (r *Reader) Step(now time.Time) {
	for r.running {
		end := r.heard.Add(r.freewheel)
		next := r.late()
		switch {
		case !end.After(next) && !now.Before(end):
			r.running, r.count = false, 0
			r.tell(Event{Lost, r.rate, r.frame, end, false, false})
			r.known = false
		case !next.After(now):
			r.half = !r.half
			r.put(r.frame+1, r.began.Add(r.rate.Time(1)), now, false)
		default:
			return
		}
	}
}
