package bindings

import (
	"errors"
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/runtime/script/state"
	"showrun/runtime/show"
)

// root is the table show.state; before the script has asked for module show, or when it
// has put something else in its place, the last one that was.
func (s *Show) root() (*lua.LTable, error) {
	if s.module == nil {
		return s.kept, nil
	}
	t, ok := s.module.RawGetString("state").(*lua.LTable)
	if !ok {
		return s.kept, fmt.Errorf("show.state must be a table, got %s", module.Describe(s.module.RawGetString("state")))
	}
	s.kept = t
	return t, nil
}

// firstState is the table show.state as the script finds it.
func (s *Show) firstState(L *lua.LState) *lua.LTable {
	switch {
	case s.kept != nil:
	case s.passage != nil:
		s.kept = s.passage.Copy(L)
	default:
		s.kept = L.NewTable()
	}
	return s.kept
}

// CopyState implements show.Bindings.
func (s *Show) CopyState() (any, error) {
	root, err := s.root()
	if root == nil {
		return nil, err
	}
	return state.Take(root), err
}

// Ready implements show.Bindings.
func (s *Show) Ready() error {
	s.Patch() // which does not change from here on
	gone := s.cues.Ready(s.scene.Carried.Lists)
	if len(gone) > 0 && s.G.Number() == 1 { // a load before will tell more
		s.G.Log().Error(errors.Join(gone...).Error())
	}
	root, err := s.root()
	if err == nil && root != nil && s.passage != nil {
		s.passage.Compare(root)
	}
	return err
}

// TakeState implements show.Bindings.
func (s *Show) TakeState(before show.Bindings) error {
	s.takeParams(before.(*Show))
	s.takePans(before.(*Show))
	s.at.covered, s.at.fired = before.(*Show).at.covered, before.(*Show).at.fired
	return errors.Join(append(s.cues.TakeOver(before.(*Show).cues), s.takeRoot(before))...)
}

// takeRoot brings show.state up to that of the load before.
func (s *Show) takeRoot(before show.Bindings) error {
	live, err := before.(*Show).root()
	switch {
	case live == nil:
		return err
	case s.kept == nil || s.passage == nil: // the script has not asked for it, or there was none to copy
		if s.kept == nil {
			s.kept = live
		}
		return err
	}
	return errors.Join(append(s.passage.Settle(live), err)...)
}
