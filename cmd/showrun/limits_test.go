package main

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

const limitsPage = "../../bindings/reference/limits.md"

// TestLimitsPage compares the numbers of the page with the constants they are of.
func TestLimitsPage(t *testing.T) {
	page, err := os.ReadFile(limitsPage)
	if err != nil {
		t.Fatal(err)
	}
	packages := map[string]map[string]constant.Value{}
	rows := regexp.MustCompile("(?m)^\\| ([0-9,]+ ?\\w*) \\| .* \\| `([\\w/]+)\\.(\\w+)` \\|").FindAllStringSubmatch(string(page), -1)
	if len(rows) < 40 {
		t.Errorf("%d limits found in the page", len(rows))
	}
	for _, row := range rows {
		dir, name := row[2], row[3]
		if packages[dir] == nil {
			packages[dir] = constantsOf(t, filepath.Join("../..", dir))
		}
		want, ok := packages[dir][name]
		if !ok {
			t.Errorf("%s.%s: there is no such constant", dir, name)
			continue
		}
		if got := quantity(t, row[1]); !constant.Compare(got, token.EQL, constant.ToInt(want)) {
			t.Errorf("%s.%s is %v, the page says %s", dir, name, want, row[1])
		}
	}
	if n := len(regexp.MustCompile(`(?m)^\| [0-9]`).FindAll(page, -1)); n != len(rows) {
		t.Errorf("%d of %d rows of the table are not read", n-len(rows), n)
	}
}

// TestLimitsPageIsLinked: whoever reads of a protocol finds it.
func TestLimitsPageIsLinked(t *testing.T) {
	pages, err := filepath.Glob("../../drivers/*/PROTOCOL.md")
	if err != nil || len(pages) < 4 {
		t.Fatalf("%v, %v", pages, err)
	}
	for _, p := range append(pages, "../../README.md", "../../bindings/reference/README.md") {
		text, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), "limits.md)") {
			t.Errorf("%s does not link to %s", p, limitsPage)
		}
	}
}

// quantity reads a number of the page with its unit.
func quantity(t *testing.T, text string) constant.Value {
	t.Helper()
	digits, unit, _ := strings.Cut(text, " ")
	n, err := strconv.ParseInt(strings.ReplaceAll(digits, ",", ""), 10, 64)
	factor, known := map[string]int64{
		"": 1, "KiB": 1 << 10, "MiB": 1 << 20, "s": int64(time.Second), "min": int64(time.Minute),
	}[unit]
	if err != nil || !known {
		t.Fatalf("%q is no quantity", text)
	}
	return constant.MakeInt64(n * factor)
}

// constantsOf are the constants of the package in a folder that are numbers.
func constantsOf(t *testing.T, dir string) map[string]constant.Value {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no package in %s: %v", dir, err)
	}
	source := map[string]ast.Expr{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST {
				continue
			}
			for _, s := range g.Specs {
				for i, id := range s.(*ast.ValueSpec).Names {
					if v := s.(*ast.ValueSpec); i < len(v.Values) {
						source[id.Name] = v.Values[i]
					}
				}
			}
		}
	}
	values := map[string]constant.Value{}
	for name, e := range source {
		if v, err := evaluate(e, source); err == nil {
			values[name] = v
		}
	}
	return values
}

// evaluate computes a constant from literals, others of its package and those of time.
func evaluate(e ast.Expr, source map[string]ast.Expr) (constant.Value, error) {
	switch e := e.(type) {
	case *ast.BasicLit:
		return constant.MakeFromLiteral(e.Value, e.Kind, 0), nil
	case *ast.ParenExpr:
		return evaluate(e.X, source)
	case *ast.Ident:
		if of, ok := source[e.Name]; ok {
			return evaluate(of, source)
		}
	case *ast.SelectorExpr:
		unit, ok := map[string]time.Duration{"Millisecond": time.Millisecond, "Second": time.Second, "Minute": time.Minute, "Hour": time.Hour}[e.Sel.Name]
		if ok {
			return constant.MakeInt64(int64(unit)), nil
		}
	case *ast.BinaryExpr:
		x, badX := evaluate(e.X, source)
		y, badY := evaluate(e.Y, source)
		if badX != nil || badY != nil || x.Kind() != constant.Int || y.Kind() != constant.Int {
			break
		}
		switch e.Op {
		case token.SHL:
			n, _ := constant.Uint64Val(y)
			return constant.Shift(x, token.SHL, uint(n)), nil
		case token.QUO:
			return constant.BinaryOp(x, token.QUO_ASSIGN, y), nil
		case token.MUL, token.ADD, token.SUB:
			return constant.BinaryOp(x, e.Op, y), nil
		}
	}
	return nil, fmt.Errorf("%T is more than this test computes", e)
}
