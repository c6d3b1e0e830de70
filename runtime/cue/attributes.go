package cue

import "slices"

// attributes completes moves where channels follow the attributes of their fixture. An
// attribute alone that goes home would light what no cue has: it stays, as nothing follows
// it then, and goes home with the first that is told again. A channel that is to follow
// once more does so by a command for an attribute. And if channels did not follow, all
// attributes are stated: what they were at has to do with those no more. A command for an
// attribute has all of them follow, so those that are not to are stated as well.
func (l *List) attributes(moves []Move, moved []bool, f Fade, before func(int32) (Value, bool)) []Move {
	stands := l.standing()
	moves = slices.DeleteFunc(moves, func(m Move) bool {
		n := l.numbers[m.Key]
		if _, known := stands(n); known || !m.Key.Output.IsAttribute() || l.tells(l.channels[n].fixture, stands) {
			return false
		}
		l.stale = append(l.stale, n)
		return true
	})
	add := func(n int32) {
		if !moved[n] {
			moved[n] = true
			moves = append(moves, l.move(n, f, before, l.orHome(n, stands)))
		}
	}
	l.stale = slices.DeleteFunc(l.stale, func(n int32) bool {
		told := l.tells(l.channels[n].fixture, stands)
		if told {
			add(n)
		}
		return told
	})
	for _, m := range slices.Clone(moves) {
		f := l.channels[l.numbers[m.Key]].fixture
		if (m.Value.Motion == (Follows{}) || m.Key.Output.IsAttribute()) && l.apart(f, before) {
			for _, n := range l.told[f] {
				add(n)
			}
		}
	}
	for _, m := range slices.Clone(moves) {
		if !m.Key.Output.IsAttribute() {
			continue
		}
		for _, n := range l.emitters[l.channels[l.numbers[m.Key]].fixture] {
			if v, known := stands(n); known && v.Motion != (Follows{}) {
				add(n)
			}
		}
	}
	return moves
}

// tells reports whether a fixture has an attribute that a cue has changed.
func (l *List) tells(fixture int32, get func(int32) (Value, bool)) bool {
	return slices.ContainsFunc(l.told[fixture], func(n int32) bool {
		_, known := get(n)
		return known
	})
}

// apart reports whether a channel of a fixture did something else than follow its attributes.
func (l *List) apart(fixture int32, before func(int32) (Value, bool)) bool {
	return slices.ContainsFunc(l.emitters[fixture], func(n int32) bool {
		v, known := before(n)
		return known && v.Motion != (Follows{})
	})
}
