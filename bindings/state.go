package bindings

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"showrun/runtime/script"
)

// State exports show.state.
func (s *Show) State() (script.Table, error) {
	if s.show == nil {
		return s.env.State, nil
	}
	v, err := script.Export(s.show.RawGetString("state"), "show.state")
	if err != nil {
		return nil, err
	}
	t, ok := v.(script.Table)
	if !ok {
		return nil, fmt.Errorf("show.state must be a table, got %s", show(s.show.RawGetString("state")))
	}
	return t, nil
}

// SetState replaces the contents of show.state. The table stays the same one, so
// that what a script has kept of it is not left behind.
func (s *Show) SetState(L *lua.LState, t script.Table) {
	s.env.State = t
	if s.show == nil {
		return
	}
	state, ok := s.show.RawGetString("state").(*lua.LTable)
	if !ok {
		state = L.NewTable()
		s.show.RawSetString("state", state)
	}
	var keys []lua.LValue
	for k, _ := state.Next(lua.LNil); k != lua.LNil; k, _ = state.Next(k) {
		keys = append(keys, k)
	}
	for _, k := range keys {
		state.RawSet(k, lua.LNil)
	}
	for _, p := range t {
		state.RawSet(script.Import(L, p.Key), script.Import(L, p.Value))
	}
}
