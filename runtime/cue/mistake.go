package cue

import (
	"fmt"

	"showrun/runtime/patch"
)

// A Mistake is a cue that does not what it is there for.
type Mistake struct {
	Cue  *Cue
	Mark bool // it is about its Mark; otherwise the cue changes nothing
	Text string
}

// Mistakes looks for cues that change nothing, and for marks that hide nothing. What functions
// leave is not known here, so nothing is said of what comes after one.
func (l *List) Mistakes() (list []Mistake) {
	for i, c := range l.cues {
		if c.Function {
			return list
		}
		if text := l.idle(i); text != "" {
			list = append(list, Mistake{Cue: c, Text: text})
		}
		if c.Mark && len(l.marks(i-1, l.alone(i-1), l.alone(i-1))) == 0 {
			list = append(list, Mistake{c, true, l.open(c)})
		}
	}
	return list
}

// alone is what channels do in the cue at i, if the list came to it from its beginning.
func (l *List) alone(i int) func(int32) (Value, bool) {
	if i < 0 {
		return func(int32) (Value, bool) { return Value{}, false }
	}
	under := l.tracked(i)
	l.lay(&under, l.cues[i])
	return under.get
}

// idle says why the cue at i changes nothing; "" if it does.
func (l *List) idle(i int) string {
	c := l.cues[i]
	if len(c.Changes) == 0 || c.Block || c.CueOnly || i > 0 && l.cues[i-1].CueOnly {
		return ""
	}
	under := l.tracked(i)
	for n, change := range c.Changes {
		if v, known := under.get(c.channels[n]); !known || v != change.Value {
			return ""
		}
	}
	return "all of its look is so already when it begins"
}

// open says why nothing is put in place in the dark for a cue.
func (l *List) open(c *Cue) string {
	for _, change := range c.Changes {
		if change.Class != patch.Intensity {
			return fmt.Sprintf("nothing is put in place: %q is not dark before the cue, or not lit in it, or stands there already", change.Fixture)
		}
	}
	return "nothing is put in place: the cue changes neither colour nor position nor beam"
}
