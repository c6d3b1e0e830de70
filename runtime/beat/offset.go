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
)

// clockOffset estimates host clock minus device clock and how it drifts, from
// the instants at which messages arrive. Delays have one sign: a message can
// be late by any amount but never early, so the filter is a Kalman filter of
// offset and skew that believes early arrivals more than late ones. What stays
// in the offset is the smallest delay of the path, which cannot be seen one-way,
// and a part of the jitter. Leaning on the earliest arrivals alone would shrink
// that part, but at 30 messages a second it takes many seconds to find them.
type clockOffset struct {
	n             int     // observations since the last start
	c             float64 // device clock of the last observation, seconds
	offset, skew  float64
	poo, pos, pss float64 // covariance of offset and skew
	farSince      float64 // device clock at which arrivals became far too late, or < 0
	late          float64 // mean lateness of arrivals, seconds
}

// observe takes a difference z = arrival - device clock at device clock c.
func (o *clockOffset) observe(c, z float64) {
	if o.n == 0 {
		*o = clockOffset{n: 1, c: c, offset: z, poo: offsetStart, pss: skewStart, farSince: -1}
		return
	}
	dt := c - o.c
	o.c = c
	o.offset += o.skew * dt
	o.poo += dt*(2*o.pos+dt*o.pss) + offsetWander*dt
	o.pos += dt * o.pss
	o.pss += skewWander * dt

	miss := z - o.offset
	if miss < -offsetFar {
		o.restart(c, z)
		return
	}
	if miss > offsetFar {
		if o.farSince < 0 {
			o.farSince = c
		} else if c-o.farSince >= offsetFarFor {
			o.restart(c, z)
		}
		return
	}
	o.farSince = -1
	o.n++
	r := earlyNoise * earlyNoise
	if miss > 0 {
		r = lateNoise*lateNoise + miss*miss
	}
	gain := 1 / (o.poo + r)
	ko, ks := o.poo*gain, o.pos*gain
	o.offset += ko * miss
	o.skew += ks * miss
	o.pss -= ks * o.pos
	o.pos -= ko * o.pos
	o.poo -= ko * o.poo
	o.late += (math.Max(z-o.offset, 0) - o.late) / float64(min(o.n, lateMemory))
}

// restart forgets all but this observation.
func (o *clockOffset) restart(c, z float64) {
	o.n = 0
	o.observe(c, z)
}

// host returns the host clock, in seconds, at device clock c.
func (o *clockOffset) host(c float64) float64 { return c + o.offset + o.skew*(c-o.c) }
