package bindings

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"

	"showrun/bindings/api"
	"showrun/bindings/reference"
	"showrun/examples"
)

// TestTheFactsCoverEveryExample finds each call of the examples, with its options, in the facts,
// as far as a local variable tells what something is.
func TestTheFactsCoverEveryExample(t *testing.T) {
	texts := map[string]string{}
	all, err := reference.Examples()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		texts[e.Where] = e.Text
	}
	err = fs.WalkDir(examples.Files(), ".", func(name string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(name, ".lua") {
			var b []byte
			b, err = fs.ReadFile(examples.Files(), name)
			texts[name] = string(b)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	a, total := api.Load(), 0
	for where, text := range texts {
		chunk, err := parse.Parse(strings.NewReader(text), where)
		if err != nil {
			t.Fatalf("%s: %v", where, err)
		}
		c := cover{a: a, types: map[string]string{}, wrong: func(line int, format string, args ...any) {
			t.Errorf("%s, line %d: %s", where, line, fmt.Sprintf(format, args...))
		}}
		c.block(chunk)
		total += c.known
	}
	if total < 1000 {
		t.Errorf("only %d calls are understood", total)
	}
}

// cover follows what local variables are through a script.
type cover struct {
	a     *api.API
	types map[string]string // of local variables, by name; modules as "module NAME"
	known int               // calls that were understood
	wrong func(line int, format string, args ...any)
}

func (c *cover) block(list []ast.Stmt) {
	for _, s := range list {
		c.statement(s)
	}
}

func (c *cover) statement(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.LocalAssignStmt:
		types := c.all(s.Exprs)
		for i, name := range s.Names {
			c.types[name] = ""
			if i < len(types) {
				c.types[name] = types[i]
			}
		}
	case *ast.AssignStmt:
		c.all(s.Rhs)
	case *ast.FuncCallStmt:
		c.expr(s.Expr)
	case *ast.DoBlockStmt:
		c.block(s.Stmts)
	case *ast.WhileStmt:
		c.expr(s.Condition)
		c.block(s.Stmts)
	case *ast.RepeatStmt:
		c.block(s.Stmts)
		c.expr(s.Condition)
	case *ast.IfStmt:
		c.expr(s.Condition)
		c.block(s.Then)
		c.block(s.Else)
	case *ast.NumberForStmt:
		c.types[s.Name] = ""
		c.block(s.Stmts)
	case *ast.GenericForStmt:
		c.all(s.Exprs)
		for _, name := range s.Names {
			c.types[name] = ""
		}
		c.block(s.Stmts)
	case *ast.FuncDefStmt:
		c.expr(s.Func)
	case *ast.ReturnStmt:
		c.all(s.Exprs)
	}
}

func (c *cover) all(list []ast.Expr) (types []string) {
	for _, e := range list {
		types = append(types, c.expr(e))
	}
	return types
}

// expr is the type of an expression, "" if nothing is known of it.
func (c *cover) expr(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.IdentExpr:
		return c.types[e.Value]
	case *ast.FunctionExpr:
		before := c.types
		c.types = map[string]string{}
		for name, typ := range before {
			if !slices.Contains(e.ParList.Names, name) {
				c.types[name] = typ
			}
		}
		c.block(e.Stmts)
		c.types = before
	case *ast.TableExpr:
		for _, f := range e.Fields {
			c.expr(f.Value)
		}
	case *ast.LogicalOpExpr:
		c.all([]ast.Expr{e.Lhs, e.Rhs})
	case *ast.RelationalOpExpr:
		c.all([]ast.Expr{e.Lhs, e.Rhs})
	case *ast.ArithmeticOpExpr:
		c.all([]ast.Expr{e.Lhs, e.Rhs})
	case *ast.StringConcatOpExpr:
		c.all([]ast.Expr{e.Lhs, e.Rhs})
	case *ast.AttrGetExpr:
		return c.field(e)
	case *ast.FuncCallExpr:
		return c.call(e)
	}
	return ""
}

// table is the module or the class of a type, nil if there is none.
func (c *cover) table(typ string) *api.Table {
	if name, ok := strings.CutPrefix(typ, "module "); ok {
		return c.a.Module(name)
	}
	return c.a.Class(strings.TrimSuffix(typ, "?"))
}

func (c *cover) field(e *ast.AttrGetExpr) string {
	t := c.table(c.expr(e.Object))
	key, ok := e.Key.(*ast.StringExpr)
	switch {
	case t == nil || t.Item != "" && !ok:
		return ""
	case !ok:
		c.expr(e.Key)
		return ""
	}
	if f := c.a.Field(t, key.Value); f != nil {
		return f.Type
	}
	if c.a.Function(t, key.Value) == nil && !strings.HasPrefix(t.Item, "[string]") {
		c.wrong(e.Line(), "%s.%s is not there", t.Name, key.Value)
	}
	return ""
}

// call is the type of what a call returns first.
func (c *cover) call(e *ast.FuncCallExpr) string {
	types := c.all(e.Args)
	if name, ok := e.Func.(*ast.IdentExpr); ok && name.Value == "require" {
		if module, ok := e.Args[0].(*ast.StringExpr); ok {
			return "module " + module.Value
		}
	}
	var t *api.Table
	name, sep := e.Method, ":"
	switch fn := e.Func.(type) {
	case *ast.AttrGetExpr:
		t, sep = c.table(c.expr(fn.Object)), "."
		if key, ok := fn.Key.(*ast.StringExpr); ok {
			name = key.Value
		}
	case nil:
		t = c.table(c.expr(e.Receiver))
	default:
		if t = c.table(c.expr(fn)); t != nil && t.Module {
			sep = t.Sep()
		}
	}
	if t == nil || sep != t.Sep() {
		return ""
	}
	f := c.a.Function(t, name)
	if f == nil {
		c.wrong(e.Line(), "%s%s%s is not there", t.Name, sep, name)
		return ""
	}
	c.known++
	c.options(e, t.Name+strings.TrimSuffix(sep+name, "."), f, types)
	if len(f.Calls[0].Returns) == 0 {
		return ""
	}
	return f.Calls[0].Returns[0]
}

// options looks for the fields of the last argument, if the function takes some there.
func (c *cover) options(e *ast.FuncCallExpr, name string, f *api.Function, types []string) {
	if len(e.Args) == 0 {
		return
	}
	table, ok := e.Args[len(e.Args)-1].(*ast.TableExpr)
	takes := slices.ContainsFunc(f.Calls, func(call api.Call) bool {
		return len(call.Params) >= len(types) && len(types) > 0 && call.Params[len(types)-1].Options != nil
	})
	if !ok || !takes {
		return
	}
	known := f.Options()
	for _, field := range table.Fields {
		key, ok := field.Key.(*ast.StringExpr)
		if ok && !slices.ContainsFunc(known, func(o api.Field) bool { return o.Name == key.Value }) {
			c.wrong(e.Line(), "%s takes no %s", name, key.Value)
		}
	}
}
