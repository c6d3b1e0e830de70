package chunk

import (
	"fmt"

	"github.com/yuin/gopher-lua/ast"
)

// Limits of one function. The compiler looks constants up one after the other, counts upvalues in a byte and has
// 200 registers, of which expressions need some too.
const (
	maxLocals    = 200
	maxUpvalues  = 250
	maxConstants = 4000
	maxBlocks    = 1000 // in one another, functions and elseif among them
	maxFunctions = 100  // in one another; their variables are looked up from each outwards
)

// variable is a local variable and the register it lives in.
type variable struct {
	name     string
	block    *block
	fn       *function
	slot     int
	captured bool // a function inside refers to it
	mainArg  bool // the table arg that main chunks of Lua 5.1 do not have
}

// block is a block of statements while it is repaired.
type block struct {
	parent   *block
	depth    int // of blocks and functions around it
	base     int // registers in use where it begins
	vars     []*variable
	loop     *loop // of which it is the body
	labels   map[string]*label
	captured bool // a variable of it, or of a block in it that has ended, is captured
}

// loop is what a break needs to know of the loop it leaves.
type loop struct {
	breaks []*ast.DoBlockStmt // each holds one break
}

// label is a place that goto can name.
type label struct {
	line  int
	level int // registers in use there
	vars  int // variables of its block that are declared before it
	last  bool
}

// jump is a goto whose label is not known yet.
type jump struct {
	stmt  *ast.GotoStmt
	line  int
	site  *site
	block *block
	vars  int // variables of its block that were declared before it
}

// function is a function while it is repaired.
type function struct {
	parent    *function
	depth     int // of functions around it
	block     *block
	line      int
	active    int // registers that hold variables
	vararg    bool
	jumps     []*jump
	upvalues  map[string]bool
	constants map[string]struct{}
}

// enter begins a block in the function in hand.
func (r *repair) enter(line int) *block {
	f := r.fn
	depth := 1
	if f.block != nil {
		depth += f.block.depth
	} else if f.parent != nil {
		depth += f.parent.block.depth
	}
	if depth > maxBlocks {
		r.fail(line, "blocks are nested deeper than %d", maxBlocks)
	}
	f.block = &block{parent: f.block, depth: depth, base: f.active}
	return f.block
}

// leave ends the innermost block. What it captured counts for the block around it.
func (r *repair) leave() {
	f, b := r.fn, r.fn.block
	for _, v := range b.vars {
		r.visible[v.name] = r.visible[v.name][:len(r.visible[v.name])-1]
	}
	f.active = b.base
	f.block = b.parent
	if f.block != nil {
		f.block.captured = f.block.captured || b.captured
	}
}

// declare adds a local variable to the innermost block.
func (r *repair) declare(name string, line int) *variable {
	f := r.fn
	if f.active >= maxLocals {
		where := "one function"
		if f.line > 0 {
			where = "the function at line " + itoa(f.line)
		}
		r.fail(line, "%d local variables in %s; put them into a table", maxLocals, where)
	}
	v := &variable{name: name, block: f.block, fn: f, slot: f.active}
	f.active++
	f.block.vars = append(f.block.vars, v)
	r.visible[name] = append(r.visible[name], v)
	if name[0] != '(' {
		r.locals[name] = struct{}{}
	}
	return v
}

// hidden declares a variable that no script can name.
func (r *repair) hidden(what string, line int) string {
	r.hiddens++
	name := fmt.Sprintf("(%s %d)", what, r.hiddens)
	r.declare(name, line)
	return name
}

// place is where a name leads to.
type place byte

const (
	global place = iota
	local
	upvalue
)

func (p place) String() string { return [...]string{"global", "local", "upvalue"}[p] }

// resolve finds out what a name means here. It notes what the functions in between capture.
func (r *repair) resolve(name string, line int) (place, *variable) {
	all := r.visible[name]
	if len(all) == 0 {
		return global, nil
	}
	v := all[len(all)-1]
	if v.fn == r.fn {
		return local, v
	}
	v.captured, v.block.captured = true, true
	for in := r.fn; in != v.fn && !in.upvalues[name]; in = in.parent {
		in.upvalues[name] = true
		if len(in.upvalues) > maxUpvalues {
			r.fail(line, "a function that uses more than %d variables from around it; put them into a table", maxUpvalues)
		}
	}
	return upvalue, v
}

// constant counts a constant of the function.
func (r *repair) constant(text string, line int) {
	c := r.fn.constants
	if c[text] = struct{}{}; len(c) > maxConstants {
		r.fail(line, "more than %d different constants in one function; put them into one table constructor, or into several functions", maxConstants)
	}
}

// land finds the labels of all jumps of a block that ends, and leaves those it cannot find to the block around it.
func (r *repair) land(b *block) {
	rest := r.fn.jumps[:0]
	for _, j := range r.fn.jumps {
		switch l := b.labels[j.stmt.Label]; {
		case j.block != b:
			rest = append(rest, j)
		case l == nil && b.parent == nil:
			r.fail(j.line, "no visible label '%s' for goto", j.stmt.Label)
		case l == nil:
			j.block, j.vars = b.parent, len(b.parent.vars)
			rest = append(rest, j)
		case j.vars < l.vars && !l.last:
			r.fail(j.line, "goto %s jumps into the scope of local '%s'", j.stmt.Label, b.vars[j.vars].name)
		default:
			j.site.close = l.level
		}
	}
	r.fn.jumps = rest
}
