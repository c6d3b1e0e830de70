// Package probe looks at a show with the modules that it would run with. While the top level
// runs it notes what is called and goes on where a call is wrong, so that all that is wrong is
// found at once. Then it calls, in a shadow, what stands in functions that have not run: as far
// as the text says what with. So all that is known of the modules is what they are themselves.
package probe

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings"
	"showrun/bindings/module"
	"showrun/runtime/script"
	"showrun/runtime/script/syntax"
	"showrun/runtime/show"
)

// Probe is the load of a show that is looked at.
type Probe struct {
	*bindings.Show
	examining bool
	refused   bool
	trying    string // the place of the call that is tried, file:line
	names     map[*lua.LFunction]string
	calls     map[spot][]lua.LValue // what was returned, by where and what was called
	raised    map[spot]int
	remarks   []syntax.Remark
	lengths   []syntax.Fact
	devices   []syntax.Fact
	absorber  *lua.LUserData
	tried     int
	lost      map[string]bool   // the names of fixtures and groups that were declared wrongly
	numbers   map[string]string // where the cue of a list and a number stands that was
}

// spot is a call in a text.
type spot struct {
	where string // file:line
	name  string
}

// New makes the modules of a show that is looked at. Its Bindings are a *Probe.
func New(scene show.Scene) show.Bindings {
	p := &Probe{Show: bindings.New(scene).(*bindings.Show), names: map[*lua.LFunction]string{}, calls: map[spot][]lua.LValue{}, raised: map[spot]int{}, lost: map[string]bool{}, numbers: map[string]string{}}
	p.Watch = &module.Watch{Wrap: p.wrap, Length: p.length, Refused: func() { p.refused = true }}
	return p
}

// Raised is what was wrong with calls, in their order.
func (p *Probe) Raised() []syntax.Remark { return p.remarks }

// Lengths are the durations that were numbers.
func (p *Probe) Lengths() []syntax.Fact { return p.lengths }

// Declared are the calls that declared devices, or universes of them.
func (p *Probe) Declared() []syntax.Fact { return p.devices }

// Tried is how often something was computed in a shadow.
func (p *Probe) Tried() int { return p.tried }

// wrap puts a function in the place of one of a module.
func (p *Probe) wrap(L *lua.LState, name string, fn *lua.LFunction) *lua.LFunction {
	if p.absorber == nil {
		L.SetGlobal(syntax.Unknown, p.unknown(L))
	}
	var around *lua.LFunction
	around = L.NewFunction(func(L *lua.LState) int {
		if p.examining {
			return fn.GFunction(L)
		}
		return p.call(L, spot{script.Where(L), name}, around, fn.GFunction)
	})
	p.names[around] = name
	return around
}

// call calls a function of a module while the top level runs.
func (p *Probe) call(L *lua.LState, at spot, around *lua.LFunction, f lua.LGFunction) int {
	devices, args := len(p.Devices()), make([]lua.LValue, L.GetTop())
	for i := range args {
		args[i] = L.Get(i + 1)
	}
	n, raised := p.attempt(L, around, f)
	p.again(at, args, raised != "")
	if raised != "" {
		if p.raised[at]++; p.raised[at] > enough {
			L.RaiseError("%s", strings.TrimPrefix(raised, at.where+": "))
		}
		if !slices.ContainsFunc(args, p.tainted) && !p.ofLost(raised) {
			p.raise(at, raised)
		}
		p.lose(at.name, args)
		L.SetTop(0)
		L.Push(p.unknown(L))
		return 1
	}
	p.handed(at, args)
	file, line := split(at.where)
	if len(p.Devices()) > devices || strings.HasSuffix(at.name, ":universe") {
		p.devices = append(p.devices, syntax.Fact{File: file, Line: line, Call: at.name})
	}
	var first lua.LValue = lua.LNil
	if n > 0 {
		first = L.Get(L.GetTop() - n + 1)
	}
	if list := p.calls[at]; len(list) < most && !slices.Contains(list, first) {
		p.calls[at] = append(list, first)
	}
	return n
}

// enough is how often a call at one place may be wrong before what it stands in is left: a loop
// that was to wait may never end by itself.
const enough = 1000

// handed remarks a method that is handed over without its object, which whoever calls it cannot know.
func (p *Probe) handed(at spot, args []lua.LValue) {
	if len(args) == 0 {
		return
	}
	fn, _ := args[len(args)-1].(*lua.LFunction)
	if name := p.names[fn]; strings.Contains(name, ":") {
		method := name[strings.LastIndexByte(name, ':'):]
		p.raise(at, fmt.Sprintf("%s: %s is handed over without its object; write function() x%s(…) end", at.name, name, method))
	}
}

// lose takes note of the name of what could not be declared: it is no mistake to use it.
func (p *Probe) lose(call string, args []lua.LValue) {
	if call != "stage.fixture" && call != "stage.group" {
		return
	}
	for _, a := range args {
		if options, ok := a.(*lua.LTable); ok {
			p.lost[lua.LVAsString(options.RawGetString("name"))] = true
		}
	}
}

// ofLost tells whether something was raised since a name is lost.
func (p *Probe) ofLost(raised string) bool {
	m := nowhere.FindStringSubmatch(raised)
	return m != nil && p.lost[m[1]]
}

// nowhere is in what is raised by a name that nothing has.
var nowhere = regexp.MustCompile(`no fixture (?:or group )?is called "([^"]+)"`)

// again remarks a second cue of a number whose first is wrong itself, so that the list knows
// nothing of it.
func (p *Probe) again(at spot, args []lua.LValue, wrong bool) {
	if at.name != "cue.list:cue" || len(args) < 2 {
		return
	}
	options, ok := args[1].(*lua.LTable)
	if !ok || options.RawGetInt(1).Type() != lua.LTNumber {
		return
	}
	key := fmt.Sprintf("%p %v", args[0], options.RawGetInt(1))
	if first := p.numbers[key]; first != "" {
		p.raise(at, fmt.Sprintf("cue.list:cue: there is a cue %v already, at %s", options.RawGetInt(1), first))
	} else if wrong {
		p.numbers[key] = at.where
	}
}

// most is how many values of one place are told apart.
const most = 4

// attempt calls f, and returns what it raises if the script cannot catch that itself.
func (p *Probe) attempt(L *lua.LState, around *lua.LFunction, f lua.LGFunction) (n int, raised string) {
	protected := p.G.Protected() || !p.G.Collecting()
	defer func() {
		if protected {
			return
		}
		switch e := recover().(type) {
		case nil:
		case *lua.ApiError:
			if e.Type != lua.ApiErrorRun || e.Object == nil || current(L) != around || strings.HasPrefix(script.Where(L), "?") {
				panic(e)
			}
			raised = e.Object.String()
		default:
			panic(e)
		}
	}()
	return f(L), ""
}

// current is the function that runs.
func current(L *lua.LState) *lua.LFunction {
	frame, ok := L.GetStack(0)
	if !ok {
		return nil
	}
	v, _ := L.GetInfo("f", frame, lua.LNil)
	fn, _ := v.(*lua.LFunction)
	return fn
}

// raise notes what a call has raised.
func (p *Probe) raise(at spot, text string) {
	file, line := split(at.where)
	p.remarks = append(p.remarks, syntax.Remark{File: file, Line: line, Text: strings.TrimPrefix(text, at.where+": ")})
}

// split takes apart file:line.
func split(where string) (file string, line int) {
	i := strings.LastIndexByte(where, ':')
	if i < 0 {
		return where, 0
	}
	line, _ = strconv.Atoi(where[i+1:])
	return where[:i], line
}

// length is told of a duration.
func (p *Probe) length(c module.Call, seconds float64, _ string) {
	where := p.trying
	for level := 1; where == "" || where == "[G]"; level++ {
		where = strings.TrimSuffix(strings.TrimSpace(c.L.Where(level)), ":")
		if where == "" {
			return
		}
	}
	file, line := split(where)
	call, _, _ := strings.Cut(c.Fn, ": ")
	p.lengths = append(p.lengths, syntax.Fact{File: file, Line: line, Call: call, Seconds: seconds})
}

// tainted tells whether a value has to do with a call that was wrong.
func (p *Probe) tainted(v lua.LValue) bool { return p.taint(v, 3) }

func (p *Probe) taint(v lua.LValue, depth int) (found bool) {
	if v == lua.LValue(p.absorber) && p.absorber != nil {
		return true
	}
	if t, ok := v.(*lua.LTable); ok && depth > 0 {
		t.ForEach(func(k, v lua.LValue) { found = found || p.taint(k, depth-1) || p.taint(v, depth-1) })
	}
	return found
}

// unknown is what a call that was wrong returns: everything can be done with it, and nothing
// comes of that.
func (p *Probe) unknown(L *lua.LState) *lua.LUserData {
	if p.absorber != nil {
		return p.absorber
	}
	p.absorber = L.NewUserData()
	mt := L.NewTable()
	itself := L.NewFunction(func(L *lua.LState) int { L.Push(p.absorber); return 1 })
	zero := L.NewFunction(func(L *lua.LState) int { L.Push(lua.LNumber(0)); return 1 })
	for _, op := range []string{"__index", "__call"} {
		mt.RawSetString(op, itself)
	}
	for _, op := range []string{"__add", "__sub", "__mul", "__div", "__mod", "__pow", "__unm", "__len"} {
		mt.RawSetString(op, zero)
	}
	for _, op := range []string{"__concat", "__tostring"} {
		mt.RawSetString(op, L.NewFunction(func(L *lua.LState) int { L.Push(lua.LString("?")); return 1 }))
	}
	for _, op := range []string{"__lt", "__le", "__eq"} {
		mt.RawSetString(op, L.NewFunction(func(L *lua.LState) int { L.Push(lua.LFalse); return 1 }))
	}
	mt.RawSetString("__newindex", L.NewFunction(func(*lua.LState) int { return 0 }))
	mt.RawSetString("__metatable", lua.LString("unknown value"))
	p.absorber.Metatable = mt
	return p.absorber
}

// Globals are the names of all there are.
func (p *Probe) Globals() (names []string) {
	if p.G == nil {
		return nil
	}
	p.G.L.G.Global.ForEach(func(k, _ lua.LValue) { names = append(names, k.String()) })
	slices.Sort(names)
	return names
}

// where is a place as calls are noted by.
func where(f *syntax.File, at int) string {
	line, _ := f.Place(at)
	return fmt.Sprintf("%s:%d", f.Name, line)
}
