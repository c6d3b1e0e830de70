package beat

import (
	"math"
	"time"
)

// Observation is one report of a followed source.
type Observation struct {
	Arrival time.Duration // show time at which it arrived
	Clock   uint64        // the device's clock when it took the position, ns; 0 if it has none
	Beat    float64       // position in beats
	BPM     float64       // tempo the device names, pitch included; 0 if it knows none
}

// Config sets up a [Follower]. The zero value is what the show uses.
type Config struct {
	// Silence is how long nothing may arrive before the source counts as lost;
	// 0 means 500 ms.
	Silence time.Duration
}

const (
	defaultSilence = 500 * time.Millisecond

	maxBeat       = 1e9   // positions beyond are no positions
	maxBPM        = 1000  // tempi beyond, or below minBPM, count as unknown
	minBPM        = 1     //
	jumpBeats     = 0.25  // a residual beyond this is a jump at once
	doubtBeats    = 0.004 // a residual beyond this, or beyond five deviations, is doubted
	doubtSigma    = 5     //
	tempoShift    = 0.005 // a reported tempo off by this part starts a new line
	stillSpeed    = 0.02  // part of the tempo below which a deck stands
	stillFor      = 0.08  // seconds of standing until it counts as paused
	frameSpan     = 0.015 // seconds over which a speed is measured at least
	gapSpan       = 0.3   // seconds without observations after which the old ones say nothing of the slope
	driftFor      = 2.0   // seconds without a plausible speed the timeline runs on for
	unsteadyBeats = 0.75  // beats within which a second odd speed is no seek any more
	freshFor      = 150 * time.Millisecond
	halfTrust     = 2 * time.Second // confidence halves in this time without news
	fullTrustAt   = 12              // observations for full confidence
)

// motion is what the source is doing.
type motion uint8

const (
	unknown motion = iota // not enough seen since the start or a clock reset
	playing               // a steady forward motion: the line is valid
	adrift                // scratched, spun or rolled: the timeline runs on as it was
	paused                // standing, or adrift for too long
)

// Follower turns the observations of one source into a timeline, published
// with the promises of [Timeline]: continuous within an epoch, never backwards.
//
// The beat is fitted as a straight line over the device's own clock, which no
// network disturbs, and the device's clock is mapped to show time by a filter
// that leans on the earliest arrivals. The smallest delay of the path remains;
// who knows it subtracts it from Arrival.
//
// A Follower belongs to one goroutine or lock. Create it with [NewFollower].
type Follower struct {
	silence time.Duration

	heard    time.Duration // arrival of the last observation
	expected bool          // silence counts before the first one
	lost     bool
	ignored  uint64

	// The device clock: base is its reading at the arrival anchor.
	synced  bool
	stamped bool
	base    uint64
	anchor  time.Duration
	offset  clockOffset

	motion  motion
	line    deviceLine
	prev    sample  // the last observation
	still   sample  // where the beat last moved
	mark    sample  // where the current speed measurement began
	steady  int     // plausible speeds in a row
	oddAt   float64 // device clock of the last implausible speed ...
	saneAt  float64 // ... and of the last plausible one
	doubted bool    // the last observation was set aside ...
	doubt   sample  // ... and is this one
	strayed float64 // device clock at which it went adrift

	tempo   float64 // nominal BPM, 0 before any is known
	missed  Micro   // error of the published beat at the last observation
	located bool    // a target exists
	target  Timeline
	path    path
	said    standing
	own     epochs
	fresh   func() uint32 // numbers epochs
}

// NewFollower returns a follower that has heard nothing. Its timeline is
// stopped at beat 0 in epoch 0; the first lock is epoch 1.
func NewFollower(cfg Config) *Follower {
	if cfg.Silence <= 0 {
		cfg.Silence = defaultSilence
	}
	f := &Follower{silence: cfg.Silence}
	f.fresh = f.own.next
	f.path.line.Stopped = true
	f.path.until = Never
	f.said.stopped = true
	return f
}

// Observe takes a report and returns what it changed. Observations come in the
// order of their arrival. Nonsense (a beat that is no number or beyond 1e9, a
// clock that stands) is ignored and counted; a tempo outside 1-1000 BPM counts
// as unknown.
func (f *Follower) Observe(o Observation) []Change {
	if math.IsNaN(o.Beat) || math.Abs(o.Beat) > maxBeat || (o.Clock == 0 && f.synced && f.stamped) {
		f.ignored++
		return nil
	}
	f.heard = max(f.heard, o.Arrival)
	f.lost = false
	if s, ok := f.locate(o); ok {
		rate := 0.0
		if o.BPM >= minBPM && o.BPM <= maxBPM {
			rate = o.BPM / 60
			f.tempo = o.BPM
		}
		f.move(s, rate)
		f.prev = s
	} else {
		f.ignored++
	}
	return f.publish(o.Arrival)
}

// locate places an observation on the device clock and teaches the clock
// filter. A clock that runs backwards is a device that restarted: everything
// learnt is dropped, the published timeline runs on. It reports false for a
// clock that stands.
func (f *Follower) locate(o Observation) (sample, bool) {
	clock, stamped := o.Clock, o.Clock != 0
	if !stamped {
		clock = uint64(o.Arrival)
	}
	c := float64(int64(clock-f.base)) * 1e-9
	if !f.synced || stamped != f.stamped || c < f.prev.c {
		f.synced, f.stamped = true, stamped
		f.base, f.anchor = clock, o.Arrival
		f.offset = clockOffset{}
		f.begin(sample{0, o.Beat})
		c = 0
	} else if c == f.prev.c && f.offset.n > 0 {
		return sample{}, false
	}
	f.offset.observe(c, (o.Arrival-f.anchor).Seconds()-c)
	return sample{c, o.Beat}, true
}

// begin forgets how the source moved; s is its position.
func (f *Follower) begin(s sample) {
	f.motion = unknown
	f.prev, f.still = s, s
	f.line.n = 0
	f.oddAt, f.saneAt = math.Inf(-1), s.c
	f.measure(s)
}

// measure begins a new speed measurement at s.
func (f *Follower) measure(s sample) {
	f.mark, f.steady, f.doubted = s, 0, false
}

// move takes the next observed position; rate is the reported tempo in beats
// per second or 0.
func (f *Follower) move(s sample, rate float64) {
	nominal := rate
	if nominal == 0 {
		nominal = max(f.line.slope, 0)
	}
	gap := s.c-f.prev.c > gapSpan
	rested := f.prev.c > f.still.c
	if math.Abs(s.b-f.prev.b) > stillSpeed*max(nominal, 0.1)*(s.c-f.prev.c) {
		f.still = s
	}
	standing := f.still != s

	if f.motion == playing {
		f.track(s, rate, gap)
	} else if standing || gap || rested || f.line.n == 0 {
		f.line.restart(s, rate)
	} else {
		f.line.add(s)
	}
	if gap || (rested && f.motion != playing) {
		f.measure(s)
	}
	f.judge(s, rate, standing)

	switch {
	case standing && s.c-f.still.c >= stillFor:
		f.pause(s)
	case f.motion == playing:
		f.run()
	case f.motion == adrift && s.c-f.saneAt > driftFor:
		f.pause(s)
	}
}

// track takes a position while playing: it fits the line or starts a new one.
func (f *Follower) track(s sample, rate float64, gap bool) {
	r := s.b - f.line.at(s.c)
	shift := rate > 0 && math.Abs(rate-f.line.reported) > tempoShift*rate
	limit := max(doubtBeats, doubtSigma*f.line.noise)
	far := math.Abs(r) > limit
	switch {
	case gap || shift || math.Abs(r) > jumpBeats:
		f.line.restart(s, rate)
	case far && f.doubted:
		f.line.restart(f.doubt, rate)
		f.line.add(s)
	case far:
		f.line.learn(min(math.Abs(r), 2*limit))
		f.doubted, f.doubt = true, s
		return
	default:
		f.line.learn(r)
		f.line.add(s)
	}
	f.doubted = false
}

// judge measures the speed over frames of at least frameSpan and decides
// whether the source plays. One implausible frame is a seek; two within
// unsteadyBeats are a scratch, a spin or a short loop, which last until the
// motion has been plausible for as long.
func (f *Follower) judge(s sample, rate float64, standing bool) {
	dc := s.c - f.mark.c
	if dc < frameSpan {
		return
	}
	speed := (s.b - f.mark.b) / dc
	f.mark = s
	if rate == 0 {
		rate = f.line.reported
	}
	window := unsteadyBeats / max(rate, 1)
	recent := s.c-f.oddAt < window
	switch {
	case standing && f.motion != adrift:
		f.steady = 0
	case !standing && plausible(speed, rate):
		f.steady++
		f.saneAt = s.c
	default:
		f.steady = 0
		f.oddAt = s.c
		if f.motion == playing && recent {
			f.motion, f.strayed = adrift, s.c
		}
		if f.motion != playing {
			f.line.restart(s, rate)
		}
	}
	if f.motion != playing && f.steady > 0 && !(f.motion == adrift && recent) {
		f.motion = playing
	}
}

// run aims at where the line says the source is.
func (f *Follower) run() {
	if f.line.slope <= 0 {
		return
	}
	bpm := f.line.slope * 60
	if f.line.reported == 0 && (f.tempo == 0 || f.line.n >= lineWindow/2 && math.Abs(bpm-f.tempo) > tempoShift*bpm) {
		f.tempo = bpm
	}
	f.located = true
	f.target = Timeline{
		Origin: f.anchor + saturate(math.Round(f.offset.host(f.line.last.c)*1e9)),
		Beat:   FromFloat(f.line.last.b),
		BPM:    bpm / (1 + f.offset.skew),
	}
}

// pause aims at standing at s.
func (f *Follower) pause(s sample) {
	f.motion = paused
	f.located = true
	f.target = Timeline{Beat: FromFloat(s.b), BPM: f.tempo, Stopped: true}
}

// publish leads the published timeline to the target and returns what changed.
func (f *Follower) publish(now time.Duration) []Change {
	switch {
	case !f.located:
	case f.path.line.Epoch == 0:
		f.path.line = f.target
		f.path.line.Epoch = f.fresh()
		f.path.target = f.target
		f.path.latest = now
	default:
		f.path.settle(now, f.fresh)
		f.missed = f.target.At(now) - f.path.line.At(now)
		f.path.aim(now, f.target, slewWindow, slewHorizon, f.fresh)
	}
	return f.report(now)
}

// report returns what changed since the last report.
func (f *Follower) report(now time.Duration) []Change {
	is := standing{epoch: f.path.line.Epoch, tempo: f.said.tempo, stopped: f.path.line.Stopped, lost: f.lost}
	if f.located && math.Abs(f.tempo-is.tempo) >= tempoStep {
		is.tempo = f.tempo
	}
	list := changes(f.said, is, now)
	f.said = is
	return list
}

// Step does what is due at now: the source counts as lost after a silence, a
// correction that has met its aim ends. It returns what changed.
func (f *Follower) Step(now time.Duration) []Change {
	if now >= f.lostAt() {
		f.lost = true
	}
	f.path.settle(now, f.fresh)
	return f.report(now)
}

// Next returns the instant of the next Step that has something to do.
func (f *Follower) Next() time.Duration { return min(f.path.until, f.lostAt()) }

// expect makes silence count from now on although nothing was heard yet, or
// have lasted long enough already.
func (f *Follower) expect(now time.Duration, lost bool) {
	f.heard, f.expected, f.lost = now, true, lost
}

// lostAt returns when the source will count as lost, Never if it already does
// or was never heard nor expected.
func (f *Follower) lostAt() time.Duration {
	if f.lost || !(f.synced || f.expected) {
		return Never
	}
	return f.heard + f.silence
}

// Course returns the published course.
func (f *Follower) Course() Course { return f.path.course(f.tempo) }

// Tempo returns the tempo in BPM as the source names it, else as measured, 0
// before any is known. Unlike the slope of the timeline it holds still while
// an error is corrected.
func (f *Follower) Tempo() float64 { return f.tempo }

// Confidence returns how far the course can be trusted, 0 to 1: it grows with
// the first dozen observations and halves every two seconds of silence or
// unsteady motion.
func (f *Follower) Confidence(now time.Duration) float64 { return f.trust().at(now) }

// trust is what confidence is made of.
type trust struct {
	always bool
	full   float64       // with the observations so far
	heard  time.Duration // the last of them
	adrift float64       // seconds of unsteady motion up to it
}

func (f *Follower) trust() trust {
	if !f.located {
		return trust{}
	}
	t := trust{full: math.Min(float64(f.offset.n)/fullTrustAt, 1), heard: f.heard}
	if f.motion == adrift {
		t.adrift = f.prev.c - f.strayed
	}
	return t
}

func (t trust) at(now time.Duration) float64 {
	if t.always {
		return 1
	}
	stale := max(now-t.heard-freshFor, 0).Seconds() + t.adrift
	return t.full * math.Exp2(-stale/halfTrust.Seconds())
}

// Delay returns how late observations arrive on average, beyond the smallest
// delay of the path.
func (f *Follower) Delay() time.Duration { return time.Duration(f.offset.late * float64(time.Second)) }

// LastError returns how far the published beat was behind the source (negative:
// ahead of it) when the last observation was taken, in beats and as time.
func (f *Follower) LastError() (Micro, time.Duration) {
	return f.missed, f.path.line.Span(f.missed)
}

// Ignored returns how many observations were nonsense.
func (f *Follower) Ignored() uint64 { return f.ignored }
