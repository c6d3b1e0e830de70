// Package lualib is the standard library a show script sees: that of Lua 5.1, written for gopher-lua v1.1.2 with the
// faults of its own libraries repaired and with every call bounded.
//
// A library call is one instruction to the virtual machine, so no instruction hook can end it. Whatever can take long
// here is therefore limited from inside: a pattern search by steps, a string by its length, a list of results by its
// count, and the loops that depend on the size of a table tell Options.Spent as they go.
//
// Differences from the reference implementation, all on purpose:
//   - A malformed pattern is always an error, not only when the search happens to reach the bad place; "\0" is an
//     ordinary byte in a pattern.
//   - Not-a-number prints as "nan" whatever its sign bit.
//   - tostring numbers tables, functions, threads and userdata in the order in which it meets them, where the reference
//     shows an address, so that two runs of a show print the same.
//   - tonumber refuses "inf" and "nan" and returns negative numbers for negative text in any base.
//   - %s of string.format takes any value; %d and its kin refuse numbers no 64-bit integer can hold.
//   - table.sort leaves the table alone when the comparison raises, and always notices a comparison that contradicts
//     itself between neighbours of the result.
//   - An argument error counts the receiver of a method call as argument 1 and always names the library function.
//
// pcall, xpcall, require, coroutine.create and coroutine.wrap are left to the caller. After Open, lua.OpenCoroutine
// still pushes gopher-lua's own complete coroutine module, from which those two can be built.
package lualib

import (
	"math"
	"math/rand/v2"

	"showrun/runtime/script/chunk"
	"showrun/runtime/script/lualib/pattern"

	lua "github.com/yuin/gopher-lua"
)

// Limits that no option changes.
const (
	maxResults    = 8000      // values one call may return, as in the reference implementation
	maxChunk      = 512 << 10 // bytes load and loadstring compile, as many as a file may have
	defaultString = 16 << 20
	defaultSteps  = 10_000_000
)

// Options says what the library reaches outside the Lua state and how much one call may cost. All functions are called
// on the goroutine that runs the Lua state.
type Options struct {
	// Seed starts math.random; equal seeds give equal numbers on every machine.
	Seed uint64
	// Print receives what print was called with, as one text without a newline. Without it print does nothing.
	Print func(L *lua.LState, text string)
	// MaxString is the length in bytes of the longest string a call may build; 0 means 16 MiB.
	MaxString int
	// MaxSteps is the number of steps a pattern search may take in one call; 0 means 10 million. A step is a pattern
	// item tried at a position, some nanoseconds.
	MaxSteps int
	// Getenv answers os.getenv. Without it no variable is set.
	Getenv func(name string) (string, bool)
	// Now is the wall clock of os.time and os.date, in seconds from the Unix epoch. Without it the time is always 0.
	Now func() float64
	// Zone tells what local clocks are like at an instant, in seconds from the Unix epoch. Without it they show UTC.
	Zone func(unix int64) Zone
	// Unix is the instant at which local clocks show a date, given as the instant at which clocks of UTC do. Without it
	// it is that instant.
	Unix func(shown int64) int64
	// Clock answers os.clock, in seconds. Without it the answer is always zero.
	Clock func() float64
	// Heap answers collectgarbage("count"), in KiB. Without it the answer is always zero.
	Heap func() float64
	// Warn receives what is worth knowing and no error. Without it nobody does.
	Warn func(text string)
	// Try calls a function without arguments and returns its first result, or ok = false and what it raised. Without it
	// errors pass through.
	Try func(L *lua.LState, fn *lua.LFunction) (result lua.LValue, ok bool)
	// Compile compiles what load and loadstring are given; what is wrong with it is a *chunk.Error. It may give up when
	// the host wants the script to stop. Without it chunk.Compile does.
	Compile func(text, name string) (*chunk.Chunk, error)
	// Spent is told about every thousand steps of a long call how many they were. The call raises the error it returns.
	Spent func(steps int) error
}

// Zone is what the clocks of a place are like at an instant.
type Zone struct {
	Name   string
	Offset int  // seconds ahead of UTC
	Summer bool // daylight saving time
}

// library is the state the functions of one Lua state share. It belongs to the goroutine that runs the state.
type library struct {
	Options
	random   *rand.PCG
	patterns map[patternKey]*pattern.Pattern
	names    names
	weak     bool // it has been said that tables are never weak
}

// function is an entry of a library table. Tables are filled in the order of the list, so pairs over a library is the
// same in every run.
type function struct {
	name string
	run  func(c call) int
}

// Open installs the library into the globals of L, which must have been made with SkipOpenLibs and have no function
// running. lua.MaxArrayIndex stays what it is.
func Open(L *lua.LState, o Options) {
	if o.MaxString <= 0 {
		o.MaxString = defaultString
	}
	if o.MaxSteps <= 0 {
		o.MaxSteps = defaultSteps
	}
	if o.Print == nil {
		o.Print = func(*lua.LState, string) {}
	}
	if o.Getenv == nil {
		o.Getenv = func(string) (string, bool) { return "", false }
	}
	zero := func() float64 { return 0 }
	if o.Now == nil {
		o.Now = zero
	}
	if o.Zone == nil {
		o.Zone = func(int64) Zone { return Zone{Name: "UTC"} }
	}
	if o.Unix == nil {
		o.Unix = func(shown int64) int64 { return shown }
	}
	if o.Clock == nil {
		o.Clock = zero
	}
	if o.Heap == nil {
		o.Heap = zero
	}
	if o.Compile == nil {
		o.Compile = chunk.Compile
	}
	if o.Warn == nil {
		o.Warn = func(string) {}
	}
	if o.Spent == nil {
		o.Spent = func(int) error { return nil }
	}
	lib := &library{
		Options:  o,
		random:   rand.NewPCG(o.Seed, seedStream),
		patterns: make(map[patternKey]*pattern.Pattern),
		names:    names{numbers: make(map[any]uint64)},
	}
	lib.openBase(L)
	lib.openCoroutine(L)
	lib.openString(L)
	lib.module(L, "table", tableFunctions)
	lib.openMath(L)
	lib.module(L, "os", osFunctions)
	lib.module(L, "debug", debugFunctions)
	lib.openUTF8(L)
	lib.module(L, "bit", bitFunctions)
}

// module makes the global table name and fills it with the functions.
func (lib *library) module(L *lua.LState, name string, functions []function) *lua.LTable {
	t := L.NewTable()
	for _, f := range functions {
		t.RawSetString(f.name, lib.function(L, name+"."+f.name, f.run))
	}
	L.SetGlobal(name, t)
	return t
}

// function makes a Lua function; name is the one in error texts, with its module.
func (lib *library) function(L *lua.LState, name string, run func(c call) int) *lua.LFunction {
	return L.NewFunction(func(L *lua.LState) int { return run(call{L: L, lib: lib, name: name}) })
}

// patternMeter bounds a pattern search; plainMeter only tells Spent.
func (c call) patternMeter() pattern.Meter { return c.meter(c.lib.MaxSteps) }

func (c call) plainMeter() pattern.Meter { return c.meter(math.MaxInt) }

// meter raises when limit steps have run out or the host wants the script to stop.
func (c call) meter(limit int) pattern.Meter {
	return pattern.Meter{LookUp: func(spent, total int) {
		if total > limit {
			c.raise("%s: pattern too complex (gave up after %d steps)", c.name, limit)
		}
		if err := c.lib.Spent(spent); err != nil {
			c.raise("%v", err)
		}
	}}
}
