// Package deck is the Lua module of that name: the decks of a virtual player, for
// scripts that play one.
package deck

import (
	"fmt"
	"math"
	"time"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/bindings/span"
	"showrun/runtime/device/stagelinq"
	"showrun/runtime/script"
	"showrun/runtime/show"
)

// player is the module in one load, or one deck of a player as an object.
type player struct {
	*module.Load
	ask   func(question any) (answer any)
	decks int
	self  int // the deck; 0 if argument 1 says which
}

// Open returns what makes the module, for a player with so many decks.
func Open(l *module.Load, decks int) func(L *lua.LState, m *lua.LTable) {
	decl := &stagelinq.VirtualPlayerDecl{Decks: decks}
	p := player{l, func(question any) any { return l.G.Ask(show.AskDevice{Key: decl.Key(), Question: question}) }, decks, 0}
	return func(L *lua.LState, m *lua.LTable) {
		p.Own(decl)
		module.Functions(L, m, "deck", p.functions())
	}
}

// functions are what can be done with decks.
func (p player) functions() map[string]func(module.Call) int {
	return map[string]func(module.Call) int{
		"load":   p.load,
		"unload": func(c module.Call) int { return p.do(c, stagelinq.Act{Action: stagelinq.Unload}) },
		"play":   func(c module.Call) int { return p.loaded(c, stagelinq.Act{Action: stagelinq.Start}) },
		"pause":  func(c module.Call) int { return p.do(c, stagelinq.Act{Action: stagelinq.Pause}) },
		"pitch":  func(c module.Call) int { return p.value(c, "the pitch", "a percentage", -100, 100, stagelinq.Pitch) },
		"jump":   func(c module.Call) int { return p.move(c, "the beats", stagelinq.Jump) },
		"seek":   func(c module.Call) int { return p.move(c, "the beat", stagelinq.Seek) },
		"loop":   p.loop,
		"master": func(c module.Call) int { return p.do(c, stagelinq.Act{Action: stagelinq.Lead}) },
		"fader":  func(c module.Call) int { return p.value(c, "the level", "a number", 0, 1, stagelinq.Fader) },
		"beat":   p.beat,
	}
}

// A Deck is a deck of a virtual player as an object that scripts have.
type Deck struct{ player }

// Of returns the deck of a number, counted from 1, of a player that answers.
func Of(l *module.Load, number int, answer func(question any) any) *Deck {
	return &Deck{player{l, answer, number, number}}
}

// String is the number.
func (d *Deck) String() string { return fmt.Sprint(d.self) }

// Load puts the track on it that argument i tells of.
func (d *Deck) Load(c module.Call, i int) {
	d.do(c, stagelinq.Act{Action: stagelinq.Load, Track: d.track(c, i)})
}

// Lead makes it master.
func (d *Deck) Lead() { d.act(stagelinq.Act{Deck: d.self, Action: stagelinq.Lead}) }

// Object is the deck as scripts have it: what the functions of the module do, as methods.
func Object(l *module.Load, L *lua.LState, d *Deck) lua.LValue {
	return module.OneObject(l, L, "test.deck", d, func() module.Class[*Deck] {
		methods := map[string]func(module.Call, *Deck) int{}
		for name := range d.functions() {
			methods[name] = func(c module.Call, d *Deck) int {
				c.First-- // the object stands for the number
				return d.functions()[name](c)
			}
		}
		return module.Class[*Deck]{Methods: methods}
	})
}

func (p player) number(c module.Call) int {
	if p.self != 0 {
		return p.self
	}
	return c.Integer(1, "the deck", 1, p.decks)
}

// do does something with the deck that is argument 1, once the script is live.
func (p player) do(c module.Call, act stagelinq.Act) int {
	act.Deck = p.number(c)
	p.G.WhenLive(func() { p.act(act) })
	return 0
}

// act does something at the logical instant.
func (p player) act(act stagelinq.Act) {
	act.At = p.G.Instant()
	p.ask(act)
}

// loaded is do for what needs a track. Without one it raises, or says so in the
// log when the call was made by the top level long since over.
func (p player) loaded(c module.Call, act stagelinq.Act) int {
	line, collecting := script.Where(c.L), p.G.Collecting()
	act.Deck = p.number(c)
	p.G.WhenLive(func() {
		empty := fmt.Sprintf("deck %d is empty; put a track on it with deck.load", act.Deck)
		switch {
		case p.ask(stagelinq.LoadedOf{Deck: act.Deck}) == true:
			p.act(act)
		case collecting:
			p.G.Log().Error(c.Fn+": "+empty, "at", line)
		default:
			c.Fail("%s", empty)
		}
	})
	return 0
}

func (p player) load(c module.Call) int {
	return p.do(c, stagelinq.Act{Action: stagelinq.Load, Track: p.track(c, 2)})
}

// track takes a table that tells of one as argument i.
func (p player) track(c module.Call, i int) stagelinq.Track {
	o := c.Options(i, false, "title", "artist", "bpm", "length")
	t := stagelinq.Track{Title: o.Str("title", "Untitled"), Artist: o.Str("artist", ""), BPM: 120, Length: 5 * time.Minute}
	if v := o.Get("bpm"); v != lua.LNil {
		bpm, ok := v.(lua.LNumber)
		if !ok || !(bpm >= 20 && bpm <= 999) {
			c.Wrong("bpm", "20-999", v)
		}
		t.BPM = float64(bpm)
	}
	if v := o.Get("length"); v != lua.LNil {
		d := p.Length(c, v, "length")
		t.Length = d.Time
		if d.Beats != 0 { // of the track's own
			t.Length = time.Duration(math.Round(d.Beats * 60 / t.BPM * 1e9))
		}
		if t.Length <= 0 || t.Length > span.Max {
			c.Wrong("length", "more than 0 and at most "+span.Max.String(), v)
		}
	}
	return t
}

// value is do with argument 2 as a number in a range.
func (p player) value(c module.Call, what, kind string, lo, hi float64, action stagelinq.Action) int {
	p.number(c) // the first argument is looked at first
	v, ok := c.Get(2).(lua.LNumber)
	if !ok || !(float64(v) >= lo && float64(v) <= hi) {
		c.Wrong(what, fmt.Sprintf("%s from %g to %g", kind, lo, hi), c.Get(2))
	}
	return p.do(c, stagelinq.Act{Action: action, Value: float64(v)})
}

func (p player) move(c module.Call, what string, action stagelinq.Action) int {
	p.number(c)
	beats := p.Beats(c, c.Get(2), what)
	return p.loaded(c, stagelinq.Act{Action: action, Value: beats})
}

func (p player) loop(c module.Call) int {
	p.number(c)
	if c.None(2) {
		return p.do(c, stagelinq.Act{Action: stagelinq.Loop})
	}
	beats := p.Beats(c, c.Get(2), "the beats")
	if beats < 1.0/32 {
		c.Wrong("the beats", "at least 1/32, or nil to end the loop", c.Get(2))
	}
	return p.loaded(c, stagelinq.Act{Action: stagelinq.Loop, Value: beats})
}

func (p player) beat(c module.Call) int {
	at, _ := p.ask(stagelinq.BeatOf{Deck: p.number(c), At: p.G.Instant()}).(float64)
	c.L.Push(lua.LNumber(at))
	return 1
}
