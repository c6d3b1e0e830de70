package beat

import "math"

const (
	offsetStart  = 1e-3  // variance of the first arrival: (30 ms)²
	skewStart    = 1e-10 // variance of the first skew: (10 ppm)²
	offsetWander = 2e-8  // variance the offset gains, s² per second
	skewWander   = 1e-13 // variance the skew gains, 1/s
	earlyNoise   = 0.002 // standard deviation of an early arrival, seconds
	lateNoise    = 0.010 // the same of a late one, beside its lateness
	offsetFar    = 0.1   // seconds beyond which the device clock must have been set ...
	offsetFarFor = 1.0   // ... if every arrival lies that late for so many seconds
	lateMemory   = 128   // arrivals the mean lateness looks back at

	// Of a clock that counts pulses.
	pulseLate   = 0.004 // for lateNoise ...
	pulseTrust  = 0.5   // ... and this part of the lateness squared: they are few, and the tempo is to be learnt
	pulseSway   = 1e-8  // for offsetWander
	pulseSkew   = 1.0   // variance of the first skew: any tempo
	pulseWander = 1e-10 // for skewWander
	pulseChange = 1e-3  // variance of the skew once the tempo has changed: (3 %)²
	pulseFarFor = 0.3   // for offsetFarFor
	driftMemory = 12    // arrivals the mean miss looks back at, to tell a change of tempo
	biasMemory  = 256   // those the usual miss looks back at
	driftSpread = 1.6   // mean miss in usual deviations that is a change of tempo ...
	driftMost   = 3     // how many of them one miss counts for
	driftLeast  = 0.002 // ... and in seconds
)

// clockOffset estimates host clock minus device clock and how it drifts, from
// the instants at which messages arrive. Delays have one sign: a message can
// be late by any amount but never early, so the filter is a Kalman filter of
// offset and skew that believes early arrivals more than late ones. What stays
// in the offset is the smallest delay of the path, which cannot be seen one-way,
// and a part of the jitter. Leaning on the earliest arrivals alone would shrink
// that part, but at 30 messages a second it takes many seconds to find them.
type clockOffset struct {
	N             int     // observations since the last start
	C             float64 // device clock of the last observation, seconds
	Offset, Skew  float64
	Poo, Pos, Pss float64 // covariance of offset and skew
	FarSince      float64 // device clock at which arrivals became far too late, or < 0
	Late          float64 // mean lateness of arrivals, seconds

	Pulses              bool    // its speed is not known at all
	Drift, Bias, Spread float64 // then: the mean miss of late, the usual one, and how far off that is usual
}

// observe takes a difference z = arrival - device clock at device clock c.
func (o *clockOffset) observe(c, z float64) {
	if o.N == 0 {
		skew, pss := o.Skew, pulseChange
		if !o.Pulses {
			skew, pss = 0, skewStart
		} else if skew == 0 {
			pss = pulseSkew
		}
		*o = clockOffset{N: 1, C: c, Offset: z, Skew: skew, Poo: offsetStart, Pss: pss, FarSince: -1, Pulses: o.Pulses}
		return
	}
	dt := c - o.C
	o.C = c
	o.Offset += o.Skew * dt
	sway, wander := offsetWander, skewWander
	if o.Pulses {
		sway, wander = pulseSway, pulseWander
	}
	o.Poo += dt*(2*o.Pos+dt*o.Pss) + sway*dt
	o.Pos += dt * o.Pss
	o.Pss += wander * dt

	miss := z - o.Offset
	if o.Pulses {
		o.suspect(miss)
	}
	if miss < -offsetFar {
		o.restart(c, z)
		return
	}
	if miss > offsetFar && !(o.Pulses && o.N < driftMemory) {
		if o.FarSince < 0 {
			o.FarSince = c
		} else if c-o.FarSince >= offsetFarFor || o.Pulses && c-o.FarSince >= pulseFarFor {
			o.restart(c, z)
		}
		return
	}
	o.FarSince = -1
	o.N++
	r := earlyNoise * earlyNoise
	switch {
	case miss > 0 && o.Pulses:
		r = pulseLate*pulseLate + pulseTrust*miss*miss
	case miss > 0:
		r = lateNoise*lateNoise + miss*miss
	}
	gain := 1 / (o.Poo + r)
	ko, ks := o.Poo*gain, o.Pos*gain
	o.Offset += ko * miss
	o.Skew += ks * miss
	o.Pss -= ks * o.Pos
	o.Pos -= ko * o.Pos
	o.Poo -= ko * o.Poo
	o.Late += (math.Max(z-o.Offset, 0) - o.Late) / float64(min(o.N, lateMemory))
}

// suspect lets the speed of a clock that counts pulses be another when arrivals miss it
// on one side.
func (o *clockOffset) suspect(miss float64) {
	if o.N < 2*driftMemory {
		return
	}
	if o.Spread == 0 {
		o.Spread = driftLeast
	}
	// A burst that was held back is no change of tempo.
	off := math.Min(math.Max(miss-o.Bias, -driftMost*o.Spread), driftMost*o.Spread)
	// What is usual is a mean of all at first: it would take a long memory many seconds
	// to know it, and until then what is usual would look like changes of tempo.
	memory := float64(min(o.N-driftMemory, biasMemory))
	o.Bias += off / memory
	o.Drift += (off - o.Drift) / driftMemory
	o.Spread += (math.Abs(off) - o.Spread) / memory
	if math.Abs(o.Drift) > math.Max(driftSpread*o.Spread, driftLeast) {
		o.Pss = math.Max(o.Pss, pulseChange)
		o.Poo += o.Drift * o.Drift
		o.Drift = 0
	}
}

// restart forgets all but this observation.
func (o *clockOffset) restart(c, z float64) {
	o.N = 0
	o.observe(c, z)
}

// host returns the host clock, in seconds, at device clock c.
func (o *clockOffset) host(c float64) float64 { return c + o.Offset + o.Skew*(c-o.C) }
