package bindings

import (
	"time"

	lua "github.com/yuin/gopher-lua"

	"showrun/runtime/beat"
	"showrun/runtime/device"
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
}

// Env is what bindings reach of the host. Every member may be used from the
// script loop.
type Env struct {
	Name, File, Dir string // of the show: its name, its file, its folder
	Registry        *level.Registry
	Levels          Levels
	Tempo           Tempo
	Players         Players
	State           script.Table // show.state as this load finds it
}

// Show is what one load of a show declares. It is filled while the top level
// runs and read by the host afterwards.
type Show struct {
	Devices []device.Declaration // in the order of declaration
	Patch   patch.Builder

	env         Env
	g           *script.Generation
	beatsPerBar beat.Micro
	state       *lua.LTable
	sinks       map[string]*sink
	senders     map[string]*sender
	metatables  map[string]*lua.LTable
}

// New prepares one load.
func New(env Env) *Show {
	return &Show{
		env: env, beatsPerBar: 4 * beat.Beat,
		sinks: map[string]*sink{}, senders: map[string]*sender{}, metatables: map[string]*lua.LTable{},
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

// State exports show.state.
func (s *Show) State() (script.Table, error) {
	if s.state == nil {
		return s.env.State, nil
	}
	v, err := script.Export(s.state, "show.state")
	if err != nil {
		return nil, err
	}
	return v.(script.Table), nil
}

// SetState replaces the contents of show.state.
func (s *Show) SetState(L *lua.LState, t script.Table) {
	s.env.State = t
	if s.state == nil {
		return
	}
	for k, _ := s.state.Next(lua.LNil); k != lua.LNil; k, _ = s.state.Next(lua.LNil) {
		s.state.RawSet(k, lua.LNil)
	}
	for _, p := range t {
		s.state.RawSet(script.Import(L, p.Key), script.Import(L, p.Value))
	}
}

func (s *Show) module(name string, open func(L *lua.LState) *lua.LTable) script.Module {
	return script.Module{Name: name, Open: func(g *script.Generation, L *lua.LState) *lua.LTable {
		s.g = g
		return open(L)
	}}
}

// declare keeps a declaration; an equal one is the same device.
func (s *Show) declare(d device.Declaration) {
	for _, have := range s.Devices {
		if have.Key() == d.Key() {
			return
		}
	}
	s.Devices = append(s.Devices, d)
}
