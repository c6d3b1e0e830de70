// Package trial runs the tests of shows, each in virtual time in a run of its own.
//
// A test is a task of the show that it tests. What it waits for with its own means is for
// the runner to bring about: it lets the run go on and hands the test the instant that it has
// got to, with everything done that belongs to it. So the script half of the show sees of a
// test no more than of an operator.
package trial

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/engine"
	"showrun/runtime/journal"
	"showrun/runtime/level"
	"showrun/runtime/rehearse"
	"showrun/runtime/script"
	"showrun/runtime/show"
)

// Bindings are those of a show with a file of tests.
type Bindings interface {
	show.Bindings
	// Tests is how many there are, and Test tells of one: its name, the file:line where it is
	// declared, and whether it is left out.
	Tests() int
	Test(i int) (name, line string, skipped bool)
	// Begin starts one, once.
	Begin(i int) *script.Task
	// Waits tells whether the test waits for time to pass: for a span of it, up to the next
	// frame, or until what happens now can be seen.
	Waits() (span script.Span, frame, look, waits bool)
	// GoOn lets it go on in the next turn of the script.
	GoOn(now time.Duration) error
	// Land has a frame fall on an instant to come, if that can be.
	Land(at engine.Stamp, outputs engine.Use)
	// Check looks after a frame at what must never or always be; wrong begins with its line.
	Check(now time.Duration) (wrong string, err error)
	// Unfinished tells what the test has begun to expect and never said; it begins with its
	// line. "" if there is nothing.
	Unfinished() string
	// Golden is the file with which the frames are compared from the next one on; "" for none.
	Golden() string
	// SetBy tells what made the level of a channel, on a line of its own.
	SetBy(fixture, channel string) string
}

// Options say how tests are run. Of those of a run, File, Tests, Bind, Log, Frames and Failed
// are for the runner to fill in.
type Options struct {
	rehearse.Options
	Bind   func(*House) show.Bind // makes the bindings, which are Bindings
	Limit  time.Duration          // how long a test may take, in show time; 0 = an hour
	Update bool                   // golden logs are taken as they come

	// Repeat is of a machine that repeats a recording; nil = what its devices said is not known.
	Repeat func(journal.Header) show.Config
}

// longest is how much show time a test has unless Options say otherwise.
const longest = time.Hour

// maxIdle is how often a test may wait, as to see something, without time passing.
const maxIdle = 20_000

// Result is how a test went.
type Result struct {
	Name    string
	Line    string // file:line where it is declared
	Skipped bool
	Failed  []Failure     // nil if it passed
	Took    time.Duration // show time
	Golden  string        // the name of its golden log, beside the file of tests; "" without one
	Log     []byte        // the log, if it is to be written
	Said    []string      // what the show and the test logged, with their instants, but for errors
}

// Failure is why a test did not pass.
type Failure struct {
	Line string        // file:line; "" if there is none
	At   time.Duration // show time, and the beat then
	Beat float64
	Text string // without an end of line; what explains it is on further lines
}

// String is the failure in words, the first line beginning with that of the script.
func (f Failure) String() string {
	where := ""
	if f.Line != "" {
		where = f.Line + ": "
	}
	text := strings.ReplaceAll(f.Text, "\n", "\n  ")
	return fmt.Sprintf("%sat %.3f s, beat %s: %s", where, f.At.Seconds(), beats(f.Beat), text)
}

// beats writes a position with one or two decimals.
func beats(b float64) string { return strings.TrimSuffix(fmt.Sprintf("%.2f", b), "0") }

// House is the run of one test.
type House struct {
	*rehearse.Run
	orders  []engine.DueOrder
	outputs engine.Use // of the last frame
	show    Bindings
	failed  []Failure
	over    bool // the test has failed and does not go on
	limit   time.Duration
	folder  fs.FS
	repeat  func(journal.Header) show.Config

	recordings []*recording // in the order in which they begin

	// Where the test is: it may have waited a little to see something, which is part of
	// what it waits for next.
	at    time.Duration
	pos   beat.Micro
	epoch uint32

	golden *golden
	said   said
}

// Orders lists what devices were told so far.
func (h *House) Orders() []engine.DueOrder { return h.orders }

// Frame implements show.FrameSink.
func (h *House) Frame(f *level.Frame) {
	h.outputs.Outputs = h.outputs.Outputs[:0]
	for o, levels := range f.Levels {
		if len(levels) > 0 {
			h.outputs.Outputs = append(h.outputs.Outputs, level.Output(o))
		}
	}
	if h.golden != nil {
		h.golden.log.Frame(f)
	}
}

// Order implements show.OrderSink.
func (h *House) Order(o engine.DueOrder) {
	h.orders = append(h.orders, o)
	if h.golden != nil {
		h.golden.log.Order(o)
	}
}

// open makes a house of a show with its tests.
func open(ctx context.Context, opts Options, folder fs.FS) (*House, error) {
	h := &House{limit: opts.Limit, folder: folder, repeat: opts.Repeat}
	if h.limit == 0 {
		h.limit = longest
	}
	run := opts.Options
	run.Frames, run.Failed, run.Answer = h, h.raised, h.answer
	h.said.now = func() time.Duration {
		if h.Run == nil {
			return 0
		}
		return h.Now()
	}
	run.Log = slog.New(&h.said)
	run.Bind = func(scene show.Scene) show.Bindings {
		h.show = opts.Bind(h)(scene).(Bindings)
		return h.show
	}
	var err error
	if h.Run, err = rehearse.New(run); err != nil {
		return nil, err
	}
	if err := h.Load(ctx, folder); err != nil {
		h.Close()
		return nil, err
	}
	return h, nil
}

// Close ends the run, and the recordings that enter it.
func (h *House) Close() {
	for _, r := range h.recordings {
		r.devices.Close()
	}
	h.Run.Close()
}

// test runs a test of the house, from beat 0 on.
func (h *House) test(ctx context.Context, i int, opts Options, folder fs.FS) (one Result, err error) {
	one.Name, one.Line, one.Skipped = h.show.Test(i)
	if one.Skipped {
		return one, nil
	}
	if err := h.Until(ctx, 0); err != nil {
		return one, err
	}
	task := h.show.Begin(i)
	h.at, h.pos, h.epoch = h.here()
	for idle, before := 0, h.Now(); task.Running() && !h.over; idle++ {
		if now := h.Now(); now > before {
			idle, before = 0, now
		}
		if idle == maxIdle {
			h.fail(task.Where(), fmt.Sprintf("it has waited %d times without time passing, the last time here", maxIdle))
			break
		}
		if err := h.turn(ctx, task, func() { h.begin(opts, folder) }); err != nil {
			if !errors.Is(err, script.ErrStuck) {
				return one, err
			}
			h.fail("", err.Error())
		}
	}
	h.begin(opts, folder) // a test may end without having waited
	if text := h.show.Unfinished(); text != "" && !h.over {
		h.complain(text)
	}
	one.Said = h.said.lines
	if h.golden != nil {
		one.Golden, one.Log = h.golden.name, h.golden.end(h)
	}
	one.Failed, one.Took = h.failed, h.Now()
	return one, nil
}

// here is the present instant and the beat at it.
func (h *House) here() (time.Duration, beat.Micro, uint32) {
	line := h.Show().Plan().Course.Line(h.Now())
	return h.Now(), line.At(h.Now()), line.Epoch
}

// turn does what a test waits for, and lets it go on. begin is called when it waits.
func (h *House) turn(ctx context.Context, task *script.Task, begin func()) error {
	if err := h.Until(ctx, h.Now()); err != nil || h.over || !task.Running() {
		return err
	}
	if begin(); h.over {
		return nil
	}
	span, frame, look, waits := h.show.Waits()
	var err error
	switch {
	case !waits: // for something of the show
		err = h.frame(ctx, beat.Never, task)
		h.at, h.pos, h.epoch = h.here()
		return err
	case look:
		err = h.settle(ctx, task)
	case frame:
		err = h.frame(ctx, beat.Never, task)
		h.at, h.pos, h.epoch = h.here()
	case span.Beats != 0:
		err = h.passBeats(ctx, span.Beats, task)
	default:
		err = h.passTime(ctx, h.at+span.Time, task)
	}
	if err != nil || h.over {
		return err
	}
	if err := h.show.GoOn(h.Now()); err != nil {
		return err
	}
	return h.Until(ctx, h.Now())
}

// settle waits for the frame that shows what has happened up to now, if it is still to come.
func (h *House) settle(ctx context.Context, task *script.Task) error {
	for asked := h.Now(); !h.over && !h.Show().Settled(asked); {
		if err := h.frame(ctx, beat.Never, task); err != nil {
			return err
		}
	}
	return nil
}

// ahead is how long before an instant a frame is ordered for it: longer than between two of
// them, so that it can be had.
const ahead = 60 * time.Millisecond

// passTime lets the show run up to an instant.
func (h *House) passTime(ctx context.Context, until time.Duration, task *script.Task) error {
	for landed := false; !h.over && h.Now() < until; {
		limit := until
		if !landed && h.Now() < until-ahead {
			limit = until - ahead
		} else if !landed {
			h.land(engine.Stamp{At: until})
			landed = true
		}
		if err := h.frame(ctx, limit, task); err != nil {
			return err
		}
	}
	line := h.Show().Plan().Course.Line(until)
	h.at, h.pos, h.epoch = until, line.At(until), line.Epoch
	return nil
}

// passBeats lets the show run for so many beats of its timeline. Where that jumps, the rest
// of them is counted from there.
func (h *House) passBeats(ctx context.Context, left beat.Micro, task *script.Task) error {
	for landed := false; !h.over; {
		course, limit := h.Show().Plan().Course, beat.Never
		at, ok := course.Time(h.epoch, h.pos+left)
		switch {
		case ok && at <= h.Now():
			h.at, h.pos = at, h.pos+left
			return nil
		case ok && !landed && h.Now() < at-ahead:
			limit = at - ahead
		case ok && !landed && at < beat.Never:
			h.land(engine.Stamp{At: at, Beat: h.pos + left, Epoch: h.epoch, OnBeat: true})
			limit, landed = at, true
		case ok:
			limit = at
		}
		before := course.Line(h.Now())
		if err := h.frame(ctx, limit, task); err != nil {
			return err
		}
		now, pos, epoch := h.here()
		if epoch != h.epoch {
			passed := before.At(now) - h.pos
			if line := h.Show().Plan().Course.Line(now); now-h.at < heard {
				passed = line.At(now) - line.At(h.at)
			}
			left = onGrid(pos+left-passed) - pos
			h.at, h.pos, h.epoch, landed = now, pos, epoch, false
		}
	}
	return nil
}

// heard is how long it takes at most until a player that begins is heard, and followed: the
// beats since then are its beats.
const heard = 250 * time.Millisecond

// land has a frame fall on an instant to come, if that can be.
func (h *House) land(at engine.Stamp) {
	if len(h.outputs.Outputs) > 0 {
		h.show.Land(at, engine.Use{Outputs: slices.Clone(h.outputs.Outputs)})
	}
}

// onGrid is a position that is meant: a beat, or an even part of one, if it is that but for
// what a timeline that follows a player is off.
func onGrid(b beat.Micro) beat.Micro {
	const parts, off = 48, beat.Beat / 200
	near := (b*parts + beat.Beat/2) / beat.Beat * beat.Beat / parts
	if b-near < off && near-b < off {
		return near
	}
	return b
}

// frame lets the show run up to its next frame, or to an instant before that, and looks
// after it at all that must hold.
func (h *House) frame(ctx context.Context, limit time.Duration, task *script.Task) error {
	next := max(h.Show().FrameNext(), h.Now()+time.Millisecond)
	if err := h.Until(ctx, min(next, limit)); err != nil {
		return err
	}
	wrong, err := h.show.Check(h.Now())
	if err != nil {
		return err
	}
	if wrong != "" {
		h.complain(wrong)
	}
	if h.golden != nil {
		h.golden.compare(h)
	}
	if h.Now() >= h.limit && !h.over {
		h.fail(task.Where(), fmt.Sprintf("it has not ended after %v of the show, and waits here", h.limit))
	}
	return nil
}

// raised takes an error of the script, wherever it was raised.
func (h *House) raised(f *script.Failure) {
	h.complain(f.Message)
}

// complain takes a text that may begin with file:line.
func (h *House) complain(text string) {
	line, rest, found := strings.Cut(text, ": ")
	if file, number, colon := strings.Cut(line, ":"); !found || !colon || !strings.HasSuffix(file, ".lua") || strings.Trim(number, "0123456789:") != "" {
		line, rest = "", text
	}
	h.fail(line, rest)
}

// mostText is how many bytes of why a test did not pass are told.
const mostText = 4 << 10

// cut is a text of no more than about so many bytes.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

func (h *House) fail(line, text string) {
	if h.Run == nil {
		return // the load says so itself
	}
	f := Failure{Line: line, At: h.Now(), Text: cut(text, mostText)}
	f.Beat = h.Show().Plan().Course.At(f.At).Float()
	h.failed, h.over = append(h.failed, f), true
}
