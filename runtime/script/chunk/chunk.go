// Package chunk makes functions of Lua texts. It stands between the parser and the compiler of gopher-lua v1.1.2, and
// every way of compiling takes it: the files of a show, require, load and loadstring.
//
// The compiler of gopher-lua computes wrong values for ordinary programs. One pass over the syntax tree rewrites what it
// gets wrong into what it gets right, with the lines kept. The forms, and where they are mended:
//
//   - a, b = b, a: values are computed into local variables that are still needed (assign; upstream issue 440)
//   - t[i] = f() reads i before f assigns to it (late)
//   - x = a and b into a local variable loses the value (assign; upstream issue 490)
//   - p, q = f(p), 1 and p = (f(p)), where p is the last parameter, call what is no function (assign)
//   - x = (...) into a local variable stores from anywhere (assign)
//   - local f = function … f … end means itself instead of the f around it (local)
//   - for … in with two values, or with a call as third value (iterating)
//   - for i = "1", "3" is refused (counting)
//   - a loop that begins with a jump, as "if false" and break are, goes on anywhere (while, branch, logical, leaveLoop;
//     upstream issue 540)
//   - break does not close the variables of blocks inside the loop (breakOut)
//   - goto closes all variables of the function: a closure and the function then have one each (finish)
//   - { …, k = f() }, { fifty values, k = v }, { fifty values, f() }, more than 25550 values (table)
//   - 0010 is octal, 0xffffffffffffffff and 1e999 are not-a-number, -0 becomes 0 (literal, number)
//   - .. writes numbers as Go does (concat)
//   - 1 % 0.1 is 0.1 and 5 % (1/0) is 5 (arithmetic)
//
// Texts used as numbers, which the virtual machine reads as Go does, are the business of the metatable of strings: see
// lualib; upstream issue 478.
//
// Constants are looked up one after the other and chains are folded from every level again, so that a long table or sum
// would take minutes: tables are split into functions, and what cannot be split is refused with advice.
//
// After compiling every instruction is known to belong to a node of the tree, which gives errors the names of what they
// are about: see Explain.
package chunk

import (
	"errors"
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"
)

// maxCode is how far a jump reaches, in instructions.
const maxCode = 1<<17 - 1

// Chunk is a compiled text. It holds no state of a run.
type Chunk struct{ main *lua.FunctionProto }

// Compile compiles a text; name is that of the file, in messages. What is wrong with the text is an *Error. It takes
// no more than some two seconds for 512 KiB of anything.
func Compile(text, name string) (c *Chunk, err error) {
	defer func() {
		switch e := recover().(type) {
		case nil:
		case *Error:
			err = e
		default: // the compiler panics for some of what it does not expect
			err = &Error{Name: name, Message: fmt.Sprintf("cannot be compiled (%v)", e)}
		}
	}()
	tokens, _, bare := scan(text, name)
	stmts, err := parse.Parse(strings.NewReader(bare), name)
	if err != nil {
		return nil, syntaxError(name, text, tokens, err)
	}
	r := &repair{name: name, locals: map[string]struct{}{}, visible: map[string][]*variable{}}
	wrapped := r.chunk(stmts)
	proto, err := lua.Compile(wrapped, name)
	if err != nil {
		return nil, r.compileError(err)
	}
	main := proto.FunctionPrototypes[0]
	r.finish(main)
	return &Chunk{main}, nil
}

// Function makes the main function of the chunk in a state.
func (c *Chunk) Function(L *lua.LState) *lua.LFunction {
	fn := L.NewFunctionFromProto(c.main)
	for i, name := range c.main.DbgUpvalues {
		fn.Upvalues[i] = &lua.Upvalue{}
		fn.Upvalues[i].Close()
		fn.Upvalues[i].SetValue(intrinsic(L, name))
	}
	return fn
}

func (r *repair) compileError(err error) error {
	var c *lua.CompileError
	if !errors.As(err, &c) {
		return &Error{Name: r.name, Message: err.Error()}
	}
	message := strings.TrimSpace(c.Message)
	switch {
	case strings.Contains(message, "register overflow"), strings.Contains(message, "too many local variables"):
		message = fmt.Sprintf(tooMany, maxLocals)
	case strings.Contains(message, "too long to jump"):
		message = tooLong
	}
	return &Error{Name: r.name, Line: r.lineOf(c.Line), Message: message}
}

const (
	tooMany = "a function with too many local variables and values at a time (at most %d); put them into a table"
	tooLong = "a function that is too long; split it into several"
)

// finish puts lines in the places of sites again, and keeps the names of operands beside the constants. A goto has
// closed every variable of its function; here it is told from which on.
func (r *repair) finish(p *lua.FunctionProto) {
	p.LineDefined, p.LastLineDefined = r.lineOf(p.LineDefined), r.lineOf(p.LastLineDefined)
	if len(p.Code) > maxCode {
		r.fail(p.LineDefined, tooLong)
	}
	names := make(map[int]operands)
	for pc, number := range p.DbgSourcePositions {
		if number < firstID {
			continue
		}
		s := r.sites[number-firstID]
		p.DbgSourcePositions[pc] = s.line
		if len(s.names) > 0 {
			names[pc] = s.names
		}
		if s.close >= 0 && p.Code[pc]>>26 == uint32(lua.OP_CLOSE) {
			p.Code[pc] = p.Code[pc]&^(0xff<<18) | uint32(s.close)<<18
		}
	}
	p.Constants = append(p.Constants, &lua.LUserData{Value: &record{names, r.locals}})
	for _, inner := range p.FunctionPrototypes {
		r.finish(inner)
	}
}
