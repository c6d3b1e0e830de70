// Package timeline makes a page of a run that people read: what the show did, when, and
// why. A Timeline looks on while a run in virtual time, or a replay, goes by; it gathers
// the levels of every frame, cues, beats, decks, machinery, messages and the log, each in a
// form that stays small over a night. The page is one file that asks nobody for anything.
//
// A night is three things of different grain. The overview is how each fixture looked over
// buckets of half a second or more; it is there when the page opens. The frames are kept in
// blocks of a thousand, packed by themselves, and are unpacked where somebody looks closely.
// Who did what to a fixture is packed by fixture, and unpacked when somebody points at it.
package timeline

import (
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/clock"
	"showrun/runtime/device"
	"showrun/runtime/engine"
	"showrun/runtime/level"
	"showrun/runtime/show"
)

// A Show is what a timeline looks at: a show.Machine or a show.Replay.
type Show interface {
	Board() *show.Board
	Plan() *beat.Plan
	BarLength() beat.Micro
	Counts() show.Counts
	Registry() *level.Registry
}

// Config says what a timeline is of.
type Config struct {
	Name string // of the run, for people, such as that of the show
	File string // of the script
	// Say puts what a device is told, or tells, into words; "" for what is no message that
	// people want to see. It may be nil.
	Say func(message any) string
	// Opened lists the live devices, for decks and machinery; nil if there are none, as in a
	// replay: Declared is for that.
	Opened func() []device.Opened
}

// Timeline is a show.FrameSink, an OrderSink and a BatchSink. It belongs to the goroutine of
// the run.
type Timeline struct {
	cfg   Config
	show  Show
	now   func() time.Duration
	begin time.Duration // of the picture: a recording may begin in the middle of a run
	end   time.Duration

	board  *show.Board
	levels levels
	marks  marks
	causes causes
	count  int // of frames

	doubles doubles
}

// New makes an empty timeline. Nothing is shown to it before Watch.
func New(cfg Config) *Timeline {
	if cfg.Say == nil {
		cfg.Say = func(any) string { return "" }
	}
	if cfg.Opened == nil {
		cfg.Opened = func() []device.Opened { return nil }
	}
	return &Timeline{
		cfg: cfg, now: func() time.Duration { return 0 },
		levels: newLevels(), marks: newMarks(), causes: newCauses(),
		doubles: doubles{clock: clock.NewVirtual()},
	}
}

// Watch names the show that is looked at, and its clock.
func (t *Timeline) Watch(s Show, now func() time.Duration) { t.show, t.now = s, now }

// End says up to when the run has gone. Only the page may be asked for after it.
func (t *Timeline) End(now time.Duration) {
	t.look()
	t.end = max(now, t.end)
	t.levels.flush()
}

// looksEvery is how many frames there are from one look at what changes slowly to the next.
const looksEvery = 4

// Frame implements show.FrameSink.
func (t *Timeline) Frame(f *level.Frame) {
	t.look()
	t.levels.add(f)
	t.marks.beats.look(t.show.Plan().Course, f.At, t.show.BarLength())
	if t.count == 0 {
		t.begin = f.At.Truncate(time.Second)
	}
	if t.count%looksEvery == 0 {
		t.marks.late.look(f.At, t.show.Counts())
		t.marks.devices(f.At, t.cfg.Opened())
		t.doubles.until(f.At, t.bpm())
		t.marks.devices(f.At, t.doubles.opened)
	}
	t.count++
	t.end = max(t.end, f.At)
}

// Order implements show.OrderSink.
func (t *Timeline) Order(o engine.DueOrder) {
	t.look()
	t.doubles.order(o, t.bpm())
	if text := t.cfg.Say(o.Message); text != "" {
		t.marks.message(o.At, "out", o.Device, text)
	}
}

// bpm is the tempo that the show has now, 0 while the beat stands.
func (t *Timeline) bpm() float64 {
	line := t.show.Plan().Course.Line(t.now())
	if line.Stopped {
		return 0
	}
	return line.BPM
}

// Batch implements show.BatchSink.
func (t *Timeline) Batch(b engine.Batch) {
	t.look()
	t.causes.batch(b, &t.levels)
	for _, c := range b.Commands {
		if s, ok := c.(engine.Source); ok && s.Cue != "" {
			t.marks.passed(t.board, s.Cue, b.At)
		}
	}
}

// Input is told of every input of the show.
func (t *Timeline) Input(input any) {
	if turn, ok := input.(show.EngineTurn); ok {
		t.doubles.take(turn)
	}
	turn, ok := input.(show.ScriptTurn)
	if !ok {
		return
	}
	t.look()
	for _, ev := range turn.Events {
		if op, ok := ev.Value.(show.Operation); ok && ev.Topic == show.TopicOperate {
			t.marks.message(ev.At, "hand", "", t.show.Board().Describe(op))
		} else if text := t.cfg.Say(ev.Value); text != "" {
			t.marks.message(ev.At, "in", ev.From, text)
		}
	}
}

// look takes in what is on the board if that has changed.
func (t *Timeline) look() {
	b := t.show.Board()
	if b == t.board {
		return
	}
	if b.Patch != nil && (t.board == nil || t.board.Patch != b.Patch) {
		t.levels.patch(b.Patch)
	}
	t.marks.board(b, t.now())
	t.board = b
}

// Totals are how much of what there was.
type Totals struct{ Frames, Beats, Cues, Messages int }

// Totals counts what was shown to the timeline.
func (t *Timeline) Totals() Totals {
	return Totals{t.count, len(t.marks.beats.list), len(t.marks.cues), len(t.marks.messages) + t.marks.more}
}
