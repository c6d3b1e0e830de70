// Package module is what every Lua module is made of: checked arguments and
// options, classes of objects, handles, durations, and the load of a show that
// modules have in common. Everything in it runs on the script loop, or on the
// loader while the top level of a show runs.
package module

import (
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
)

// Tempo is the show's beat clock as scripts drive it. at is the logical instant
// of the change. The timelines returned hold from at on.
type Tempo interface {
	SetTempo(bpm float64, at time.Duration) (beat.Timeline, error)
	Nudge(b beat.Micro, at time.Duration) (beat.Timeline, error)
	Tap(at time.Duration) (beat.Timeline, error)
	Follow(source string, at time.Duration) beat.Timeline
	BPM() float64 // as the source names it
	// Position is the beat a source is at; false if nothing was heard of it.
	Position(source string, at time.Duration) (beat.Micro, bool)
}

// Levels are the present output levels.
type Levels interface {
	Value(level.Address) float64
}

// Env is what modules reach of the host. Every member may be used from the script
// loop.
type Env struct {
	Registry *level.Registry
	Levels   Levels
	Tempo    Tempo
	// Device returns a live device by the key of its declaration, or nil.
	Device func(key string) device.Device
}

// Load is one load of a show as its modules fill it. The host reads it once the
// top level has run.
type Load struct {
	Env
	G           *script.Generation
	Devices     []device.Declaration // in the order of declaration
	BeatsPerBar beat.Micro

	metatables map[string]*lua.LTable
	objects    map[any]*lua.LUserData
}

// NewLoad prepares a load.
func NewLoad(env Env) *Load {
	return &Load{
		Env: env, BeatsPerBar: 4 * beat.Beat,
		metatables: map[string]*lua.LTable{}, objects: map[any]*lua.LUserData{},
	}
}

// Module makes a module that raises, with a suggestion, for a field it does not
// have. open fills its table.
func (s *Load) Module(name string, open func(L *lua.LState, m *lua.LTable)) script.Module {
	return script.Module{Name: name, Open: func(g *script.Generation, L *lua.LState) *lua.LTable {
		s.G = g
		m := L.NewTable()
		open(L, m)
		var known []string
		for k, _ := m.Next(lua.LNil); k != lua.LNil; k, _ = m.Next(k) {
			known = append(known, k.String())
		}
		mt := L.NewTable()
		mt.RawSetString("__index", L.NewFunction(func(L *lua.LState) int {
			field := L.Get(2).String()
			L.RaiseError("%s has no '%s'%s", name, Cut(field), suggestion(field, known))
			return 0
		}))
		m.Metatable = mt
		return m
	}}
}

// Declare keeps a declaration, or returns the one of the same key that is there
// already.
func Declare[D device.Declaration](s *Load, c Call, d D) (kept D) {
	for _, have := range s.Devices {
		if have.Key() == d.Key() {
			return have.(D)
		}
	}
	s.LoadingOnly(c, "devices are declared")
	s.Devices = append(s.Devices, d)
	return d
}

// LoadingOnly raises for what can be done only before the show is live: the host
// looks at it then.
func (s *Load) LoadingOnly(c Call, what string) {
	if !s.G.Collecting() {
		c.Fail("%s while the show loads: at the top level of the script, not in a task or a handler", what)
	}
}

// Order emits an order for the device of a declaration.
func (s *Load) Order(d device.Declaration, message any) {
	s.G.Emit(engine.Order{Device: d.Key(), Message: message})
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
func (s *Load) Level(ch patch.Channel) float64 { return s.Levels.Value(ch.Coarse) }

// FadeOptions takes { curve=, delay= } as argument i, where there may be others
// also.
func (s *Load) FadeOptions(c Call, i int, also ...string) (curve.Easing, script.Span) {
	o := c.Options(i, false, append([]string{"curve", "delay"}, also...)...)
	name := o.Str("curve", "linear")
	easing, ok := curve.ParseEasing(name)
	if !ok {
		c.Fail("curve must be %s, got %q%s", OneOf(curve.Names()), Cut(name), suggestion(name, curve.Names()))
	}
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

// Methods lists the methods of the classes of which there have been objects, as in
// "stage.fixture:set".
func (s *Load) Methods() []string {
	var list []string
	for class, mt := range s.metatables {
		index := mt.RawGetString(methodsField).(*lua.LTable)
		for k, _ := index.Next(lua.LNil); k != lua.LNil; k, _ = index.Next(k) {
			list = append(list, class+":"+k.String())
		}
	}
	slices.Sort(list)
	return list
}
