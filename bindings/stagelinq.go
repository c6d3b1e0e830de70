package bindings

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"showrun/runtime/device"
	"showrun/runtime/script"
	"showrun/runtime/script/plain"
)

// sink is a declared StageLinQ sink.
type sink struct {
	decl *device.SinkDecl
}

func (k *sink) String() string { return k.decl.Name }

// deck is one deck of a sink, or its master. Equal ones are the same.
type deck struct {
	sink   *sink
	number int    // 0 = whichever deck is master
	token  string // of the player; "" = the first one found
}

func (d deck) tempoKey() string {
	switch {
	case d.number == 0:
		return d.sink.decl.MasterKey()
	case d.token != "":
		return d.sink.decl.UnitDeckKey(d.token, d.number)
	}
	return d.sink.decl.DeckKey(d.number)
}

func (d deck) String() string {
	if d.number == 0 {
		return "master of " + d.sink.decl.Name
	}
	return fmt.Sprintf("%d of %s", d.number, d.sink.decl.Name)
}

func (s *Show) openStagelinq(L *lua.LState) *lua.LTable {
	m := L.NewTable()
	functions(L, m, "stagelinq", map[string]func(call) int{"sink": s.stagelinqSink})
	return m
}

func (s *Show) stagelinqSink(c call) int {
	o := c.options(1, false, "name", "interface", "devices")
	decl := &device.SinkDecl{Name: o.str("name", "showrun"), Interface: o.str("interface", "")}
	if o.has("devices") {
		decl.Devices = strings.Join(c.names(o.get("devices"), "devices", "device"), "\n")
	}
	k, ok := s.sinks[decl.Key()]
	if !ok {
		s.declare(c, decl)
		k = &sink{decl}
		s.sinks[decl.Key()] = k
	}
	c.L.Push(oneObject(s, c.L, "stagelinq.sink", k, s.sinkClass))
	return 1
}

func (s *Show) sinkClass() class[*sink] {
	return class[*sink]{methods: map[string]func(call, *sink) int{
		"devices":   s.sinkDevices,
		"on":        s.sinkOn,
		"master":    func(c call, k *sink) int { return s.pushDeck(c.L, deck{sink: k}) },
		"deck":      s.sinkDeck,
		"get":       s.sinkGet,
		"subscribe": s.sinkSubscribe,
	}}
}

func (s *Show) sinkDeck(c call, k *sink) int {
	return s.pushDeck(c.L, deck{k, c.integer(1, "the deck", 1, 4), c.player(2)})
}

// player takes the token of an optional device argument.
func (c call) player(i int) string {
	if c.none(i) {
		return ""
	}
	token := lua.LString("")
	if t, ok := c.get(i).(*lua.LTable); ok {
		token, _ = t.RawGetString("token").(lua.LString)
	}
	if token == "" {
		c.wrong("the device", "one of sink:devices()", c.get(i))
	}
	return string(token)
}

func (s *Show) pushDeck(L *lua.LState, d deck) int {
	L.Push(s.deck(L, d))
	return 1
}

func (s *Show) deck(L *lua.LState, d deck) *lua.LUserData {
	return oneObject(s, L, "stagelinq.deck", d, s.deckClass)
}

func (s *Show) deckClass() class[deck] {
	get := func(f func(device.Deck) lua.LValue) func(deck) lua.LValue {
		return func(d deck) lua.LValue {
			v, _ := s.env.Players.Deck(d.sink.decl.Key(), d.token, d.number)
			return f(v)
		}
	}
	return class[deck]{
		methods: map[string]func(call, deck) int{"on": s.deckOn, "on_beat": s.deckOnBeat},
		properties: map[string]func(deck) lua.LValue{
			"number":      func(d deck) lua.LValue { return lua.LNumber(d.number) },
			"beat":        s.deckBeat,
			"playing":     get(func(d device.Deck) lua.LValue { return lua.LBool(d.Playing) }),
			"master":      get(func(d device.Deck) lua.LValue { return lua.LBool(d.Master) }),
			"on_air":      get(func(d device.Deck) lua.LValue { return lua.LBool(d.OnAir) }),
			"loaded":      get(func(d device.Deck) lua.LValue { return lua.LBool(d.Loaded) }),
			"bpm":         get(func(d device.Deck) lua.LValue { return lua.LNumber(d.BPM) }),
			"total_beats": get(func(d device.Deck) lua.LValue { return lua.LNumber(d.TotalBeats) }),
			"title":       get(func(d device.Deck) lua.LValue { return lua.LString(d.Title) }),
			"artist":      get(func(d device.Deck) lua.LValue { return lua.LString(d.Artist) }),
			"length":      get(func(d device.Deck) lua.LValue { return lua.LNumber(d.Length.Seconds()) }),
		},
	}
}

// deckBeat is where the deck is at the logical instant; nil before it was heard.
func (s *Show) deckBeat(d deck) lua.LValue {
	b, heard := s.env.Tempo.Position(d.tempoKey(), s.g.Instant())
	if !heard {
		return lua.LNil
	}
	return lua.LNumber(b.Float())
}

func (s *Show) deckOn(c call, d deck) int {
	name, _ := c.get(1).(lua.LString)
	if !slices.Contains(device.DeckEvents, string(name)) {
		c.wrong("the event", oneOf(device.DeckEvents), c.get(1))
	}
	return s.pushHandle(c, s.g.On(c.fn+" "+string(name), c.function(2, "the callback"), func(L *lua.LState, _ *script.Task, _ script.Event) []lua.LValue {
		return []lua.LValue{s.deck(L, d)}
	}, device.DeckTopic(d.tempoKey(), string(name))))
}

func (s *Show) deckOnBeat(c call, d deck) int {
	grid := s.grid(c, 1, 3)
	bpm := func() float64 {
		v, _ := s.env.Players.Deck(d.sink.decl.Key(), d.token, d.number)
		return v.BPM
	}
	return s.pushHandle(c, s.g.OnBeatOf(d.tempoKey(), c.fn, grid, c.function(2, "the callback"), s.beatArgs(bpm)))
}

func playerTable(L *lua.LState, p device.Player) *lua.LTable {
	t := L.CreateTable(0, 6)
	t.RawSetString("name", lua.LString(p.Name))
	t.RawSetString("software", lua.LString(p.Software))
	t.RawSetString("version", lua.LString(p.Version))
	t.RawSetString("address", lua.LString(p.Address))
	t.RawSetString("token", lua.LString(p.Token))
	t.RawSetString("decks", lua.LNumber(p.Decks))
	return t
}

func (s *Show) sinkDevices(c call, k *sink) int {
	list := c.L.NewTable()
	for _, p := range s.env.Players.Devices(k.decl.Key()) {
		list.Append(playerTable(c.L, p))
	}
	c.L.Push(list)
	return 1
}

func (s *Show) sinkOn(c call, k *sink) int {
	name, _ := c.get(1).(lua.LString)
	if !slices.Contains(device.PlayerEvents, string(name)) {
		c.wrong("the event", oneOf(device.PlayerEvents), c.get(1))
	}
	return s.pushHandle(c, s.g.On(c.fn+" "+string(name), c.function(2, "the callback"), func(L *lua.LState, _ *script.Task, ev script.Event) []lua.LValue {
		return []lua.LValue{playerTable(L, ev.Value.(device.Player))}
	}, k.decl.EventTopic(string(name))))
}

func (s *Show) sinkGet(c call, k *sink) int {
	v, ok := s.env.Players.State(k.decl.Key(), c.player(2), c.str(1, "the path"))
	if !ok {
		c.L.Push(lua.LNil)
		return 1
	}
	c.L.Push(plain.Import(c.L, v))
	return 1
}

// maxStars is how many elements of a path may have a *; each multiplies the paths.
const maxStars = 3

// sinkSubscribe asks every player for a path and calls back with each value, the
// one already known first.
func (s *Show) sinkSubscribe(c call, k *sink) int {
	pattern := c.str(1, "the path")
	fn := c.function(2, "the callback")
	if pattern[0] != '/' || len(pattern) > 256 {
		c.wrong("the path", `a StateMap path such as "/Engine/Deck1/PlayState"`, c.get(1))
	}
	if strings.Count(pattern, "*") > maxStars {
		c.wrong("the path", fmt.Sprintf("a path with at most %d *", maxStars), c.get(1))
	}
	paths := expand(pattern)
	if len(paths) == 0 {
		c.fail("no known path is like %q; name paths without * as the player has them", cut(pattern))
	}
	var topics []string
	for _, path := range paths {
		topics = append(topics, k.decl.StateTopic(path))
	}
	h := s.g.On(c.fn+" "+pattern, fn, func(L *lua.LState, _ *script.Task, ev script.Event) []lua.LValue {
		return stateArgs(L, ev.Value.(device.StateChange))
	}, topics...)
	sub := &subscription{Handle: h}
	known := c.L.NewFunction(func(L *lua.LState) int {
		if !sub.cancelled {
			n := L.GetTop()
			L.Insert(fn, 1)
			L.Call(n, 0)
		}
		return 0
	})
	L := c.L
	s.g.WhenLive(func() {
		for _, path := range paths {
			s.env.Players.Subscribe(k.decl.Key(), path)
			for _, change := range s.env.Players.Known(k.decl.Key(), path) {
				s.g.Run(c.fn+" "+pattern, known, stateArgs(L, change))
			}
		}
	})
	return s.pushHandle(c, sub)
}

// subscription is a handle that takes back the values already known as well.
type subscription struct {
	*script.Handle
	cancelled bool
}

func (s *subscription) Cancel() {
	s.cancelled = true
	s.Handle.Cancel()
}

func stateArgs(L *lua.LState, ch device.StateChange) []lua.LValue {
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
	for _, known := range device.KnownPaths() {
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
