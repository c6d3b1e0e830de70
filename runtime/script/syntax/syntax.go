// Package syntax reads Lua texts as trees that tell where everything stands, for those who look
// at a show without running it. It computes nothing: texts have been compiled by package chunk
// before, which says what is wrong with them.
package syntax

import (
	"sort"
	"unicode/utf8"

	"showrun/runtime/script/chunk"
)

// A File is a text as a tree.
type File struct {
	Name     string
	Main     *Function     // its parameters are those of the chunk
	Comments []chunk.Token // those that go up to the end of a line

	text  string
	lines []int // where they begin, in bytes
}

// Place is the line and the column of a place in bytes, in characters, both from 1.
func (f *File) Place(at int) (line, column int) {
	line = sort.SearchInts(f.lines, at+1)
	return line, utf8.RuneCountInString(f.text[f.lines[line-1]:at]) + 1
}

// Line is the text of a line, from 1.
func (f *File) Line(n int) string {
	end := len(f.text)
	if n < len(f.lines) {
		end = f.lines[n]
	}
	return f.text[f.lines[n-1]:end]
}

// Lines is how many lines there are.
func (f *File) Lines() int { return len(f.lines) }

// A Variable is a local variable.
type Variable struct {
	Name  string
	At    int
	Of    *Function // in which it is declared
	Value Expr      // that it begins with, if that is known
	Sets  int       // how often it is assigned to, its declaration aside
	Reads int
	Param bool // it is a parameter
}

// Node is a statement or an expression.
type Node interface{ Place() int }

// At is where a node begins, in bytes.
type At int

// Place implements Node.
func (a At) Place() int { return int(a) }

// Expr is an expression.
type Expr interface {
	Node
	expr()
}

// Expressions.
type (
	// Constant is nil, true or false.
	Constant struct {
		At
		Word string
	}
	// Number is a number as it is written.
	Number struct {
		At
		Value float64
	}
	// Text is a text as it is meant.
	Text struct {
		At
		Value string
	}
	// Rest is "...".
	Rest struct{ At }
	// Function is a function. Of one with a colon self is the first parameter.
	Function struct {
		At
		Params []*Variable
		Rest   bool
		Body   []Stmt
		In     *Function // nil for that of a file
	}
	// Name is a variable; Local is nil if it is global.
	Name struct {
		At
		Name  string
		Local *Variable
	}
	// Index is a.b or a[b].
	Index struct {
		At
		Of, Key Expr
	}
	// Call is f(…), or o:m(…) if Method is set; then Func is o.
	Call struct {
		At
		Func   Expr
		Method string
		NameAt int // where the last name before the arguments stands
		End    int // where its last token stands
		Args   []Expr
	}
	// Table is a table constructor.
	Table struct {
		At
		Fields []Field
	}
	// Binary is an operator between two.
	Binary struct {
		At
		Op          string
		Left, Right Expr
	}
	// Unary is an operator before one, or brackets around it.
	Unary struct {
		At
		Op string // "(" for brackets
		Of Expr
	}
)

// Field is one of a table constructor; Key is nil in its list.
type Field struct{ Key, Value Expr }

func (*Constant) expr() {}
func (*Number) expr()   {}
func (*Text) expr()     {}
func (*Rest) expr()     {}
func (*Function) expr() {}
func (*Name) expr()     {}
func (*Index) expr()    {}
func (*Call) expr()     {}
func (*Table) expr()    {}
func (*Binary) expr()   {}
func (*Unary) expr()    {}

// Stmt is a statement.
type Stmt interface {
	Node
	stmt()
}

// Statements.
type (
	// Local declares variables.
	Local struct {
		At
		Vars   []*Variable
		Values []Expr
	}
	// Assign stores values. A function with a name is one, too.
	Assign struct {
		At
		Targets, Values []Expr
	}
	// Do is a call by itself.
	Do struct {
		At
		Call *Call
	}
	// Block is do … end.
	Block struct {
		At
		Body []Stmt
	}
	// Loop is while, or repeat if Until is set.
	Loop struct {
		At
		Cond  Expr
		Until bool
		Body  []Stmt
	}
	// For is either kind of for; Numeric tells which.
	For struct {
		At
		Vars    []*Variable
		Over    []Expr
		Numeric bool
		Body    []Stmt
	}
	// If is if … elseif … else; the last body may have no condition.
	If struct {
		At
		Conds  []Expr
		Bodies [][]Stmt
	}
	// Return ends a function.
	Return struct {
		At
		Values []Expr
	}
	// Jump is break or goto; Label is "" for break.
	Jump struct {
		At
		Label string
	}
	// Label is what goto names.
	Label struct {
		At
		Name string
	}
)

func (*Local) stmt()  {}
func (*Assign) stmt() {}
func (*Do) stmt()     {}
func (*Block) stmt()  {}
func (*Loop) stmt()   {}
func (*For) stmt()    {}
func (*If) stmt()     {}
func (*Return) stmt() {}
func (*Jump) stmt()   {}
func (*Label) stmt()  {}
