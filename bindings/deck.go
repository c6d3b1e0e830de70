package bindings

import (
	"fmt"
	"math"
	"time"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/bindings/span"
	"showrun/runtime/script"
)

// Decks are those of a virtual player as a script plays them. Decks count from 1.
// at is the logical instant of the change, which may just be over.
type Decks interface {
	Count() int
	Loaded(n int) bool
	Load(n int, t Track, at time.Duration)
	Unload(n int, at time.Duration)
	Play(n int, at time.Duration)
	Pause(n int, at time.Duration)
	Pitch(n int, percent float64, at time.Duration)
	Jump(n int, beats float64, at time.Duration)
	Seek(n int, beat float64, at time.Duration)
	Loop(n int, beats float64, at time.Duration) // with 0 the loop ends
	Master(n int, at time.Duration)
	Fader(n int, level float64, at time.Duration) // 0 to 1
	Beat(n int, at time.Duration) float64
}

// Track is what a script puts on a deck.
type Track struct {
	Title, Artist string
	BPM           float64
	Length        time.Duration
}

// DeckModules lists the Lua modules of a script that plays a virtual deck: clock
// and deck.
func (s *Show) DeckModules(d Decks) []script.Module {
	return []script.Module{
		s.Module("clock", s.openClock),
		s.Module("deck", func(L *lua.LState, m *lua.LTable) { s.openDeck(L, m, d) }),
	}
}

func (s *Show) openDeck(L *lua.LState, m *lua.LTable, d Decks) {
	p := player{s, d}
	module.Functions(L, m, "deck", map[string]func(module.Call) int{
		"load":   p.load,
		"unload": func(c module.Call) int { return p.do(c, d.Unload) },
		"play":   func(c module.Call) int { return p.loaded(c, d.Play) },
		"pause":  func(c module.Call) int { return p.do(c, d.Pause) },
		"pitch":  func(c module.Call) int { return p.value(c, "the pitch", "a percentage", -100, 100, d.Pitch) },
		"jump":   func(c module.Call) int { return p.move(c, "the beats", d.Jump) },
		"seek":   func(c module.Call) int { return p.move(c, "the beat", d.Seek) },
		"loop":   p.loop,
		"master": func(c module.Call) int { return p.do(c, d.Master) },
		"fader":  func(c module.Call) int { return p.value(c, "the level", "a number", 0, 1, d.Fader) },
		"beat":   p.beat,
	})
}

// player is module deck.
type player struct {
	*Show
	decks Decks
}

func (p player) number(c module.Call) int { return c.Integer(1, "the deck", 1, p.decks.Count()) }

// do does something with the deck that is argument 1, once the script is live.
func (p player) do(c module.Call, f func(n int, at time.Duration)) int {
	n := p.number(c)
	p.G.WhenLive(func() { f(n, p.G.Instant()) })
	return 0
}

// loaded is do for what needs a track. Without one it raises, or says so in the
// log when the call was made by the top level long since over.
func (p player) loaded(c module.Call, f func(n int, at time.Duration)) int {
	line, collecting := script.Where(c.L), p.G.Collecting()
	return p.do(c, func(n int, at time.Duration) {
		empty := fmt.Sprintf("deck %d is empty; put a track on it with deck.load", n)
		switch {
		case p.decks.Loaded(n):
			f(n, at)
		case collecting:
			p.G.Log().Error(c.Fn+": "+empty, "at", line)
		default:
			c.Fail("%s", empty)
		}
	})
}

func (p player) load(c module.Call) int {
	o := c.Options(2, false, "title", "artist", "bpm", "length")
	t := Track{Title: o.Str("title", "Untitled"), Artist: o.Str("artist", ""), BPM: 120, Length: 5 * time.Minute}
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
	return p.do(c, func(n int, at time.Duration) { p.decks.Load(n, t, at) })
}

// value is do with argument 2 as a number in a range.
func (p player) value(c module.Call, what, kind string, lo, hi float64, f func(n int, v float64, at time.Duration)) int {
	p.number(c) // the first argument is looked at first
	v, ok := c.Get(2).(lua.LNumber)
	if !ok || !(float64(v) >= lo && float64(v) <= hi) {
		c.Wrong(what, fmt.Sprintf("%s from %g to %g", kind, lo, hi), c.Get(2))
	}
	return p.do(c, func(n int, at time.Duration) { f(n, float64(v), at) })
}

func (p player) move(c module.Call, what string, f func(n int, beats float64, at time.Duration)) int {
	p.number(c)
	beats := p.Beats(c, c.Get(2), what)
	return p.loaded(c, func(n int, at time.Duration) { f(n, beats, at) })
}

func (p player) loop(c module.Call) int {
	p.number(c)
	if c.None(2) {
		return p.do(c, func(n int, at time.Duration) { p.decks.Loop(n, 0, at) })
	}
	beats := p.Beats(c, c.Get(2), "the beats")
	if beats < 1.0/32 {
		c.Wrong("the beats", "at least 1/32, or nil to end the loop", c.Get(2))
	}
	return p.loaded(c, func(n int, at time.Duration) { p.decks.Loop(n, beats, at) })
}

func (p player) beat(c module.Call) int {
	c.L.Push(lua.LNumber(p.decks.Beat(p.number(c), p.G.Instant())))
	return 1
}
