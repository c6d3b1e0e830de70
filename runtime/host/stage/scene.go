// Package stage is the picture of a show for people: what is patched, where it lies, and how
// it looks by the levels that go out. It is arithmetic; the levels are read without waiting
// for anybody.
package stage

import (
	"cmp"
	"math"
	"strings"

	"showrun/runtime/console"
	"showrun/runtime/engine"
	"showrun/runtime/level"
	"showrun/runtime/patch"
)

// An Output is one that a show may have fixtures on.
type Output struct {
	console.Output
	Number level.Output
}

// Stage is what is patched, as a scene has it, and what it takes to tell how it looks. It
// is never changed, and safe from any goroutine.
type Stage struct {
	Fixtures []console.Fixture
	Groups   []console.Group
	Outputs  []console.Output

	looks   []look
	outputs []output
}

// An output is read as its frames have it.
type output struct {
	number level.Output
	slots  int
	fine   map[int32]bool // coarse slots of channels with 16 bits
}

// New makes the stage of a patch. Outputs that are not among those given, but have
// fixtures, are called by key.
func New(p *patch.Patch, layout []patch.Place, outputs []Output, key func(level.Output) (name string, slots int)) *Stage {
	s := &Stage{Fixtures: []console.Fixture{}, Groups: []console.Group{}, Outputs: []console.Output{}}
	numbers := map[level.Output]int{}
	add := func(o Output) {
		if _, known := numbers[o.Number]; known {
			return
		}
		numbers[o.Number] = len(s.Outputs)
		s.Outputs = append(s.Outputs, o.Output)
		s.outputs = append(s.outputs, output{number: o.Number, slots: o.Slots, fine: map[int32]bool{}})
	}
	for _, o := range outputs {
		add(o)
	}
	for _, f := range p.Fixtures() {
		name, slots := key(f.At.Output)
		add(Output{console.Output{Name: name, Slots: slots}, f.At.Output})
	}
	index := s.patch(p.Fixtures(), numbers)
	for _, g := range p.Groups() {
		members := make([]int, 0, len(g.Fixtures))
		for _, f := range g.Fixtures {
			members = append(members, index[f.Name])
		}
		s.Groups = append(s.Groups, console.Group{Name: g.Name, Fixtures: members})
	}
	s.place(layout, index)
	return s
}

// patch adds fixtures and their parts, each part after the whole, and returns their numbers
// by name.
func (s *Stage) patch(fixtures []patch.Fixture, numbers map[level.Output]int) (index map[string]int) {
	index = map[string]int{}
	add := func(f *patch.Fixture, of int, l look) {
		index[f.Name] = len(s.Fixtures)
		s.Fixtures = append(s.Fixtures, fixtureOf(f, of, numbers))
		s.looks = append(s.looks, l)
	}
	for i := range fixtures {
		f := &fixtures[i]
		whole := len(s.Fixtures)
		add(f, -1, lookOf(f, nil))
		for j := range f.Parts {
			add(&f.Parts[j], whole, lookOf(&f.Parts[j], f))
		}
		for _, c := range f.Channels {
			if !c.Fine.IsZero() {
				s.outputs[numbers[c.Coarse.Output]].fine[c.Coarse.Slot] = true
			}
		}
	}
	return index
}

var classNames = [...]string{patch.Beam: "beam", patch.Intensity: "intensity", patch.Color: "color", patch.Position: "position"}

func fixtureOf(f *patch.Fixture, of int, numbers map[level.Output]int) console.Fixture {
	v := console.Fixture{
		Name: f.Name, Kind: f.Kind, Of: of, Dims: lights(f), Colors: f.Colored(), Channels: make([]console.Channel, 0, len(f.Channels)),
	}
	for i, c := range f.Channels {
		v.Channels = append(v.Channels, console.Channel{
			Name: c.Name, Output: numbers[c.Coarse.Output], Slot: int(c.Coarse.Slot), Fine: int(c.Fine.Slot), Class: classNames[f.Properties[i].Class],
		})
	}
	v.Pan, v.Tilt = turning(f, "pan").span(), turning(f, "tilt").span()
	return v
}

// Degrees of heads that do not tell: what most have.
const (
	usualPan  = 540
	usualTilt = 270
)

// A turn is pan or tilt of a fixture.
type turn struct {
	at    level.Address // zero if it has none
	of    patch.Property
	known bool // the way is
}

// turning finds pan or tilt of a fixture.
func turning(f *patch.Fixture, name string) turn {
	for i, c := range f.Channels {
		p := f.Properties[i]
		if p.Class != patch.Position || !strings.EqualFold(c.Name, name) {
			continue
		}
		t := turn{at: c.Coarse, of: p, known: p.Degrees != 0}
		switch {
		case t.known:
		case name == "pan":
			t.of.Degrees = usualPan
		default:
			t.of.Degrees = usualTilt
		}
		return t
	}
	return turn{}
}

// span is from where to where it turns, nil for none. It has no unit if that is not known
// but taken to be what is usual.
func (t turn) span() *console.Range {
	if t.at.IsZero() {
		return nil
	}
	a, b := t.of.Turned(0), t.of.Turned(255)
	r := console.Range{Min: min(a, b), Max: max(a, b)}
	if t.known {
		r.Unit = "degrees"
	}
	return &r
}

// Levels appends the levels of an output as they go out; nothing of one that there is not.
func (s *Stage) Levels(r *engine.Reader, number int, to []byte) []byte {
	if number < 0 || number >= len(s.outputs) {
		return to
	}
	o := &s.outputs[number]
	for slot := int32(1); int(slot) <= o.slots; slot++ {
		shown := r.Shown(level.Address{Output: o.number, Slot: slot})
		if !o.fine[slot] {
			to = append(to, byte(math.Floor(shown+0.5)))
			continue
		}
		to = append(to, byte(uint16(math.Floor(shown*257+0.5))>>8)) // and the fine half is a slot of its own
	}
	return to
}

// byAddress orders fixtures, by number, as they are patched.
func (s *Stage) byAddress(a, b int) int {
	first := func(n int) (output, slot int) {
		for i, c := range s.Fixtures[n].Channels {
			if i == 0 || c.Slot < slot {
				output, slot = c.Output, c.Slot
			}
		}
		return output, slot
	}
	ao, as := first(a)
	bo, bs := first(b)
	return cmp.Or(cmp.Compare(ao, bo), cmp.Compare(as, bs), cmp.Compare(a, b))
}

// whole are the fixtures that are no parts, by number, and of each its parts.
func (s *Stage) whole() (list []int, parts map[int][]int) {
	parts = map[int][]int{}
	for i := range s.Fixtures {
		if of := s.Fixtures[i].Of; of >= 0 {
			parts[of] = append(parts[of], i)
			continue
		}
		list = append(list, i)
	}
	return list, parts
}
