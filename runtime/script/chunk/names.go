package chunk

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
)

// role is what an operand is in the text.
type role byte

const (
	unnamed  role = iota
	name          // a variable
	field         // a field of a table
	iterator      // what for … in calls
	bound         // a bound of for i = …
)

// operand says what a value is called in the text, and how to find the table it comes from.
type operand struct {
	role   role
	what   string // for fields "field" or "method"
	name   string
	place  place
	slot   int      // register, for local variables
	object *operand // the table, for fields
}

// operands are those of one instruction, in its order.
type operands []operand

// record is what a function keeps of its text.
type record struct {
	names  map[int]operands    // by instruction
	locals map[string]struct{} // all variables of the chunk
}

// maxPath is how many fields a value is followed through.
const maxPath = 4

// describe tells what an expression is called that has not been repaired yet.
func (r *repair) describe(e ast.Expr) operand { return r.describePath(e, maxPath) }

func (r *repair) describePath(e ast.Expr, left int) operand {
	switch e := e.(type) {
	case *ast.IdentExpr:
		where, v := r.resolve(e.Value, r.line(e))
		o := operand{role: name, name: e.Value, place: where}
		if v != nil {
			o.slot = v.slot
			if v.mainArg {
				o.place = global
			}
		}
		return o
	case *ast.AttrGetExpr:
		key, ok := e.Key.(*ast.StringExpr)
		if !ok {
			return operand{role: field, what: "field", name: "?"}
		}
		var object operand
		if left > 0 {
			object = r.describePath(e.Object, left-1)
		}
		return object.field("field", key.Value)
	}
	return operand{}
}

func (o operand) field(what, key string) operand {
	return operand{role: field, what: what, name: key, object: &o}
}

// String returns " (global 'x')" and the like; "" when there is no name.
func (o operand) String() string {
	switch o.role {
	case name:
		return fmt.Sprintf(" (%s '%s')", o.place, o.name)
	case field:
		return fmt.Sprintf(" (%s '%s')", o.what, o.name)
	}
	return ""
}

// frame is a Lua function in the middle of an instruction.
type frame struct {
	L     *lua.LState
	dbg   *lua.Debug
	fn    *lua.LFunction
	pc    int
	names operands
	known *record
}

// frameAt looks at a level of the stack; 0 is what runs.
func frameAt(L *lua.LState, level int) (f frame, ok bool) {
	dbg, ok := L.GetStack(level)
	if !ok {
		return f, false
	}
	v, err := L.GetInfo("fS", dbg, lua.LNil)
	fn, ok := v.(*lua.LFunction)
	if err != nil || !ok || fn.IsG {
		return f, false
	}
	p := fn.Proto
	if len(p.Constants) == 0 {
		return f, false
	}
	data, ok := p.Constants[len(p.Constants)-1].(*lua.LUserData)
	if !ok {
		return f, false
	}
	// The state tells lines, not instructions: for a moment, each has a line of its own.
	counted := *p
	counted.DbgSourcePositions = make([]int, len(p.Code))
	for i := range counted.DbgSourcePositions {
		counted.DbgSourcePositions[i] = i
	}
	fn.Proto = &counted
	_, _ = L.GetInfo("l", dbg, lua.LNil)
	fn.Proto = p
	f = frame{L: L, dbg: dbg, fn: fn, pc: dbg.CurrentLine, known: data.Value.(*record)}
	f.names = f.known.names[f.pc]
	return f, true
}

func (f frame) name(i int) operand {
	if i < 0 || i >= len(f.names) {
		return operand{}
	}
	return f.names[i]
}

func (f frame) register(n int) lua.LValue {
	_, v := f.L.GetLocal(f.dbg, n+1)
	return v
}

// constantOrRegister reads an operand of an instruction.
func (f frame) constantOrRegister(n int) lua.LValue {
	if n&0x100 != 0 {
		return f.fn.Proto.Constants[n&0xff]
	}
	return f.register(n)
}

func named(L *lua.LState, level, i int) string {
	f, ok := frameAt(L, level)
	if !ok {
		return ""
	}
	return f.name(i).String()
}

// Hints help a person who has misspelt something.
type Hints struct {
	Module  func(name string) bool                    // whether there is one of the name
	Instead func(name string) string                  // what there is in place of "name" or "table.name"; "" when nothing is
	Closest func(typed string, names []string) string // "" when nothing is close
}

// Explaining is a function that makes the errors of the virtual machine in the thread that calls it say what they mean,
// until the protected call that it is in returns.
func Explaining(h Hints) lua.LGFunction {
	return func(L *lua.LState) int {
		L.Panic = func(L *lua.LState) { fail(explained(L, h)) }
		return 0
	}
}

// explained is the error value on top of the stack, in better words where there are some.
func explained(L *lua.LState, h Hints) lua.LValue {
	if text, ok := L.Get(-1).(lua.LString); ok {
		return lua.LString(Explain(L, string(text), h))
	}
	return L.Get(-1)
}

func fail(value lua.LValue) { panic(&lua.ApiError{Type: lua.ApiErrorRun, Object: value}) }

// Explained is a function that calls its first argument with the others, as Explaining has it. It is for the bottom of a
// protected call.
func Explained(h Hints) lua.LGFunction { return protected(Explaining(h)) }

// Handled is as Explained, but handle turns an error into another while the function that failed is still on the stack.
// An error in handle takes its place.
func Handled(h Hints, handle func(L *lua.LState, value lua.LValue) lua.LValue) lua.LGFunction {
	plain := Explaining(h)
	return protected(func(L *lua.LState) int {
		L.Panic = func(L *lua.LState) {
			value := explained(L, h)
			plain(L)
			fail(handle(L, value))
		}
		return 0
	})
}

func protected(begin lua.LGFunction) lua.LGFunction {
	return func(L *lua.LState) int {
		begin(L)
		if fn := L.Get(1); fn.Type() != lua.LTFunction && L.GetMetaField(fn, "__call") == lua.LNil {
			L.Error(lua.LString(fmt.Sprintf("attempt to call a %s value", fn.Type())), 0)
		}
		L.Call(L.GetTop()-1, lua.MultRet)
		return L.GetTop()
	}
}

// Explain says what an error of the virtual machine means, given while the function that failed is still on the stack:
// in the words of Lua, with the names of variables and fields, and with what may have been meant. It returns other
// texts as they are.
func Explain(L *lua.LState, text string, h Hints) string {
	explain := frame.explain
	f, ok := frameAt(L, 0)
	if !ok { // an intrinsic, or a metamethod of texts
		explain = frame.advised
		f, ok = frameAt(L, 1)
	}
	if !ok {
		return text
	}
	where := fmt.Sprintf("%s:%d: ", f.fn.Proto.SourceName, f.fn.Proto.DbgSourcePositions[f.pc])
	message, ok := strings.CutPrefix(text, where)
	if !ok {
		return text
	}
	if better := explain(f, message, h); better != "" {
		return where + better
	}
	return text
}

// advised adds to a message that names an operand which is nil what may have been meant; "" when it is none.
func (f frame) advised(message string, h Hints) string {
	for _, o := range f.names {
		if name := o.String(); name != "" && strings.HasSuffix(message, " a nil value"+name) {
			return message + f.advice(o, "nil", h)
		}
	}
	return ""
}

// explain rewrites the messages of the virtual machine; "" means that it is none of those.
func (f frame) explain(message string, h Hints) string {
	inst := f.fn.Proto.Code[f.pc]
	op, a, c, b := int(inst>>26), int(inst>>18)&0xff, int(inst>>9)&0x1ff, int(inst)&0x1ff
	if rest, ok := strings.CutPrefix(message, "attempt to index a non-table object("); ok {
		kind, key, _ := strings.Cut(rest, ") with key '")
		o := f.name(0)
		if op != lua.OP_SETTABLE && op != lua.OP_SETTABLEKS {
			o = f.name(len(f.names) - 1)
		}
		if o.role == unnamed && strings.HasSuffix(key, "'") {
			return fmt.Sprintf("attempt to index a %s value with key '%s", kind, key)
		}
		return fmt.Sprintf("attempt to index a %s value%s%s", kind, o, f.advice(o, kind, h))
	}
	switch {
	case message == "attempt to call a non-function object":
		kind := f.register(a).Type().String()
		o := f.name(0)
		if o.role == iterator && kind == "table" {
			return "attempt to call a table value; did you mean `in pairs(t)` or `in ipairs(t)`?"
		}
		if o.role == iterator && kind == "number" {
			return "attempt to call a number value; a loop that counts is `for i = 1, 10 do`"
		}
		return fmt.Sprintf("attempt to call a %s value%s%s", kind, o, f.advice(o, kind, h))
	case strings.HasPrefix(message, "cannot perform "), message == "__unm undefined":
		x, y := f.constantOrRegister(b), lua.LValue(lua.LNumber(0))
		if message != "__unm undefined" {
			y = f.constantOrRegister(c)
		}
		return f.arithmetic(x, y, h)
	case message == "__len undefined":
		kind := f.register(b).Type().String()
		return fmt.Sprintf("attempt to get length of a %s value%s%s", kind, f.name(0), f.advice(f.name(0), kind, h))
	case strings.HasPrefix(message, "attempt to compare "):
		return f.comparison(f.constantOrRegister(b), f.constantOrRegister(c), h)
	}
	return ""
}

func (f frame) arithmetic(x, y lua.LValue, h Hints) string {
	culprit, at := x, 0
	if _, ok := number(x); ok {
		culprit, at = y, 1
	}
	o := f.name(at)
	if f.name(0).role == bound {
		return fmt.Sprintf("'for' %s must be a number", f.name(0).name)
	}
	kind := culprit.Type().String()
	return fmt.Sprintf("attempt to perform arithmetic on a %s value%s%s", kind, o, f.advice(o, kind, h))
}

// ArithmeticError is the message for operands that have no numbers in them, for a metamethod of text that runs.
func ArithmeticError(L *lua.LState, x, y lua.LValue) string {
	f, ok := frameAt(L, 1)
	if !ok {
		f = frame{}
	}
	return f.arithmetic(x, y, Hints{})
}

func (f frame) comparison(x, y lua.LValue, h Hints) string {
	a, b := x.Type().String(), y.Type().String()
	if a == b {
		return fmt.Sprintf("attempt to compare two %s values", a)
	}
	var which operand
	switch lua.LNil {
	case x:
		which = f.name(0)
	case y:
		which = f.name(1)
	}
	return fmt.Sprintf("attempt to compare %s with %s%s%s", a, b, which, f.advice(which, "nil", h))
}

// advice guesses what a nil value was meant to be.
func (f frame) advice(o operand, kind string, h Hints) string {
	if kind != "nil" || h.Closest == nil {
		return ""
	}
	var names []string
	switch {
	case o.role == name && o.place == global:
		if h.Module(o.name) {
			return fmt.Sprintf("; is `local %s = require \"%s\"` missing?", o.name, o.name)
		}
		if instead := h.Instead(o.name); instead != "" {
			return "; " + instead
		}
		names = append(keys(f.fn.Env), slices.Sorted(maps.Keys(f.known.locals))...)
	case o.role == field && o.object != nil:
		if o.object.role == name && o.object.place == global {
			if instead := h.Instead(o.object.name + "." + o.name); instead != "" {
				return "; " + instead
			}
		}
		v := f.value(*o.object)
		if t, ok := v.(*lua.LTable); ok {
			names = keys(t)
		}
		if index, ok := f.L.GetMetaField(v, "__index").(*lua.LTable); ok {
			names = append(names, keys(index)...)
		}
	}
	if near := h.Closest(o.name, names); near != "" && near != o.name {
		return fmt.Sprintf("; did you mean '%s'?", near)
	}
	return ""
}

// value finds what an operand is now, without asking metatables; nil when that cannot be told.
func (f frame) value(o operand) lua.LValue {
	switch {
	case o.role == field && o.object != nil:
		if t, ok := f.value(*o.object).(*lua.LTable); ok {
			return t.RawGetString(o.name)
		}
	case o.role != name:
	case o.place == global:
		return f.fn.Env.RawGetString(o.name)
	case o.place == local:
		return f.register(o.slot)
	case o.place == upvalue:
		if i := slices.Index(f.fn.Proto.DbgUpvalues, o.name); i >= 0 {
			return f.fn.Upvalues[i].Value()
		}
	}
	return lua.LNil
}

// keys are the texts among the keys of a table, in its order.
func keys(t *lua.LTable) []string {
	var list []string
	for k, _ := t.Next(lua.LNil); k != lua.LNil; k, _ = t.Next(k) {
		if s, ok := k.(lua.LString); ok {
			list = append(list, string(s))
		}
	}
	return list
}
