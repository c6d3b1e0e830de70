package bindings

import "showrun/runtime/show"

// Board implements show.Bindings.
func (s *Show) Board() (show.Board, bool) {
	first := !s.shown
	s.shown = true
	return show.Board{}, first
}

// Operate implements show.Bindings.
func (s *Show) Operate(show.Operation) error { return nil }
