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
	Loop    [2]float64    // where the loop it plays begins and ends, in beats; the same if none is known

	// Pulses says that Clock is no time but a count of pulses, as if the tempo was 120: how
	// fast it goes is what has to be learnt from the arrivals.
	Pulses bool

	// Halt says that the device stands from now on, Empty that it holds nothing that
	// could play. Neither tells a position: all but Arrival is ignored.
	Halt, Empty bool
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
	following
	own   epochs
	fresh func() uint32 // numbers epochs
	leapt Micro         // while it observes: how far before where it is it came there, see Turn.Back
	wraps bool          // likewise: it has come to the end of its loop
}

// following is what a follower knows of its source. The fields are exported for the
// snapshot.
type following struct {
	Silence time.Duration

	Heard    time.Duration // arrival of the last observation
	Expected bool          // silence counts before the first one
	Lost     bool
	Nonsense uint64

	// The device clock: base is its reading at the arrival anchor.
	Synced  bool
	Stamped bool
	Base    uint64
	Anchor  time.Duration
	Offset  clockOffset

	Motion  motion
	Line    deviceLine
	Prev    sample  // the last observation
	Still   sample  // where the beat last moved
	Stood   float64 // device clock when it was last seen to stand
	Mark    sample  // where the current speed measurement began
	Steady  int     // plausible speeds in a row
	OddAt   float64 // device clock of the last implausible speed ...
	SaneAt  float64 // ... and of the last plausible one
	Doubted bool    // the last observation was set aside ...
	Doubt   sample  // ... and is this one
	Strayed float64 // device clock at which it went adrift
	Halted  bool    // it was said to stand, and has told no position since
	Wary    bool    // ... or moved since, which the last of its play may look like
	Unsure  bool    // it is where it jumped to, and has not been seen to move there
	Loop    [2]float64

	BPM     float64 // nominal BPM, 0 before any is known
	Missed  Micro   // error of the published beat at the last observation
	Located bool    // a target exists
	Target  Timeline
	Window  Micro // how far from Target the course may be and still be led there
	Path    path
	Said    standing
}

// NewFollower returns a follower that has heard nothing. Its timeline is
// stopped at beat 0 in epoch 0; the first lock is epoch 1.
func NewFollower(cfg Config) *Follower {
	if cfg.Silence <= 0 {
		cfg.Silence = defaultSilence
	}
	f := &Follower{following: following{Silence: cfg.Silence}}
	f.fresh = f.own.next
	f.Path.Line.Stopped = true
	f.Path.Until = Never
	f.Said.Stopped = true
	return f
}

// Observe takes a report and returns what it changed. Observations come in the
// order of their arrival. Nonsense (a beat that is no number or beyond 1e9, a
// clock that stands) is ignored and counted; a tempo outside 1-1000 BPM counts
// as unknown.
func (f *Follower) Observe(o Observation) []Change {
	if o.Halt || o.Empty {
		f.Heard, f.Lost = max(f.Heard, o.Arrival), false
		if f.Halted && o.Empty { // what it held is no place to go to any more
			f.Located, f.BPM = false, 0
		}
		f.halt(o.Arrival)
		return f.publish(o.Arrival)
	}
	if math.IsNaN(o.Beat) || math.Abs(o.Beat) > maxBeat || (o.Clock == 0 && f.Synced && f.Stamped) {
		f.Nonsense++
		return nil
	}
	f.Heard = max(f.Heard, o.Arrival)
	f.Lost = false
	if s, ok := f.locate(o); ok {
		rate, before := 0.0, f.Prev
		if o.BPM >= minBPM && o.BPM <= maxBPM {
			rate = o.BPM / 60
			f.BPM = o.BPM
		}
		f.Loop = o.Loop
		f.wraps = f.wrap(s)
		f.move(s, rate)
		f.Prev = s
		f.leapt = f.leap(before)
	} else {
		f.Nonsense++
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
	c := float64(int64(clock-f.Base)) * 1e-9
	if !f.Synced || stamped != f.Stamped || o.Pulses != f.Offset.Pulses || c < f.Prev.C {
		f.Synced, f.Stamped = true, stamped
		f.Base, f.Anchor = clock, o.Arrival
		f.Offset = clockOffset{Pulses: o.Pulses}
		f.begin(sample{0, o.Beat})
		c = 0
	} else if c == f.Prev.C && f.Offset.N > 0 {
		return sample{}, false
	}
	f.Offset.observe(c, (o.Arrival-f.Anchor).Seconds()-c)
	return sample{c, o.Beat}, true
}

// begin forgets how the source moved; s is its position.
func (f *Follower) begin(s sample) {
	f.Motion = unknown
	f.Prev, f.Still = s, s
	f.Line.N = 0
	f.OddAt, f.SaneAt = math.Inf(-1), s.C
	f.measure(s)
}

// measure begins a new speed measurement at s.
func (f *Follower) measure(s sample) {
	f.Mark, f.Steady, f.Doubted = s, 0, false
}

// move takes the next observed position; rate is the reported tempo in beats
// per second or 0.
func (f *Follower) move(s sample, rate float64) {
	if f.Halted {
		f.Halted = false
		f.begin(s)
		f.pause(s)
		f.Stood = s.C
		if f.Path.Line.Beat > f.Target.Beat {
			f.Window = haltWindow
		}
		return
	}
	nominal := rate
	if nominal == 0 {
		nominal = max(f.Line.Slope, 0)
	}
	gap := s.C-f.Prev.C > gapSpan
	rested := f.Prev.C > f.Still.C
	if math.Abs(s.B-f.Prev.B) > stillSpeed*max(nominal, 0.1)*(s.C-f.Prev.C) {
		f.Still = s
	}
	standing := f.Still != s
	f.Wary = f.Wary && !standing
	if standing {
		f.Stood = s.C
	}

	if f.Motion == playing {
		f.track(s, rate, gap)
	} else if standing || gap || rested || f.Line.N == 0 {
		f.Line.restart(s, rate)
	} else {
		f.Line.add(s)
	}
	if gap || (rested && f.Motion != playing) {
		f.measure(s)
	}
	f.judge(s, rate, standing)

	switch {
	case standing && s.C-f.Still.C >= f.stillFor():
		f.pause(s)
	case f.Motion == playing:
		f.run()
	case f.Motion == adrift && s.C-f.SaneAt > driftFor:
		f.pause(s)
	}
}

// track takes a position while playing: it fits the line or starts a new one.
func (f *Follower) track(s sample, rate float64, gap bool) {
	r := s.B - f.Line.at(s.C)
	shift := rate > 0 && math.Abs(rate-f.Line.Reported) > tempoShift*rate
	limit := max(doubtBeats, doubtSigma*f.Line.Noise)
	far := math.Abs(r) > limit
	switch {
	case gap || shift || math.Abs(r) > jumpBeats:
		f.Unsure = f.Unsure || math.Abs(r) > jumpBeats
		f.Line.restart(s, rate)
	case far && f.Doubted:
		f.Line.restart(f.Doubt, rate)
		f.Line.add(s)
	case far:
		f.Line.learn(min(math.Abs(r), 2*limit))
		f.Doubted, f.Doubt = true, s
		return
	default:
		f.Line.learn(r)
		f.Line.add(s)
	}
	f.Doubted = false
}

// judge measures the speed over frames of at least frameSpan and decides
// whether the source plays. One implausible frame is a seek; two within
// unsteadyBeats are a scratch, a spin or a short loop, which last until the
// motion has been plausible for as long.
func (f *Follower) judge(s sample, rate float64, standing bool) {
	dc := s.C - f.Mark.C
	if dc < frameSpan {
		return
	}
	speed := (s.B - f.Mark.B) / dc
	f.Mark = s
	if f.wraps {
		return
	}
	if rate == 0 {
		rate = f.Line.Reported
	}
	window := unsteadyBeats / max(rate, 1)
	recent := s.C-f.OddAt < window
	switch {
	case standing && f.Motion != adrift:
		f.Steady = 0
	case !standing && plausible(speed, rate):
		f.Steady++
		f.SaneAt = s.C
		f.Unsure = false
	default:
		f.Steady = 0
		f.OddAt = s.C
		if f.Motion == playing && recent {
			f.Motion, f.Strayed = adrift, s.C
		}
		if f.Motion != playing {
			f.Line.restart(s, rate)
		}
	}
	if f.Motion != playing && f.Steady > 0 && !(f.Wary && f.Steady == 1) && !(f.Motion == adrift && recent) {
		f.Motion = playing
	}
}

// run aims at where the line says the source is.
func (f *Follower) run() {
	if f.Line.Slope <= 0 {
		return
	}
	bpm := f.Line.Slope * 60
	if f.Offset.Pulses {
		bpm /= 1 + f.Offset.Skew
	}
	if f.Line.Reported == 0 && (f.BPM == 0 || f.Line.N >= lineWindow/2 && math.Abs(bpm-f.BPM) > tempoShift*bpm) {
		f.BPM = bpm
	}
	f.Located, f.Window = true, slewWindow
	f.Target = Timeline{
		Origin: f.Anchor + saturate(math.Round(f.Offset.host(f.Line.Last.C)*1e9)),
		Beat:   FromFloat(f.Line.Last.B),
		BPM:    f.Line.Slope * 60 / (1 + f.Offset.Skew),
	}
}

// stillFor is how many seconds of standing are a pause: after a jump it may be where the
// device was put to stand, so one look will do.
func (f *Follower) stillFor() float64 {
	if f.Unsure {
		return frameSpan
	}
	return stillFor
}

// pause aims at standing at s. One that has jumped there and not moved since has played
// nothing behind it: the course goes back to the very place.
func (f *Follower) pause(s sample) {
	f.Located, f.Window = true, slewWindow
	if f.Unsure {
		f.Window, f.Unsure = settled, false
	}
	f.Motion = paused
	f.Target = Timeline{Beat: FromFloat(s.B), BPM: f.BPM, Stopped: true}
}

// halt stands still at once, and waits for the device to tell where.
func (f *Follower) halt(now time.Duration) {
	switch {
	case f.Halted:
	case f.Unsure:
		f.pause(f.Prev)
	case f.Located && f.Motion != paused:
		f.Target = Timeline{Beat: f.Path.Line.At(now), BPM: f.BPM, Stopped: true}
	}
	f.Motion, f.Halted, f.Wary = paused, true, true
}

// publish leads the published timeline to the target and returns what changed.
func (f *Follower) publish(now time.Duration) []Change {
	switch {
	case !f.Located:
	case f.Path.Line.Epoch == 0:
		f.Path.Line = f.Target
		f.Path.Line.Epoch = f.fresh()
		f.Path.Target = f.Target
		f.Path.Since, f.Path.Latest = now, now
	default:
		f.Path.settle(now, f.fresh)
		f.Missed = f.Target.At(now) - f.Path.Line.At(now)
		f.Path.aim(now, f.Target, f.Window, slewHorizon, f.leapt, f.fresh)
	}
	return f.report(now)
}

// report returns what changed since the last report.
func (f *Follower) report(now time.Duration) []Change {
	is := standing{Epoch: f.Path.Line.Epoch, Tempo: f.Said.Tempo, Stopped: f.Path.Line.Stopped, Lost: f.Lost}
	if f.Located && math.Abs(f.BPM-is.Tempo) >= tempoStep {
		is.Tempo = f.BPM
	}
	list := changes(f.Said, is, now)
	f.Said = is
	return list
}

// Step does what is due at now: the source counts as lost after a silence, a
// correction that has met its aim ends. It returns what changed.
func (f *Follower) Step(now time.Duration) []Change {
	if now >= f.lostAt() {
		f.Lost = true
	}
	f.Path.settle(now, f.fresh)
	return f.report(now)
}

// expect makes silence count from now on although nothing was heard yet, or
// have lasted long enough already.
func (f *Follower) expect(now time.Duration, lost bool) {
	f.Heard, f.Expected, f.Lost = now, true, lost
}

// lostAt returns when the source will count as lost, Never if it already does
// or was never heard nor expected.
func (f *Follower) lostAt() time.Duration {
	if f.Lost || !(f.Synced || f.Expected) {
		return Never
	}
	return f.Heard + f.Silence
}

// spot is where a source is, as far as that differs from where its course is: one that
// stands or is played with is where it was seen, one in a loop stays in that.
type spot struct {
	There   bool
	Seen    bool
	Beat    Micro
	In, Out Micro // of the loop; the same without one
}

func (f *Follower) spot() spot {
	s := spot{There: f.Located, Seen: f.Motion == adrift || f.Motion == paused && !f.Halted}
	if s.Seen {
		s.Beat = FromFloat(f.Prev.B)
	} else if in, out := f.Loop[0], f.Loop[1]; f.Prev.B >= in && f.Prev.B < out {
		s.In, s.Out = FromFloat(in), FromFloat(out)
	}
	return s
}

// at is where the source is when its course is at b.
func (s spot) at(b Micro) Micro {
	switch {
	case s.Seen:
		return s.Beat
	case s.In >= s.Out || b < s.Out && b >= s.In:
		return b
	case b < s.In:
		return s.In
	}
	return s.In + (b-s.In)%(s.Out-s.In)
}

// Course returns the published course.
func (f *Follower) Course() Course { return f.Path.course(f.BPM) }

// trust is how far a course can be trusted, 0 to 1: it grows with the first dozen
// observations and halves every two seconds of silence or unsteady motion.
type trust struct {
	always bool
	full   float64       // with the observations so far
	heard  time.Duration // the last of them
	adrift float64       // seconds of unsteady motion up to it
}

func (f *Follower) trust() trust {
	if !f.Located {
		return trust{}
	}
	t := trust{full: math.Min(float64(f.Offset.N)/fullTrustAt, 1), heard: f.Heard}
	if f.Motion == adrift {
		t.adrift = f.Prev.C - f.Strayed
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
