package beat

// A Stretch watches decks for whether they are between two beats of what they play. What it
// is told of each it compares with what it was told before, and returns what that means for
// all of them together: the first that comes in and the last that goes out count. The zero
// value with From and To set has seen none.
type Stretch struct {
	From, To Micro // it ends before To

	decks           map[string]Spot
	inside, playing int // decks that are
}

// Spot is where a deck is.
type Spot struct {
	At      Micro
	Counts  bool // it is to be counted, if it is in the stretch
	Playing bool

	in bool
}

// StretchEvent is what happens to a stretch.
type StretchEvent uint8

// The events, in the order in which those of one instant come when a deck comes in. They
// come in pairs: what has begun is over before it begins again.
const (
	Entered   StretchEvent = iota + 1 // the first deck is in it
	Began                             // the first deck plays in it
	BeganLate                         // likewise, behind its first beat
	Ended                             // the last one plays there no more
	Exited                            // the last one has gone
)

// lateAfter is how far behind the first beat playback is late.
const lateAfter = Beat / 50

// Look takes where a deck is, and returns what has happened by that.
func (s *Stretch) Look(deck string, is Spot) (events []StretchEvent) {
	if s.decks == nil {
		s.decks = map[string]Spot{}
	}
	was := s.decks[deck]
	is.in = is.Counts && is.At >= s.From && is.At < s.To
	is.Playing = is.Playing && is.in
	s.decks[deck] = is
	began := Began
	if is.At > s.From+lateAfter {
		began = BeganLate
	}
	step := func(n *int, was, is bool, first, last StretchEvent) {
		switch {
		case is && !was:
			if *n++; *n == 1 {
				events = append(events, first)
			}
		case was && !is:
			if *n--; *n == 0 {
				events = append(events, last)
			}
		}
	}
	if is.in {
		step(&s.inside, was.in, true, Entered, Exited)
		step(&s.playing, was.Playing, is.Playing, began, Ended)
		return events
	}
	step(&s.playing, was.Playing, false, began, Ended)
	step(&s.inside, was.in, false, Entered, Exited)
	return events
}

// Plays reports whether a deck plays in it, as it was told last.
func (s *Stretch) Plays(deck string) bool { return s.decks[deck].Playing }
