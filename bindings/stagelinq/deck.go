package stagelinq

import (
	"fmt"
	"math"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/runtime/beat"
	"showrun/runtime/device/stagelinq"
	"showrun/runtime/script"
)

// deck is one deck of a sink, or its master. Equal ones are the same.
type deck struct {
	sink   sink
	number int    // 0 = whichever deck is master
	token  string // of the player; "" = the first one found
}

// TempoKey implements module.TempoSource.
func (d deck) TempoKey() string {
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

// state is what is known of a deck.
func (s *linq) state(d deck) stagelinq.Deck {
	return module.Ask[stagelinq.Deck](s.Load, d.sink.decl, stagelinq.DeckOf{Token: d.token, Deck: d.number})
}

func (s *linq) pushDeck(L *lua.LState, d deck) int {
	L.Push(s.deck(L, d))
	return 1
}

func (s *linq) deck(L *lua.LState, d deck) *lua.LUserData {
	return module.OneObject(s.Load, L, "stagelinq.deck", d, s.deckClass)
}

func (s *linq) deckClass() module.Class[deck] {
	get := func(f func(stagelinq.Deck) lua.LValue) func(deck) lua.LValue {
		return func(d deck) lua.LValue {
			return f(s.state(d))
		}
	}
	return module.Class[deck]{
		Methods: map[string]func(module.Call, deck) int{"on": s.deckOn, "on_beat": s.deckOnBeat, "between": s.deckBetween},
		Properties: map[string]func(deck) lua.LValue{
			"number":      func(d deck) lua.LValue { return lua.LNumber(d.number) },
			"beat":        s.deckBeat,
			"phrase":      s.deckPhrase,
			"device":      s.deckDevice,
			"playing":     get(func(d stagelinq.Deck) lua.LValue { return lua.LBool(d.Playing) }),
			"master":      get(func(d stagelinq.Deck) lua.LValue { return lua.LBool(d.Master) }),
			"on_air":      get(func(d stagelinq.Deck) lua.LValue { return lua.LBool(d.OnAir) }),
			"loaded":      get(func(d stagelinq.Deck) lua.LValue { return lua.LBool(d.Loaded) }),
			"bpm":         get(func(d stagelinq.Deck) lua.LValue { return lua.LNumber(d.BPM) }),
			"total_beats": get(func(d stagelinq.Deck) lua.LValue { return lua.LNumber(d.TotalBeats) }),
			"title":       get(func(d stagelinq.Deck) lua.LValue { return lua.LString(d.Title) }),
			"signature":   get(func(d stagelinq.Deck) lua.LValue { return lua.LString(d.Signature()) }),
			"artist":      get(func(d stagelinq.Deck) lua.LValue { return lua.LString(d.Artist) }),
			"length":      get(func(d stagelinq.Deck) lua.LValue { return lua.LNumber(d.Length.Seconds()) }),
		},
	}
}

// deckBeat is where the deck is at the logical instant; nil before it was heard, and
// while nothing is loaded.
func (s *linq) deckBeat(d deck) lua.LValue {
	b, heard := s.G.SourcePosition(d.TempoKey())
	if !heard || s.state(d).Empty {
		return lua.LNil
	}
	return lua.LNumber(b.Float())
}

// phraseBars is how many bars a phrase has.
const phraseBars = 8

// deckPhrase is the phrase of the track the deck is in, from 1; nil where it has no beat.
func (s *linq) deckPhrase(d deck) lua.LValue {
	b, known := s.deckBeat(d).(lua.LNumber)
	if !known {
		return lua.LNil
	}
	return lua.LNumber(math.Floor(float64(b)/(phraseBars*s.BeatsPerBar.Float())) + 1)
}

// deckDevice is the player of the deck; nil while there is none.
func (s *linq) deckDevice(d deck) lua.LValue {
	if is := s.state(d); is.Number != 0 {
		return playerTable(s.G.L, is.Player)
	}
	return lua.LNil
}

// deckOn calls back at events of a deck. One that a show registers while it loads is told
// what is so already, as after a reload.
func (s *linq) deckOn(c module.Call, d deck) int {
	event := c.Word(1, "the event", stagelinq.DeckEvents)
	fn := c.Function(2, "the callback")
	args := func(L *lua.LState, _ *script.Task, _ script.Event) []lua.LValue {
		return []lua.LValue{s.deck(L, d)}
	}
	h := s.G.On(c.Fn+" "+event, fn, args, stagelinq.DeckTopic(d.TempoKey(), event))
	if !s.G.Collecting() {
		return s.PushHandle(c, h)
	}
	sub := &subscription{Handle: h}
	known, L := sub.known(c.L, fn), c.L
	s.G.WhenLive(func() {
		if present(event, s.state(d)) {
			s.G.Run(c.Fn+" "+event, known, args(L, nil, script.Event{}))
		}
	})
	return s.PushHandle(c, sub)
}

func (s *linq) deckOnBeat(c module.Call, d deck) int {
	grid := s.Grid(c, 1, 3)
	return s.PushHandle(c, s.G.OnBeatOf(d.TempoKey(), c.Fn, grid, c.Function(2, "the callback"), s.beatArgs(d)))
}

// beatArgs makes the beats of a deck.
func (s *linq) beatArgs(d deck) script.Args {
	return s.BeatArgsIn(func() float64 { return s.state(d).BPM }, func(at beat.Micro) beat.Micro {
		return s.G.SourceLoop(d.TempoKey(), at)
	})
}

// present reports whether what an event tells of is so.
func present(event string, d stagelinq.Deck) bool {
	switch event {
	case "play":
		return d.Playing
	case "track":
		return d.Told
	case "master":
		return d.Leads || d.Master
	}
	return false
}
