package discovery

import "time"

// DefaultPort is the UDP port of discovery (1.1).
const DefaultPort = 51337

const (
	// HowdyPeriod is the spacing of HOWDY datagrams (1.2).
	HowdyPeriod = time.Second
	// LossTimeout is the silence after which a unit counts as gone (1.5).
	LossTimeout = 5500 * time.Millisecond
	// DialDelay lies between hearing a unit, which makes us announce at once,
	// and dialling it: it has to know us by then (1.2).
	DialDelay = 300 * time.Millisecond
)
