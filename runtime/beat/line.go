package beat

import "math"

const (
	// lineWindow is how many observations the device line is fitted to.
	lineWindow = 64
	// lineSpan is how far back they may lie, in seconds of the device clock.
	lineSpan = 1.2
	// slopeAfter is how many observations it takes to trust the fitted slope
	// more than the reported tempo.
	slopeAfter = 12
	// slopeDoubt is how many standard deviations the fitted slope must lie off
	// the reported tempo to be believed before that.
	slopeDoubt = 5
	// minNoise and maxNoise bound the estimated noise of a beat position.
	minNoise, maxNoise = 0.0001, 0.02
)

// sample is an observation on the device's own clock.
type sample struct {
	C float64 // device clock, seconds since the clock's base
	B float64 // beat
}

// deviceLine is a straight line of beat over the device clock, fitted by least
// squares to the last observations. Network jitter does not enter: both
// coordinates come from the device.
type deviceLine struct {
	Ring     [lineWindow]sample
	N, Next  int
	Reported float64 // beats per second the device names, 0 for none
	Slope    float64 // beats per second
	Last     sample  // the newest point, moved onto the line
	Noise    float64 // standard deviation of an observation in beats
}

// restart begins a new line at s. The slope is the reported one, else stays.
func (l *deviceLine) restart(s sample, reported float64) {
	l.N, l.Next = 0, 0
	l.Reported = reported
	if reported > 0 {
		l.Slope = reported
	}
	if l.Noise == 0 {
		l.Noise = maxNoise / 20
	}
	l.add(s)
}

// at returns the beat at device clock c.
func (l *deviceLine) at(c float64) float64 { return l.Last.B + l.Slope*(c-l.Last.C) }

// learn takes the residual of an observation that was predicted.
func (l *deviceLine) learn(residual float64) {
	v := l.Noise * l.Noise
	v += (residual*residual - v) / 32
	l.Noise = math.Min(math.Max(math.Sqrt(v), minNoise), maxNoise)
}

// add takes a point into the fit.
func (l *deviceLine) add(s sample) {
	l.Ring[l.Next] = s
	l.Next = (l.Next + 1) % lineWindow
	l.N = min(l.N+1, lineWindow)
	for l.N > 1 && s.C-l.point(l.N-1).C > lineSpan {
		l.N--
	}
	// Sums relative to the newest point keep the precision of large positions.
	var sc, sb float64
	for i := range l.N {
		q := l.point(i)
		sc += q.C - s.C
		sb += q.B - s.B
	}
	n := float64(l.N)
	mc, mb := sc/n, sb/n
	var scc, scb float64
	for i := range l.N {
		q := l.point(i)
		dc := q.C - s.C - mc
		scc += dc * dc
		scb += dc * (q.B - s.B - mb)
	}
	if scc > 0 {
		fit := scb / scc
		off := math.Abs(fit - l.Reported)
		if l.N >= slopeAfter || off > slopeDoubt*l.Noise/math.Sqrt(scc) {
			l.Slope = l.credible(fit)
		} else if l.Reported > 0 {
			l.Slope = l.Reported
		}
	}
	l.Last = sample{C: s.C, B: s.B + mb - l.Slope*mc}
}

// credible returns fit if it can be the slope of something that plays, else
// the slope so far.
func (l *deviceLine) credible(fit float64) float64 {
	if !plausible(fit, l.Reported) {
		return l.Slope
	}
	return fit
}

// point returns the i-th newest point.
func (l *deviceLine) point(i int) sample {
	return l.Ring[(l.Next-1-i+2*lineWindow)%lineWindow]
}

// plausible reports whether speed, in beats per second, is that of a track that
// plays, given the reported tempo in the same unit or 0.
func plausible(speed, reported float64) bool {
	if reported <= 0 {
		return speed > slowest/60 && speed < fastest/60
	}
	return speed > reported/4 && speed < reported*5/2
}
