package probe

import (
	"maps"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/runtime/patch"
	"showrun/runtime/script/syntax"
)

// eval is what is known of an expression.
func (s *scene) eval(e syntax.Expr) value {
	if v, ok := s.memo[e]; ok {
		return v
	}
	if e == nil || s.open[e] {
		return value{}
	}
	s.open[e] = true
	v := s.compute(e)
	delete(s.open, e)
	s.memo[e] = v
	return v
}

func (s *scene) compute(e syntax.Expr) value {
	switch e := e.(type) {
	case *syntax.Constant:
		return is(map[string]lua.LValue{"nil": lua.LNil, "true": lua.LTrue, "false": lua.LFalse}[e.Word])
	case *syntax.Number:
		return is(lua.LNumber(e.Value))
	case *syntax.Text:
		return is(lua.LString(e.Value))
	case *syntax.Function:
		return value{fn: e}
	case *syntax.Table:
		return value{table: e}
	case *syntax.Unary:
		return s.unary(e)
	case *syntax.Binary:
		return s.binary(e)
	case *syntax.Name:
		return s.variable(e)
	case *syntax.Index:
		return s.index(e)
	case *syntax.Call:
		return s.call(e)
	}
	return value{}
}

func (s *scene) unary(e *syntax.Unary) value {
	v := s.eval(e.Of)
	switch n, isNumber := v.one().(lua.LNumber); {
	case e.Op == "(":
		return v
	case e.Op == "-" && isNumber:
		return is(-n)
	}
	return value{}
}

func (s *scene) binary(e *syntax.Binary) value {
	left, right := s.eval(e.Left).one(), s.eval(e.Right).one()
	a, isA := left.(lua.LNumber)
	b, isB := right.(lua.LNumber)
	if isA && isB {
		switch e.Op {
		case "+":
			return is(a + b)
		case "-":
			return is(a - b)
		case "*":
			return is(a * b)
		case "/":
			return is(a / b)
		}
	}
	x, isX := left.(lua.LString)
	y, isY := right.(lua.LString)
	if isX && isY && e.Op == ".." && len(x)+len(y) <= longest {
		return is(x + y)
	}
	return value{}
}

// longest is how many bytes a text may have that is computed: each may be put together of two
// that were computed before.
const longest = 64 << 10

// variable is what a name means: locals that are assigned to once, and globals as they are
// when the show has loaded, if nothing else assigns to them.
func (s *scene) variable(n *syntax.Name) value {
	switch v := n.Local; {
	case v == nil && s.stored[n.Name] > 1:
		return value{}
	case v == nil:
		switch g := s.G.L.G.Global.RawGetString(n.Name).(type) {
		case *lua.LFunction, *lua.LTable, *lua.LUserData:
			return is(g)
		}
		return value{}
	case v.Param:
		return value{}
	case v.Sets == 0 && v.Value != nil:
		return s.eval(v.Value)
	case v.Sets == 1 && s.once[v] != nil:
		return s.eval(s.once[v])
	}
	return value{}
}

func (s *scene) index(e *syntax.Index) value {
	s.beatField(e)
	key, ok := s.eval(e.Key).one().(lua.LString)
	if !ok {
		return value{}
	}
	of := s.eval(e.Of)
	if of.table != nil {
		return s.inTable(of.table, string(key))
	}
	var found value
	for _, v := range of.may {
		switch v := v.(type) {
		case *lua.LTable:
			if x := v.RawGetString(string(key)); x != lua.LNil && s.stored[string(key)] < 2 {
				found.may = append(found.may, x)
			} else if x == lua.LNil {
				s.lacks(e, v, string(key))
				return value{}
			}
		case *lua.LUserData:
			x, raised := s.field(v, string(key))
			if raised != "" {
				s.remark(e.Place(), "member", raised)
				return value{}
			}
			if x.Type() == lua.LTUserData || x.Type() == lua.LTFunction {
				found.may = append(found.may, x)
			}
		}
	}
	return found
}

// store looks at what is assigned to: objects do not let their fields be set.
func (s *scene) store(targets []syntax.Expr) {
	for _, t := range targets {
		e, ok := t.(*syntax.Index)
		if !ok {
			continue
		}
		key, _ := s.eval(e.Key).one().(lua.LString)
		if of, ok := s.eval(e.Of).one().(*lua.LUserData); ok && key != "" {
			_, raised := s.shadowed(func(L *lua.LState) lua.LValue { L.SetField(of, string(key), lua.LNumber(1)); return lua.LNil })
			if raised != "" {
				s.remark(e.Place(), "member", raised)
			}
		}
		s.memo[e] = value{}
	}
}

// inTable is a field of a constructor that is assigned to nowhere, or one that is assigned to
// once.
func (s *scene) inTable(t *syntax.Table, key string) value {
	for _, f := range t.Fields {
		if k, ok := f.Key.(*syntax.Text); ok && k.Value == key {
			if s.stored[key] > 0 {
				return value{}
			}
			return s.eval(f.Value)
		}
	}
	if s.stored[key] == 1 && s.fields[key] != nil {
		return s.eval(s.fields[key])
	}
	return value{}
}

// field is x.key of an object, or what that raises.
func (s *scene) field(x lua.LValue, key string) (v lua.LValue, raised string) {
	return s.shadowed(func(L *lua.LState) lua.LValue { return L.GetField(x, key) })
}

// lacks says that a table has no such field, if it is a module or of the language.
func (s *scene) lacks(e *syntax.Index, t *lua.LTable, key string) {
	if t.Metatable != lua.LNil {
		if _, raised := s.field(t, key); raised != "" {
			s.remark(e.Place(), "member", raised)
		}
		return
	}
	name := path(e.Of)
	if name == "" || s.sought[path(e)] || s.stored[key] > 0 || s.dynamic || !s.callees[e] {
		return
	}
	var known []string
	t.ForEach(func(k, _ lua.LValue) {
		if k, ok := k.(lua.LString); ok {
			known = append(known, string(k))
		}
	})
	if near := patch.Closest(key, known); near != "" {
		s.remark(e.Place(), "member", name+" has no '"+key+"'"+module.Hint(key, "it has", known))
	}
}

// path is how an expression such as show.log is written; "" for others.
func path(e syntax.Expr) string {
	switch e := e.(type) {
	case *syntax.Name:
		return e.Name
	case *syntax.Index:
		if k, ok := e.Key.(*syntax.Text); ok {
			if of := path(e.Of); of != "" {
				return of + "." + k.Value
			}
		}
	}
	return ""
}

// beatField says that a beat, which a function is called with, has no such field.
func (s *scene) beatField(e *syntax.Index) {
	n, ok := e.Of.(*syntax.Name)
	key, isText := e.Key.(*syntax.Text)
	if !ok || !isText || n.Local == nil || n.Local.Sets > 0 || len(s.beat) == 0 || s.beat[key.Value] || s.stored[key.Value] > 0 {
		return
	}
	call := s.bodies[n.Local.Of]
	if call == nil || !n.Local.Param || len(n.Local.Of.Params) == 0 || n.Local.Of.Params[0] != n.Local {
		return
	}
	if name := s.called(call); !strings.HasSuffix(name, "on_beat") && !strings.HasSuffix(name, "at_beat") {
		return
	}
	s.remark(e.Place(), "member", "a beat has no '"+key.Value+"'"+module.Hint(key.Value, "it has", slices.Sorted(maps.Keys(s.beat))))
}
