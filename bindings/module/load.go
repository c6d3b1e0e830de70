// Package module is what every Lua module is made of: checked arguments and
// options, classes of objects, handles, durations, and the load of a show that
// modules have in common. Everything in it runs on the script loop, or on the
// loader while the top level of a show runs.
package module

import (
	"fmt"
	"slices"
	"time"

	lua "github.com/yuin/gopher-lua"

	"showrun/runtime/beat"
	"showrun/runtime/curve"
	"showrun/runtime/device"
	"showrun/runtime/engine"
	"showrun/runtime/level"
	"showrun/runtime/patch"
	"showrun/runtime/script"
	"showrun/runtime/show"
)

// Load is one load of a show as its modules fill it. The host reads it once the
// top level has run.
type Load struct {
	G           *script.Generation
	Registry    *level.Registry
	BeatsPerBar beat.Micro

	devices []device.Declaration // in the order of declaration
	lists   []List               // likewise
	touched bool                 // what people can operate has changed

	metatables map[string]*lua.LTable
	objects    map[any]*lua.LUserData

	// Watch, if it is set before the first module is opened, looks on.
	Watch *Watch
}

// Watch looks on while scripts call what modules have.
type Watch struct {
	// Wrap returns what takes the place of a function or a method, called name in errors.
	Wrap func(L *lua.LState, name string, fn *lua.LFunction) *lua.LFunction
	// Length is told of every number that is taken as a duration, in seconds.
	Length func(c Call, seconds float64, what string)
	// Refused is told before something raises that is right, but not at this time.
	Refused func()
}

// NewLoad prepares a load whose outputs are numbered by a registry.
func NewLoad(registry *level.Registry) *Load {
	return &Load{
		Registry: registry, BeatsPerBar: 4 * beat.Beat, touched: true,
		metatables: map[string]*lua.LTable{}, objects: map[any]*lua.LUserData{},
	}
}

// Devices lists what was declared, in order.
func (s *Load) Devices() []device.Declaration { return s.devices }

// Module makes a module that raises, with a suggestion, for a field it does not
// have. open fills its table.
func (s *Load) Module(name string, open func(L *lua.LState, m *lua.LTable)) script.Module {
	return script.Module{Name: name, Open: func(g *script.Generation, L *lua.LState) *lua.LTable {
		s.G = g
		m := L.NewTable()
		open(L, m)
		s.wrapAll(L, name+".", m)
		var known []string
		for k, _ := m.Next(lua.LNil); k != lua.LNil; k, _ = m.Next(k) {
			known = append(known, k.String())
		}
		mt := L.NewTable()
		mt.RawSetString("__index", L.NewFunction(func(L *lua.LState) int {
			field := L.Get(2).String()
			L.RaiseError("%s has no '%s'%s", name, Cut(field), Hint(field, "it has", known))
			return 0
		}))
		m.Metatable = mt
		return m
	}}
}

// wrapAll has Watch look on at the functions of a table.
func (s *Load) wrapAll(L *lua.LState, prefix string, of *lua.LTable) {
	if s.Watch == nil {
		return
	}
	of.ForEach(func(k, v lua.LValue) {
		if fn, ok := v.(*lua.LFunction); ok {
			of.RawSet(k, s.Watch.Wrap(L, prefix+k.String(), fn))
		}
	})
}

// Refuse raises that something cannot be done as things stand, though nothing is wrong with
// it.
func (s *Load) Refuse(c Call, format string, args ...any) {
	s.Depends()
	c.Fail(format, args...)
}

// Depends tells who looks on that whether something raises depends on more than the call.
func (s *Load) Depends() {
	if s.Watch != nil {
		s.Watch.Refused()
	}
}

// Declare keeps a declaration, or returns the one of the same key that is there
// already.
func Declare[D device.Declaration](s *Load, c Call, d D) (kept D) {
	for _, have := range s.devices {
		if have.Key() == d.Key() {
			return have.(D)
		}
	}
	s.LoadingOnly(c, "devices are declared")
	s.devices = append(s.devices, d)
	return d
}

// List is a cue list as people operate it, on the script loop.
type List interface {
	fmt.Stringer // its name
	View() show.List
	// Operate does an operation for the list and a cue that it has: show.Go, show.Back,
	// show.StopList or show.Jump. The error is for people.
	Operate(op show.Operation) error
	// Timed is GO of a cue, "" for the next, whose fades take a time instead of its own; it
	// does not wait. Resume goes on with fades that were stopped, of the cue that is
	// named, "" for whichever it is.
	Timed(cue string, over time.Duration) error
	Resume(cue string) error
}

// Knob is a param as something that turns: a number between two ends, a switch, or one of
// some choices.
type Knob interface {
	// Turns tells whether it has two ends.
	Turns() bool
	// Switch tells whether it is true or false.
	Switch() bool
	// Turn sets it to a part of its way, 0 to 1.
	Turn(part float64)
}

// AddList has people operate a list, as the main list if it is the first.
func (s *Load) AddList(l List) {
	s.lists = append(s.lists, l)
	s.Touch()
}

// Lists are all, in the order in which they were added.
func (s *Load) Lists() []List { return s.lists }

// Touch notes that what people can operate has changed: it is looked at after the turn.
func (s *Load) Touch() { s.touched = true }

// Touched reports whether it has since the last time, and at first.
func (s *Load) Touched() bool {
	touched := s.touched
	s.touched = false
	return touched
}

// Own declares a device that the load has whether or not the script names it.
func (s *Load) Own(d device.Declaration) { s.devices = append(s.devices, d) }

// LoadingOnly raises for what can be done only before the show is live: the host
// looks at it then.
func (s *Load) LoadingOnly(c Call, what string) {
	if !s.G.Collecting() {
		s.Refuse(c, "%s while the show loads: at the top level of the script, not in a task or a handler", what)
	}
}

// Order emits an order for the device of a declaration.
func (s *Load) Order(d device.Declaration, message any) {
	s.G.Emit(engine.Order{Device: d.Key(), Message: message})
}

// Ask asks the live device of a declaration. The answer is the zero value before the
// show is live, or if the device has none.
func Ask[A any](s *Load, d device.Declaration, question any) A {
	answer, _ := s.G.Ask(show.AskDevice{Key: d.Key(), Question: question}).(A)
	return answer
}

// Address is where a fixture can be patched: a slot of an output.
type Address struct {
	At   level.Address
	Text string // for people
}

func (a Address) String() string { return a.Text }

// PushAddress returns an address to the script; text names it for people.
func (s *Load) PushAddress(L *lua.LState, at level.Address, text string) int {
	L.Push(OneObject(s, L, "address", Address{at, text}, func() Class[Address] { return Class[Address]{} }))
	return 1
}

// Level is the present output level of a channel.
func (s *Load) Level(ch patch.Channel) float64 {
	return s.G.Ask(show.AskLevel{At: ch.Coarse}).(float64)
}

// FadeOptions takes { curve=, delay= } as argument i, where there may be others
// also.
func (s *Load) FadeOptions(c Call, i int, also ...string) (curve.Easing, script.Span) {
	o := c.Options(i, false, append([]string{"curve", "delay"}, also...)...)
	easing, _ := curve.ParseEasing(o.Choice("curve", curve.Names()))
	var delay script.Span
	if o.Has("delay") {
		delay = s.Duration(c, o.Get("delay"), "delay")
	}
	return easing, delay
}

// maxLatency bounds how far ahead of their instant frames leave.
const maxLatency = time.Second

// Latency takes the option of that name: how long what hangs on an output takes.
func (s *Load) Latency(o Options) time.Duration {
	if !o.Has("latency") {
		return 0
	}
	d := s.Length(o.Call, o.Get("latency"), "latency")
	if d.Beats != 0 || d.Time > maxLatency {
		o.Wrong("latency", "a time up to 1 s", o.Get("latency"))
	}
	return d.Time
}

// Members lists what objects have, by the classes of which there have been any: methods, as in
// "stage.fixture:set", and properties, as in "stage.fixture.name".
func (s *Load) Members() []string {
	var list []string
	for class, mt := range s.metatables {
		for field, sep := range map[string]string{methodsField: ":", propertiesField: "."} {
			members := mt.RawGetString(field).(*lua.LTable)
			for k, _ := members.Next(lua.LNil); k != lua.LNil; k, _ = members.Next(k) {
				list = append(list, class+sep+k.String())
			}
		}
	}
	slices.Sort(list)
	return list
}
