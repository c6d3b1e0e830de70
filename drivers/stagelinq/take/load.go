package take

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// maxEvents bounds a take in memory: some 18 hours of one unit that plays.
const maxEvents = 2_000_000

// Why a take cannot be played.
var (
	ErrEmpty = errors.New("nobody sent anything in the take")
	ErrUnit  = errors.New("no such unit in the take")
	ErrHuge  = fmt.Errorf("the take has more than %d events", maxEvents)
)

// Take is what one unit sent during a recording.
type Take struct {
	Unit   Unit
	Events []Event // states and beats, in order, at least one
	Units  []Unit  // all that sent something, in order of appearance
}

// All takes the part of all units, with who came and went.
func All(next func() (Event, error)) (list []Event, err error) {
	err = each(next, func(e Event) error {
		if len(list) == maxEvents {
			return ErrHuge
		}
		list = append(list, e)
		return nil
	})
	if err == nil && len(list) == 0 {
		err = ErrEmpty
	}
	return list, err
}

// each has take look at all events, once they are checked.
func each(next func() (Event, error), take func(Event) error) error {
	last := time.Duration(0)
	for n := 1; ; n++ {
		e, err := next()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = e.check(last)
		}
		if err != nil {
			return fmt.Errorf("event %d: %w", n, err)
		}
		last = e.At
		if err := take(e); err != nil {
			return err
		}
	}
}

// Load takes the part of one unit: of the one with that token or name, or with "" of the first
// one that sent something. next returns the events, and io.EOF at the end.
func Load(next func() (Event, error), unit string) (*Take, error) {
	t := &Take{}
	paths := map[string]string{} // so that each is in memory once
	err := each(next, func(e Event) error {
		if e.Kind == Device {
			return nil
		}
		e.Unit = t.seen(e.Unit)
		if len(t.Events) == 0 {
			if unit != "" && unit != e.Unit.Name && unit != e.Unit.Token.String() {
				return nil
			}
			t.Unit = e.Unit
		}
		if e.Unit.Token != t.Unit.Token {
			return nil
		}
		if len(t.Events) == maxEvents {
			return ErrHuge
		}
		if e.Kind == State {
			if known, ok := paths[e.Path]; ok {
				e.Path = known
			} else {
				paths[e.Path] = e.Path
			}
		}
		t.Events = append(t.Events, e)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := t.check(unit); err != nil {
		return nil, err
	}
	return t, nil
}

// End is when the last event came.
func (t *Take) End() time.Duration { return t.Events[len(t.Events)-1].At }

// seen returns what a unit was called when it was seen first.
func (t *Take) seen(u Unit) Unit {
	for _, known := range t.Units {
		if known.Token == u.Token {
			return known
		}
	}
	if len(t.Units) < maxUnits {
		t.Units = append(t.Units, u)
	}
	return u
}

// check finds fault with the choice of a unit.
func (t *Take) check(unit string) error {
	namesakes := slices.DeleteFunc(slices.Clone(t.Units), func(u Unit) bool { return u.Name != unit })
	switch {
	case len(t.Units) == 0:
		return ErrEmpty
	case len(t.Events) == 0:
		return fmt.Errorf("%w: want %q, have %s", ErrUnit, unit, list(t.Units))
	case len(namesakes) > 1:
		return fmt.Errorf("%w: %d are called %q, name one by its token: %s", ErrUnit, len(namesakes), unit, list(namesakes))
	}
	return nil
}

// String names the unit for people.
func (u Unit) String() string { return fmt.Sprintf("%s (%s)", u.Name, u.Token) }

func list(units []Unit) string {
	var names []string
	for _, u := range units {
		names = append(names, u.String())
	}
	return strings.Join(names, ", ")
}
