package bindings

import (
	"time"

	lua "github.com/yuin/gopher-lua"

	"showrun/runtime/beat"
	"showrun/runtime/device"
	"showrun/runtime/level"
	"showrun/runtime/patch"
	"showrun/runtime/script"
	"showrun/runtime/script/plain"
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

// Players is what the live StageLinQ sinks know. sink is the key of a
// declaration.
type Players interface {
	Devices(sink string) []device.Player
	State(sink, token, path string) (any, bool)
	// Deck is a deck of the player with that token, with "" of the first one;
	// with n = 0 the master.
	Deck(sink, token string, n int) (device.Deck, bool)
	Known(sink, path string) []device.StateChange
	Subscribe(sink, path string)
}

// Env is what bindings reach of the host. Every member may be used from the
// script loop.
type Env struct {
	Name, File, Dir string // of the show: its name, its file, its folder
	Registry        *level.Registry
	Levels          Levels
	Tempo           Tempo
	Players         Players
	State           plain.Table // show.state as this load finds it
}

// Show is what one load of a show declares. It is filled while the top level
// runs and read by the host afterwards.
type Show struct {
	Devices []device.Declaration // in the order of declaration
	Patch   patch.Builder

	env         Env
	g           *script.Generation
	beatsPerBar beat.Micro
	show        *lua.LTable               // module show, once it is required
	named       map[string]*lua.LUserData // fixtures and groups
	sinks       map[string]*sink
	senders     map[string]*sender
	metatables  map[string]*lua.LTable
	objects     map[any]*lua.LUserData
}

// New prepares one load.
func New(env Env) *Show {
	return &Show{
		env: env, beatsPerBar: 4 * beat.Beat,
		named: map[string]*lua.LUserData{}, sinks: map[string]*sink{}, senders: map[string]*sender{},
		metatables: map[string]*lua.LTable{}, objects: map[any]*lua.LUserData{},
	}
}

// Modules lists the Lua modules.
func (s *Show) Modules() []script.Module {
	return []script.Module{
		s.module("clock", s.openClock),
		s.module("stage", s.openStage),
		s.module("show", s.openShow),
		s.module("signet", s.openSignet),
		s.module("stagelinq", s.openStagelinq),
	}
}

func (s *Show) module(name string, open func(L *lua.LState) *lua.LTable) script.Module {
	return script.Module{Name: name, Open: func(g *script.Generation, L *lua.LState) *lua.LTable {
		s.g = g
		m := open(L)
		var known []string
		for k, _ := m.Next(lua.LNil); k != lua.LNil; k, _ = m.Next(k) {
			known = append(known, k.String())
		}
		mt := L.NewTable()
		mt.RawSetString("__index", L.NewFunction(func(L *lua.LState) int {
			field := L.Get(2).String()
			L.RaiseError("%s has no '%s'%s", name, cut(field), suggestion(field, known))
			return 0
		}))
		m.Metatable = mt
		return m
	}}
}

// declare keeps a declaration.
func (s *Show) declare(c call, d device.Declaration) {
	s.loadingOnly(c, "devices are declared")
	s.Devices = append(s.Devices, d)
}

// loadingOnly raises for what can be done only before the show is live: the host
// looks at it then.
func (s *Show) loadingOnly(c call, what string) {
	if !s.g.Collecting() {
		c.fail("%s while the show loads: at the top level of the script, not in a task or a handler", what)
	}
}
