// Package stagelinq is the Lua module of that name: players on the network, their
// states and decks.
package stagelinq

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/runtime/device/stagelinq"
	"showrun/runtime/script"
	"showrun/runtime/script/plain"
)

// sink is a declared StageLinQ sink. Equal ones are the same.
type sink struct {
	decl *stagelinq.SinkDecl
}

func (k sink) String() string { return k.decl.Name }

// linq is the module in one load.
type linq struct {
	*module.Load
	betweens int // there have been
	shows    []*trackShow
	songs    map[deck]song
}

// Open returns what makes the module.
func Open(l *module.Load) func(L *lua.LState, m *lua.LTable) {
	s := &linq{Load: l, songs: map[deck]song{}}
	return func(L *lua.LState, m *lua.LTable) {
		module.Functions(L, m, "stagelinq", map[string]func(module.Call) int{"sink": s.sink, "track": s.track})
	}
}

func (s *linq) sink(c module.Call) int {
	o := c.Options(1, false, "name", "interface", "devices")
	decl := &stagelinq.SinkDecl{Name: o.Str("name", "showrun"), Interface: o.Str("interface", "")}
	if o.Has("devices") {
		decl.Devices = strings.Join(c.Names(o.Get("devices"), "devices", "device"), "\n")
	}
	k := sink{module.Declare(s.Load, c, decl)}
	c.L.Push(module.OneObject(s.Load, c.L, "stagelinq.sink", k, s.sinkClass))
	return 1
}

func (s *linq) sinkClass() module.Class[sink] {
	return module.Class[sink]{Methods: map[string]func(module.Call, sink) int{
		"devices":   s.sinkDevices,
		"on":        s.sinkOn,
		"master":    func(c module.Call, k sink) int { return s.pushDeck(c.L, deck{sink: k}) },
		"deck":      s.sinkDeck,
		"get":       s.sinkGet,
		"subscribe": s.sinkSubscribe,
	}}
}

func (s *linq) sinkDeck(c module.Call, k sink) int {
	return s.pushDeck(c.L, deck{k, c.Integer(1, "the deck", 1, 4), player(c, 2)})
}

// player takes the token of an optional device argument.
func player(c module.Call, i int) string {
	if c.None(i) {
		return ""
	}
	token := lua.LString("")
	if t, ok := c.Get(i).(*lua.LTable); ok {
		token, _ = t.RawGetString("token").(lua.LString)
	}
	if token == "" {
		c.Wrong("the device", "one of sink:devices()", c.Get(i))
	}
	return string(token)
}

func playerTable(L *lua.LState, p stagelinq.Player) *lua.LTable {
	t := L.CreateTable(0, 6)
	t.RawSetString("name", lua.LString(p.Name))
	t.RawSetString("software", lua.LString(p.Software))
	t.RawSetString("version", lua.LString(p.Version))
	t.RawSetString("address", lua.LString(p.Address))
	t.RawSetString("token", lua.LString(p.Token))
	t.RawSetString("decks", lua.LNumber(p.Decks))
	return t
}

func (s *linq) sinkDevices(c module.Call, k sink) int {
	list := c.L.NewTable()
	for _, p := range module.Ask[[]stagelinq.Player](s.Load, k.decl, stagelinq.PlayersOf{}) {
		list.Append(playerTable(c.L, p))
	}
	c.L.Push(list)
	return 1
}

func (s *linq) sinkOn(c module.Call, k sink) int {
	return s.OnEvent(c, stagelinq.PlayerEvents, k.decl.EventTopic, func(L *lua.LState, _ *script.Task, ev script.Event) []lua.LValue {
		return []lua.LValue{playerTable(L, ev.Value.(stagelinq.Player))}
	})
}

func (s *linq) sinkGet(c module.Call, k sink) int {
	token, path := player(c, 2), c.Str(1, "the path")
	c.L.Push(plain.Import(c.L, module.Ask[any](s.Load, k.decl, stagelinq.StateOf{Token: token, Path: path})))
	return 1
}

// maxStars is how many elements of a path may have a *; each multiplies the paths.
const maxStars = 3

// sinkSubscribe asks every player for a path and calls back with each value, the
// one already known first.
func (s *linq) sinkSubscribe(c module.Call, k sink) int {
	pattern := c.Str(1, "the path")
	fn := c.Function(2, "the callback")
	if pattern[0] != '/' || len(pattern) > 256 {
		c.Wrong("the path", `a StateMap path such as "/Engine/Deck1/PlayState"`, c.Get(1))
	}
	if strings.Count(pattern, "*") > maxStars {
		c.Wrong("the path", fmt.Sprintf("a path with at most %d *", maxStars), c.Get(1))
	}
	paths := expand(pattern)
	if len(paths) == 0 {
		c.Fail("no known path is like %q; name paths without * as the player has them", module.Cut(pattern))
	}
	var topics []string
	for _, path := range paths {
		topics = append(topics, k.decl.StateTopic(path))
	}
	h := s.G.On(c.Fn+" "+pattern, fn, func(L *lua.LState, _ *script.Task, ev script.Event) []lua.LValue {
		return stateArgs(L, ev.Value.(stagelinq.StateChange))
	}, topics...)
	sub := &subscription{Handle: h}
	known, L := sub.known(c.L, fn), c.L
	s.G.WhenLive(func() {
		s.Order(k.decl, stagelinq.Subscribe{Paths: paths})
		for _, path := range paths {
			for _, change := range module.Ask[[]stagelinq.StateChange](s.Load, k.decl, stagelinq.KnownOf{Path: path}) {
				s.G.Run(c.Fn+" "+pattern, known, stateArgs(L, change))
			}
		}
	})
	return s.PushHandle(c, sub)
}

// subscription is a handle that takes back the values already known as well.
type subscription struct {
	*script.Handle
	cancelled bool
}

// known makes a function that calls back with a value already known.
func (s *subscription) known(L *lua.LState, fn *lua.LFunction) *lua.LFunction {
	return L.NewFunction(func(L *lua.LState) int {
		if !s.cancelled {
			n := L.GetTop()
			L.Insert(fn, 1)
			L.Call(n, 0)
		}
		return 0
	})
}

// Cancel implements module.Registration.
func (s *subscription) Cancel() {
	s.cancelled = true
	s.Handle.Cancel()
}

func stateArgs(L *lua.LState, ch stagelinq.StateChange) []lua.LValue {
	return []lua.LValue{plain.Import(L, ch.Value), playerTable(L, ch.Player), lua.LString(ch.Path)}
}

// expand lists the paths a pattern stands for: itself, or with a * in one or more
// of its elements the known paths like it. A * after letters also counts decks
// and channels, 1-4.
func expand(pattern string) []string {
	if !strings.Contains(pattern, "*") {
		return []string{pattern}
	}
	seen := map[string]bool{}
	for _, known := range stagelinq.KnownPaths() {
		if ok, err := path.Match(pattern, known); ok && err == nil {
			seen[known] = true
		}
	}
	for _, p := range numbered(pattern) {
		seen[p] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

// numbered replaces each * that follows "Deck", "CH" or "Channel" by 1 to 4; none
// if another * is left.
func numbered(pattern string) []string {
	before, after, found := strings.Cut(pattern, "*")
	if !found {
		return []string{pattern}
	}
	if !strings.HasSuffix(before, "Deck") && !strings.HasSuffix(before, "CH") && !strings.HasSuffix(before, "Channel") {
		return nil
	}
	var list []string
	for n := '1'; n <= '4'; n++ {
		list = append(list, numbered(before+string(n)+after)...)
	}
	return list
}
