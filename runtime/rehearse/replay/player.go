// Package replay plays a recording of a show again: the machine that it was made on, fed
// with what had entered that, makes the same frames, and where it does not the first
// difference is named.
package replay

import (
	"errors"
	"fmt"
	"io"
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/engine"
	"showrun/runtime/journal"
	"showrun/runtime/level"
	"showrun/runtime/show"
)

// Recording is read entry by entry: inputs by their numbers, each with the frame it made
// behind it. The error is io.EOF at the end; whatever was read before another one is good.
type Recording interface {
	Next() (journal.Entry, error)
}

// Player plays a recording. It belongs to one goroutine.
type Player struct {
	// Replay is the machine. Who looks at it feeds it nothing.
	*show.Replay
	// First is the first difference, nil while there is none.
	First *Difference
	// Tally is of what was played.
	Tally Tally
	// Inputs is told of every input when it has been repeated; nil = nobody.
	Inputs func(input any)

	cfg   show.Config
	sink  *sink
	from  Recording
	lines func(journal.Line) // is told of the log
	next  turn               // without an input at the end
	held  journal.Entry      // that comes after it
	end   error              // why nothing comes after that
	made  *level.Frame       // by the turn that was repeated last
	told  any                // the input with what the script was told last
	now   time.Duration
	shown time.Duration // the instant of the last frame
	began time.Duration
	live  bool   // a load is
	known uint64 // up to which turn of the engine the first input has all that came of it
}

// Tally is of a replay.
type Tally struct {
	Inputs, Equal, Different uint64 // inputs that were repeated, and frames
}

// turn is an input and the frame that it made.
type turn struct {
	input any
	frame *journal.Frame
}

// New returns a player of a recording that was made on a machine of a configuration, whose
// clock it becomes. Its Frames is shown what the replay makes. lines, which may be nil, is told of the log of the
// recording.
func New(cfg show.Config, from Recording, lines func(journal.Line)) *Player {
	if lines == nil {
		lines = func(journal.Line) {}
	}
	p := &Player{from: from, lines: lines}
	p.sink = &sink{p, cfg.Frames}
	cfg.Now, cfg.Frames = p.Now, p.sink
	p.cfg = cfg
	p.Replay = show.NewReplay(cfg)
	p.read()
	p.began = show.TimeOf(p.next.input)
	return p
}

// sink keeps the frame of a turn, and shows all there is to who looks on.
type sink struct {
	p  *Player
	to show.FrameSink
}

func (s *sink) Frame(f *level.Frame) {
	s.p.made = f
	if s.to != nil {
		s.to.Frame(f)
	}
}

func (s *sink) Order(o engine.DueOrder) {
	if to, ok := s.to.(show.OrderSink); ok {
		to.Order(o)
	}
}

func (s *sink) Batch(b engine.Batch) {
	if to, ok := s.to.(show.BatchSink); ok {
		to.Batch(b)
	}
}

// Now is the show time that the replay has got to.
func (p *Player) Now() time.Duration { return p.now }

// Shown is the instant of the last frame.
func (p *Player) Shown() time.Duration { return p.shown }

// Began is the show time at which the recording begins.
func (p *Player) Began() time.Duration { return p.began }

// Beat is the position that the beat of the show has now.
func (p *Player) Beat() beat.Micro { return p.Plan().Course.At(p.now) }

// entry returns the next entry that is no line of the log.
func (p *Player) entry() (journal.Entry, error) {
	for {
		e, err := p.from.Next()
		line, ok := e.(journal.Line)
		if err != nil || !ok {
			return e, err
		}
		p.lines(line)
	}
}

// read reads the next turn.
func (p *Player) read() {
	p.next, p.held = turn{input: p.held}, nil
	if p.next.input == nil && p.end == nil {
		p.next.input, p.end = p.entry()
	}
	if p.end == nil {
		p.held, p.end = p.entry()
	}
	if f, ok := p.held.(journal.Frame); ok {
		p.next.frame, p.held = &f, nil
	}
}

// Step repeats the next turn and compares what it makes. The error is that at the end of the
// recording, io.EOF if it is whole, or a *Difference after which the machine cannot go on.
func (p *Player) Step() error {
	t := p.next
	if t.input == nil {
		return p.end
	}
	p.read()
	p.now, p.made = max(p.now, show.TimeOf(t.input)), nil
	p.Tally.Inputs++
	if err := p.feed(t.input); err != nil {
		d := p.difference(t)
		d.Broken = err.Error()
		p.note(d)
		p.next, p.held, p.end = turn{}, nil, d
		return d
	}
	if p.made != nil {
		p.shown = p.made.At
	}
	p.compare(t)
	p.remember(t.input)
	if p.Inputs != nil {
		p.Inputs(t.input)
	}
	return nil
}

// remember keeps what the script was told last.
func (p *Player) remember(input any) {
	switch in := input.(type) {
	case show.ScriptTurn:
		if len(in.Events) > 0 {
			p.told = in
		}
	case show.Swapped, show.Ended:
		p.told = in
	}
}

// feed feeds an input. One that does not fit what was there before it must not end the
// program.
func (p *Player) feed(input any) (err error) {
	defer func() {
		if bug := recover(); bug != nil {
			err = fmt.Errorf("it cannot be repeated here: %v", bug)
		}
	}()
	switch in := input.(type) {
	case show.Swapped:
	case show.Checkpoint:
		if !p.live {
			p.known = in.Turn
		}
	default:
		if !p.live {
			return errors.New("no load comes before it")
		}
	}
	p.live = true
	return p.Feed(input)
}

// compare looks at what a turn has made.
func (p *Player) compare(t turn) {
	switch {
	case t.frame == nil && p.made == nil, show.NumberOf(t.input) <= p.known:
	case t.frame != nil && p.made != nil && t.frame.At == p.made.At && t.frame.Hash == p.made.Hash(p.Registry()):
		p.Tally.Equal++
	default:
		p.Tally.Different++
		p.note(p.difference(t))
	}
}

// note keeps a difference if it is the first.
func (p *Player) note(d *Difference) {
	if p.First == nil {
		p.First = d
	}
}

// reached reports whether all that belongs to a moment has been repeated, with the frame that
// shows it, and m, which it keeps up to date, is there before anything after it is.
func (p *Player) reached(m *Moment) bool {
	m.resolve(p)
	switch {
	case m.by != byTime:
		return false
	case p.next.input == nil:
		return p.now >= m.at
	}
	next := show.TimeOf(p.next.input)
	return next > m.at && (p.shown >= m.at || next > m.at+longestFrame)
}

// Until repeats turns up to a moment, and none after it. step is called before each, and its
// error ends it. The error is as of Step otherwise; nil if the moment was reached.
func (p *Player) Until(m Moment, step func() error) error {
	for !p.reached(&m) {
		if err := step(); err != nil {
			return err
		}
		if err := p.Step(); err != nil {
			return err
		}
	}
	return nil
}

// longestFrame is how long after a moment the frame may come that shows it.
const longestFrame = 100 * time.Millisecond

// All repeats all there is, as Until does; nil for a recording that is whole.
func (p *Player) All(step func() error) error {
	if err := p.Until(Moment{}, step); !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}
