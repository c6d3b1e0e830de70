package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"path"
	"slices"
)

// in tells whether a file belongs to one of some places.
func in(file string, places []place) bool {
	return slices.ContainsFunc(places, func(p place) bool {
		ok, _ := path.Match(p.name, path.Base(file))
		return ok && below(path.Dir(file), p.tree)
	})
}

// file checks the rules that show in the syntax of a file.
func (c *checker) file(p *pkg, f *ast.File) {
	name := c.fset.Position(f.Package).Filename
	mayGo, mayAskTime := in(name, goroutines), in(name, wallClock)
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			if !mayGo {
				c.at(n, "a goroutine is started here")
			}
		case *ast.CallExpr:
			if sel, ok := n.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "Go" && len(n.Args) == 1 && !mayGo {
				c.at(n, "a goroutine is started here")
			}
		case *ast.SelectorExpr:
			switch p.qualified(n) {
			case "time.AfterFunc":
				if !mayGo {
					c.at(n, "a goroutine is started here")
				}
			case "time.Now", "time.Since", "time.Until":
				if !mayAskTime {
					c.at(n, "%s is asked here instead of being passed in", p.qualified(n))
				}
			}
		}
		return true
	})
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil && d.Name.Name == "init" {
				c.at(d, "init function")
			}
			if d.Body != nil {
				c.writes(p, d.Body)
			}
		case *ast.GenDecl:
			if d.Tok == token.VAR {
				c.variables(p, d)
			}
		}
	}
}

// variables checks the declaration of package variables: none holds a lock or
// anything else that is there to be changed, and the functions in their values
// write none.
func (c *checker) variables(p *pkg, d *ast.GenDecl) {
	ast.Inspect(d, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			c.writes(p, n.Body)
			return false
		case *ast.SelectorExpr:
			if from := p.importOf(n); from == "sync" || from == "sync/atomic" {
				name := d.Specs[0].(*ast.ValueSpec).Names[0].Name
				for _, s := range d.Specs {
					if s.Pos() <= n.Pos() && n.Pos() < s.End() {
						name = s.(*ast.ValueSpec).Names[0].Name
					}
				}
				if !slices.Contains(written[p.dir], name) {
					c.at(n, "package variable %s is there to be changed: it holds a %s", name, p.qualified(n))
				}
			}
		}
		return true
	})
}

// writes finds what changes package variables, or may: assignments, addresses
// taken, methods with a pointer receiver.
func (c *checker) writes(p *pkg, body ast.Node) {
	change := func(e ast.Expr) {
		if e == nil {
			return
		}
		if name := p.variable(e); name != "" && !slices.Contains(written[p.dir], name) {
			c.at(e, "package variable %s is written or its address taken", name)
		}
	}
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				for _, e := range n.Lhs {
					change(e)
				}
			}
		case *ast.IncDecStmt:
			change(n.X)
		case *ast.RangeStmt:
			if n.Tok == token.ASSIGN {
				change(n.Key)
				change(n.Value)
			}
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				change(n.X)
			}
		case *ast.CallExpr:
			if id, ok := n.Fun.(*ast.Ident); ok && len(n.Args) > 0 {
				if b, ok := p.info.Uses[id].(*types.Builtin); ok && slices.Contains([]string{"clear", "copy", "delete"}, b.Name()) {
					change(n.Args[0])
				}
			}
		case *ast.SelectorExpr:
			if s := p.info.Selections[n]; s != nil && s.Kind() == types.MethodVal {
				receiver := s.Obj().(*types.Func).Signature().Recv()
				if pointer(receiver.Type()) && !pointer(s.Recv()) {
					change(n.X)
				}
			}
		}
		return true
	})
}

func pointer(t types.Type) bool {
	_, ok := t.Underlying().(*types.Pointer)
	return ok
}

// variable names the package variable that an expression is or lies within: of
// this package, or qualified of another one; "" if it is none.
func (p *pkg) variable(e ast.Expr) string {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			if v, ok := p.info.Uses[x].(*types.Var); ok && v.Parent() == p.types.Scope() {
				return x.Name
			}
			return ""
		case *ast.SelectorExpr:
			if name := p.qualified(x); name != "" {
				return name
			}
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		default:
			return ""
		}
	}
}

// importOf is the path of the package a name is taken from, "" for fields and
// methods.
func (p *pkg) importOf(s *ast.SelectorExpr) string {
	if id, ok := s.X.(*ast.Ident); ok {
		if name, ok := p.info.Uses[id].(*types.PkgName); ok {
			return name.Imported().Path()
		}
	}
	return ""
}

// qualified is a name of another package as it is usually written, "" for fields
// and methods. An import under another name does not hide it.
func (p *pkg) qualified(s *ast.SelectorExpr) string {
	from := p.importOf(s)
	switch from {
	case "":
		return ""
	case "github.com/yuin/gopher-lua":
		return "lua." + s.Sel.Name
	}
	return path.Base(versionElement.ReplaceAllString(from, "")) + "." + s.Sel.Name
}
