package script

import (
	"context"
	"errors"
	"fmt"

	lua "github.com/yuin/gopher-lua"
)

// runFiles runs the top level of the show and, behind it, of its tests.
func (g *Generation) runFiles(ctx context.Context) error {
	if g.cfg.Main != g.cfg.Tests {
		if err := g.runFile(ctx, g.cfg.Main, nil); err != nil || g.cfg.Tests == "" {
			return err
		}
	}
	return g.runFile(ctx, g.cfg.Tests, g.apart())
}

// apart are globals for tests: those of the show, and before them what tests make
// themselves and module "test", which the show does not see.
func (g *Generation) apart() *lua.LTable {
	own, mt := g.L.NewTable(), g.L.NewTable()
	mt.RawSetString("__index", g.L.G.Global)
	own.Metatable = mt
	for _, m := range g.cfg.Modules {
		if m.Name == "test" {
			g.modules[m.Name] = m.Open(g, g.L)
			own.RawSetString(m.Name, g.modules[m.Name])
		}
	}
	return own
}

// runFile runs a file of the top level, with globals of its own if there are some.
func (g *Generation) runFile(ctx context.Context, file string, globals *lua.LTable) error {
	fn, err := g.compile(g.cfg.Show, file, ctx.Done())
	switch {
	case errors.Is(err, errAbandoned):
		return &Failure{Message: fmt.Sprintf("%s: %v", file, context.Cause(ctx))}
	case err != nil:
		return err
	case g.cfg.Number > 1 && len(fn.Proto.Code) == 1:
		return &Failure{Message: file + ": the file is empty; it would take the whole show away"}
	}
	if globals != nil {
		fn.Env = globals
	}
	return g.runTopLevel(ctx, file, fn)
}

// runTopLevel runs a file as a task that cannot wait and collects what it gives.
func (g *Generation) runTopLevel(ctx context.Context, file string, fn *lua.LFunction) error {
	t := g.newTask("", fn, nil)
	t.origin = file
	t.cannotWait = "the top level of a show runs before the show is live; use clock.run or a handler"
	g.until = ctx
	err := g.hand(t)
	g.until = nil
	if err != nil {
		return err
	}
	g.collected, t.out = append(g.collected, t.out...), nil
	g.forget(t)
	if t.err != nil {
		return failure("", t.err)
	}
	return nil
}
