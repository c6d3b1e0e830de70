package bindings

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/runtime/script/plain"
)

// State exports show.state. With an error, which names the first key that cannot
// be kept, it returns what can.
func (s *Show) State() (plain.Table, error) {
	if s.show == nil {
		return s.env.State, nil
	}
	t, ok := s.show.RawGetString("state").(*lua.LTable)
	if !ok {
		return nil, fmt.Errorf("show.state must be a table, got %s", module.Describe(s.show.RawGetString("state")))
	}
	v, err := plain.Export(t, "show.state")
	if err == nil {
		return v.(plain.Table), nil
	}
	state := plain.Table{}
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		key, err := plain.Export(k, "")
		if err != nil {
			continue
		}
		if value, err := plain.Export(v, ""); err == nil {
			state = append(state, plain.Pair{Key: key, Value: value})
		}
	}
	return state, err
}

// SetState replaces the contents of show.state. The table stays the same one, so
// that what a script has kept of it is not left behind.
func (s *Show) SetState(L *lua.LState, t plain.Table) {
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
		state.RawSet(plain.Import(L, p.Key), plain.Import(L, p.Value))
	}
}
