package check

import (
	"fmt"
	"maps"
	"slices"

	"showrun/runtime/patch"
	"showrun/runtime/script"
	"showrun/runtime/script/syntax"
)

// uses is what files do with global variables.
type uses struct {
	set     map[string]bool
	asked   map[string]bool // whether there is such a variable
	dynamic bool            // which are set cannot be told
	modules bool            // and modules may be among them
	locals  map[*syntax.File]map[string]int
}

// unset notes the global variables in some files that nothing sets, each once a file, and
// returns those that are modules.
func (c *check) unset(files []*syntax.File) (modules []string) {
	u := &uses{set: map[string]bool{}, asked: map[string]bool{}, locals: map[*syntax.File]map[string]int{}}
	for _, f := range slices.Concat(c.files, c.library) {
		syntax.Walk(f.Main, func(n syntax.Node) bool { u.see(n); return true })
	}
	for _, f := range files {
		told := map[string]bool{}
		syntax.Walk(f.Main, func(n syntax.Node) bool {
			if call, ok := n.(*syntax.Call); ok {
				passes(call, told)
				return !catches(call)
			}
			name, ok := n.(*syntax.Name)
			if !ok || name.Local != nil || told[name.Name] || c.globals[name.Name] || u.set[name.Name] || u.asked[name.Name] {
				return true
			}
			if module := c.isModule(name.Name); module && !u.modules || !u.dynamic {
				told[name.Name] = true
				c.unsetAt(f, name, u)
				if module && !slices.Contains(modules, name.Name) {
					modules = append(modules, name.Name)
				}
			}
			return true
		})
	}
	return modules
}

// catches tells whether a call catches the errors of what it calls: whoever does so knows that
// there may be some.
func catches(c *syntax.Call) bool {
	name, _ := global(c.Func)
	return name == "pcall" || name == "xpcall"
}

// passes takes note of names of the language that shows do not have, and that a call is given:
// it is to see that.
func passes(c *syntax.Call, told map[string]bool) {
	for _, a := range c.Args {
		if name, ok := global(a); ok && script.Instead(name) != "" {
			told[name] = true
		}
	}
}

// unsetAt notes a use of a variable that nothing sets.
func (c *check) unsetAt(f *syntax.File, n *syntax.Name, u *uses) {
	c.find(f, n.Place(), "global", fmt.Sprintf("nothing sets the global variable '%s'", n.Name), c.instead(f, n, u))
}

// instead is what may be meant by a variable that nothing sets.
func (c *check) instead(f *syntax.File, n *syntax.Name, u *uses) string {
	if c.isModule(n.Name) {
		return fmt.Sprintf("local %s = require %q", n.Name, n.Name)
	}
	if text := script.Instead(n.Name); text != "" {
		return text
	}
	locals := u.localsOf(f)
	if later, ok := locals[n.Name]; ok {
		line, _ := f.Place(later)
		return fmt.Sprintf("the local of that name at line %d cannot be seen here; declare it before, outside of other blocks", line)
	}
	known := slices.Collect(maps.Keys(locals))
	for name := range c.globals {
		known = append(known, name)
	}
	for name := range u.set {
		known = append(known, name)
	}
	slices.Sort(known)
	if near := patch.Closest(n.Name, slices.Compact(known)); near != "" {
		return fmt.Sprintf("did you mean '%s'?", near)
	}
	return ""
}

// localsOf are the local variables that a file declares, with where each is declared first.
func (u *uses) localsOf(f *syntax.File) map[string]int {
	if u.locals[f] != nil {
		return u.locals[f]
	}
	locals := map[string]int{}
	syntax.Walk(f.Main, func(node syntax.Node) bool {
		for _, v := range declared(node) {
			if _, known := locals[v.Name]; !known {
				locals[v.Name] = v.At
			}
		}
		return true
	})
	u.locals[f] = locals
	return locals
}

// declared are the local variables that a node declares.
func declared(n syntax.Node) []*syntax.Variable {
	switch n := n.(type) {
	case *syntax.Local:
		return n.Vars
	case *syntax.For:
		return n.Vars
	case *syntax.Function:
		return n.Params
	}
	return nil
}

// see notes what a node does.
func (u *uses) see(n syntax.Node) {
	switch n := n.(type) {
	case *syntax.Assign:
		for _, t := range n.Targets {
			u.assign(t)
		}
	case *syntax.If:
		for _, cond := range n.Conds {
			u.ask(cond)
		}
	case *syntax.Loop:
		u.ask(n.Cond)
	case *syntax.Unary:
		if n.Op == "not" {
			u.ask(n.Of)
		}
	case *syntax.Binary:
		switch n.Op {
		case "and", "or":
			u.ask(n.Left)
		case "==", "~=":
			if isNil(n.Right) {
				u.ask(n.Left)
			}
		}
	case *syntax.Call:
		u.call(n)
	}
}

func isNil(e syntax.Expr) bool {
	c, ok := e.(*syntax.Constant)
	return ok && c.Word == "nil"
}

func (u *uses) ask(e syntax.Expr) {
	if name, ok := global(e); ok {
		u.asked[name] = true
	}
}

// global is the name of a global variable.
func global(e syntax.Expr) (string, bool) {
	n, ok := e.(*syntax.Name)
	if !ok || n.Local != nil {
		return "", false
	}
	return n.Name, true
}

func (u *uses) assign(t syntax.Expr) {
	if name, ok := global(t); ok {
		u.set[name] = true
	}
	index, ok := t.(*syntax.Index)
	if !ok {
		return
	}
	if key, ok := index.Key.(*syntax.Text); ok { // of _G, by whatever name
		u.set[key.Value] = u.set[key.Value] || isG(index.Of)
	} else if isG(index.Of) {
		u.dynamic, u.modules = true, true
	}
}

// isG tells whether an expression is _G.
func isG(e syntax.Expr) bool {
	if n, ok := e.(*syntax.Name); ok && n.Local != nil && n.Local.Value != nil {
		e = n.Local.Value
	}
	name, ok := global(e)
	return ok && name == "_G"
}

func (u *uses) call(n *syntax.Call) {
	name, ok := global(n.Func)
	if !ok {
		return
	}
	switch name {
	case "load", "loadstring":
		u.dynamic = true
	case "type", "assert":
		for _, a := range n.Args {
			u.ask(a)
		}
	default: // whoever is given _G may set anything in it
		u.dynamic = u.dynamic || name != "pairs" && name != "next" && name != "rawget" && slices.ContainsFunc(n.Args, isG)
	}
}
