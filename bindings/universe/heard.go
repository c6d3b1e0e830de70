package universe

import (
	"slices"
	"strconv"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/runtime/device"
	"showrun/runtime/device/universe"
	"showrun/runtime/script"
)

// Receiver is the universes of one declared receiver. Equal ones are the same.
type Receiver struct {
	Class   string // of the objects, such as "signet.receiver.universe"
	Load    *module.Load
	Decl    device.Declaration
	Streams *[]universe.Stream // of the declaration
	Preview bool               // there are previews
}

// Heard is a universe of a receiver. Equal ones are the same.
type Heard struct {
	receiver Receiver
	stream   universe.Stream
}

func (u Heard) String() string { return strconv.Itoa(u.stream.Number) }

// Declare returns the universe of a number to the script, with the options in argument i if
// there are previews.
func (r Receiver) Declare(c module.Call, n, i int) int {
	s := universe.Stream{Number: n}
	if r.Preview {
		s.Preview = c.Options(i, false, "preview").Bool("preview")
	}
	if !slices.Contains(*r.Streams, s) {
		r.Load.LoadingOnly(c, "universes are declared")
		*r.Streams = append(*r.Streams, s)
	}
	c.L.Push(module.OneObject(r.Load, c.L, r.Class, Heard{r, s}, r.class))
	return 1
}

func (r Receiver) class() module.Class[Heard] {
	cl := module.Class[Heard]{
		Methods: map[string]func(module.Call, Heard) int{"on": onLevels, "get": heardLevel, "levels": heardLevels},
		Properties: map[string]func(Heard) lua.LValue{
			"number": func(u Heard) lua.LValue { return lua.LNumber(u.stream.Number) },
		},
	}
	if r.Preview {
		cl.Properties["preview"] = func(u Heard) lua.LValue { return lua.LBool(u.stream.Preview) }
	}
	return cl
}

func onLevels(c module.Call, u Heard) int {
	if c.Get(1) != lua.LString("levels") {
		c.Wrong("the event", `"levels"`, c.Get(1))
	}
	l, topic := u.receiver.Load, universe.Topic(u.receiver.Decl, u.stream)
	return l.PushHandle(c, l.G.On(c.Fn+" levels", c.Function(2, "the callback"), func(L *lua.LState, _ *script.Task, ev script.Event) []lua.LValue {
		v := ev.Value.(universe.Levels)
		source := lua.LValue(lua.LNil)
		if v.Source != "" {
			source = lua.LString(v.Source)
		}
		return []lua.LValue{levelList(L, v.Levels), source}
	}, topic))
}

func levelList(L *lua.LState, levels []byte) *lua.LTable {
	t := L.CreateTable(len(levels), 0)
	for i, l := range levels {
		t.RawSetInt(i+1, lua.LNumber(l))
	}
	return t
}

// heardLevel returns the level of a slot and whether anybody sends it.
func heardLevel(c module.Call, u Heard) int {
	slot := c.Integer(1, "slot", 1, slots)
	heard := module.Ask[universe.SlotLevel](u.receiver.Load, u.receiver.Decl,
		universe.LevelOf{Universe: u.stream.Number, Slot: slot, Preview: u.stream.Preview})
	c.L.Push(lua.LNumber(heard.Level))
	c.L.Push(lua.LBool(heard.Driven))
	return 2
}

func heardLevels(c module.Call, u Heard) int {
	c.L.Push(levelList(c.L, module.Ask[[]byte](u.receiver.Load, u.receiver.Decl,
		universe.LevelsOf{Universe: u.stream.Number, Preview: u.stream.Preview})))
	return 1
}
