package module

import (
	"math"

	lua "github.com/yuin/gopher-lua"

	"showrun/runtime/beat"
	"showrun/runtime/script"
)

// TempoSource is an object clock.follow takes: a source of beats.
type TempoSource interface{ TempoKey() string }

// BeatArgs makes the beat a callback gets.
func (s *Load) BeatArgs(bpm func() float64) script.Args {
	return s.BeatArgsIn(bpm, func(pos beat.Micro) beat.Micro { return pos })
}

// BeatArgsIn is BeatArgs of a source that may be elsewhere than the beat that called back: it
// loops.
func (s *Load) BeatArgsIn(bpm func() float64, in func(beat.Micro) beat.Micro) script.Args {
	return func(L *lua.LState, t *script.Task, _ script.Event) []lua.LValue {
		at, pos := t.At()
		pos = in(pos)
		number := math.Floor(pos.Float())
		perBar := s.BeatsPerBar.Float()
		bar := math.Floor(number / perBar)
		b := L.CreateTable(0, 6)
		b.RawSetString("count", lua.LNumber(pos.Float()))
		b.RawSetString("number", lua.LNumber(number))
		b.RawSetString("bar", lua.LNumber(bar+1))
		b.RawSetString("in_bar", lua.LNumber(number-bar*perBar+1))
		b.RawSetString("bpm", lua.LNumber(bpm()))
		b.RawSetString("time", lua.LNumber(at.Seconds()))
		return []lua.LValue{b}
	}
}
