// Package theater is the Lua module of that name: lighting, motion and valve servers
// of theater OSC.
package theater

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	device "showrun/runtime/device/theater"
	"showrun/runtime/script"
)

// house is the module in one load.
type house struct {
	*module.Load
	lightings map[string]*lighting // by address, as are the others
	motions   map[string]*motion
	valves    map[string]*valve
	warned    bool // that a reload moves nothing
}

// Open returns what makes the module.
func Open(l *module.Load) func(L *lua.LState, m *lua.LTable) {
	s := &house{Load: l, lightings: map[string]*lighting{}, motions: map[string]*motion{}, valves: map[string]*valve{}}
	return func(L *lua.LState, m *lua.LTable) {
		module.Functions(L, m, "theater", map[string]func(module.Call) int{
			"lighting": s.lighting, "motion": s.motion, "valve": s.valve,
		})
	}
}

// server takes where a server is.
func server(o module.Options, port int) device.Server {
	return device.Server{
		Host: o.Host(), Port: o.Integer("port", port, 1, 65535), Interface: o.Str("interface", ""),
	}
}

// tempo takes a tempo in segments a minute.
func tempo(c module.Call, i int) float64 {
	rate := c.Number(i, "the tempo")
	if rate < device.MinTempo || rate > device.MaxTempo {
		c.Wrong("the tempo", fmt.Sprintf("%v-%v segments a minute", device.MinTempo, device.MaxTempo), c.Get(i))
	}
	return rate
}

// perBeat takes how many segments there are to a beat; 1 if it is left out, 0 ends
// following.
func perBeat(c module.Call, i int) float64 {
	if c.None(i) {
		return 1
	}
	n := c.Number(i, "the segments per beat")
	if n < 0 || n > device.MaxTempo {
		c.Wrong("the segments per beat", fmt.Sprintf("0-%v", device.MaxTempo), c.Get(i))
	}
	return n
}

// moves tells whether a command that moves a machine is carried out: not if the top
// level of a reload gives it. Somebody may stand beside the machine who only saw a
// file being saved. And not in a shadow.
func (s *house) moves(c module.Call) bool {
	if s.G.Shadowing() {
		return false
	}
	if !s.G.Collecting() || s.G.Number() == 1 {
		return true
	}
	if !s.warned {
		s.warned = true
		text, line := c.Fn+" at the top level is left out: a reload by itself never moves machinery", script.Where(c.L)
		s.G.WhenLive(func() { s.G.Log().Warn(text, "at", line) })
	}
	return false
}

// declaredOtherwise raises for a second declaration of a server that is not like the
// first.
func declaredOtherwise(c module.Call, address string) {
	c.Fail("%s is declared with other options already", address)
}
