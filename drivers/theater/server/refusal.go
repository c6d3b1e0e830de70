package server

import "fmt"

// Reason says why a message was dropped (PROTOCOL.md ruling 3).
type Reason int

// The reasons.
const (
	UnknownAddress Reason = iota // no such OSC address on this server
	UnknownName                  // no such fixture, axis or joint
	WrongCount                   // too few or too many arguments
	WrongType                    // an argument that is no number
	NotFinite                    // infinite, or not a number at all
	BadRate                      // a tempo of 0 or less
	OutOfRange                   // a PWM rate beyond -100 to 100
	PathFull                     // more segments than the server keeps for a fixture
	TooEarly                     // a time tag more than MaxAhead ahead
	TooMany                      // more messages with time tags than may wait
	reasons
)

func (r Reason) String() string {
	return [...]string{
		"unknown address", "unknown name", "wrong count", "wrong type", "not finite", "bad rate", "out of range",
		"path full", "too early", "too many",
	}[r]
}

// Refusal tells that a message was dropped, and what was wrong with it.
type Refusal struct {
	Reason Reason
	Text   string // for people: what, got, expected
}

func (r *Refusal) Error() string { return r.Text }

func refuse(why Reason, format string, args ...any) error {
	return &Refusal{why, fmt.Sprintf(format, args...)}
}

// Counters are the messages of a machine since it was made.
type Counters struct {
	Executed uint64
	Waiting  int             // of bundles, for their instant
	Refused  [reasons]uint64 // by Reason
}

// Total is how many messages were refused for any reason.
func (c Counters) Total() (n uint64) {
	for _, r := range c.Refused {
		n += r
	}
	return n
}
