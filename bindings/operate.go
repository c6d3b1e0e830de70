package bindings

import (
	"maps"

	"showrun/bindings/module"
	"showrun/runtime/show"
)

// Board implements show.Bindings.
func (s *Show) Board() (b show.Board, changed bool) {
	if !s.Touched() {
		return b, false
	}
	for _, p := range s.params {
		b.Params = append(b.Params, p.Param)
	}
	for _, t := range s.triggers {
		b.Triggers = append(b.Triggers, t.Trigger)
	}
	for _, l := range s.Lists() {
		b.Lists = append(b.Lists, l.View())
	}
	return b, true
}

// Carry implements show.Bindings.
func (s *Show) Carry() show.Carried {
	return show.Carried{Params: maps.Clone(s.chosen), Lists: s.cues.States(), Fired: s.at.fired}
}

// Operate implements show.Bindings.
func (s *Show) Operate(op show.Operation) error {
	switch op := op.(type) {
	case show.SetParam:
		s.param(op.Name).change(op.Value)
	case show.Fire:
		s.fire(op)
	case show.Go:
		return s.list(op.List).Operate(op)
	case show.Back:
		return s.list(op.List).Operate(op)
	case show.StopList:
		return s.list(op.List).Operate(op)
	case show.Jump:
		return s.list(op.List).Operate(op)
	}
	return nil
}

// list is one that the board has.
func (s *Show) list(name string) module.List {
	for _, l := range s.Lists() {
		if l.String() == name {
			return l
		}
	}
	panic("no list " + name)
}
