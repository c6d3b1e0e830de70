package probe

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"showrun/runtime/patch"
	"showrun/runtime/script"
	"showrun/runtime/script/syntax"
)

// target is a function of a module, and the object it is a method of.
type target struct {
	fn   *lua.LFunction
	self lua.LValue
}

// call is what a call returns. One that stands in a function which has not run is tried.
func (s *scene) call(c *syntax.Call) value {
	if v, ok := s.require(c); ok {
		return v
	}
	targets := s.targets(c)
	if len(targets) == 0 {
		return value{}
	}
	name := s.names[targets[0].fn]
	for _, at := range []int{c.Place(), c.NameAt, c.End} {
		if done := s.calls[spot{where(s.file, at), name}]; done != nil {
			return s.found(c, name, value{may: done})
		}
	}
	fn := s.inside[c]
	if fn == nil || fn == s.file.Main && name != "stage.get" || s.caught(fn) {
		return value{} // what is only looked up may be anywhere
	}
	return s.found(c, name, s.try(c, targets))
}

// caught tells whether errors in a function are.
func (s *scene) caught(fn *syntax.Function) bool {
	for ; fn != nil; fn = fn.In {
		if s.guarded[fn] {
			return true
		}
	}
	return false
}

// found is the value of a call that looks something up by its name.
func (s *scene) found(c *syntax.Call, name string, v value) value {
	if name != "stage.get" || v.one() != lua.LNil || len(c.Args) == 0 {
		return v
	}
	if text, ok := s.eval(c.Args[0]).one().(lua.LString); ok {
		v.sought = string(text)
	}
	return v
}

// require is a module that has been loaded, or comes with the bindings.
func (s *scene) require(c *syntax.Call) (value, bool) {
	n, ok := c.Func.(*syntax.Name)
	if !ok || c.Method != "" || n.Name != "require" || n.Local != nil || len(c.Args) == 0 {
		return value{}, false
	}
	name, ok := c.Args[0].(*syntax.Text)
	if !ok {
		return value{}, true
	}
	if v, ok := s.G.Loaded(name.Value); ok {
		s.adopt(name.Value, v)
		return is(v), true
	}
	for _, m := range s.Modules() {
		if m.Name == name.Value {
			v, _ := s.shadowed(func(L *lua.LState) lua.LValue {
				L.Push(L.GetGlobal("require"))
				L.Push(lua.LString(name.Value))
				L.Call(1, 1)
				return L.Get(-1)
			})
			return is(v), true
		}
	}
	return value{}, true
}

// adopt names the functions of a module of the library.
func (s *scene) adopt(name string, module lua.LValue) {
	t, ok := module.(*lua.LTable)
	if !ok || !s.shipped[name+".lua"] {
		return
	}
	t.ForEach(func(k, v lua.LValue) {
		if fn, ok := v.(*lua.LFunction); ok && fn.IsG {
			s.names[fn] = name + "." + k.String()
			s.lua[fn] = true
		}
	})
}

// called is the name of the function that a call is of, "" if it is none of a module.
func (s *scene) called(c *syntax.Call) string {
	if list := s.targets(c); len(list) > 0 {
		return s.names[list[0].fn]
	}
	return ""
}

// targets are the functions of modules that a call may be of.
func (s *scene) targets(c *syntax.Call) (list []target) {
	of := s.eval(c.Func)
	if c.Method == "" {
		for _, v := range of.may {
			if fn, ok := v.(*lua.LFunction); ok && s.names[fn] != "" {
				list = append(list, target{fn: fn})
			}
		}
		return list
	}
	if of.sought != "" {
		s.absent(c, of.sought)
		return nil
	}
	if !of.known() {
		s.stranger(c)
		return nil
	}
	for _, self := range of.may {
		fn, raised := s.method(self, c.Method)
		if raised != "" {
			s.remark(c.NameAt, "member", raised)
			return nil
		}
		if s.names[fn] != "" {
			list = append(list, target{fn, self})
		}
	}
	return list
}

// method is one of an object or of a module.
func (s *scene) method(self lua.LValue, name string) (fn *lua.LFunction, raised string) {
	switch x := self.(type) {
	case *lua.LUserData:
		v, raised := s.field(x, name)
		fn, _ = v.(*lua.LFunction)
		return fn, raised
	case *lua.LTable:
		fn, _ = x.RawGetString(name).(*lua.LFunction)
	case lua.LString:
		if near := patch.Closest(name, texts()); near != "" && near != name && s.stored[name] == 0 {
			return nil, "a text has no method '" + name + "' (did you mean '" + near + "'?)"
		}
	}
	return fn, ""
}

// absent says that nothing has the name that it was sought by.
func (s *scene) absent(c *syntax.Call, name string) {
	if n, ok := c.Func.(*syntax.Name); ok && n.Local != nil && s.asked[n.Local] || s.lost[name] {
		return
	}
	s.remark(c.Place(), "name", s.Patch().Unknown(name).Error())
}

// stranger says that nothing at all has a method, if some have one that is much like it.
func (s *scene) stranger(c *syntax.Call) {
	if s.dynamic || s.methods[c.Method] {
		return
	}
	if near := patch.Closest(c.Method, slices.Sorted(maps.Keys(s.methods))); near != "" {
		s.remark(c.NameAt, "member", "nothing has a method '"+c.Method+"' (did you mean '"+near+"'?)")
	}
}

// try calls what a call is of, and remarks what is wrong whatever stands for what is not known.
func (s *scene) try(c *syntax.Call, targets []target) value {
	choices := len(targets)
	for _, a := range c.Args {
		choices = max(choices, len(s.eval(a).may))
	}
	var may []lua.LValue
	wrong := ""
	for i := range choices {
		v, raised := s.tryOne(c, targets[i%len(targets)], i)
		if raised == "" {
			if v != nil {
				may = append(may, v)
			}
			wrong = ""
			break
		}
		if wrong == "" {
			wrong = raised
		}
	}
	if wrong != "" {
		s.complain(c, wrong)
	}
	return value{may: may}
}

// tryOne calls one of what may be meant, with choice i of what its arguments may be. What is
// raised counts if it does not depend on what stands for what is not known.
func (s *scene) tryOne(c *syntax.Call, t target, i int) (result lua.LValue, raised string) {
	told, whatever := map[string]int{}, ""
	s.trying = where(s.file, c.NameAt)
	defer func() { s.trying = "" }()
	for _, stand := range s.stands() {
		b := &builder{scene: s, stand: stand, choice: i}
		args := b.args(c.Args)
		if b.vague || b.used && s.lua[t.fn] { // what is written in Lua may do anything with what it is given
			return nil, ""
		}
		if t.self != nil && c.Method != "" {
			args = append([]lua.LValue{t.self}, args...)
		}
		s.refused = false
		result, raised = s.shadowed(func(L *lua.LState) lua.LValue {
			L.Push(t.fn)
			for _, a := range args {
				L.Push(a)
			}
			L.Call(len(args), 1)
			return L.Get(-1)
		})
		switch {
		case s.refused && s.isHandler(s.inside[c]) && (strings.Contains(raised, loadingOnly) || strings.Contains(raised, "must be") && !s.inCue(s.inside[c])):
			return nil, raised
		case raised == "" || s.refused:
			return result, ""
		case !b.used:
			return nil, raised
		}
		if told[raised]++; told[raised] == 2 && whatever == "" {
			whatever = raised
		}
	}
	return nil, whatever
}

// loadingOnly is in what is raised by what can be done only then.
const loadingOnly = "while the show loads"

// isHandler tells whether a module calls a function.
func (s *scene) isHandler(fn *syntax.Function) bool {
	call := s.bodies[fn]
	if call == nil {
		return false
	}
	name := s.called(call)
	return name != "" && !strings.HasSuffix(name, ":each")
}

// inCue tells whether a function is that of a cue, or inside one.
func (s *scene) inCue(fn *syntax.Function) bool {
	for ; fn != nil; fn = fn.In {
		if call := s.bodies[fn]; call != nil && call.Method == "cue" {
			return true
		}
	}
	return false
}

// stands are what is put in the place of what is not known.
func (s *scene) stands() []lua.LValue {
	return []lua.LValue{lua.LNumber(1), lua.LString("1s"), lua.LNil, s.stub(), s.G.L.NewTable(), lua.LTrue}
}

// stub is a function that does nothing.
func (s *scene) stub() *lua.LFunction {
	return s.G.L.NewFunction(func(*lua.LState) int { return 0 })
}

// shadowed computes something of which nothing comes, or returns what that raises.
func (s *scene) shadowed(f func(L *lua.LState) lua.LValue) (v lua.LValue, raised string) {
	v = lua.LNil
	s.tried++
	fn := s.G.L.NewFunction(func(L *lua.LState) int { v = f(L); return 0 })
	if _, err := s.G.Shadow("check", nil, fn, nil); err != nil {
		var failed *script.Failure
		if raised = err.Error(); errors.As(err, &failed) {
			raised = failed.Message
		}
		raised = strings.TrimSpace(hostPlace.ReplaceAllString(raised, ""))
	}
	return v, raised
}

// hostPlace is where errors come from that no script has called.
var hostPlace = regexp.MustCompile(`^(\[G\]|\?)?: ?`)

// builder makes arguments.
type builder struct {
	*scene
	stand  lua.LValue
	choice int
	used   bool // stand stands for something
	vague  bool // how many there are is not known
}

func (b *builder) args(list []syntax.Expr) (args []lua.LValue) {
	for i, e := range list {
		b.open(e, i == len(list)-1)
		args = append(args, b.value(e))
	}
	return args
}

// open notes when the last of a list may be any number of values.
func (b *builder) open(e syntax.Expr, last bool) {
	switch e.(type) {
	case *syntax.Call, *syntax.Rest:
		b.vague = b.vague || last && !b.eval(e).known()
	}
}

func (b *builder) value(e syntax.Expr) lua.LValue {
	v := b.eval(e)
	if t, ok := e.(*syntax.Table); ok {
		return b.table(t)
	}
	if v.fn != nil {
		return b.stub()
	}
	if len(v.may) > 0 {
		if x := v.may[b.choice%len(v.may)]; x.Type() != lua.LTTable {
			return x
		}
	}
	b.used = true
	return b.stand
}

func (b *builder) table(t *syntax.Table) lua.LValue {
	out := b.G.L.NewTable()
	for i, f := range t.Fields {
		switch {
		case f.Key == nil:
			b.open(f.Value, i == len(t.Fields)-1)
			out.Append(b.value(f.Value))
		default:
			k := b.eval(f.Key)
			if len(k.may) == 0 || k.may[0] == lua.LNil {
				b.used = true
				continue
			}
			out.RawSet(k.may[b.choice%len(k.may)], b.value(f.Value))
		}
	}
	return out
}
