package module

import (
	"math"

	lua "github.com/yuin/gopher-lua"

	"showrun/runtime/script"
)

// TempoSource is an object clock.follow takes: a source of beats.
type TempoSource interface{ TempoKey() string }

// BeatArgs makes the beat a callback gets.
func (s *Load) BeatArgs(bpm func() float64) script.Args {
	return func(L *lua.LState, t *script.Task, _ script.Event) []lua.LValue {
		at, pos := t.At()
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
