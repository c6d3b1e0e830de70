package show

import (
	"io/fs"
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/cue"
	"showrun/runtime/device"
	"showrun/runtime/level"
	"showrun/runtime/patch"
	"showrun/runtime/script"
)

// Bind makes the Lua modules of one load.
type Bind func(Scene) Bindings

// Scene is what the modules of a load reach of the machine.
type Scene struct {
	Name, File, Dir string // of the show: its name, its file, its folder
	Registry        *level.Registry
	Files           fs.FS // of the show, while its top level runs; what is read of them is remembered
	State           any   // show.state as CopyState of the load before left it; nil in the first
	Carried         Carried
}

// Carried is what a load takes over from the one before, or from an earlier run: a plain
// value that nobody changes.
type Carried struct {
	// Params are the values of params that somebody has set, by name: a float64, a bool or
	// a string each.
	Params map[string]any
	// Lists are where cue lists stand, by name.
	Lists map[string]cue.State
	// Fired is the date up to which all that show.at had due was done, as of the last time
	// that something was; zero if nothing ever was.
	Fired time.Time
	// Top are prints of what the top level asked for, by what it is about; the machine adds
	// them.
	Top map[uint64]uint64
}

// Bindings are the Lua modules of one load, and what it declares through them.
type Bindings interface {
	// Modules lists the modules.
	Modules() []script.Module
	// Devices lists what the top level has declared, in order.
	Devices() []device.Declaration
	// Intensity lists the channels that the master scales.
	Intensity() []patch.Channel
	// Mixes lists the fixtures whose attributes become levels of channels.
	Mixes() []patch.Mix
	// Patch is what the top level has patched, and Layout where it lies in a picture of
	// the stage, as far as the script says.
	Patch() *patch.Patch
	Layout() []patch.Place
	// Bar is how long a bar is.
	Bar() beat.Micro
	// CopyState copies show.state for the load to come, on the script loop. The error
	// names what cannot be kept; the rest is copied.
	CopyState() (state any, err error)
	// Carry is what the load to come takes over; TakeState has the changes since. On the
	// script loop.
	Carry() Carried
	// Ready is called off the loop when the top level has run.
	Ready() error
	// TakeState brings show.state up to that of the load before, on the script loop.
	// What a script holds on to stays what it is.
	TakeState(before Bindings) error
	// Board is what people can operate, after a turn of the script loop, and whether it has
	// changed since it was asked last; the first time it has. Master and Blackout are the
	// machine's.
	Board() (board Board, changed bool)
	// Operate does an operation that the board has, in a task at the instant it was asked.
	// The error is for people.
	Operate(op Operation) error
}

// AskLevel is the question for the present level of a channel, as commands and effects
// have it, before the master; a float64.
type AskLevel struct{ At level.Address }

// AskHeld is the question whether an operator holds a channel or an attribute; a bool.
type AskHeld struct{ At level.Address }

// AskDevice is a question for the live device of a declaration. The answer is nil if
// there is none that answers.
type AskDevice struct {
	Key      string
	Question any
}
