package engine

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"showrun/runtime/color"
	"showrun/runtime/curve"
	"showrun/runtime/level"
	"showrun/runtime/patch"
	"showrun/runtime/raced"
)

// bar is fixtures of a kind, side by side on outputs of their own.
type bar struct {
	*Engine
	t        testing.TB
	fixtures []patch.Fixture
}

// newBar makes so many fixtures of a kind, as many on each output as fit.
func newBar(t testing.TB, n int, kind string) *bar {
	t.Helper()
	var r level.Registry
	b := &bar{Engine: New(Config{Rate: 60, Registry: &r}), t: t}
	m, err := patch.Kind(kind)
	if err != nil {
		t.Fatal(err)
	}
	each := 512 / m.Slots
	var mixes []patch.Mix
	for i := range n {
		o := r.Output(string(rune('a'+i/each)), 512)
		f, err := patch.NewModel(string(rune(i)), m, level.Address{Output: o, Slot: int32(i%each*m.Slots) + 1}, 512)
		if err != nil {
			t.Fatal(err)
		}
		b.fixtures = append(b.fixtures, f)
		mixes = append(mixes, *f.Mix)
	}
	b.Submit(at(0, Attributes{mixes}))
	return b
}

func (b *bar) intensity(i int) patch.Channel { return b.fixtures[i].Mix.Attribute(0) }
func (b *bar) color(i int) level.Address     { return b.fixtures[i].Mix.Attribute(1).Coarse }

// setColor is the command for the colour of a fixture.
func (b *bar) setColor(i int, r, g, bl float32) SetColors {
	return SetColors{At: []level.Address{b.color(i)}, Levels: []float32{r, g, bl}}
}

// values are the levels of the emitters of a fixture.
func (b *bar) values(i int) (v []float64) {
	for _, c := range b.fixtures[i].Channels {
		v = append(v, b.Value(c.Coarse))
	}
	return v
}

// to steps frames up to an instant.
func (b *bar) to(t time.Duration) {
	for b.NextFrame() <= t {
		b.Step(b.NextFrame())
	}
}

// TestNothingJumps takes emitters over from random levels, by the colour or the intensity,
// and compares their levels at the instant before and after.
func TestNothingJumps(t *testing.T) {
	for _, kind := range []string{"rgb", "rgbw", "rgba", "rgbwa", "rgbaw_uv", "moving_head"} {
		rnd := rand.New(rand.NewPCG(1, 1))
		for round := range raced.Of(200, 30) {
			b := newBar(t, 1, kind)
			f := b.fixtures[0]
			for _, c := range f.Channels {
				if rnd.IntN(2) == 0 {
					b.Submit(at(0, Set{c, float64(rnd.IntN(256))}))
				}
			}
			if rnd.IntN(2) == 0 {
				b.Submit(at(0, b.setColor(0, float32(rnd.IntN(256)), 9, 9), Set{f.Channels[rnd.IntN(len(f.Channels))], 200}))
			}
			b.to(500 * time.Millisecond)
			before := b.values(0)
			hour := Length{Time: time.Hour}
			if rnd.IntN(2) == 0 && f.Mix.Dims {
				b.Submit(at(time.Second, Fade{Channel: b.intensity(0), To: float64(rnd.IntN(256)), Duration: hour}))
			} else {
				b.Submit(at(time.Second, FadeColor{At: b.color(0), To: color.RGB{B: 255}, Duration: hour}))
			}
			b.to(time.Second)
			for i, v := range b.values(0) {
				if math.Abs(v-before[i]) > 0.01 {
					t.Fatalf("%s, round %d: %s goes from %v to %v at once; all were at %v", kind, round, f.Channels[i].Name, before[i], v, before)
				}
			}
		}
	}
}

// TestColourFadesAreNeverDark fades between colours, and finds nothing on the way darker than
// the darker end: by its largest component, and by what is seen of it.
func TestColourFadesAreNeverDark(t *testing.T) {
	seen := func(v []float64) float64 { return 0.2126*v[0] + 0.7152*v[1] + 0.0722*v[2] }
	most := func(v []float64) float64 { return max(v[0], v[1], v[2]) }
	b := newBar(t, 1, "rgb")
	start := time.Duration(0)
	for _, from := range []string{"red", "blue", "lime", "white", "orange", "indigo"} {
		for _, to := range []string{"blue", "red", "cyan", "magenta", "yellow", "navy"} {
			a, _ := color.Parse(from, patch.Closest)
			z, _ := color.Parse(to, patch.Closest)
			b.Submit(at(start, b.setColor(0, float32(a.R), float32(a.G), float32(a.B)), FadeColor{At: b.color(0), To: z, Duration: Length{Time: time.Second}}))
			b.to(start)
			first := b.values(0)
			last := []float64{z.R, z.G, z.B}
			for b.NextFrame() < start+time.Second {
				b.Step(b.NextFrame())
				v := b.values(0)
				if most(v) < min(most(first), most(last))-1e-6 || seen(v) < min(seen(first), seen(last))-1e-6 {
					t.Errorf("%s to %s passes %v", from, to, v)
				}
			}
			start += 2 * time.Second
		}
	}
}

// TestMixesKeepOutOfEachOthersWay: outputs with a fixture of each; the colour of one that has
// just changed holds up no other.
func TestMixesKeepOutOfEachOthersWay(t *testing.T) {
	b := newBar(t, 2*170, "rgb")
	b.to(time.Second)
	period := time.Second / 60
	first := b.NextFrame() - period + 3*time.Millisecond
	b.Pass(first)
	b.Submit(at(first, b.setColor(0, 255, 0, 0)))
	f := b.Step(first)
	if f == nil || !f.Woken || len(f.Part) != 1 {
		t.Fatalf("no frame at once for the first: %+v", f)
	}
	second := first + 2*time.Millisecond
	b.Pass(second)
	b.Submit(at(second, b.setColor(200, 0, 255, 0)))
	if f = b.Step(second); f == nil || !f.Woken || len(f.Part) != 1 {
		t.Fatalf("no frame at once for the second: %+v", f)
	}
	if v := b.values(200); v[1] != 255 {
		t.Errorf("the second is at %v", v)
	}
}

// TestAttributesOfALoad: fixtures that are the same go on, as do those that are mixed in another
// way now, with the channels that they still have; others end.
func TestAttributesOfALoad(t *testing.T) {
	b := newBar(t, 3, "rgb")
	b.Submit(at(0, b.setColor(0, 255, 0, 0), b.setColor(1, 255, 0, 0), b.setColor(2, 255, 0, 0)))
	for i := range 3 {
		b.Submit(at(time.Second, FadeColor{At: b.color(i), To: color.RGB{B: 255}, Duration: Length{Time: 2 * time.Second}}))
	}
	b.to(2 * time.Second)
	other := *b.fixtures[1].Mix
	other.Emitters, other.Channels = other.Emitters[:2], other.Channels[:2]
	b.Submit(at(2*time.Second+1, Attributes{[]patch.Mix{other, *b.fixtures[0].Mix}}))
	b.to(2500 * time.Millisecond)
	for i, want := range [][3]float64{{85, 0, 255}, {85, 0, 255}, {255, 0, 255}} {
		if v := b.values(i); math.Abs(v[0]-want[0]) > 3 || math.Abs(v[2]-want[2]) > 3 {
			t.Errorf("fixture %d is at %v, want %v", i, v, want)
		}
	}
	b.Submit(at(3*time.Second, Set{b.intensity(2), 10}))
	b.to(3 * time.Second)
	if v := b.values(2); math.Abs(v[0]-255) > 3 {
		t.Errorf("a fixture that is gone follows: %v", v)
	}
	if s := b.Stats(); s.RefusedCommands != 0 {
		t.Errorf("%d refused", s.RefusedCommands)
	}
}

func TestAttributesAreRefused(t *testing.T) {
	b := newBar(t, 1, "rgb")
	m := *b.fixtures[0].Mix
	few, far := m, m
	few.Emitters = few.Emitters[:1]
	far.At.Slot = 4 * 513
	wild := m
	wild.Emitters = []color.Emitter{1, 2, 99}
	b.Submit(at(0,
		Attributes{[]patch.Mix{few, far, wild}},
		SetColors{At: []level.Address{m.At}, Levels: []float32{1}},
		FadeColor{At: m.Channels[0].Coarse}, WaveColor{At: far.At},
		Set{Channel: patch.Channel{Coarse: far.At}}, Hold{Channel: patch.Channel{Coarse: level.Address{Output: 7, Slot: 1}}}))
	b.to(0)
	if n := b.Stats().RefusedCommands; n != 8 {
		t.Errorf("%d refused, want 8", n)
	}
}

// TestClearForgetsAttributes brings all to where they began.
func TestClearForgetsAttributes(t *testing.T) {
	b := newBar(t, 1, "rgb")
	b.Submit(at(0, b.setColor(0, 255, 0, 0), Set{b.intensity(0), 20}))
	b.to(0)
	b.Clear()
	b.Submit(at(time.Second, Set{b.intensity(0), 100}))
	b.to(time.Second)
	if v := b.values(0); v[0] != 100 || v[1] != 100 {
		t.Errorf("white at 100 is %v", v)
	}
}

// TestPixelsAllocateNothing makes frames of 1,000 pixels whose colours change in each.
func TestPixelsAllocateNothing(t *testing.T) {
	b := newBar(t, 1000, "rgb")
	for i := range 1000 {
		b.Submit(at(0, FadeColor{At: b.color(i), To: color.RGB{R: 255}, Duration: Length{Time: time.Hour}, Curve: curve.Ease}))
		b.Submit(at(0, Wave{Channel: b.intensity(i), Period: Length{Time: time.Second}, To: 255}))
	}
	b.Step(0)
	if n := testing.AllocsPerRun(100, func() { b.Step(b.NextFrame()) }); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
	s := b.Snapshot()
	if n := testing.AllocsPerRun(5, func() { b.Step(b.NextFrame()); b.SnapshotInto(&s) }); n != 0 {
		t.Errorf("%v allocations a snapshot", n)
	}
}

// BenchmarkPixels is a frame of 1,000 pixels: all set, all fading, all with a wave of the
// intensity, or none of it.
func BenchmarkPixels(b *testing.B) {
	pixels := make([]level.Address, 1000)
	levels := make([]float32, 3000)
	for name, prepare := range map[string]func(r *bar, i int) Command{
		"still": func(r *bar, i int) Command { return r.setColor(i, 1, 2, 3) },
		"fading": func(r *bar, i int) Command {
			return FadeColor{At: r.color(i), To: color.RGB{R: 255}, Duration: Length{Time: time.Hour}}
		},
		"intensity": func(r *bar, i int) Command {
			return Wave{Channel: r.intensity(i), Period: Length{Time: time.Second}, To: 255}
		},
		"set": nil,
	} {
		b.Run(name, func(b *testing.B) {
			r := newBar(b, 1000, "rgb")
			for i := range 1000 {
				pixels[i] = r.color(i)
				if prepare != nil {
					r.Submit(at(0, prepare(r, i)))
				}
			}
			r.Step(0)
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				if prepare == nil {
					for i := range levels {
						levels[i] = float32((i + n) % 256)
					}
					r.Submit(at(r.NextFrame(), SetColors{At: pixels, Levels: levels}))
				}
				r.Step(r.NextFrame())
			}
		})
	}
}

// TestAnEndedFadeIsNoneAnyMore, whether or not a frame came between its end and the next
// command.
func TestAnEndedFadeIsNoneAnyMore(t *testing.T) {
	b := newBar(t, 1, "rgb")
	b.Submit(at(0, b.setColor(0, 255, 0, 0)))
	end := b.schedule.grid(61) + 2*time.Millisecond
	b.Submit(at(end-time.Second, FadeColor{At: b.color(0), To: color.RGB{G: 255}, Duration: Length{Time: time.Second}}))
	b.Submit(at(end+time.Millisecond, Set{b.fixtures[0].Channels[1], 100}, Set{b.intensity(0), 127.5}))
	b.to(2 * time.Second)
	if v := b.values(0); v[0] != 0 || math.Abs(v[1]-50) > 0.01 {
		t.Errorf("half of what the channels were at is %v", v)
	}
}

// TestAWheelStandsAtTheNearestFilter of what its fixture is told, at once: it does not creep
// over those between from where a raw command has left it.
func TestAWheelStandsAtTheNearestFilter(t *testing.T) {
	var r level.Registry
	m := patch.Model{Slots: 2, Channels: []patch.ModelChannel{
		{Name: "colours", Coarse: 1, Property: patch.Property{Class: patch.Color, Emitter: color.Wheel}},
		{Name: "dimmer", Coarse: 2, Property: patch.Property{Class: patch.Intensity}},
	}, Wheel: []color.Slot{{Color: color.RGB{R: 255, G: 255, B: 255}}, {Color: color.RGB{R: 255}, Level: 40}, {Color: color.RGB{B: 255}, Level: 80}}}
	f, err := patch.NewModel("spot", m, level.Address{Output: r.Output("a", 512), Slot: 1}, 512)
	if err != nil {
		t.Fatal(err)
	}
	e := New(Config{Rate: 100, Registry: &r})
	wheel, red := f.Channels[0], f.Mix.Attribute(1).Coarse
	e.Submit(at(0, Attributes{[]patch.Mix{*f.Mix}}, Set{wheel, 200}))
	e.Submit(at(20*ms, SetColors{At: []level.Address{red}, Levels: []float32{255, 30, 0}}))
	e.Submit(at(40*ms, FadeColor{At: red, To: color.RGB{B: 200}, Duration: Length{Time: 40 * ms}}))
	e.Submit(at(100*ms, Set{wheel, 7}))
	e.Submit(at(120*ms, FadeColor{At: red, To: color.RGB{R: 200}, Duration: Length{Time: time.Hour}}))
	check(t, step(e, 130*ms, 2), "0s 200 0", "10ms 200 0", "20ms 40 0", "30ms 40 0", "40ms 40 0", "50ms 40 0", "60ms 40 0", "70ms 80 0",
		"80ms 80 0", "90ms 80 0", "100ms 7 0", "110ms 7 0", "120ms 0 0", "130ms 0 0")
}
