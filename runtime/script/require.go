package script

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"showrun/runtime/patch"

	lua "github.com/yuin/gopher-lua"
)

// load is a module while its file runs.
type load struct {
	task    *Task
	waiting []*Task // that require it meanwhile
}

// standard are the modules that every script has as globals.
var standard = []string{"_G", "bit", "coroutine", "debug", "math", "os", "string", "table", "utf8"}

// openRequire installs require, which knows the standard modules.
func (g *Generation) openRequire() {
	for _, name := range standard {
		g.modules[name] = g.L.GetGlobal(name)
	}
	g.L.SetGlobal("require", g.L.NewFunction(g.require))
}

// require implements require: built-in modules first, then x.lua or x/init.lua
// in the show folder, then the same in what the runtime ships. A module that
// failed to load may be tried again; one that requires itself is reported with
// the cycle. Where a module waits while it is loaded, others that require it wait
// for it.
func (g *Generation) require(L *lua.LState) int {
	name := L.CheckString(1)
	g.circle(L, name)
	for g.loading[name] != nil {
		g.waitForModule(L, name)
	}
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
	fn, shipped := g.find(L, name)
	defer g.beginLoad(name)()
	L.Push(fn)
	L.Push(lua.LString(name))
	L.Push(g.accuse)
	L.Call(2, 1)
	v := L.Get(-1)
	if v == lua.LNil {
		v = lua.LTrue
	}
	if shipped {
		v = entrances(L, v)
	}
	g.modules[name] = v
	L.Push(v)
	return 1
}

// Loaded is what require returns for a module that has been loaded.
func (g *Generation) Loaded(name string) (v lua.LValue, ok bool) {
	v, ok = g.modules[name]
	return v, ok
}

// Protected tells whether the code that runs does so in a protected call or a coroutine.
func (g *Generation) Protected() bool { return g.current != nil && g.current.nesting > 0 }

// beginLoad notes that the running task loads a module. What it returns notes the end.
func (g *Generation) beginLoad(name string) (end func()) {
	t, l := g.current, &load{task: g.current}
	t.loading = append(t.loading, name)
	g.loading[name] = l
	return func() {
		t.loading = t.loading[:len(t.loading)-1]
		delete(g.loading, name)
		for _, w := range l.waiting {
			g.Wake(w, nil)
		}
	}
}

// waitForModule waits until another task has loaded a module, or has failed to.
func (g *Generation) waitForModule(L *lua.LState, name string) {
	t, l := g.current, g.loading[name]
	t.awaits = name
	defer func() { t.awaits = "" }()
	l.waiting = append(l.waiting, t)
	g.Suspend(L)
}

// circle raises when the running task is loading the module itself, or when the
// task that is waits for one that this task loads.
func (g *Generation) circle(L *lua.LState, name string) {
	path := []string{name}
	for next := name; ; {
		l := g.loading[next]
		if l == nil {
			return
		}
		if l.task == g.current {
			at := slices.Index(l.task.loading, next)
			path = append(slices.Clone(l.task.loading[at:]), path...)
			L.RaiseError("require: modules require one another in a circle: %s", strings.Join(path, " -> "))
		}
		if next = l.task.awaits; next == "" {
			return
		}
		path = append(path, next)
	}
}

// available reports whether there is a module of the name.
func (g *Generation) available(name string) bool {
	if _, ok := g.modules[name]; ok {
		return true
	}
	for _, m := range g.cfg.Modules {
		if m.Name == name {
			return true
		}
	}
	for _, where := range g.places() {
		for _, file := range files(name) {
			if _, err := fs.Stat(where, file); err == nil {
				return true
			}
		}
	}
	return false
}

// Folder has the files of the show, and nothing outside it. What is read of it while the
// show loads is watched, and part of a recording.
func (g *Generation) Folder() fs.FS { return g.cfg.Show }

// places are where the files of modules are looked for.
func (g *Generation) places() []fs.FS {
	var list []fs.FS
	for _, where := range []fs.FS{g.cfg.Show, g.cfg.Shipped} {
		if where != nil {
			list = append(list, where)
		}
	}
	return list
}

// files are those in which a module can be.
func files(name string) []string {
	base := strings.ReplaceAll(name, ".", "/")
	return slices.DeleteFunc([]string{base + ".lua", path.Join(base, "init.lua")}, func(file string) bool { return !fs.ValidPath(file) })
}

// find compiles the file of a module, or raises what is wrong with it, and tells whether
// the file comes with the runtime.
func (g *Generation) find(L *lua.LState, name string) (fn *lua.LFunction, shipped bool) {
	for i, where := range []fs.FS{g.cfg.Show, g.cfg.Shipped} {
		if where == nil {
			continue
		}
		shipped = i == 1
		for _, file := range files(name) {
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
			if shipped {
				g.shipped[file] = true
			}
			return fn, shipped
		}
	}
	raise(L, fmt.Sprintf("require: no module %q%s: %s", name, g.likely(name), g.whereNot(name)))
	return nil, false
}

// likely is " (did you mean …?)" for the module that somebody who wrote name may want, ""
// when none is like it.
func (g *Generation) likely(name string) string {
	known := slices.Clone(standard)
	for _, m := range g.cfg.Modules {
		known = append(known, m.Name)
	}
	for _, where := range g.places() {
		known = append(known, in(where)...)
	}
	plain := strings.ReplaceAll(strings.TrimLeft(strings.TrimSuffix(name, ".lua"), "./"), "/", ".")
	near := patch.Closest(plain, known)
	if plain != name && plain != "" && g.available(plain) {
		near = plain // a path, or with the ending of the file
	}
	if near == "" || near == name {
		return ""
	}
	return fmt.Sprintf(" (did you mean '%s'?)", near)
}

// in are the modules whose files lie in a folder itself.
func in(where fs.FS) (names []string) {
	if where == nil {
		return nil
	}
	found, _ := fs.Glob(where, "*.lua") // none is no reason to say more
	for _, file := range found {
		names = append(names, strings.TrimSuffix(file, ".lua"))
	}
	return names
}

// whereNot tells where a module was looked for.
func (g *Generation) whereNot(name string) string {
	var known []string
	for _, m := range g.cfg.Modules {
		known = append(known, m.Name)
	}
	looked := "nor can it be a file of the show folder"
	if list := files(name); len(list) > 0 {
		looked = "no " + strings.Join(list, " or ") + " in the show folder"
	}
	if library := in(g.cfg.Shipped); len(library) > 0 {
		looked = fmt.Sprintf("not in the library (%s), %s", strings.Join(library, ", "), looked)
	}
	return fmt.Sprintf("not built in (%s), %s", strings.Join(known, ", "), looked)
}
