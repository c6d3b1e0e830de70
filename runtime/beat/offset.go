package beat

import "math"

const (
	offsetWander = 1e-10 // variance the offset gains, s² per second
	skewWander   = 1e-13 // variance the skew gains, 1/s
	offsetNoise  = 1e-6  // variance of an arrival on time: (1 ms)²
	offsetStart  = 1e-3  // variance of the first arrival: about (30 ms)²
	skewStart    = 4e-8  // variance of the first skew: (200 ppm)²
	lateKnee     = 0.004 // seconds of lateness from which an arrival hardly counts
	lateWeight   = 400   // how much more variance it has then
	earlyWeight  = 0.25  // an early arrival counts more: nothing arrives before it was sent
	offsetFar    = 0.1   // seconds beyond which the device clock must have been set ...
	offsetFarFor = 1.0   // ... if every arrival lies that late for so many seconds
)

// clockOffset estimates host clock minus device clock and how it drifts, from
// the instants at which messages arrive. Delays have one sign: a message can
// be late by any amount but never early, so the filter is a Kalman filter of
// offset and skew that leans on the lower edge of what it sees. What stays in
// the offset is the smallest delay of the path, which cannot be seen one-way.
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
	r := offsetNoise * earlyWeight
	if miss > 0 {
		k := math.Min(miss/lateKnee, 1)
		r = offsetNoise * (1 + lateWeight*k*k)
	}
	gain := 1 / (o.poo + r)
	ko, ks := o.poo*gain, o.pos*gain
	o.offset += ko * miss
	o.skew += ks * miss
	o.pss -= ks * o.pos
	o.pos -= ko * o.pos
	o.poo -= ko * o.poo
	o.late += (math.Max(z-o.offset, 0) - o.late) / float64(min(o.n, 128))
}

// restart forgets all but this observation.
func (o *clockOffset) restart(c, z float64) {
	o.n = 0
	o.observe(c, z)
}

// host returns the host clock, in seconds, at device clock c.
func (o *clockOffset) host(c float64) float64 { return c + o.offset + o.skew*(c-o.c) }
