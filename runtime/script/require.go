package script

import (
	"errors"
	"io/fs"
	"path"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// require implements require: built-in modules first, then x.lua or x/init.lua
// in the show folder, then the same in what the runtime ships. A module that
// failed to load may be tried again; one that requires itself is reported with
// the cycle.
func (g *Generation) require(L *lua.LState) int {
	name := L.CheckString(1)
	if v, ok := g.modules[name]; ok {
		L.Push(v)
		return 1
	}
	for _, m := range g.cfg.Modules {
		if m.Name == name {
			v := m.Open(g, L)
			g.modules[name] = v
			L.Push(v)
			return 1
		}
	}
	t := g.current
	for i, l := range t.loading {
		if l == name {
			L.RaiseError("require: modules require one another in a circle: %s -> %s", strings.Join(t.loading[i:], " -> "), name)
		}
	}
	fn := g.find(L, name)
	t.loading = append(t.loading, name)
	defer func() { t.loading = t.loading[:len(t.loading)-1] }()
	L.Push(fn)
	L.Push(lua.LString(name))
	L.Call(1, 1)
	v := L.Get(-1)
	if v == lua.LNil {
		v = lua.LTrue
	}
	g.modules[name] = v
	L.Push(v)
	return 1
}

// find compiles the file of a module or raises what is wrong with it.
func (g *Generation) find(L *lua.LState, name string) *lua.LFunction {
	base := strings.ReplaceAll(name, ".", "/")
	candidates := []string{base + ".lua", path.Join(base, "init.lua")}
	for _, where := range []fs.FS{g.cfg.Show, g.cfg.Shipped} {
		for _, file := range candidates {
			if where == nil || !fs.ValidPath(file) {
				continue
			}
			fn, err := g.compile(where, file, g.hook.alarm)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if stop := g.hook.spend(1); stop != nil { // what stops the task while it compiles stops it here
				L.RaiseError("%s", stop)
			}
			if err != nil {
				L.RaiseError("require: %s", err)
			}
			return fn
		}
	}
	var known []string
	for _, m := range g.cfg.Modules {
		known = append(known, m.Name)
	}
	L.RaiseError("require: no module %q: not built in (%s), no %s or %s in the show folder", name, strings.Join(known, ", "), candidates[0], candidates[1])
	return nil
}
