package show

import (
	"slices"
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/device"
	"showrun/runtime/engine"
	"showrun/runtime/script"
	"showrun/runtime/script/state"
)

// Inputs have numbers that ascend from 1. What one of them leads to in the other half
// of the machine has a higher number, so that a second machine that takes them by
// their numbers does the same.
type (
	// ScriptTurn is a turn of the script loop and all it has taken.
	ScriptTurn struct {
		Number uint64
		Now    time.Duration
		Plan   uint64         // the version of the plan of the beat it went by
		Events []script.Event // that it delivered
		Heard  []script.Heard // what the script asked, and what guards decided
		Files  []File         // that it read or found, by requiring a module late
	}
	// Copied is that show.state was copied for a load to come.
	Copied struct {
		Number uint64
		Load   int // its number
	}
	// Swapped is that a load went live.
	Swapped struct {
		Number uint64
		Now    time.Duration
		Plan   uint64
		On     time.Duration // the beat on which it did; 0 if that was no matter
		Load   Loaded
		Heard  []script.Heard // by the load before, whose last turn it is
		Begun  []script.Heard // by the new one, in the handlers of its start
		Files  []File         // that these read
	}
	// EngineTurn is a turn of the engine loop and all it has taken, in order: Observed,
	// Aliased, Handed, Arrived, Barred or Held.
	EngineTurn struct {
		Number uint64
		Now    time.Duration
		Inputs []any
	}
	// Ended is that the script begins to say goodbye.
	Ended struct {
		Number uint64
		Now    time.Duration
		Heard  []script.Heard
		Files  []File
	}
	// Left is the end of that, and whether the light is taken out.
	Left struct {
		Number uint64
		Now    time.Duration
		Dark   bool
	}
)

// What a record has besides, for who begins to repeat it in the middle of a load: what tasks
// have got to cannot be written down, so this repeats what they have handed over instead.
type (
	// Checkpoint is where that can be begun, and all that was handed over before it. Its
	// number is lower than those of all that comes after it.
	Checkpoint struct {
		Number uint64
		Turn   uint64        // of the engine loop, at the end of which its half stood as in Engine
		Got    uint64        // the number of what that had taken last
		Heard  uint64        // how many commands for the conductor were among it
		From   time.Duration // when the load in Engine began
		Engine EngineState
		Live   Swapped // the load whose tasks run
		Stood  Stood
	}
	// Given is something that the script half hands over.
	Given struct {
		Number  uint64
		Handed  uint64             // as in Handed
		Outputs []engine.BankState // that are new, in the order of their numbers; only Key and Slots
		Wired   bool               // it is what the engine half has to know of the load that was swapped in last
		From    time.Duration      // when that begins
		Batch   engine.Batch       // otherwise
	}
	// Stood is what people could operate, as far as that moves.
	Stood struct {
		Number   uint64
		Params   []Param
		Triggers []Trigger
		Lists    []List
		Master   float64
		Blackout bool
		Holds    []HeldLevel
	}
)

// What an engine turn takes.
type (
	// Observed is where a tempo source stands.
	Observed struct {
		Source string
		beat.Observation
	}
	// Aliased is that a tempo source stands for another.
	Aliased struct {
		Source, Target string
		At             time.Duration
	}
	// Handed is what the script half has handed over: a batch, or what a load needs
	// of the engine. It is made again by whoever repeats the script's turns, so the
	// number, which counts from 1, is all.
	Handed struct{ Number uint64 }
	// Arrived is that a device is there now that was not when the live load needed it.
	Arrived struct{ Device string }
	// Barred keeps machinery from what it was told up to now.
	Barred struct{}
	// Held does that, and from then on from everything, or lets it go again.
	Held struct{ On bool }
)

// Loaded is a load as it entered the machine.
type Loaded struct {
	Number  int
	Seed    uint64
	At      time.Duration // when its top level ran
	Plan    uint64        // of the beat, then
	Main    string
	Carried Carried        // from an earlier run, in the first; after a Checkpoint from the load before
	State   any            // likewise, show.state
	Resumed *Resumed       // likewise, if it goes on where that run was
	Files   []File         // that its top level read
	Heard   []script.Heard // by its top level
}

// File is a file of a show, by its name in the show folder; without data if the script only
// learnt that it is there.
type File struct {
	Name string
	Data []byte
}

// Replace does as that of Swapped.
func (in Checkpoint) Replace(with func(data []byte) []byte) any {
	in.Live = in.Live.Replace(with).(Swapped)
	return in
}

// Replace returns the input with other data in the place of that of each file: a load has all
// files of its show, of which most are as they were.
func (in Swapped) Replace(with func(data []byte) []byte) any {
	in.Load.Files, in.Files = replaced(in.Load.Files, with), replaced(in.Files, with)
	return in
}

func replaced(files []File, with func([]byte) []byte) (list []File) {
	for _, f := range files {
		list = append(list, File{f.Name, with(f.Data)})
	}
	return list
}

// Values has a value of each type that a record of inputs or an EngineState holds, but
// for those of the protocols: for who writes them down.
func Values() []any {
	return slices.Concat(script.AnswerTypes(), engine.Values(), operations(), []any{
		engine.Conduct{}, engine.Order{},
		&state.Passage{}, ScriptTurn{}, Copied{}, Swapped{}, EngineTurn{}, Ended{}, Left{}, Checkpoint{}, Given{}, Stood{}, Observed{}, Aliased{}, Handed{}, Arrived{}, Barred{}, Held{},
	})
}

// handed is something on its way from the script half to the engine half.
type handed struct {
	number uint64
	batch  engine.Batch
	wiring *wiring // instead, if a load went live
}

// arrived is an Arrived on its way, with the device.
type arrived struct {
	key    string
	device device.Device
}

// NumberOf is the number of an input.
func NumberOf(input any) uint64 {
	switch in := input.(type) {
	case ScriptTurn:
		return in.Number
	case Copied:
		return in.Number
	case Swapped:
		return in.Number
	case EngineTurn:
		return in.Number
	case Ended:
		return in.Number
	case Left:
		return in.Number
	case Checkpoint:
		return in.Number
	case Given:
		return in.Number
	case Stood:
		return in.Number
	}
	return 0
}

// TimeOf is the show time of an input, 0 for one that has none.
func TimeOf(input any) time.Duration {
	switch in := input.(type) {
	case ScriptTurn:
		return in.Now
	case Swapped:
		return in.Now
	case EngineTurn:
		return in.Now
	case Ended:
		return in.Now
	case Left:
		return in.Now
	case Checkpoint:
		return in.Engine.At
	}
	return 0
}
