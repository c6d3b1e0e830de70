package bindings

import (
	"fmt"
	"math"
	"time"

	lua "github.com/yuin/gopher-lua"

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
		s.module("clock", s.openClock),
		s.module("deck", func(L *lua.LState) *lua.LTable { return s.openDeck(L, d) }),
	}
}

func (s *Show) openDeck(L *lua.LState, d Decks) *lua.LTable {
	p := player{s, d}
	m := L.NewTable()
	functions(L, m, "deck", map[string]func(call) int{
		"load":   p.load,
		"unload": func(c call) int { return p.do(c, d.Unload) },
		"play":   func(c call) int { return p.loaded(c, d.Play) },
		"pause":  func(c call) int { return p.do(c, d.Pause) },
		"pitch":  func(c call) int { return p.value(c, "the pitch", "a percentage", -100, 100, d.Pitch) },
		"jump":   func(c call) int { return p.move(c, "the beats", d.Jump) },
		"seek":   func(c call) int { return p.move(c, "the beat", d.Seek) },
		"loop":   p.loop,
		"master": func(c call) int { return p.do(c, d.Master) },
		"fader":  func(c call) int { return p.value(c, "the level", "a number", 0, 1, d.Fader) },
		"beat":   p.beat,
	})
	return m
}

// player is module deck.
type player struct {
	*Show
	decks Decks
}

func (p player) number(c call) int { return c.integer(1, "the deck", 1, p.decks.Count()) }

// do does something with the deck that is argument 1, once the script is live.
func (p player) do(c call, f func(n int, at time.Duration)) int {
	n := p.number(c)
	p.g.WhenLive(func() { f(n, p.g.Instant()) })
	return 0
}

// loaded is do for what needs a track. Without one it raises, or says so in the
// log when the call was made by the top level long since over.
func (p player) loaded(c call, f func(n int, at time.Duration)) int {
	line, collecting := script.Where(c.L), p.g.Collecting()
	return p.do(c, func(n int, at time.Duration) {
		empty := fmt.Sprintf("deck %d is empty; put a track on it with deck.load", n)
		switch {
		case p.decks.Loaded(n):
			f(n, at)
		case collecting:
			p.g.Log().Error(c.fn+": "+empty, "at", line)
		default:
			c.fail("%s", empty)
		}
	})
}

func (p player) load(c call) int {
	o := c.options(2, false, "title", "artist", "bpm", "length")
	t := Track{Title: o.str("title", "Untitled"), Artist: o.str("artist", ""), BPM: 120, Length: 5 * time.Minute}
	if v := o.get("bpm"); v != lua.LNil {
		bpm, ok := v.(lua.LNumber)
		if !ok || !(bpm >= 20 && bpm <= 999) {
			c.wrong("bpm", "20-999", v)
		}
		t.BPM = float64(bpm)
	}
	if v := o.get("length"); v != lua.LNil {
		d := p.length(c, v, "length")
		t.Length = d.Time
		if d.Beats != 0 { // of the track's own
			t.Length = time.Duration(math.Round(d.Beats * 60 / t.BPM * 1e9))
		}
		if t.Length <= 0 || t.Length > span.Max {
			c.wrong("length", "more than 0 and at most "+span.Max.String(), v)
		}
	}
	return p.do(c, func(n int, at time.Duration) { p.decks.Load(n, t, at) })
}

// value is do with argument 2 as a number in a range.
func (p player) value(c call, what, kind string, lo, hi float64, f func(n int, v float64, at time.Duration)) int {
	p.number(c) // the first argument is looked at first
	v, ok := c.get(2).(lua.LNumber)
	if !ok || !(float64(v) >= lo && float64(v) <= hi) {
		c.wrong(what, fmt.Sprintf("%s from %g to %g", kind, lo, hi), c.get(2))
	}
	return p.do(c, func(n int, at time.Duration) { f(n, float64(v), at) })
}

func (p player) move(c call, what string, f func(n int, beats float64, at time.Duration)) int {
	p.number(c)
	beats := p.beats(c, c.get(2), what)
	return p.loaded(c, func(n int, at time.Duration) { f(n, beats, at) })
}

func (p player) loop(c call) int {
	p.number(c)
	if c.none(2) {
		return p.do(c, func(n int, at time.Duration) { p.decks.Loop(n, 0, at) })
	}
	beats := p.beats(c, c.get(2), "the beats")
	if beats < 1.0/32 {
		c.wrong("the beats", "at least 1/32, or nil to end the loop", c.get(2))
	}
	return p.loaded(c, func(n int, at time.Duration) { p.decks.Loop(n, beats, at) })
}

func (p player) beat(c call) int {
	c.L.Push(lua.LNumber(p.decks.Beat(p.number(c), p.g.Instant())))
	return 1
}
