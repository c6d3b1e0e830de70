package engine

import (
	"testing"
	"time"

	"showrun/runtime/color"
	"showrun/runtime/level"
	"showrun/runtime/patch"
)

// TestHolds lie above what runs underneath and below the master.
func TestHolds(t *testing.T) {
	e := newTest(t)
	e.Submit(at(0, Intensity{[]patch.Channel{ch(1)}}, Fade{Channel: ch(1), To: 200, Duration: Length{Time: 200 * ms}}, Set{ch(2), 7}))
	e.Submit(at(20*ms, Hold{Channel: ch(1), To: 100}))
	e.Submit(at(60*ms, Master{To: 127.5}))
	e.Submit(at(100*ms, Release{Channels: []patch.Channel{ch(1)}}))
	check(t, step(e, 120*ms, 2), "0s 0 7", "10ms 10 7", "20ms 100 7", "30ms 100 7", "40ms 100 7", "50ms 100 7",
		"60ms 50 7", "70ms 50 7", "80ms 50 7", "90ms 50 7", "100ms 50 7", "110ms 55 7", "120ms 60 7")
}

func TestHoldsFade(t *testing.T) {
	e := newTest(t)
	e.Submit(at(0, Set{ch(1), 100}))
	e.Submit(at(10*ms, Hold{Channel: ch(1), To: 200, Duration: Length{Time: 20 * ms}}))
	e.Submit(at(40*ms, Hold{Channel: ch(1), To: 0, Duration: Length{Time: 20 * ms}}))
	e.Submit(at(60*ms, Set{ch(1), 50}))
	e.Submit(at(70*ms, Release{Duration: Length{Time: 20 * ms}}))
	e.Submit(at(80*ms, Hold{Channel: ch(1), To: 0, Duration: Length{Time: 20 * ms}}))
	check(t, step(e, 100*ms, 1), "0s 100", "10ms 100", "20ms 150", "30ms 200", "40ms 200", "50ms 100", "60ms 0",
		"70ms 0", "80ms 25", "90ms 13", "100ms 0")
}

func TestHoldOf16Bits(t *testing.T) {
	e := newTest(t)
	e.Submit(at(0, Hold{Channel: ch16(1), To: 127.5}))
	e.Submit(at(10*ms, Set{ch16(1), 255}))
	e.Submit(at(20*ms, Release{}))
	check(t, step(e, 20*ms, 2), "0s 128 0", "10ms 128 0", "20ms 255 255")
}

// TestHeldAttributesOf16Bits have both halves, also of channels that nothing was done with.
func TestHeldAttributesOf16Bits(t *testing.T) {
	var r level.Registry
	r.Output("one", 6)
	f, err := patch.NewCustom("bar", []string{"red", "red fine", "green", "green fine", "blue", "blue fine"}, level.Address{Slot: 1}, 6)
	if err != nil {
		t.Fatal(err)
	}
	e := New(Config{Rate: 100, Registry: &r})
	e.Submit(at(0, Attributes{Mixes: []patch.Mix{*f.Mix}}))
	for i, ch := range f.Mix.ColorChannels() {
		e.Submit(at(0, Hold{Channel: ch, To: float64(i + 1)}))
	}
	check(t, step(e, 0, 6), "0s 1 1 2 2 3 3")
}

// TestHeldAttributes hold what the channels make: whatever the script does, by attribute or
// by channel, and give it back.
func TestHeldAttributes(t *testing.T) {
	b := newBar(t, 1, "rgbw")
	want := func(at time.Duration, r, g, bl, w float64) {
		t.Helper()
		b.to(at)
		for i, v := range []float64{r, g, bl, w} {
			c := b.fixtures[0].Channels[i]
			if got := b.Reader().Value(c.Coarse); got < v-0.6 || got > v+0.6 {
				t.Errorf("%v: %s is at %v, want %v", at, c.Name, got, v)
			}
		}
	}
	s := time.Second
	b.Submit(at(0, b.setColor(0, 255, 0, 0)))
	want(0, 255, 0, 0, 0)
	b.Submit(at(s, Hold{Channel: b.intensity(0), To: 51}))
	want(s, 51, 0, 0, 0)
	b.Submit(at(2*s, FadeColor{At: b.color(0), To: color.RGB{B: 255}, Duration: Length{Time: 2 * s}}))
	want(3*s, 51, 0, 51, 0)
	b.Submit(at(5*s, Set{b.fixtures[0].Channels[1], 255}, Set{b.fixtures[0].Channels[2], 0}))
	want(5*s, 0, 51, 0, 0)
	if v := b.Value(b.fixtures[0].Channels[1].Coarse); v != 255 {
		t.Errorf("underneath green is at %v", v)
	}
	red := b.fixtures[0].Mix.ColorChannels()
	b.Submit(at(6*s, Hold{Channel: red[0], To: 255}, Hold{Channel: red[1], To: 255}, Hold{Channel: red[2], To: 255}))
	want(6*s, 0, 0, 0, 51)
	b.Submit(at(7*s, Release{Channels: []patch.Channel{b.intensity(0)}}))
	want(7*s, 0, 0, 0, 255)
	b.Submit(at(8*s, Set{b.intensity(0), 100}))
	want(8*s, 0, 0, 0, 100)
	b.Submit(at(9*s, Release{Duration: Length{Time: 2 * s}}))
	want(9*s, 0, 0, 0, 100)
	want(11*s, 0, 100, 0, 0)
	b.Submit(at(12*s, b.setColor(0, 0, 0, 255)))
	want(12*s, 0, 0, 100, 0)
}

// TestHeldIntensityOfAnUntouchedFixture: it lights up, and one that a script has made dark stays
// so.
func TestHeldIntensityOfAnUntouchedFixture(t *testing.T) {
	b := newBar(t, 2, "rgb")
	red := func(i int) float64 { return b.Reader().Value(b.fixtures[i].Channels[0].Coarse) }
	b.Submit(at(0, Set{b.fixtures[1].Channels[0], 255}))
	b.Submit(at(time.Second, Set{b.fixtures[1].Channels[0], 0}))
	b.Submit(at(2*time.Second, Hold{Channel: b.intensity(0), To: 204, Duration: Length{Time: 2 * time.Second}}, Hold{Channel: b.intensity(1), To: 204}))
	for _, c := range []struct {
		at    time.Duration
		wants float64
	}{{2 * time.Second, 0}, {3 * time.Second, 102}, {4 * time.Second, 204}} {
		b.to(c.at)
		if got := red(0); got < c.wants-0.6 || got > c.wants+0.6 {
			t.Errorf("%v: untouched red is at %v, want %v", c.at, got, c.wants)
		}
		if got := red(1); got != 0 {
			t.Errorf("%v: red that the script took away is at %v", c.at, got)
		}
	}
	b.Submit(at(5*time.Second, Release{}))
	b.to(5 * time.Second)
	if got := red(0); got != 0 {
		t.Errorf("released red is at %v", got)
	}
}

// TestHoldsAreKnown tells what is held, and forgets what is released.
func TestHoldsAreKnown(t *testing.T) {
	b := newBar(t, 1, "rgb")
	red, dim := b.fixtures[0].Channels[0], b.intensity(0)
	want := func(at time.Duration, heldRed, heldDim bool) {
		t.Helper()
		b.to(at)
		if r := b.Reader(); r.Held(red.Coarse) != heldRed || r.Held(dim.Coarse) != heldDim {
			t.Errorf("%v: red %v, intensity %v", at, r.Held(red.Coarse), r.Held(dim.Coarse))
		}
	}
	want(0, false, false)
	b.Submit(at(time.Second, Hold{Channel: red, To: 9}))
	want(time.Second, true, false)
	b.Submit(at(2*time.Second, Hold{Channel: dim, To: 9}, Release{Channels: []patch.Channel{red}, Duration: Length{Time: time.Hour}}))
	want(2*time.Second, false, true)
	b.Submit(at(3*time.Second, Release{}))
	want(3*time.Second, false, false)
}

// TestHoldsOutliveALoad: fixtures that are patched anew are held as before.
func TestHoldsOutliveALoad(t *testing.T) {
	b := newBar(t, 1, "rgb")
	b.Submit(at(0, b.setColor(0, 255, 255, 0), Hold{Channel: b.intensity(0), To: 51}))
	b.to(0)
	b.Submit(at(time.Second, Attributes{[]patch.Mix{*b.fixtures[0].Mix}}))
	b.Submit(at(2*time.Second, b.setColor(0, 0, 0, 255)))
	b.to(2 * time.Second)
	if v := b.Reader().Value(b.fixtures[0].Channels[2].Coarse); v != 51 {
		t.Errorf("blue is at %v", v)
	}
	b.Submit(at(3*time.Second, Attributes{}))
	b.Submit(at(4*time.Second, Set{b.fixtures[0].Channels[2], 200}))
	b.to(4 * time.Second)
	if v := b.Reader().Value(b.fixtures[0].Channels[2].Coarse); v != 200 {
		t.Errorf("without attributes blue is at %v", v)
	}
}

func TestHoldsAllocateNothing(t *testing.T) {
	b := newBar(t, 100, "rgbw")
	for i := range 100 {
		b.Submit(at(0, FadeColor{At: b.color(i), To: color.RGB{B: 255}, Duration: Length{Time: time.Hour}},
			Hold{Channel: b.intensity(i), To: 100, Duration: Length{Time: time.Hour}}))
	}
	b.Step(0)
	b.Step(b.NextFrame())
	if n := testing.AllocsPerRun(50, func() { b.Step(b.NextFrame()) }); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}

// TestManyHoldsInOneBatch are published once, not after each.
func TestManyHoldsInOneBatch(t *testing.T) {
	b := newBar(t, 128, "rgbw")
	b.Step(0)
	var holds []Command
	for i := range 128 {
		holds = append(holds, Hold{Channel: b.intensity(i), To: 100})
	}
	once := func() { b.Submit(at(b.NextFrame(), holds...)); b.Step(b.NextFrame()) }
	once()
	if n := testing.AllocsPerRun(20, once); n > 40 {
		t.Errorf("%v allocations for 128 holds", n)
	}
	if !b.Reader().Held(b.intensity(127).Coarse) {
		t.Error("the last one is not held")
	}
}
