package server

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"showrun/drivers/osc"
)

// Limits of a lighting server.
const (
	DefaultRate = 44   // frames per second
	MaxRate     = 1000 // frames per second
	MaxSegments = 4096 // of a fixture, that wait or run
)

// A Sink is the DMX output of a lighting server.
type Sink interface {
	// Show shows 512 levels. It is called once at the start and then for every
	// frame in which a level has changed, and must not keep them.
	Show(levels []byte, at time.Time)
}

// LightingConfig describes a Lighting.
type LightingConfig struct {
	Fixtures []Fixture
	Rate     int  // frames per second, 1-1000; 0 means 44
	Sink     Sink // nil for none
}

// LightingStats are counters since the Lighting was made.
type LightingStats struct {
	Counters
	Frames  uint64 // computed
	Changed uint64 // given to the sink
	Late    uint64 // frames left out because Step came too late
}

// light is a fixture and the paths it is on.
type light struct {
	Fixture
	track track
}

// lightCommand is a checked message to a fixture: one of the three.
type lightCommand struct {
	light  *light
	tempo  float64   // more than 0 for /tempo
	target []float64 // of /fixture
	knots  []float64 // of /spline
}

// Lighting is a lighting server without a socket. It belongs to one goroutine.
type Lighting struct {
	cfg      LightingConfig
	lights   []light
	byName   map[string]*light
	byNumber map[int]*light
	intake   intake[lightCommand]
	values   []float64 // of one fixture, to compute a frame with

	epoch  time.Time // of frame 0
	frame  int64     // the next frame is this one or a later one
	dirty  bool      // a frame is due
	shown  bool      // the sink has got a frame
	levels [Slots]byte
	stats  LightingStats
}

// NewLighting makes a lighting server whose fixtures are at 0. Its frames are due
// at now and every 1/Rate s after.
func NewLighting(cfg LightingConfig, now time.Time) (*Lighting, error) {
	if cfg.Rate == 0 {
		cfg.Rate = DefaultRate
	}
	if cfg.Rate < 1 || cfg.Rate > MaxRate {
		return nil, fmt.Errorf("theater lighting: rate must be 1-%d frames a second, got %d", MaxRate, cfg.Rate)
	}
	if err := checkFixtures(cfg.Fixtures); err != nil {
		return nil, fmt.Errorf("theater lighting: %w", err)
	}
	l := &Lighting{cfg: cfg, epoch: now, dirty: true, byName: map[string]*light{}, byNumber: map[int]*light{}}
	l.cfg.Fixtures = slices.Clone(cfg.Fixtures)
	l.lights = make([]light, len(cfg.Fixtures))
	for i, f := range cfg.Fixtures {
		l.lights[i] = light{f, newTrack(f.Channels)}
		l.byName[f.Name], l.byNumber[f.Number] = &l.lights[i], &l.lights[i]
	}
	l.intake.execute = l.execute
	return l, nil
}

// Receive takes a message that arrived at now and is to be executed at an instant;
// the zero Time means at once. The error is nil or a *Refusal, and more than one
// joined if messages that had waited until now are refused.
func (l *Lighting) Receive(now time.Time, m osc.Message, at time.Time) error {
	late := l.intake.step(now)
	return errors.Join(late, each(m, []string{"/fixture", "/spline", "/tempo"}, func(m osc.Message) error {
		c, err := l.parse(m)
		return l.intake.take(c, err, at, now)
	}))
}

// Step executes what has waited until now and outputs a frame if one is due. The
// error tells of messages refused after all.
func (l *Lighting) Step(now time.Time) error {
	late := l.intake.step(now)
	if l.dirty && !now.Before(l.due(l.frame)) {
		l.output(now)
	}
	return late
}

// Deadline is when Step has something to do; the zero Time means not before the next
// message.
func (l *Lighting) Deadline() time.Time {
	next := l.intake.next()
	if l.dirty {
		next = sooner(next, l.due(l.frame))
	}
	return next
}

// Levels are the 512 levels of the last frame. They are only lent.
func (l *Lighting) Levels() []byte { return l.levels[:] }

// Values appends the values of a fixture at now to dst, one per channel and not
// clamped, and reports whether there is such a fixture. now must not be before that of
// an earlier call.
func (l *Lighting) Values(dst []float64, name string, now time.Time) ([]float64, bool) {
	f := l.byName[name]
	if f == nil {
		return dst, false
	}
	return f.track.values(dst, now), true
}

// Fixtures is the table. It is the receiver's to read, not to write.
func (l *Lighting) Fixtures() []Fixture { return l.cfg.Fixtures }

// Stats are the counters.
func (l *Lighting) Stats() LightingStats {
	s := l.stats
	s.Counters = l.intake.stats()
	return s
}

// parse checks a message. The error is a *Refusal.
func (l *Lighting) parse(m osc.Message) (c lightCommand, err error) {
	if m.Address != "/fixture" && m.Address != "/spline" && m.Address != "/tempo" {
		return c, refuse(UnknownAddress, "%.40q: no such address here, expected /fixture, /spline or /tempo", m.Address)
	}
	id, err := identify(m)
	if err != nil {
		return c, err
	}
	c.light = l.byName[id.name]
	if id.isNumber {
		c.light = l.byNumber[id.number]
	}
	if c.light == nil {
		return c, refuse(UnknownName, "%s: there is no fixture %.40s", m.Address, id)
	}
	channels, count := c.light.Channels, len(m.Args)-1
	switch m.Address {
	case "/tempo":
		c.tempo, err = rate(m)
	case "/fixture":
		if count != channels {
			return c, refuse(WrongCount, "%s %s: %d values, expected %d", m.Address, id, count, channels)
		}
		c.target, err = numbers(m, 1)
	case "/spline":
		if count == 0 || count%(3*channels) != 0 {
			return c, refuse(WrongCount, "%s %s: %d knots, expected a multiple of 3 × %d", m.Address, id, count, channels)
		}
		c.knots, err = numbers(m, 1)
	}
	return c, err
}

// execute executes a command at its instant. The error is a *Refusal.
func (l *Lighting) execute(c lightCommand, at time.Time) error {
	t := &c.light.track
	t.advance(at)
	if c.tempo > 0 {
		t.tempo = c.tempo
		return nil
	}
	if c.target != nil {
		// The ease-in is a second knot that equals the first (PROTOCOL.md, "Lighting").
		c.knots = slices.Concat(t.end(), c.target, c.target)
	}
	if t.segments+t.count(c.knots) > MaxSegments {
		return refuse(PathFull, "fixture %q: %d segments more, but %d of at most %d wait already",
			c.light.Name, t.count(c.knots), t.segments, MaxSegments)
	}
	t.add(c.knots, at)
	if !l.dirty {
		l.dirty = true
		l.frame = max(l.frame, l.index(at)+1)
	}
	return nil
}

// due is the instant of a frame.
func (l *Lighting) due(frame int64) time.Time {
	rate := int64(l.cfg.Rate)
	return l.epoch.Add(time.Duration(frame/rate)*time.Second + time.Duration(frame%rate)*time.Second/time.Duration(rate))
}

// index is the last frame that is due at now.
func (l *Lighting) index(now time.Time) int64 {
	d, rate := now.Sub(l.epoch), int64(l.cfg.Rate)
	whole, rest := int64(d/time.Second), int64(d%time.Second)
	n := whole*rate + rest*rate/int64(time.Second)
	for !l.due(n + 1).After(now) { // due rounds down
		n++
	}
	return n
}

// output computes the frame that is due at now.
func (l *Lighting) output(now time.Time) {
	current := max(l.index(now), l.frame)
	l.stats.Late += uint64(current - l.frame)
	l.stats.Frames++
	l.frame, l.dirty = current+1, false
	changed := !l.shown
	for i := range l.lights {
		f := &l.lights[i]
		l.values = f.track.values(l.values[:0], now)
		for c, v := range l.values {
			slot := &l.levels[f.Address-1+c]
			if b := level(v); b != *slot {
				*slot, changed = b, true
			}
		}
		l.dirty = l.dirty || f.track.moving()
	}
	if changed {
		l.shown = true
		l.stats.Changed++
		if l.cfg.Sink != nil {
			l.cfg.Sink.Show(l.levels[:], now)
		}
	}
}

// level is a value as the output shows it, 0-255 (PROTOCOL.md ruling 2).
func level(v float64) byte {
	if !(v > 0) {
		return 0
	}
	return byte(math.Round(math.Min(v, 255)))
}
