package stagelinq

import (
	"slices"
	"strconv"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/runtime/beat"
	"showrun/runtime/device/stagelinq"
	"showrun/runtime/script"
)

// only are the options that say which decks count.
var only = []string{"on_air", "master"}

// filter says which decks count.
type filter struct{ onAir, leads bool }

func filterOf(o module.Options) filter { return filter{o.Bool("on_air"), o.Bool("master")} }

func (f filter) passes(d stagelinq.Deck) bool {
	return (d.OnAir || !f.onAir) && (d.Leads || !f.leads)
}

// between is a stretch that is watched.
type between struct {
	*linq
	beat.Stretch
	filter
	topic   string
	seen    map[deck]stagelinq.Deck // as it was known last while its player was there
	reached map[deck]place          // as far as it was run, perhaps ahead
	on      []module.Registration
	watched []deck
}

// place is a beat of an epoch.
type place struct {
	beat.Micro
	epoch uint32
}

// moments are the callbacks.
var moments = []string{"enter", "start", "beat", "stop", "exit"}

func (s *linq) deckBetween(c module.Call, d deck) int {
	from, to := s.Beats(c, c.Get(1), "the beginning"), s.Beats(c, c.Get(2), "the end")
	if to <= from {
		c.Wrong("the end", "behind the beginning", c.Get(2))
	}
	o := c.Options(3, false, slices.Concat(moments, only, []string{"decks"})...)
	watched := []deck{d}
	for _, also := range s.decks(o) {
		if !slices.Contains(watched, also) {
			watched = append(watched, also)
		}
	}
	s.betweens++
	b := &between{
		linq: s, Stretch: beat.Stretch{From: beat.FromFloat(from), To: beat.FromFloat(to)}, filter: filterOf(o), watched: watched,
		topic: c.Fn + " " + strconv.Itoa(s.betweens) + " ", seen: map[deck]stagelinq.Deck{}, reached: map[deck]place{},
	}
	for _, moment := range moments {
		if o.Has(moment) {
			fn := o.Function(moment)
			b.keep(s.G.On(c.Fn+" "+moment, fn, func(_ *lua.LState, _ *script.Task, ev script.Event) []lua.LValue {
				return ev.Value.([]lua.LValue)
			}, b.topic+moment))
		}
	}
	if len(b.on) == 0 {
		c.Fail("nothing is to happen; give it one of enter, start, beat, stop and exit, as in { enter = function(deck) … end }")
	}
	for _, d := range watched {
		b.watch(c, d, o.Has("beat"))
	}
	if scope := s.G.Scope(); scope != nil {
		if r, ok := scope.Value.(*run); ok {
			r.betweens = append(r.betweens, b)
		}
	}
	return s.PushHandle(c, b)
}

// decks takes the decks that are watched as well.
func (s *linq) decks(o module.Options) (list []deck) {
	if !o.Has("decks") {
		return nil
	}
	t, ok := o.Get("decks").(*lua.LTable)
	if !ok {
		o.Wrong("decks", "a list of decks, as in { dj:deck(1), dj:deck(2) }", o.Get("decks"))
	}
	o.OnlyList(t, t.Len(), "decks")
	for i := 1; i <= t.Len(); i++ {
		ud, _ := t.RawGetInt(i).(*lua.LUserData)
		if ud == nil {
			o.Wrong("deck "+strconv.Itoa(i), "a deck such as dj:deck(1)", t.RawGetInt(i))
		}
		d, ok := ud.Value.(deck)
		if !ok {
			o.Wrong("deck "+strconv.Itoa(i), "a deck such as dj:deck(1)", t.RawGetInt(i))
		}
		list = append(list, d)
	}
	return list
}

func (b *between) keep(r module.Registration) { b.on = append(b.on, r) }

// Cancel implements module.Registration.
func (b *between) Cancel() {
	for _, r := range b.on {
		r.Cancel()
	}
}

// watch looks at a deck whenever anything may happen.
func (b *between) watch(c module.Call, d deck, beats bool) {
	key := d.TempoKey()
	whole := beat.Grid{Quantum: 1}
	heard := c.L.NewFunction(func(*lua.LState) int { b.heard(d); return 0 })
	for _, at := range []beat.Micro{b.From, b.To} {
		edge := beat.Grid{Quantum: beat.Once, Offset: at}
		fn := c.L.NewFunction(func(*lua.LState) int {
			b.beat(d)
			return 0
		})
		b.keep(b.G.OnBeatOf(key, c.Fn, edge, fn, nil))
	}
	if beats {
		args := b.beatArgs(d)
		fn := c.L.NewFunction(func(L *lua.LState) int {
			if at := b.beat(d); b.Plays(key) && at >= b.From && at < b.To {
				b.tell("beat", append(args(L, b.G.Current(), script.Event{}), b.deck(L, d)))
			}
			return 0
		})
		b.keep(b.G.OnBeatOf(key, c.Fn, whole, fn, nil))
	}
	followed := c.L.NewFunction(func(*lua.LState) int {
		delete(b.seen, d)
		b.heard(d)
		return 0
	})
	b.keep(b.G.On(c.Fn, heard, nil, stagelinq.DeckTopic(key, "jump"), stagelinq.DeckTopic(key, stagelinq.Changed)))
	b.keep(b.G.On(c.Fn, followed, nil, stagelinq.DeckTopic(key, "followed")))
	b.keep(b.G.Run(c.Fn, heard, nil))
}

// beat looks at a deck at the beat that the running task stands on.
func (b *between) beat(d deck) beat.Micro {
	t := b.G.Current()
	_, at := t.At()
	b.reached[d] = place{at, t.Epoch()}
	at = b.G.SourceLoop(d.TempoKey(), at)
	b.look(d, at)
	return at
}

// heard looks at a deck where it is now, or as far as it was run ahead: it stands before that
// perhaps, but goes on there.
func (b *between) heard(d deck) {
	at, epoch := b.G.SourceCourse(d.TempoKey())
	if r := b.reached[d]; r.epoch == epoch {
		at = max(at, r.Micro)
	}
	if epoch != 0 {
		b.look(d, b.G.SourceLoop(d.TempoKey(), at))
	}
}

// look looks at a deck that is at a beat. While its player is lost, all else of it is as it
// was; and so it is while the name already means another deck, of which it is not yet known
// where it is.
func (b *between) look(d deck, at beat.Micro) {
	is, was := b.state(d), b.seen[d]
	same := is.Number == was.Number && is.Player.Token == was.Player.Token
	if is.Number == 0 || !is.Playing && !is.Stopped || !same && was.Number != 0 {
		is = was
	}
	b.seen[d] = is
	b.see(d, beat.Spot{At: at, Counts: is.Loaded && is.Placed && b.passes(is), Playing: is.Playing})
}

// leave tells that no deck is in it any more.
func (b *between) leave() {
	for _, d := range b.watched {
		b.see(d, beat.Spot{})
	}
}

// see tells of what happens by where a deck is.
func (b *between) see(d deck, is beat.Spot) {
	for _, e := range b.Look(d.TempoKey(), is) {
		args := []lua.LValue{b.deck(b.G.L, d)}
		if e == beat.Began || e == beat.BeganLate {
			how := b.G.L.NewTable()
			how.RawSetString("late", lua.LBool(e == beat.BeganLate))
			args = append(args, how)
		}
		b.tell(map[beat.StretchEvent]string{
			beat.Entered: "enter", beat.Began: "start", beat.BeganLate: "start", beat.Ended: "stop", beat.Exited: "exit",
		}[e], args)
	}
}

func (b *between) tell(moment string, args []lua.LValue) {
	b.G.Tell(script.Event{Topic: b.topic + moment, Value: args})
}
