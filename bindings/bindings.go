package bindings

import (
	"maps"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/artnet"
	"showrun/bindings/cue"
	"showrun/bindings/deck"
	"showrun/bindings/dmx"
	"showrun/bindings/midi"
	"showrun/bindings/module"
	"showrun/bindings/osc"
	"showrun/bindings/sacn"
	"showrun/bindings/signet"
	"showrun/bindings/stagelinq"
	"showrun/bindings/stagenet"
	"showrun/bindings/theater"
	"showrun/runtime/beat"
	"showrun/runtime/device"
	"showrun/runtime/engine"
	"showrun/runtime/patch"
	"showrun/runtime/script"
	"showrun/runtime/script/state"
	"showrun/runtime/script/syntax"
	"showrun/runtime/show"
)

// Show is what one load of a show declares. It is filled while the top level
// runs and read by the machine afterwards.
type Show struct {
	*module.Load
	patch patch.Builder
	built *patch.Patch // once the top level has run

	scene    show.Scene
	clock    *lua.LTable               // module clock, once it is required
	module   *lua.LTable               // module show, likewise
	passage  *state.Passage            // of show.state, from the load before; nil without one
	kept     *lua.LTable               // show.state, as it was last
	random   lua.LValue                // math.random, as the script finds it
	named    map[string]*lua.LUserData // fixtures and groups
	layout   []patch.Place
	opening  []engine.Command            // of the top level
	profiles map[profileMode]patch.Model // that were read
	pans     map[string]float64          // where fixtures that were aimed have their pan, in degrees
	modules  []script.Module
	cues     *cue.Lists

	params   []*param // in the order of declaration
	triggers []*trigger
	at       calendar
	chosen   map[string]any // values of params that somebody has set, by name, also of those that are not declared
	preset   map[string]any // what the top level has set among them
}

// New makes the modules of a show script. It is a show.Bind.
func New(scene show.Scene) show.Bindings {
	s := newShow(scene)
	s.modules = []script.Module{
		s.Module("clock", s.openClock),
		s.Module("stage", s.openStage),
		s.Module("show", s.openShow),
		s.Module("cue", s.cues.Open),
		s.Module("signet", signet.Open(s.Load)),
		s.Module("sacn", sacn.Open(s.Load)),
		s.Module("artnet", artnet.Open(s.Load)),
		s.Module("stagelinq", stagelinq.Open(s.Load)),
		s.Module("stagenet", stagenet.Open(s.Load)),
		s.Module("theater", theater.Open(s.Load)),
		s.Module("osc", osc.Open(s.Load)),
		s.Module("dmx", dmx.Open(s.Load)),
		s.Module("midi", midi.Open(s.Load)),
	}
	return s
}

// NewDeck makes the modules of a script that plays a virtual player with so many decks:
// clock and deck.
func NewDeck(decks int) show.Bind {
	return func(scene show.Scene) show.Bindings {
		s := newShow(scene)
		s.modules = []script.Module{
			s.Module("clock", s.openClock),
			s.Module("deck", deck.Open(s.Load, decks)),
		}
		return s
	}
}

func newShow(scene show.Scene) *Show {
	s := &Show{Load: module.NewLoad(scene.Registry), scene: scene, named: map[string]*lua.LUserData{}, profiles: map[profileMode]patch.Model{}, pans: map[string]float64{}}
	s.cues = cue.New(s.Load, &cueStage{Show: s})
	s.passage, _ = scene.State.(*state.Passage)
	s.at.covered, s.at.fired = scene.Carried.Fired, scene.Carried.Fired
	s.chosen, s.preset = maps.Clone(scene.Carried.Params), map[string]any{}
	if s.chosen == nil {
		s.chosen = map[string]any{}
	}
	return s
}

// Modules implements show.Bindings.
func (s *Show) Modules() []script.Module { return s.modules }

// Patch implements show.Bindings.
func (s *Show) Patch() *patch.Patch {
	if s.built == nil {
		s.built = s.patch.Build()
	}
	return s.built
}

// Intensity implements show.Bindings.
func (s *Show) Intensity() []patch.Channel { return s.Patch().Intensity() }

// Mixes implements show.Bindings.
func (s *Show) Mixes() []patch.Mix { return s.Patch().Mixes() }

// Layout implements show.Bindings.
func (s *Show) Layout() []patch.Place { return s.layout }

// Bar implements show.Bindings.
func (s *Show) Bar() beat.Micro { return s.BeatsPerBar }

// Cues is what there is to say about cues that are of no use.
func (s *Show) Cues() []syntax.Remark { return s.cues.Remarks() }

// Devices implements show.Bindings.
func (s *Show) Devices() []device.Declaration { return s.Load.Devices() }
