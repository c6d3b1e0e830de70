// Package cue is the Lua module of that name: cue lists.
package cue

import (
	"slices"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/runtime/cue"
	"showrun/runtime/engine"
	"showrun/runtime/patch"
	"showrun/runtime/script"
	"showrun/runtime/show"
)

// Stage is what a cue changes.
type Stage interface {
	// Read takes what a look says of a fixture or a group: the object or its name, and its
	// levels.
	Read(c module.Call, who, levels lua.LValue) []cue.Change
	// Place tells of a channel what it is for, and of which fixture.
	Place(patch.Channel) (fixture string, class patch.Class)
	// Channel is one that Read or Place has told of.
	Channel(cue.Key) patch.Channel
	// Follow tells which channels follow an attribute once it is changed.
	Follow(attribute cue.Key) []cue.Change
	// Attributes are those of a fixture.
	Attributes(fixture string) []cue.Change
	// Fade emits moves to levels, of which the attributes come first.
	Fade(moves []cue.Move)
	// Write makes the table of a look.
	Write(L *lua.LState, look []cue.Change) *lua.LTable
}

// Lists is the module in one load.
type Lists struct {
	*module.Load
	stage Stage
	lists []*list
	homes map[cue.Key]cue.Value // what the top level of the show leaves
}

// New makes the module of a load.
func New(l *module.Load, stage Stage) *Lists {
	return &Lists{Load: l, stage: stage, homes: map[cue.Key]cue.Value{}}
}

// Open fills the table of the module.
func (s *Lists) Open(L *lua.LState, m *lua.LTable) {
	module.Functions(L, m, "cue", map[string]func(module.Call) int{"list": s.newList})
}

// findHomes notes what channels do without any cue.
func (s *Lists) findHomes() {
	for _, command := range s.G.Collected() {
		for _, left := range leaves(command) {
			s.homes[left.Coarse] = left.value
		}
	}
}

// home is what a channel does without any cue.
func (s *Lists) home(k cue.Key) cue.Value {
	v, ok := s.homes[k]
	if !ok && (k == master.Coarse || k.Output.IsAttribute()) {
		v.Level = full
	}
	return v
}

// full is the highest level.
const full = 255

// list is a cue list of a show.
type list struct {
	*Lists
	*cue.List
	functions map[*cue.Cue]*lua.LFunction
	timecode  bool                // it has one
	times     map[*cue.Cue]string // of the timecode
	rate      string              // of the timecode, as it was heard last
	fixtures  map[string]bool     // that the list knows
	where     map[float64]string  // cues were made, by number
	shown     []show.Cue          // the cues, as people see them
	scopes    []*script.Scope     // of functions that were called since they were ended last
	next      alarm
	ends      alarm
}

func (l *list) String() string { return l.Name }

// alarm is a timer of a list that has been set.
type alarm struct {
	timer  cue.Timer
	handle *script.Handle
}

func (s *Lists) newList(c module.Call) int {
	o := c.Options(1, false, "name", "timecode")
	l := &list{Lists: s, List: cue.New(o.Str("name", "main")), functions: map[*cue.Cue]*lua.LFunction{}, times: map[*cue.Cue]string{}, fixtures: map[string]bool{}, where: map[float64]string{}}
	l.Home = s.home
	l.Shadow = l.shadow
	if slices.ContainsFunc(s.lists, func(other *list) bool { return other.Name == l.Name }) {
		hint := ""
		if !o.Has("name") {
			hint = "; give each list a name, as in cue.list{ name = \"sound\" }"
		}
		c.Fail("there is a cue list called %q already%s", module.Cut(l.Name), hint)
	}
	if o.Has("timecode") {
		l.chase(o)
	}
	s.LoadingOnly(c, "cue lists are made")
	s.lists = append(s.lists, l)
	s.AddList(l)
	s.G.WhenLive(func() { l.begin() })
	c.L.Push(module.Object(s.Load, c.L, "cue.list", l, s.listClass))
	return 1
}

func (s *Lists) listClass() module.Class[*list] {
	return module.Class[*list]{
		Methods: map[string]func(module.Call, *list) int{
			"cue": s.newCue, "go": s.listGo, "back": s.listBack, "stop": s.listStop, "reset": s.listReset, "jump": s.listJump, "look": s.listLook, "on": s.listOn,
		},
		Properties: map[string]func(*list) lua.LValue{
			"name":    func(l *list) lua.LValue { return lua.LString(l.Name) },
			"current": func(l *list) lua.LValue { return l.object(l.Current()) },
			"next":    func(l *list) lua.LValue { return l.object(l.Next()) },
		},
		Item:   func(_ *lua.LState, l *list, i int) lua.LValue { return l.object(l.Cues()[i-1]) },
		Length: func(l *list) int { return len(l.Cues()) },
	}
}

// one is a cue as scripts see it. Equal ones are the same.
type one struct {
	list *list
	cue  *cue.Cue
}

func (o one) String() string { return o.cue.String() }

// object is a cue for the script, nil for none.
func (l *list) object(c *cue.Cue) lua.LValue {
	if c == nil {
		return lua.LNil
	}
	return module.OneObject(l.Load, l.G.L, "cue", one{l, c}, func() module.Class[one] {
		return module.Class[one]{Properties: map[string]func(one) lua.LValue{
			"number": func(o one) lua.LValue { return lua.LNumber(o.cue.Number) },
			"label": func(o one) lua.LValue {
				if o.cue.Label == "" {
					return lua.LNil
				}
				return lua.LString(o.cue.Label)
			},
		}}
	})
}

// left is what a command leaves on a channel.
type left struct {
	patch.Channel
	value cue.Value
	span  cue.Length // from the command on, until it is there
}

// The grand master and the blackout count as channels of no output.
var (
	master   = patch.Channel{Name: "master", Coarse: cue.Key{Slot: -1}}
	blackout = patch.Channel{Name: "blackout", Coarse: cue.Key{Slot: -2}}
)

// leaves tells what a command leaves.
func leaves(command engine.Command) []left {
	switch c := command.(type) {
	case engine.Set:
		return []left{{c.Channel, cue.Value{Level: c.Value}, cue.Length{}}}
	case engine.Fade:
		return []left{{c.Channel, cue.Value{Level: c.To}, cue.Sum(cue.Length(c.Delay), cue.Length(c.Duration), 120)}}
	case engine.Wave:
		return []left{{c.Channel, cue.Value{Motion: c}, cue.Length{}}}
	case engine.FadeColor:
		span := cue.Sum(cue.Length(c.Delay), cue.Length(c.Duration), 120)
		return components(c.At, cue.Value{Level: c.To.R}, cue.Value{Level: c.To.G}, cue.Value{Level: c.To.B}, span)
	case engine.WaveColor:
		v := cue.Value{Motion: c}
		return components(c.At, v, v, v, cue.Length{})
	case engine.SetColors:
		var list []left
		for i, at := range c.At {
			l := c.Levels[3*i:]
			list = append(list, components(at, cue.Value{Level: float64(l[0])}, cue.Value{Level: float64(l[1])}, cue.Value{Level: float64(l[2])}, cue.Length{})...)
		}
		return list
	case engine.Path:
		n := c.Path.Segments()
		end := c.Path.Eval(nil, make([]float64, len(c.Channels)), float64(n))
		list := make([]left, len(c.Channels))
		for i, ch := range c.Channels {
			list[i] = left{ch, cue.Value{Level: end[i]}, cue.Length(c.Segment).Times(n)}
		}
		return list
	case engine.Master:
		return []left{{master, cue.Value{Level: c.To}, cue.Length(c.Duration)}}
	case engine.Blackout:
		on := 0.0
		if c.On {
			on = full
		}
		return []left{{blackout, cue.Value{Level: on}, cue.Length(c.Duration)}}
	}
	return nil
}

// components are what a colour leaves on its three attributes.
func components(at cue.Key, r, g, b cue.Value, span cue.Length) (list []left) {
	for i, v := range []cue.Value{r, g, b} {
		k := cue.Key{Output: at.Output, Slot: at.Slot + int32(i)}
		list = append(list, left{patch.Channel{Name: "color", Coarse: k}, v, span})
	}
	return list
}
