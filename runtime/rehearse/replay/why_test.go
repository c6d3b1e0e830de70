package replay_test

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sort"
	"testing"
	"time"

	"showrun/bindings"
	"showrun/runtime/engine"
	"showrun/runtime/host/record"
	"showrun/runtime/journal"
	"showrun/runtime/level"
	"showrun/runtime/patch"
	"showrun/runtime/raced"
	"showrun/runtime/rehearse/replay"
	"showrun/runtime/show"
	"showrun/scripts"
)

// recording is that of a show that was on, to be asked of in place of those made here.
var recording = flag.String("recording", "", "file of showrun run --record to ask of in TestWhyAgreesWithASearch")

// search looks for what makes a level in the log of all commands, without the engine: it is
// slow, and knows nothing of effects.
type search struct {
	batches []engine.Batch
	begins  map[int]time.Duration // of the loads: what the one before has stamped after that is void
	list    []touch
}

func (s *search) Frame(*level.Frame) {}

func (s *search) Batch(b engine.Batch) {
	if _, known := s.begins[b.Generation]; !known {
		s.begins[b.Generation] = b.At
	}
	s.batches = append(s.batches, b)
}

// touch is a command that did something with a level.
type touch struct {
	engine.Source
	command    engine.Command
	generation int
	at         time.Duration
	order      int
}

// commands are all that were carried out, in order.
func (s *search) commands() []touch {
	if s.list != nil {
		return s.list
	}
	slices.SortStableFunc(s.batches, func(a, b engine.Batch) int { return cmp.Compare(a.At, b.At) })
	for _, b := range s.batches {
		if begins, over := s.begins[b.Generation+1]; over && b.At > begins {
			continue
		}
		source := engine.Source{Line: b.Origin}
		for _, c := range b.Commands {
			if is, ok := c.(engine.Source); ok {
				source = is
				continue
			}
			s.list = append(s.list, touch{source, c, b.Generation, b.At, len(s.list)})
		}
	}
	return s.list
}

// touched lists the addresses that a command is about, and whether it lets them follow their
// attributes again if they are attributes.
func touched(c engine.Command) (at []level.Address, remixes bool) {
	colour := func(a level.Address) []level.Address {
		return []level.Address{a, {Output: a.Output, Slot: a.Slot + 1}, {Output: a.Output, Slot: a.Slot + 2}}
	}
	switch c := c.(type) {
	case engine.Set:
		return []level.Address{c.Channel.Coarse}, true
	case engine.Fade:
		return []level.Address{c.Channel.Coarse}, true
	case engine.Wave:
		return []level.Address{c.Channel.Coarse}, true
	case engine.Stop:
		return []level.Address{c.Channel.Coarse}, false
	case engine.Path:
		for _, ch := range c.Channels {
			at = append(at, ch.Coarse)
		}
		return at, true
	case engine.FadeColor:
		return colour(c.At), true
	case engine.WaveColor:
		return colour(c.At), true
	case engine.SetColors:
		for _, a := range c.At {
			at = append(at, colour(a)...)
		}
		return at, true
	}
	return nil, false
}

// last finds the last command about one of some addresses.
func last(list []touch, remixing bool, of ...level.Address) (t touch, found bool) {
	for _, x := range list {
		at, remixes := touched(x.command)
		if (!remixing || remixes) && slices.ContainsFunc(at, func(a level.Address) bool { return slices.Contains(of, a) }) {
			t, found = x, true
		}
	}
	return t, found
}

// settling tells whether a change that takes so long, and began at an instant, is not over.
func settling(at time.Duration, takes engine.Length, now time.Duration) bool {
	return now < at+takes.Time+300*time.Millisecond || takes.Beats != 0
}

// why is what the search finds, as causes without words; false where it cannot tell.
func (s *search) why(f patch.Fixture, ch patch.Channel, shown time.Duration) (list []show.Cause, ok bool) {
	commands := s.commands()
	past := commands[:sort.Search(len(commands), func(i int) bool { return commands[i].at > shown })]
	near := func(t touch) bool { return t.at > shown-200*time.Millisecond && t.at < shown+200*time.Millisecond }
	var attributes []level.Address
	if f.Mix != nil && slices.ContainsFunc(f.Mix.Channels, func(c patch.Channel) bool { return c.Coarse == ch.Coarse }) {
		for i := range int32(4) {
			attributes = append(attributes, level.Address{Output: f.Mix.At.Output, Slot: f.Mix.At.Slot + i})
		}
	}
	for _, t := range commands {
		at, _ := touched(t.command)
		if near(t) && slices.ContainsFunc(at, func(a level.Address) bool { return a == ch.Coarse || slices.Contains(attributes, a) }) {
			return nil, false // which of two frames it is in is not for the search
		}
	}
	var dark, master, intensity touch
	holds := map[level.Address]touch{}
	for _, t := range past {
		switch c := t.command.(type) {
		case engine.Blackout:
			if dark = t; settling(t.at, c.Duration, shown) {
				return nil, false
			}
		case engine.Master:
			if master = t; settling(t.at, c.Duration, shown) {
				return nil, false
			}
		case engine.Intensity:
			intensity = t
		case engine.Hold:
			holds[c.Channel.Coarse] = t
		case engine.Release:
			if settling(t.at, c.Duration, shown) {
				return nil, false
			}
			for _, x := range c.Channels {
				delete(holds, x.Coarse)
			}
			if len(c.Channels) == 0 {
				clear(holds)
			}
		}
	}
	add := func(layer string, t touch) {
		if layer == "script" && t.Cue != "" {
			layer = "cue"
		}
		list = append(list, show.Cause{Layer: layer, Line: t.Line, Task: t.Task, Cue: t.Cue, Event: t.Event, Generation: t.generation, Since: t.at})
	}
	scaled := false
	if all, ok := intensity.command.(engine.Intensity); ok {
		scaled = slices.ContainsFunc(all.Channels, func(c patch.Channel) bool { return c.Coarse == ch.Coarse })
	}
	if c, ok := dark.command.(engine.Blackout); scaled && ok && c.On {
		add("blackout", dark)
	}
	if c, ok := master.command.(engine.Master); scaled && ok && c.To < 255 {
		add("master", master)
	}
	own, set := last(past, false, ch.Coarse)
	mixed, follows := last(past, true, attributes...)
	follows = follows && (!set || mixed.order > own.order)
	if t, held := holds[ch.Coarse]; held {
		add("operator", t)
	}
	for i, a := range attributes {
		t, held := holds[a]
		switch {
		case held && !follows:
			return nil, false
		case held && i < 2: // the three of a colour are one
			add("operator", t)
		}
	}
	switch {
	case !follows && set:
		add("script", own)
	case !follows:
		list = append(list, show.Cause{Layer: "default"})
	default:
		parts := [][]level.Address{attributes[1:]}
		if f.Mix.Dims {
			parts = [][]level.Address{attributes[:1], attributes[1:]}
		}
		for _, part := range parts {
			if t, found := last(past, false, part...); found {
				add("script", t)
			} else {
				list = append(list, show.Cause{Layer: "default"})
			}
		}
	}
	return list, true
}

// same compares what is told with what was found. Of when it was, a beat that has moved may
// have it a little later.
func same(told, found []show.Cause) bool {
	return slices.EqualFunc(told, found, func(a, b show.Cause) bool {
		apart := (a.Since - b.Since).Abs()
		a.Since, b.Since = 0, 0
		a.Fixture, a.Channel, a.What, a.Color, a.Value = "", "", "", "", 0
		return a == b && apart < 5*time.Millisecond
	})
}

// asked asks so many times of random channels at random instants of a recording.
func asked(t *testing.T, file []byte, seed uint64, times int) {
	t.Helper()
	rnd := rand.New(rand.NewPCG(seed, 200))
	s := &search{begins: map[int]time.Duration{}}
	whole := &search{begins: map[int]time.Duration{}}
	var length time.Duration
	for _, sink := range []*search{whole, s} {
		rec, err := journal.Open(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		cfg := record.Config(rec.Header)
		cfg.Bind, cfg.Shipped, cfg.Frames = bindings.New, scripts.Files(), sink
		p := replay.New(cfg, rec, nil)
		defer p.Close()
		if sink == whole { // the log of all of it, to know what is near
			equal(t, p)
			length = p.Now() - time.Second
			continue
		}
		var instants []time.Duration
		for range times {
			instants = append(instants, time.Duration(rnd.Int64N(int64(length))))
		}
		slices.Sort(instants)
		layers, n := map[string]int{}, 0
		for _, at := range instants {
			if err := p.Until(replay.At(at), on); err != nil {
				t.Fatal(err)
			}
			for range 20 {
				fixtures := p.Board().Patch.Fixtures()
				f := fixtures[rnd.IntN(len(fixtures))]
				ch := f.Channels[rnd.IntN(len(f.Channels))]
				found, ok := whole.why(f, ch, p.Shown())
				if !ok {
					continue
				}
				n++
				told, err := p.Why(f.Name, ch.Name)
				if err != nil {
					t.Fatal(err)
				}
				if !same(told, found) {
					t.Errorf("at %v, %s.%s: told\n%s\nfound\n%s", p.Now(), f.Name, ch.Name, show.Lines(told), show.Lines(found))
				}
				for _, c := range told {
					layers[c.Layer]++
				}
				break
			}
		}
		if n < times/2 {
			t.Errorf("only %d of %d were asked", n, times)
		}
		t.Log(n, layers)
	}
}

// TestWhyAgreesWithASearch: what is told of random channels at random instants is what an
// independent search through the log of commands finds.
func TestWhyAgreesWithASearch(t *testing.T) {
	if *recording != "" {
		record.Register(protocols())
		file, err := os.ReadFile(*recording)
		if err != nil {
			t.Fatal(err)
		}
		asked(t, file, 1, 200)
		return
	}
	shows := map[string]func(r *tape, rnd *rand.Rand){
		"club": func(r *tape, rnd *rand.Rand) {
			for i := range 60 {
				r.operate(anything(rnd))
				r.play(time.Duration(rnd.IntN(2500)) * time.Millisecond)
				if i%20 == 19 {
					r.load(lua(club + fmt.Sprintf("\nwash:set{ white = %d }", i)))
				}
			}
		},
	}
	for _, name := range examples {
		shows[name] = func(r *tape, rnd *rand.Rand) {
			board := func() *show.Board { return r.Show().Board() }
			for range 12 {
				r.play(time.Duration(rnd.IntN(3000)) * time.Millisecond)
				fixtures := board().Patch.Fixtures()
				f := fixtures[rnd.IntN(len(fixtures))]
				switch rnd.IntN(6) {
				case 0:
					if len(board().Lists) > 0 && len(board().Lists[0].Cues) > 0 {
						r.operate(show.Go{})
					}
				case 1:
					if n := len(board().Triggers); n > 0 {
						r.operate(show.Fire{Name: board().Triggers[rnd.IntN(n)].Name})
					}
				case 2:
					r.operate(show.Hold{Fixture: f.Name, Channel: f.Channels[rnd.IntN(len(f.Channels))].Name, Value: fmt.Sprint(rnd.IntN(200))})
				case 3:
					r.operate(show.Master{Level: float64(rnd.IntN(255))})
				}
			}
		}
	}
	for name, operate := range shows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := lua(club)
			if name != "club" {
				folder = os.DirFS("../../../examples/" + name)
			}
			r := newTape(t, 3, folder)
			if patched := r.Show().Board().Patch; len(patched.Fixtures()) == 0 {
				t.Skip("there are no fixtures")
			}
			operate(r, rand.New(rand.NewPCG(uint64(len(name)), 5)))
			asked(t, r.file(), 1, raced.Of(400, 30))
		})
	}
}
