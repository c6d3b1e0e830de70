package bindings

import (
	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/bindings/osc"
	"showrun/bindings/signet"
	"showrun/bindings/stagelinq"
	"showrun/bindings/stagenet"
	"showrun/bindings/theater"
	"showrun/runtime/patch"
	"showrun/runtime/script"
	"showrun/runtime/script/plain"
)

// Env is what bindings reach of the host.
type Env struct {
	module.Env
	Name, File, Dir string      // of the show: its name, its file, its folder
	State           plain.Table // show.state as this load finds it
}

// Show is what one load of a show declares. It is filled while the top level
// runs and read by the host afterwards.
type Show struct {
	*module.Load
	Patch patch.Builder

	env   Env
	show  *lua.LTable               // module show, once it is required
	named map[string]*lua.LUserData // fixtures and groups
}

// New prepares one load.
func New(env Env) *Show {
	return &Show{Load: module.NewLoad(env.Env), env: env, named: map[string]*lua.LUserData{}}
}

// Modules lists the Lua modules.
func (s *Show) Modules() []script.Module {
	return []script.Module{
		s.Module("clock", s.openClock),
		s.Module("stage", s.openStage),
		s.Module("show", s.openShow),
		s.Module("signet", signet.Open(s.Load)),
		s.Module("stagelinq", stagelinq.Open(s.Load)),
		s.Module("stagenet", stagenet.Open(s.Load)),
		s.Module("theater", theater.Open(s.Load)),
		s.Module("osc", osc.Open(s.Load)),
	}
}
