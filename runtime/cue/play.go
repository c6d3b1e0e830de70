package cue

import (
	"slices"
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/patch"
)

// Moment is the present: show time, and the beat and the tempo at it.
type Moment struct {
	At   time.Duration
	Beat beat.Micro
	BPM  float64
}

// Move takes a channel to a value.
type Move struct {
	Key      Key
	Class    patch.Class
	Value    Value
	Duration Length
}

// Event is what a list tells of a cue.
type Event uint8

const (
	Nothing  Event = iota
	Gone           // it has started
	Finished       // its fades have ended, and its function has returned
	Stopped        // the list was stopped at it
)

// Effect is what a step of a list is to lead to. The parts of it are carried out in this
// order.
type Effect struct {
	Drop  bool   // the functions of all cues end that still run
	Halt  []Key  // channels stay where they are
	Moves []Move // begin
	Event Event  // is told of Cue
	Cue   *Cue   // that has started, finished, or at which the list was stopped; nil if none
	Play  uint64 // if not 0, the function of Cue is called, and whatever it does is for Note
}

// play is a cue that has been started, and what it has done since.
type play struct {
	cue     *Cue
	id      uint64
	done    look
	running bool // its function
}

// position is where a list is.
type position struct {
	at    int  // the current cue, -1 before the first
	loose bool // the stage may differ from it: the next start states everything
	lost  bool // and it is not known what the list has changed

	// What the list has done: below all plays, and those, of which the last is the
	// current cue. If owed is set, below and the first play are still to be calculated, for
	// the cue at that place less one.
	below  look
	plays  []*play
	owed   int
	marked []int32 // put in place for the next cue
	moving []int32 // since the end of fades was waited for
	halted []int32 // on their way
	stale  []int32 // attributes that were left as they were, since nothing follows them
	count  uint64  // plays so far

	fade    Fade          // that the current cue was started with
	stopped *Length       // how much was left of its fades when they were stopped
	started Moment        // of the current cue
	until   time.Duration // its fades last
	rest    []float64     // cues whose functions did not get to their end in another list

	next Timer // what starts a cue of its own accord
	ends Timer // the end of fades
	over bool  // that end has come, and the function is waited for
	dark bool  // that has come too, and what moves in the dark is still to be put in place

	chase chase
}

// Current is the cue the list is at, nil before the first.
func (l *List) Current() *Cue {
	if l.at < 0 {
		return nil
	}
	return l.cues[l.at]
}

// Next is the cue the next GO starts, nil after the last.
func (l *List) Next() *Cue {
	if l.next.Kind == Waiting {
		if i, found := l.search(l.next.Cue); found {
			return l.cues[i]
		}
	}
	if l.at+1 < len(l.cues) {
		return l.cues[l.at+1]
	}
	return nil
}

// Press is GO: it starts the next cue: at once if the list was waiting for its instant, and else after
// its own wait. After the last cue it does nothing.
func (l *List) Press(now Moment) Effect {
	next := l.Next()
	if next == nil {
		return Effect{}
	}
	i, _ := l.search(next.Number)
	if l.next.Kind == Waiting {
		return l.start(now, i)
	}
	return l.wait(now, i)
}

// GoTo is Press for any cue. One that is not the next finds the stage as the cues before it
// leave it.
func (l *List) GoTo(now Moment, number float64) (Effect, error) {
	if _, err := l.Find(number); err != nil {
		return Effect{}, err
	}
	i, _ := l.search(number)
	if l.next.Kind == Waiting && l.next.Cue == number {
		return l.start(now, i), nil
	}
	return l.wait(now, i), nil
}

// Timed is GO of a cue, or of the next if there is no number, whose fades take a time: without
// its wait.
func (l *List) Timed(now Moment, number *float64, over Length) (Effect, error) {
	next := l.Next()
	if number != nil {
		var err error
		if next, err = l.Find(*number); err != nil {
			return Effect{}, err
		}
	}
	if next == nil {
		return Effect{}, nil
	}
	i, _ := l.search(next.Number)
	return l.startOver(now, i, Every(over)), nil
}

// wait starts the cue at i when its wait is over.
func (l *List) wait(now Moment, i int) Effect {
	c := l.cues[i]
	if c.Wait == (Length{}) {
		return l.start(now, i)
	}
	l.next = Timer{Kind: Waiting, From: now, Span: c.Wait, Cue: c.Number}
	return Effect{}
}

// start makes the cue at i the current one.
func (l *List) start(now Moment, i int) Effect { return l.startOver(now, i, l.cues[i].Fade) }

// startOver is start with another fade.
func (l *List) startOver(now Moment, i int, f Fade) Effect {
	c := l.cues[i]
	l.fade, l.stopped = f, nil
	var e Effect
	if l.loose || i != l.at+1 {
		e = Effect{Drop: true, Moves: l.state(i, f, false)}
		l.moving = nil
	} else {
		e = Effect{Moves: l.follow(i, f)}
	}
	p := l.plays[len(l.plays)-1]
	p.running = c.Function
	l.at, l.loose, l.started = i, false, now
	e.Event, e.Cue = Gone, c
	if c.Function {
		e.Play = p.id
	}
	l.begin(now, e.Moves)
	l.next = Timer{}
	if c.Next != OnGo {
		l.next = Timer{Kind: Kind(c.Next), From: now, Span: c.After}
		l.hang(now)
	}
	return e
}

// begin waits for the end of what begins to move.
func (l *List) begin(now Moment, moves []Move) {
	l.ends, l.over, l.dark = Timer{Kind: Ending, From: now}, false, false
	for _, m := range moves {
		l.ends.Span = longer(l.ends.Span, m.Duration, now.BPM)
		l.moves(l.numbers[m.Key])
	}
	l.until = l.ends.Due()
}

// Fade is that with which the current cue was started.
func (l *List) Fade() Fade { return l.fade }

// Fades are the show times from when until when the fades of the current cue last.
func (l *List) Fades() (from, to time.Duration) { return l.started.At, l.until }

// hang brings the instant of the next cue up to the end of the fades.
func (l *List) hang(now Moment) {
	if l.next.Kind == Hanging {
		l.next.Span = Sum(l.ends.Span, l.cues[l.at].After, now.BPM)
	}
}

// play is a new play, on top.
func (l *List) play(c *Cue) *play {
	l.count++
	p := &play{cue: c, id: l.count}
	l.plays = append(l.plays, p)
	for k, change := range c.Changes {
		p.done.set(c.channels[k], change.Value)
	}
	return p
}

// follow goes from the current cue to the one after it, at i.
func (l *List) follow(i int, f Fade) (moves []Move) {
	c := l.cues[i]
	attributes := slices.ContainsFunc(c.Changes, func(c Change) bool { return c.Key.Output.IsAttribute() })
	if c.Block || attributes || f.Up != f.Down || l.at >= 0 && l.cues[l.at].CueOnly {
		l.settle()
	}
	var leaves *play // a cue whose changes end
	if n := len(l.plays); n > 0 && l.plays[n-1].cue.CueOnly {
		leaves = l.plays[n-1]
	}
	before := l.standing()
	var back []int32
	if leaves != nil {
		l.plays = l.plays[:len(l.plays)-1]
		for n, known := range leaves.done.known {
			if known {
				back = append(back, int32(n))
			}
		}
	}
	l.marked = nil // what was put in place is among what the cue moves
	l.merge()
	stands := l.standing()
	own := l.play(c).done
	if c.Block {
		for n := range l.channels {
			if v, known := stands(int32(n)); known && v.Motion == nil {
				back = append(back, int32(n))
			}
		}
	}
	moved := make([]bool, len(l.channels))
	moves = make([]Move, 0, len(c.channels)+len(back))
	to := func(n int32, v Value) {
		if !moved[n] {
			moved[n] = true
			moves = append(moves, l.move(n, f, before, v))
		}
	}
	for _, n := range c.channels {
		v, _ := own.get(n)
		to(n, v)
	}
	for _, n := range back {
		to(n, l.orHome(n, stands))
	}
	return l.attributes(moves, moved, f, before)
}

// state goes to the cue at i from anywhere: all that the list has to do with is moved. What
// the function of the cue leaves is among it if that is not to be called.
func (l *List) state(i int, f Fade, function bool) (moves []Move) {
	l.settle()
	if l.lost {
		l.know()
	}
	before := l.standing()
	var was []int32
	for n := range l.channels {
		if _, known := before(int32(n)); known || l.lost {
			was = append(was, int32(n))
		}
	}
	was = slices.Concat(was, l.marked, l.halted)
	l.halted = nil
	c := l.cues[i]
	l.below, l.plays, l.marked, l.lost = l.tracked(i), nil, nil, false
	if p := l.play(c); function {
		l.lay(&p.done, c)
	}
	now := l.standing()
	moved := make([]bool, len(l.channels))
	for n := range l.channels {
		if v, known := now(int32(n)); known {
			moved[n] = true
			moves = append(moves, l.move(int32(n), f, before, v))
		}
	}
	for _, n := range was {
		if !moved[n] {
			moved[n] = true
			moves = append(moves, l.move(n, f, before, l.orHome(n, now)))
		}
	}
	return l.attributes(moves, moved, f, before)
}

// know numbers all channels that the functions of cues change.
func (l *List) know() {
	for _, c := range l.cues {
		if c.Function {
			for _, late := range l.Shadow(c) {
				l.number(late.Change)
			}
		}
	}
}

func (l *List) move(n int32, f Fade, before func(int32) (Value, bool), to Value) Move {
	ch := l.channels[n]
	return Move{Key: ch.Key, Class: ch.class, Value: to, Duration: f.Of(ch.class, l.orHome(n, before), to)}
}

// standing tells what the list has channels do.
func (l *List) standing() func(int32) (Value, bool) {
	plays := slices.Clone(l.plays)
	below := l.below
	return func(n int32) (Value, bool) {
		for _, p := range slices.Backward(plays) {
			if v, known := p.done.get(n); known {
				return v, true
			}
		}
		return below.get(n)
	}
}

// under is standing without the changes of a current cue that is CueOnly.
func (l *List) under() func(int32) (Value, bool) {
	if n := len(l.plays); n > 0 && l.plays[n-1].cue.CueOnly {
		cut := *l
		cut.plays = l.plays[:n-1]
		return cut.standing()
	}
	return l.standing()
}

// merge lays plays under all others whose functions do nothing more.
func (l *List) merge() {
	for l.owed == 0 && len(l.plays) > 0 && !l.plays[0].running {
		for n, known := range l.plays[0].done.known {
			if known {
				l.below.set(int32(n), l.plays[0].done.values[n])
			}
		}
		l.plays = l.plays[1:]
	}
}

// settle calculates what is owed of the cues before.
func (l *List) settle() {
	if l.owed == 0 {
		return
	}
	i := l.owed - 1
	l.owed = 0
	l.below = l.tracked(i)
	p := &play{cue: l.cues[i]}
	l.lay(&p.done, l.cues[i])
	l.plays = append([]*play{p}, l.plays...)
	if len(l.plays) == 1 && l.ends.Kind == Idle {
		for _, m := range l.marks(i, l.standing(), l.under()) {
			l.marked = append(l.marked, m.channel)
		}
	}
}

// Note takes a change that the function of a play makes, which has come to its end after
// the span given. It reports whether it is carried out: not if a later cue has changed the
// channel, or the play is over.
func (l *List) Note(now Moment, id uint64, c Change, span Length) bool {
	i := slices.IndexFunc(l.plays, func(p *play) bool { return p.id == id })
	if i < 0 {
		return false
	}
	n := l.number(c)
	l.plays[i].done.set(n, c.Value)
	for _, later := range l.plays[i+1:] {
		if _, known := later.done.get(n); known {
			return false
		}
	}
	l.marked = slices.DeleteFunc(l.marked, func(m int32) bool { return m == n })
	if i == len(l.plays)-1 {
		l.lasts(now, n, span)
	}
	return true
}

// Returned is told that the function of a play has returned.
func (l *List) Returned(id uint64) (e Effect) {
	for i, p := range l.plays {
		if p.id != id {
			continue
		}
		p.running = false
		if i == len(l.plays)-1 && l.over {
			l.over = false
			e = l.finish()
		} else {
			e.Moves = l.mark()
		}
	}
	return e
}

// finish is that the current cue has come to its end.
func (l *List) finish() Effect {
	l.ends, l.moving, l.dark = Timer{}, nil, true
	return Effect{Event: Finished, Cue: l.Current(), Moves: l.mark()}
}

// mark puts in place what moves in the dark for the next cue, when nothing moves any more.
func (l *List) mark() (moves []Move) {
	running := slices.ContainsFunc(l.plays, func(p *play) bool { return p.running })
	if !l.dark || running {
		return nil
	}
	l.dark = false
	if l.at+1 >= len(l.cues) || !l.cues[l.at+1].Mark {
		return nil
	}
	l.settle()
	for _, m := range l.marks(l.at, l.standing(), l.under()) {
		moves = append(moves, m.Move)
		l.marked = append(l.marked, m.channel)
	}
	return moves
}
