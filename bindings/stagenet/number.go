package stagenet

import (
	"fmt"
	"math"
	"time"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/runtime/device/stagenet"
	"showrun/runtime/engine"
	"showrun/runtime/level"
	"showrun/runtime/patch"
)

// numbers are the addresses a script sets by their number, and the earliest instant
// from which on the device was told to send them.
type numbers map[int]time.Duration

// number takes the name of an address, such as "SN17". One that no lease holds is
// an error, unless it may be pending. While the show loads nobody knows which
// gateways there will be, so any will do.
func (s *net) number(c module.Call, v *console, name lua.LValue, pending bool) int {
	text, _ := name.(lua.LString)
	a, err := stagenet.ParseAddress(string(text))
	if err != nil {
		c.Wrong("the address", `one such as "SN17"`, name)
	}
	if pending || s.G.Collecting() {
		return a
	}
	if s.place(v, a).Gateway == "" {
		s.Refuse(c, "no lease holds %s; give { pending = true } if its gateway is still to come", stagenet.AddressName(a))
	}
	return a
}

// place is where an address is.
func (s *net) place(v *console, a int) stagenet.Place {
	return module.Ask[stagenet.Place](s.Load, v.decl, stagenet.PlaceOf{Address: a})
}

// numberChannel is where the level of an address is. Addresses are kept in blocks,
// an output each, for there may be any.
func (s *net) numberChannel(v *console, a int) patch.Channel {
	block := (a - 1) / stagenet.Block
	first := block*stagenet.Block + 1
	key := fmt.Sprintf("%s-%s", stagenet.AddressName(first), stagenet.AddressName(first+stagenet.Block-1))
	return patch.Channel{
		Name:   stagenet.AddressName(a),
		Coarse: level.Address{Output: s.Registry.Output(v.decl.OutputKey(key), stagenet.Block), Slot: int32(a - first + 1)},
	}
}

// use has an address sent from the present instant on.
func (s *net) use(v *console, a int) patch.Channel {
	ch := s.numberChannel(v, a)
	if since, ok := v.used[a]; !s.G.Shadowing() && (!ok || s.G.Instant() < since) {
		v.used[a] = s.G.Instant()
		s.Order(v.decl, stagenet.Use{Address: a, At: ch.Coarse, Load: s.G.Number()})
	}
	return ch
}

// value takes a value, which is what StageNet calls a level: a whole number.
func value(c module.Call, v lua.LValue, what string) float64 {
	return float64(c.AsInteger(v, what, 0, 255))
}

// pending takes { pending = } as argument i, where there may be others also.
func pending(c module.Call, i int, also ...string) bool {
	return c.Options(i, false, append([]string{"pending"}, also...)...).Bool("pending")
}

// set takes an address and a value, or a table of values by address, of which
// nothing is done if something is wrong with any.
func (s *net) set(c module.Call, v *console) int {
	t, ok := c.Get(1).(*lua.LTable)
	if !ok {
		a := s.number(c, v, c.Get(1), pending(c, 3))
		to := value(c, c.Get(2), "the value")
		s.G.Emit(engine.Set{Channel: s.use(v, a), Value: to})
		return 0
	}
	later := pending(c, 2)
	type pair struct {
		address int
		value   float64
	}
	var list []pair
	for k, to := t.Next(lua.LNil); k != lua.LNil; k, to = t.Next(k) {
		a := s.number(c, v, k, later)
		list = append(list, pair{a, value(c, to, stagenet.AddressName(a))})
	}
	for _, p := range list {
		s.G.Emit(engine.Set{Channel: s.use(v, p.address), Value: p.value})
	}
	return 0
}

func (s *net) fade(c module.Call, v *console) int {
	easing, delay := s.FadeOptions(c, 4, "pending")
	a := s.number(c, v, c.Get(1), pending(c, 4, "curve", "delay"))
	to := value(c, c.Get(2), "the value")
	d := s.Duration(c, c.Get(3), "the duration")
	s.G.Emit(engine.Fade{Channel: s.use(v, a), To: to, Duration: d, Delay: delay, Curve: easing})
	return 0
}

// get returns what is sent to an address: the highest of the levels the show has
// for it.
func (s *net) get(c module.Call, v *console) int {
	a := s.number(c, v, c.Get(1), pending(c, 2))
	var sources []level.Address
	if p := s.place(v, a); p.Gateway != "" {
		sources = v.decl.Sources(p)
	}
	highest := 0.0
	if _, used := v.used[a]; used || len(sources) == 0 {
		highest = s.Level(s.numberChannel(v, a))
	}
	for _, at := range sources {
		highest = max(highest, s.Level(patch.Channel{Coarse: at}))
	}
	c.L.Push(lua.LNumber(math.Floor(highest + 0.5)))
	return 1
}
