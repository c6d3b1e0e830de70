package beat

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// A deck is a simulated player: pieces of steady motion one after the other.
type deck struct {
	pieces []piece
	bpm    func(t float64) float64 // reported tempo; nil reports the nominal one
	ppm    float64                 // how much faster its clock runs
	noise  float64                 // standard deviation of the sampling instant, seconds
	rate   float64                 // messages per second
	block  float64                 // audio block in seconds: clock and beat move in these; 0 for none
	coarse bool                    // only the beat moves in blocks, the clock runs on
	boot   float64                 // true time at which its clock was 0, if that was before the show
	reboot float64                 // true time at which its clock restarts, 0 for never
	silent [2]float64              // from, to: no messages leave
}

// piece is a motion from a true time on: from beat at speed bpm (0 stands,
// negative spins back). A NaN beat continues from the piece before.
type piece struct{ at, beat, bpm float64 }

// playing returns a deck at 128 BPM with a clock 50 ppm fast and 0.2 ms of
// sampling noise.
func playingDeck(rate float64, pieces ...piece) *deck {
	if len(pieces) == 0 {
		pieces = []piece{{0, 10.3, 128}}
	}
	for i := range pieces {
		if i > 0 && math.IsNaN(pieces[i].beat) {
			p := pieces[i-1]
			pieces[i].beat = p.beat + (pieces[i].at-p.at)*p.bpm/60
		}
	}
	return &deck{pieces: pieces, ppm: 50, noise: 0.0002, rate: rate, boot: -35}
}

func (d *deck) piece(t float64) piece {
	p := d.pieces[0]
	for _, q := range d.pieces {
		if q.at <= t {
			p = q
		}
	}
	return p
}

// nominal returns the tempo a deck names at a true time: that of its motion, or
// 128 while it stands or spins back.
func (d *deck) nominal(t float64) float64 {
	if bpm := d.piece(t).bpm; bpm > 0 {
		return bpm
	}
	return 128
}

// beat returns the true position at a true time.
func (d *deck) beat(t float64) float64 {
	p := d.piece(t)
	return p.beat + (t-p.at)*p.bpm/60
}

// crossing is a true instant at which a playing deck passes an integer beat.
type crossing struct{ at, beat float64 }

func (d *deck) crossings(until float64) []crossing {
	var list []crossing
	for i, p := range d.pieces {
		end := until
		if i+1 < len(d.pieces) {
			end = d.pieces[i+1].at
		}
		if p.bpm <= 0 {
			continue
		}
		for b := math.Ceil(p.beat); ; b++ {
			at := p.at + (b-p.beat)*60/p.bpm
			if at >= end {
				break
			}
			list = append(list, crossing{at, b})
		}
	}
	return list
}

// jitter returns the network delay of a message sent at t, in seconds.
type jitter func(t float64) float64

func gaussian(r *rand.Rand) jitter {
	return func(float64) float64 { return 0.0003 + math.Max(0, 0.006+0.003*r.NormFloat64()) }
}

func exponential(r *rand.Rand) jitter {
	return func(float64) float64 { return 0.0003 + math.Min(0.005*r.ExpFloat64(), 0.040) }
}

// bursts holds everything back for 30 to 100 ms, every second or so, on top of
// an exponential millisecond.
func bursts(r *rand.Rand) jitter {
	from, to := 0.0, 0.0
	return func(t float64) float64 {
		for t > to {
			from = to + 0.2 + 0.8*r.ExpFloat64()
			to = from + 0.03 + 0.07*r.Float64()
		}
		delay := 0.0003 + 0.001*r.ExpFloat64()
		if t >= from {
			delay += to - t
		}
		return delay
	}
}

// stream returns all observations of the deck's first seconds in the order of
// arrival. As on a TCP connection none overtakes another.
func (d *deck) stream(r *rand.Rand, delay jitter, seconds float64) []Observation {
	var list []Observation
	last, boot := time.Duration(0), d.boot
	for t := r.Float64() / d.rate; t < seconds; t += 1 / d.rate {
		if t >= d.silent[0] && t < d.silent[1] {
			continue
		}
		if d.reboot > 0 && t >= d.reboot {
			boot = d.reboot - 0.5
		}
		clock, taken := (t-boot)*(1+d.ppm*1e-6), t
		if d.block > 0 {
			whole := math.Floor(clock/d.block) * d.block
			taken = whole/(1+d.ppm*1e-6) + boot
			if !d.coarse {
				clock = whole
			}
		}
		o := Observation{Clock: uint64(clock*1e9) + 1, Beat: d.beat(taken + d.noise*r.NormFloat64()), BPM: d.nominal(taken)}
		if d.bpm != nil {
			o.BPM = d.bpm(taken)
		}
		last = max(last, time.Duration((t+delay(t))*1e9))
		o.Arrival = last
		list = append(list, o)
	}
	return list
}

// predictor is what the simulation asks for instants.
type predictor interface {
	published
	Observe(Observation) []Change
}

// play plays a stream into p in virtual time and calls at each of the
// instants (ascending) with the published timeline.
func play(p predictor, stream []Observation, instants []time.Duration, at func(i int, c Course)) []Change {
	var seen []Change
	i := 0
	for _, o := range append(slices.Clone(stream), Observation{Arrival: Never}) {
		for {
			next := min(p.Next(), o.Arrival)
			for ; i < len(instants) && instants[i] < next; i++ {
				at(i, p.Course())
			}
			if next == o.Arrival || i == len(instants) {
				break
			}
			seen = append(seen, p.Step(next)...)
		}
		if o.Arrival != Never {
			seen = append(seen, p.Observe(o)...)
		}
	}
	return seen
}

// lookAhead is how long before a beat its instant must be known.
const lookAhead = 50 * time.Millisecond

// errorAt is the error of one predicted beat in ms.
type errorAt struct{ at, ms float64 }

// predict returns the error of the instant of every beat of the deck, as known
// lookAhead before it.
func predict(p predictor, d *deck, stream []Observation, seconds float64) []errorAt {
	beats := d.crossings(seconds)
	instants := make([]time.Duration, len(beats))
	for i, b := range beats {
		instants[i] = time.Duration(b.at*1e9) - lookAhead
	}
	list := make([]errorAt, 0, len(beats))
	play(p, stream, instants, func(i int, c Course) {
		e := errorAt{beats[i].at, math.Inf(1)}
		if when, ok := c.Time(c.Line(instants[i]).Epoch, FromFloat(beats[i].beat)); ok && when != Never {
			e.ms = (float64(when)/1e9 - beats[i].at) * 1e3
		}
		list = append(list, e)
	})
	return list
}

// onArrival returns the error of firing each beat when the first message at or
// after it arrives.
func onArrival(d *deck, stream []Observation, seconds float64) []errorAt {
	var list []errorAt
	i := 0
	for _, b := range d.crossings(seconds) {
		for i < len(stream) && (stream[i].Beat < b.beat || stream[i].Beat > b.beat+1) {
			i++
		}
		if i == len(stream) {
			break
		}
		list = append(list, errorAt{b.at, (stream[i].Arrival.Seconds() - b.at) * 1e3})
	}
	return list
}

// spread returns the mean of the errors within a span of true time, and how far
// each lies from it.
func spread(list []errorAt, from, to float64) (bias float64, in []float64) {
	for _, e := range list {
		if e.at >= from && e.at < to {
			in = append(in, e.ms)
			bias += e.ms
		}
	}
	bias /= float64(len(in))
	for i, e := range in {
		in[i] = math.Abs(e - bias)
	}
	return bias, in
}

// quality returns root mean square and 99th percentile of pooled errors.
func quality(in []float64) (rms, p99 float64) {
	for _, e := range in {
		rms += e * e
	}
	slices.Sort(in)
	return math.Sqrt(rms / float64(len(in))), in[len(in)*99/100]
}

// settling returns how many seconds after a true time the errors stay within
// tolerance ms of the bias, until end.
func settling(list []errorAt, from, end, bias, tolerance float64) float64 {
	settled := from
	for _, e := range list {
		if e.at >= from && e.at < end && !(math.Abs(e.ms-bias) <= tolerance) {
			settled = e.at
		}
	}
	return settled - from
}
