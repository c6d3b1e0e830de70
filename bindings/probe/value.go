package probe

import (
	lua "github.com/yuin/gopher-lua"

	"showrun/runtime/script/syntax"
)

// value is what is known of an expression: what it may be, or the constructor or the function
// that it is. The zero value is something unknown.
type value struct {
	may    []lua.LValue
	table  *syntax.Table
	fn     *syntax.Function
	sought string // the name by which nothing was found, if it is nil for that
}

func is(v lua.LValue) value { return value{may: []lua.LValue{v}} }

func (v value) known() bool { return len(v.may) > 0 || v.table != nil || v.fn != nil }

// one is what it is, if that is one thing.
func (v value) one() lua.LValue {
	if len(v.may) == 1 {
		return v.may[0]
	}
	return nil
}

// scene is what the evaluation of a file knows.
type scene struct {
	*Probe
	*traits
	file    *syntax.File
	fields  map[string]syntax.Expr            // what was assigned to fields last, by name
	once    map[*syntax.Variable]syntax.Expr  // what variables without a value get, that are assigned to once
	asked   map[*syntax.Variable]bool         // variables that some condition is about
	sought  map[string]bool                   // fields that some condition is about, as they are written
	bodies  map[*syntax.Function]*syntax.Call // whose argument a function is
	guarded map[*syntax.Function]bool         // functions whose errors are caught
	callees map[syntax.Expr]bool              // expressions that are called
	inside  map[*syntax.Call]*syntax.Function // in which a call stands
	memo    map[syntax.Expr]value
	open    map[syntax.Expr]bool // in the middle of it
}

// traits are what the texts of all files say together.
type traits struct {
	methods map[string]bool         // that anything may have, by name
	stored  map[string]int          // how often a field or a global of a name is assigned to
	beat    map[string]bool         // the fields of a beat
	shipped map[string]bool         // the files of the library
	lua     map[*lua.LFunction]bool // its functions
	dynamic bool                    // what things have cannot be told from the text
}

func (p *Probe) newScene(f *syntax.File, t *traits) *scene {
	s := &scene{
		Probe: p, traits: t, file: f, fields: map[string]syntax.Expr{}, once: map[*syntax.Variable]syntax.Expr{}, asked: map[*syntax.Variable]bool{}, sought: map[string]bool{},
		bodies: map[*syntax.Function]*syntax.Call{}, guarded: map[*syntax.Function]bool{}, callees: map[syntax.Expr]bool{},
		inside: map[*syntax.Call]*syntax.Function{}, memo: map[syntax.Expr]value{}, open: map[syntax.Expr]bool{},
	}
	s.survey(f)
	s.place(f.Main)
	return s
}

// place notes in which function calls stand.
func (s *scene) place(fn *syntax.Function) {
	syntax.WalkAll(fn.Body, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Function:
			s.place(n)
			return false
		case *syntax.Call:
			s.inside[n] = fn
		}
		return true
	})
}

// survey notes what the text of a file says before anything is evaluated.
func (s *scene) survey(f *syntax.File) {
	ask := func(e syntax.Expr) {
		switch e := e.(type) {
		case *syntax.Name:
			if e.Local != nil {
				s.asked[e.Local] = true
			}
		case *syntax.Index:
			s.sought[path(e)] = true
		}
	}
	syntax.Walk(f.Main, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Assign:
			for i, t := range n.Targets {
				s.assigned(t, i, n)
			}
		case *syntax.Table:
			for _, field := range n.Fields {
				if k, ok := field.Key.(*syntax.Text); ok {
					s.methods[k.Value] = true
					s.meta(k.Value, field.Value)
				}
			}
		case *syntax.If:
			for _, c := range n.Conds {
				ask(c)
			}
		case *syntax.Loop:
			ask(n.Cond)
		case *syntax.Unary:
			if n.Op == "not" {
				ask(n.Of)
			}
		case *syntax.Binary:
			switch n.Op {
			case "and", "or", "==", "~=":
				ask(n.Left)
				ask(n.Right)
			}
		case *syntax.Call:
			s.passes(n)
		}
		return true
	})
}

// meta notes that a metatable answers for what is not there.
func (s *scene) meta(key string, v syntax.Expr) {
	if _, ok := v.(*syntax.Function); ok && key == "__index" {
		s.dynamic = true
	}
}

func (s *scene) assigned(t syntax.Expr, i int, a *syntax.Assign) {
	var v syntax.Expr
	if i < len(a.Values) {
		v = a.Values[i]
	}
	switch t := t.(type) {
	case *syntax.Name:
		switch {
		case t.Local == nil:
			s.stored[t.Name]++
		case t.Local.Sets == 1 && t.Local.Value == nil && !t.Local.Param:
			s.once[t.Local] = v
		}
	case *syntax.Index:
		k, ok := t.Key.(*syntax.Text)
		if !ok {
			if _, fn := v.(*syntax.Function); fn {
				s.dynamic = true
			}
			return
		}
		s.stored[k.Value]++
		s.fields[k.Value] = v
		s.methods[k.Value] = true
		s.meta(k.Value, v)
	}
}

// passes notes the functions that a call passes.
func (s *scene) passes(c *syntax.Call) {
	if c.Method == "" {
		s.callees[c.Func] = true
	}
	name := ""
	if n, ok := c.Func.(*syntax.Name); ok && c.Method == "" && n.Local == nil {
		name = n.Name
	}
	switch name {
	case "load", "loadstring", "rawset":
		s.dynamic = true
	}
	for _, a := range c.Args {
		if fn, ok := a.(*syntax.Function); ok {
			s.bodies[fn] = c
			if name == "pcall" || name == "xpcall" {
				s.guarded[fn] = true
			}
		}
		t, ok := a.(*syntax.Table)
		if !ok {
			continue
		}
		for _, f := range t.Fields {
			if fn, ok := f.Value.(*syntax.Function); ok {
				s.bodies[fn] = c
			}
		}
	}
}
