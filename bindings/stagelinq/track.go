package stagelinq

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/runtime/device/stagelinq"
	"showrun/runtime/script"
)

// trackShow is what belongs to tracks of a kind.
type trackShow struct {
	*linq
	filter
	pattern string // "" for those that no other has
	fn      *lua.LFunction
	running map[deck]*run
}

// run is a show of a track that goes on.
type run struct {
	script.Scope
	betweens []*between // that it watches
}

// song is the track on a deck.
type song struct {
	signature string
	track     uint64
}

// track registers what belongs to a track.
func (s *linq) track(c module.Call) int {
	s.LoadingOnly(c, "what belongs to tracks is told")
	t := &trackShow{linq: s, running: map[deck]*run{}}
	if _, fallback := c.Get(1).(*lua.LFunction); fallback {
		c.First--
	} else {
		t.pattern = c.Str(1, "the signature")
		if !strings.Contains(t.pattern, " / ") && !strings.Contains(t.pattern, "*") {
			c.Fail(`the signature must be as deck.signature has it, "title / artist / length", or have * in it, got %s; for any artist and length: %s`,
				module.Describe(c.Get(1)), module.Describe(lua.LString(t.pattern+" / *")))
		}
	}
	t.fn = c.Function(2, "the show")
	t.filter = filterOf(c.Options(3, false, only...))
	if s.shows = append(s.shows, t); len(s.shows) == 1 {
		s.G.WhenLive(func() { s.watchTracks(c.L, c.Fn) })
	}
	return s.PushHandle(c, t)
}

// watchTracks looks at the decks of all sinks, now and whenever anything of them changes.
func (s *linq) watchTracks(L *lua.LState, name string) {
	for _, d := range s.Devices() {
		decl, ok := d.(*stagelinq.SinkDecl)
		if !ok {
			continue
		}
		k := sink{decl}
		look := L.NewFunction(func(L *lua.LState) int {
			s.lookAt(deck{k, int(L.CheckNumber(2)), L.CheckString(1)})
			return 0
		})
		s.G.On(name, look, func(_ *lua.LState, _ *script.Task, ev script.Event) []lua.LValue {
			of := ev.Value.(stagelinq.DeckOf)
			return []lua.LValue{lua.LString(of.Token), lua.LNumber(of.Deck)}
		}, decl.DecksTopic())
		for _, p := range module.Ask[[]stagelinq.Player](s.Load, decl, stagelinq.PlayersOf{}) {
			for n := 1; n <= p.Decks; n++ {
				s.G.Run(name, look, []lua.LValue{lua.LString(p.Token), lua.LNumber(n)})
			}
		}
	}
}

// lookAt ends what belongs to a track that has left a deck, and begins what belongs to the
// one that has come. While its player is lost, or has not told yet, it is as it was.
func (s *linq) lookAt(d deck) {
	is := s.state(d)
	if !is.Loaded && !is.Empty || !is.Told && is.Track == s.songs[d].track {
		return
	}
	now := song{"", is.Track}
	if is.Told {
		now.signature = is.Signature()
	}
	if now != s.songs[d] {
		for _, t := range s.shows {
			t.end(d)
		}
		s.songs[d] = now
	}
	for _, t := range s.shows {
		if now.signature == "" || !t.fits(now.signature) || !t.passes(is) {
			t.end(d)
		}
	}
	for _, t := range s.shows {
		if now.signature != "" && t.fits(now.signature) && t.passes(is) {
			t.begin(d, now.signature)
		}
	}
}

// fits reports whether the show is for a track.
func (t *trackShow) fits(signature string) bool {
	if t.pattern != "" {
		return like(t.pattern, signature)
	}
	return !slices.ContainsFunc(t.shows, func(o *trackShow) bool { return o.pattern != "" && like(o.pattern, signature) })
}

func (t *trackShow) begin(d deck, signature string) {
	if t.running[d] != nil {
		return
	}
	r := &run{}
	r.Value = r
	t.running[d] = r
	t.G.Within(&r.Scope, func() { t.G.Run("track "+module.Cut(signature), t.fn, []lua.LValue{t.deck(t.G.L, d)}) })
}

// end ends the show of a track, when those who have watched a part of it were told that it is
// over.
func (t *trackShow) end(d deck) {
	r := t.running[d]
	if r == nil {
		return
	}
	delete(t.running, d)
	for _, b := range r.betweens {
		b.leave()
	}
	t.G.Run("the end of a track", t.G.L.NewFunction(func(*lua.LState) int {
		t.G.EndScope(&r.Scope)
		return 0
	}), nil)
}

// Cancel implements module.Registration.
func (t *trackShow) Cancel() {
	order := func(a, b deck) int {
		return cmp.Or(cmp.Compare(a.sink.decl.Key(), b.sink.decl.Key()), cmp.Compare(a.token, b.token), a.number-b.number)
	}
	for _, d := range slices.SortedFunc(maps.Keys(t.running), order) {
		t.end(d)
	}
	t.shows = slices.DeleteFunc(t.shows, func(o *trackShow) bool { return o == t })
}

// like reports whether a signature is like a pattern, in which * stands for anything. Small
// letters and capitals are the same.
func like(pattern, signature string) bool {
	if strings.EqualFold(pattern, signature) {
		return true
	}
	parts, text := strings.Split(strings.ToLower(pattern), "*"), strings.ToLower(signature)
	first, last := parts[0], parts[len(parts)-1]
	if len(parts) == 1 || len(text) < len(first)+len(last) || !strings.HasPrefix(text, first) || !strings.HasSuffix(text, last) {
		return false
	}
	text = text[len(first) : len(text)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		_, after, found := strings.Cut(text, part)
		if !found {
			return false
		}
		text = after
	}
	return true
}
