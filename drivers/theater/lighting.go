package theater

import (
	"bytes"
	"cmp"
	"slices"
	"time"
)

// LightingConfig describes a Lighting.
type LightingConfig struct {
	Config
	// Channels is how many channels fixtures have, as far as that is known. Commands
	// to them are checked against it; the map is only read.
	Channels map[ID]int
}

// Lighting controls a lighting server.
type Lighting struct {
	link     *link
	channels map[ID]int
	fixtures map[ID]*fixture
	order    []*fixture // in which they were used first
	bpm      float64    // of the last Beat, 0 before
	retry    time.Time  // no levels before: the network takes no more
}

// fixture is what is known of a fixture that has a tempo or levels.
type fixture struct {
	id     ID
	tempo  float64 // that was sent last, 0 for none
	follow follower

	newest []byte    // levels to be shown, nil if it has none
	sent   []byte    // levels sent last
	until  time.Time // when the change to them is over
	repeat time.Time // when they are sent once more, zero if they were
}

const (
	// slotTempo is the tempo of a fixture driven by Levels that has no other, in
	// segments a minute: a change takes 100 ms.
	slotTempo = 600
	// slotRepeat is when levels that stay are sent a second time, in case the
	// datagram was lost.
	slotRepeat = time.Second
)

// NewLighting makes a Lighting that sends through a function.
func NewLighting(cfg LightingConfig, send SendFunc) *Lighting {
	return &Lighting{link: newLink("lighting", cfg.Config, send), channels: cfg.Channels, fixtures: make(map[ID]*fixture)}
}

// Fixture changes a fixture smoothly to levels from 0 to 255, one per channel,
// after the paths it was given before. The error is ErrArgument or one of the
// network.
func (l *Lighting) Fixture(id ID, levels ...float64) error {
	if err := l.checkLevels(id, len(levels)); err != nil {
		return err
	}
	for i, v := range levels {
		if !(v >= 0 && v <= 255) {
			return wrong("/fixture %v: level %d is %v, expected 0 to 255", id, i+1, v)
		}
	}
	return l.command("/fixture", id, levels)
}

// checkLevels checks how many levels a fixture is given.
func (l *Lighting) checkLevels(id ID, n int) error {
	if channels := l.channels[id]; n == 0 || channels != 0 && n != channels {
		return wrong("/fixture %v: %d levels, expected %s", id, n, perChannel(channels, "one"))
	}
	return nil
}

// Spline appends a path to those of a fixture. The knots are a matrix row by row,
// with a column per channel and three rows per segment. They may lie outside of
// 0-255; the light does not. The error is ErrArgument or one of the network.
func (l *Lighting) Spline(id ID, knots ...float64) error {
	channels := l.channels[id]
	if n := 3 * max(channels, 1); len(knots) == 0 || len(knots)%n != 0 {
		return wrong("/spline %v: %d knots, expected a multiple of %d: %s and segment", id, len(knots), n, perChannel(channels, "three"))
	}
	if err := checkNumbers("/spline", id, knots); err != nil {
		return err
	}
	return l.command("/spline", id, knots)
}

// perChannel words how many numbers are expected.
func perChannel(channels int, each string) string {
	switch channels {
	case 0:
		return each + " per channel"
	case 1:
		return each + " for its one channel"
	}
	return each + " for each of its channels"
}

// command sends numbers to a fixture.
func (l *Lighting) command(address string, id ID, list []float64) error {
	if err := id.check(); err != nil {
		return err
	}
	m := numbers(address, id.argument(), list)
	return l.link.try(nil, func(timing) error { return l.link.send(m) })
}

// Tempo sets the tempo of paths given from now on, in segments a minute, and ends
// following. The error is ErrArgument or one of the network.
func (l *Lighting) Tempo(id ID, rate float64) error {
	if err := checkTempo(id, rate); err != nil {
		return err
	}
	if err := id.check(); err != nil {
		return err
	}
	return l.link.try(nil, func(timing) error {
		f := l.fixture(id)
		f.follow = follower{}
		return l.tell(f, rate)
	})
}

// Follow makes the tempo of a fixture follow that given to Beat, with so many
// segments per beat; 0 ends following. The tempo is sent when it has moved by more
// than half a percent, at most twice a second (PROTOCOL.md ruling 5). The error is ErrArgument.
func (l *Lighting) Follow(now time.Time, id ID, segmentsPerBeat float64) error {
	if err := checkPerBeat(segmentsPerBeat); err != nil {
		return err
	}
	if err := id.check(); err != nil {
		return err
	}
	return l.link.try(nil, func(timing) error {
		f := l.fixture(id)
		f.follow = follower{perBeat: segmentsPerBeat}
		f.follow.beat(l.bpm)
		l.step(now)
		return nil
	})
}

// Beat tells the tempo of the show, in beats per minute. One that is not a
// positive number is ignored.
func (l *Lighting) Beat(now time.Time, bpm float64) {
	l.link.try(nil, func(timing) error {
		l.bpm = bpm
		for _, f := range l.order {
			f.follow.beat(bpm)
		}
		l.step(now)
		return nil
	})
}

// Levels shows levels on a fixture, one per channel, as changes one after the
// other: the newest levels are sent whenever the change before must be over. A
// fixture without a tempo gets one of 600, so that levels are reached after
// 100 ms, or 200 if they come one after the other. Levels that stay are sent once
// more after a second. The slice may be used again. The error is ErrArgument.
func (l *Lighting) Levels(now time.Time, id ID, levels []byte) error {
	if err := l.checkLevels(id, len(levels)); err != nil {
		return err
	}
	if err := id.check(); err != nil {
		return err
	}
	f, running := l.newest(now, id, levels)
	switch {
	case f == nil:
	case running: // which looks for what is due
		l.link.alarm()
	default:
		l.link.do(func(timing) { l.stepLevels(f, now) })
	}
	return nil
}

// newest keeps levels to be shown, also while others are leaving, and returns their
// fixture, nil if it has them already, and whether Run is running.
func (l *Lighting) newest(now time.Time, id ID, levels []byte) (f *fixture, running bool) {
	l.link.mu.Lock()
	defer l.link.mu.Unlock()
	f = l.fixture(id)
	if f.newest == nil {
		f.until = now
	} else if bytes.Equal(f.newest, levels) {
		return nil, false
	}
	f.newest = append(f.newest[:0], levels...)
	return f, l.link.running
}

// fixture finds or makes the record of a fixture.
func (l *Lighting) fixture(id ID) *fixture {
	f := l.fixtures[id]
	if f == nil {
		f = &fixture{id: id}
		l.fixtures[id] = f
		l.order = append(l.order, f)
	}
	return f
}

// tell sends the tempo of a fixture.
func (l *Lighting) tell(f *fixture, rate float64) error {
	err := l.link.send(numbers("/tempo", f.id.argument(), []float64{rate}))
	if err == nil {
		f.tempo = rate
	}
	return err
}

// Step sends what is due at now.
func (l *Lighting) Step(now time.Time) { l.link.do(func(timing) { l.step(now) }) }

func (l *Lighting) step(now time.Time) {
	for _, f := range l.order {
		if rate := f.follow.take(now); rate > 0 && l.tell(f, rate) != nil {
			f.follow.sent = 0 // again next time
		}
		l.stepLevels(f, now)
	}
}

// stepLevels sends the levels of a fixture if they are due.
func (l *Lighting) stepLevels(f *fixture, now time.Time) {
	if due := f.levelsDue(); due.IsZero() || now.Before(later(due, l.retry)) {
		return
	}
	// With a tempo that was lost, or that a server forgot when it started again, changes
	// would last longer than is known here and pile up. So it goes with each.
	if l.tell(f, cmp.Or(f.tempo, slotTempo)) != nil {
		l.retry = now.Add(retry) // for all: each would wait for the network in turn
		return
	}
	shown := slices.Clone(f.newest) // others may come while these leave
	levels := make([]float64, len(shown))
	for i, v := range shown {
		levels[i] = float64(v)
	}
	if l.link.send(numbers("/fixture", f.id.argument(), levels)) != nil {
		l.retry = now.Add(retry)
		return
	}
	f.repeat = time.Time{}
	if !bytes.Equal(shown, f.sent) {
		f.repeat = now.Add(slotRepeat)
	}
	f.sent = shown
	f.until = now.Add(segment(f.tempo))
}

// levelsDue is when the levels of a fixture are to be sent, zero for never.
func (f *fixture) levelsDue() time.Time {
	switch {
	case f.newest == nil:
		return time.Time{}
	case !bytes.Equal(f.newest, f.sent):
		return f.until
	case f.repeat.IsZero():
		return time.Time{}
	}
	return later(f.until, f.repeat)
}

// Deadline is when Step has something to do; the zero Time means not before the
// next command.
func (l *Lighting) Deadline() (next time.Time) {
	l.link.see(func() {
		for _, f := range l.order {
			next = sooner(next, f.follow.deadline())
			if due := f.levelsDue(); !due.IsZero() {
				next = sooner(next, later(due, l.retry))
			}
		}
	})
	return next
}

// Stats are the counters.
func (l *Lighting) Stats() (s Stats) {
	l.link.see(func() { s = l.link.stats })
	return s
}

// segment is how long a segment takes at a tempo.
func segment(rate float64) time.Duration {
	return time.Duration(float64(time.Minute) / rate)
}

// later returns the later of two instants.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
