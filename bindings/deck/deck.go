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
)

// player is the module in one load.
type player struct {
	*module.Load
	decl *stagelinq.VirtualPlayerDecl
}

// Open returns what makes the module, for a player with so many decks.
func Open(l *module.Load, decks int) func(L *lua.LState, m *lua.LTable) {
	p := player{l, &stagelinq.VirtualPlayerDecl{Decks: decks}}
	return func(L *lua.LState, m *lua.LTable) {
		p.Own(p.decl)
		module.Functions(L, m, "deck", map[string]func(module.Call) int{
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
		})
	}
}

func (p player) number(c module.Call) int { return c.Integer(1, "the deck", 1, p.decl.Decks) }

// do does something with the deck that is argument 1, once the script is live.
func (p player) do(c module.Call, act stagelinq.Act) int {
	act.Deck = p.number(c)
	p.G.WhenLive(func() { p.act(act) })
	return 0
}

// act does something at the logical instant.
func (p player) act(act stagelinq.Act) {
	act.At = p.G.Instant()
	module.Ask[bool](p.Load, p.decl, act)
}

// loaded is do for what needs a track. Without one it raises, or says so in the
// log when the call was made by the top level long since over.
func (p player) loaded(c module.Call, act stagelinq.Act) int {
	line, collecting := script.Where(c.L), p.G.Collecting()
	act.Deck = p.number(c)
	p.G.WhenLive(func() {
		empty := fmt.Sprintf("deck %d is empty; put a track on it with deck.load", act.Deck)
		switch {
		case module.Ask[bool](p.Load, p.decl, stagelinq.LoadedOf{Deck: act.Deck}):
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
	o := c.Options(2, false, "title", "artist", "bpm", "length")
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
	return p.do(c, stagelinq.Act{Action: stagelinq.Load, Track: t})
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
	at := stagelinq.BeatOf{Deck: p.number(c), At: p.G.Instant()}
	c.L.Push(lua.LNumber(module.Ask[float64](p.Load, p.decl, at)))
	return 1
}
