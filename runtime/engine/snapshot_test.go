package engine

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/color"
	"showrun/runtime/curve"
	"showrun/runtime/level"
	"showrun/runtime/patch"
	"showrun/runtime/raced"
)

// copied sends a snapshot through its encoding.
func copied(t testing.TB, s Snapshot) Snapshot {
	t.Helper()
	for _, c := range Values() {
		gob.Register(c)
	}
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(s); err != nil {
		t.Fatal(err)
	}
	var read Snapshot
	if err := gob.NewDecoder(&b).Decode(&read); err != nil {
		t.Fatal(err)
	}
	return read
}

// stage is an engine and the registry that numbers its outputs.
type stage struct {
	r *level.Registry
	e *Engine
}

// shuffled returns a registry that knows some outputs in another order.
func shuffled(rng *rand.Rand) *level.Registry {
	r := new(level.Registry)
	for _, i := range rng.Perm(7)[:4] {
		r.Output(fmt.Sprint("output ", i), 1)
	}
	return r
}

// channel is one of 5 outputs of 8 slots, of 8 or 16 bits.
func (s stage) channel(rng *rand.Rand) patch.Channel {
	o := s.r.Output(fmt.Sprint("output ", rng.IntN(5)), 8)
	c := onOutput(o, 1+rng.Int32N(8))
	if rng.IntN(3) == 0 {
		c.Fine = level.Address{Output: o, Slot: 1 + rng.Int32N(9)}
	}
	return c
}

func (s stage) channels(rng *rand.Rand) (list []patch.Channel) {
	for range 1 + rng.IntN(4) {
		list = append(list, s.channel(rng))
	}
	return list
}

func length(rng *rand.Rand) Length {
	switch rng.IntN(4) {
	case 0:
		return Length{}
	case 1:
		return Length{Beats: beat.Micro(rng.Int64N(int64(3 * beat.Beat)))}
	}
	return Length{Time: time.Duration(rng.Int64N(int64(time.Second)))}
}

// command is any command there is.
func (s stage) command(rng *rand.Rand) Command {
	value := rng.Float64()*300 - 20
	easing := curve.Easing(rng.IntN(len(curve.Names())))
	if rng.IntN(3) == 0 {
		return s.attribute(rng, value)
	}
	switch rng.IntN(12) {
	case 0:
		return Stop{s.channel(rng)}
	case 1, 2:
		return Wave{Channel: s.channel(rng), Shape: curve.Shape(rng.IntN(5)), Period: length(rng), To: value, Phase: rng.Float64(), Width: 0.3, Seed: rng.Uint64()}
	case 3:
		channels := s.channels(rng)
		var knots []float64
		for range 6 * len(channels) {
			knots = append(knots, rng.Float64()*255)
		}
		path, err := curve.NewPath(len(channels), knots)
		if err != nil {
			panic(err)
		}
		return Path{Channels: channels, Path: path, Segment: length(rng)}
	case 4:
		return Intensity{s.channels(rng)}
	case 5:
		return Master{To: value, Duration: length(rng), Curve: easing}
	case 6:
		return Blackout{On: rng.IntN(2) == 0, Duration: length(rng), Curve: easing}
	case 7:
		return Order{Device: fmt.Sprint("device ", rng.IntN(2)), Message: rng.Int()}
	case 8, 9:
		return Fade{Channel: s.channel(rng), To: value, Duration: length(rng), Delay: length(rng), Curve: easing}
	}
	return Set{s.channel(rng), value}
}

// attribute is any command for attributes, and for holds.
func (s stage) attribute(rng *rand.Rand, value float64) Command {
	mix := s.mix(rng)
	rgb := color.RGB{R: value, G: rng.Float64() * 255, B: 100}
	red := next(mix.At, 1)
	switch rng.IntN(12) {
	case 0:
		var all []patch.Mix
		for range 1 + rng.IntN(4) {
			all = append(all, s.mix(rng))
		}
		return Attributes{all}
	case 1:
		return Hold{Channel: s.channel(rng), To: value, Duration: length(rng)}
	case 2:
		return Hold{Channel: mix.Attribute(rng.IntN(4)), To: value, Duration: length(rng)}
	case 3:
		if rng.IntN(2) == 0 {
			return Release{Duration: length(rng)}
		}
		return Release{Channels: append(s.channels(rng), mix.Attribute(rng.IntN(4))), Duration: length(rng)}
	case 4:
		return Stop{mix.Attribute(rng.IntN(4))}
	case 5:
		return Wave{Channel: mix.Attribute(0), Period: length(rng), To: value}
	case 6:
		return WaveColor{At: red, Shape: curve.Shape(rng.IntN(5)), Period: length(rng), To: rgb, Seed: rng.Uint64()}
	case 7, 8:
		return FadeColor{At: red, To: rgb, Duration: length(rng), Delay: length(rng), Direct: rng.IntN(2) == 0}
	case 9:
		return SetColors{At: []level.Address{red}, Levels: []float32{1, float32(value), 3}}
	}
	return Fade{Channel: mix.Attribute(rng.IntN(4)), To: value, Duration: length(rng), Delay: length(rng)}
}

// mix is one of two of each output, with any channels of it.
func (s stage) mix(rng *rand.Rand) patch.Mix {
	c := s.channel(rng)
	m := patch.Mix{At: level.Address{Output: c.Coarse.Output, Slot: 1 + 4*rng.Int32N(2)}.Attribute(1), Dims: rng.IntN(2) == 0}
	for i := range 1 + rng.IntN(4) {
		m.Channels = append(m.Channels, onOutput(c.Coarse.Output, 1+int32(rng.IntN(8))))
		m.Emitters = append(m.Emitters, color.Emitter(1+i))
	}
	return m
}

// happen does something at the moment now: the same, if rng is.
func (s stage) happen(rng *rand.Rand, now time.Duration, line beat.Timeline) {
	switch rng.IntN(20) {
	case 0:
		s.e.Withdraw(func(o Order) bool { return o.Device == "device 1" })
	case 1:
		s.e.EndGeneration(1+rng.IntN(3), now+10*ms)
	case 2:
		s.e.Lead(time.Duration(rng.IntN(30)) * ms)
	case 3:
		s.e.Use(s.r.Output(fmt.Sprint("output ", rng.IntN(7)), 1+rng.IntN(12)))
	case 4:
		if rng.IntN(10) == 0 {
			s.e.Clear()
		}
	default:
		b := Batch{Generation: 1 + rng.IntN(3), Origin: fmt.Sprint("show.lua:", rng.IntN(9))}
		b.At = now + time.Duration(rng.Int64N(int64(140*ms))) - 40*ms
		if rng.IntN(2) == 0 {
			beat := line.At(b.At) + 1
			b.Stamp = Stamp{At: line.Time(beat), Beat: beat, Epoch: line.Epoch, OnBeat: true}
		}
		for range 1 + rng.IntN(4) {
			b.Commands = append(b.Commands, s.command(rng))
		}
		s.e.Submit(b)
	}
}

// step does what is due, and says what came of it without numbers of outputs.
func (s stage) step(now time.Duration) string {
	var log strings.Builder
	for s.e.Next() <= now {
		s.e.Pass(now)
		for _, o := range s.e.Orders(now) {
			fmt.Fprintf(&log, "%v order %v to %s\n", o.At, o.Message, o.Device)
		}
		if f := s.e.Step(now); f != nil {
			fmt.Fprintf(&log, "%d at %v woken %v %x", f.Seq, f.At, f.Woken, f.Hash(s.r))
			parts := make(map[string]bool)
			for _, o := range f.Part {
				parts[s.r.Key(o)] = true
			}
			for i := range 7 { // in the order of keys
				for o := range level.Output(s.r.Len()) {
					if key := s.r.Key(o); key == fmt.Sprint("output ", i) && f.Slots(o) != nil {
						fmt.Fprintf(&log, " %s %v %v", key, f.Slots(o), parts[key])
					}
				}
			}
			log.WriteByte('\n')
		}
	}
	fmt.Fprintf(&log, "next %v, stats %+v", s.e.Next(), s.e.Stats())
	return log.String()
}

// TestARestoredEngineGoesOn compares an engine with those that are restored, at
// random moments of random shows, into processes that number outputs differently.
func TestARestoredEngineGoesOn(t *testing.T) {
	var frames uint64
	var s Snapshot // taken again and again
	for seed := range raced.Of[uint64](60, 6) {
		rng := rand.New(rand.NewPCG(seed, 3))
		rate := []int{25, 44, 100}[seed%3]
		r := shuffled(rng)
		stages := []stage{{r, New(Config{Rate: rate, Registry: r})}}
		line := beat.Timeline{BPM: 120}
		for now := time.Duration(0); now < 5*time.Second; {
			next := stages[0].e.Next()
			now = max(now, next)
			if rng.IntN(2) == 0 {
				now = max(now-time.Duration(rng.Int64N(int64(10*ms))), 0)
			}
			for _, s := range stages {
				now = max(now, s.e.passed)
			}
			if rng.IntN(6) == 0 {
				line = move(rng, line, now)
			}
			if rng.IntN(50) == 0 { // another process takes over, in place of one before
				r := shuffled(rng)
				stages[0].e.SnapshotInto(&s)
				read := copied(t, s)
				if !reflect.DeepEqual(read, copied(t, stages[0].e.Snapshot())) {
					t.Fatalf("seed %d, at %v: a snapshot in used memory is another", seed, now)
				}
				e, err := Restore(Config{Registry: r}, read)
				if err != nil {
					t.Fatalf("seed %d, at %v: %v", seed, now, err)
				}
				stages = append(stages[:1], stage{r, e})
			}
			happens, what := rng.IntN(2) == 0, rng.Uint64()
			var log []string
			for _, s := range stages {
				s.e.Pass(now)
				s.e.Retime(along(line))
				if happens {
					s.happen(rand.New(rand.NewPCG(what, 0)), now, line)
				}
				log = append(log, s.step(now))
			}
			if len(log) > 1 && log[0] != log[1] {
				t.Fatalf("seed %d, at %v:\n%s\nrestored:\n%s", seed, now, log[0], log[1])
			}
		}
		frames += stages[0].e.Stats().Frames
	}
	t.Logf("%d frames", frames)
}

// TestASnapshotSharesNothing: the engine goes on, the snapshot stays.
func TestASnapshotSharesNothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	r := shuffled(rng)
	s := stage{r, New(Config{Registry: r})}
	play := func(from, until time.Duration) {
		for now := from; now < until; now += 5 * ms {
			s.happen(rng, now, beat.Timeline{BPM: 120})
			s.step(now)
		}
	}
	play(0, time.Second)
	s.e.Submit(at(1050*ms, Order{Device: "device 0", Message: 7}))
	kept := s.e.Snapshot()
	before := copied(t, kept)
	if len(kept.Effects) == 0 || len(kept.Runs) == 0 || len(kept.Queue) == 0 {
		t.Fatal("too little happened")
	}
	var engines []stage
	for range 2 {
		r := shuffled(rng)
		e, err := Restore(Config{Registry: r}, kept)
		if err != nil {
			t.Fatal(err)
		}
		engines = append(engines, stage{r, e})
	}
	s.e.Withdraw(func(Order) bool { return true })
	play(time.Second, 2*time.Second)
	if a, b := engines[0].step(2*time.Second), engines[1].step(2*time.Second); a != b {
		t.Errorf("two engines of one snapshot differ:\n%s\n%s", a, b)
	}
	if !reflect.DeepEqual(copied(t, kept), before) {
		t.Error("it changed")
	}
}

func TestRestoreAtAnotherRate(t *testing.T) {
	e := newTest(t)
	e.Submit(at(0, Fade{Channel: ch(1), To: 100, Duration: Length{Time: 100 * ms}}))
	step(e, 35*ms, 1)
	again, err := Restore(Config{Rate: 50, Registry: e.registry}, e.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	check(t, step(again, 90*ms, 1), "50ms 50", "70ms 70", "90ms 90")
}

func TestRestoreRefusesNonsense(t *testing.T) {
	e := newTest(t)
	path, err := curve.NewPath(1, []float64{1, 2, 3})
	if err != nil {
		t.Fatal(err)
	}
	e.Submit(at(0, Set{ch16(1), 9}, Intensity{[]patch.Channel{ch(3)}},
		Path{Channels: []patch.Channel{ch(4)}, Path: path, Segment: Length{Time: time.Second}}))
	mix := patch.Mix{At: ch(6).Coarse.Attribute(1), Channels: []patch.Channel{ch(6)}, Mix: color.Mix{Emitters: []color.Emitter{color.White}}, Dims: true}
	e.Submit(at(0, Attributes{[]patch.Mix{mix}}, Hold{Channel: ch(8), To: 5}))
	e.Submit(at(time.Second, Set{ch(1), 1}))
	e.Step(0)
	for want, spoil := range map[string]func(*Snapshot){
		"rate":           func(s *Snapshot) { s.Schedule.Rate = 0 },
		"0 slots":        func(s *Snapshot) { s.Banks[0].Slots = 0 },
		"7 levels":       func(s *Snapshot) { s.Banks[0].Levels = s.Banks[0].Levels[:7] },
		"twice":          func(s *Snapshot) { s.Banks = append(s.Banks, s.Banks[0]) },
		"slots 1 and 99": func(s *Snapshot) { s.Banks[0].Pairs[0][1] = 99 },
		"scales slot 0":  func(s *Snapshot) { s.Banks[0].Scaled[0] = 0 },
		"slot 9":         func(s *Snapshot) { s.Effects[0].Effect.At.Slot = 9 },
		"slot 4":         func(s *Snapshot) { s.Effects[0].Effect.At.Output = 5 },
		"path 2 of 1":    func(s *Snapshot) { s.Effects[0].Run = 2 },
		"column 2":       func(s *Snapshot) { s.Effects[0].Effect.Column = 1 },
		"mix 1 does":     func(s *Snapshot) { s.Mixers[0].Bound = nil },
		"mix 2 does":     func(s *Snapshot) { s.Mixers = append(s.Mixers, s.Mixers[0]) },
		"attributes are": func(s *Snapshot) { s.Banks[0].Attributes = make([]float64, 33) },
		"slot 8 is held": func(s *Snapshot) { s.Holds[0].At.Output = 5 },
		"is held twice":  func(s *Snapshot) { s.Holds = append(s.Holds, s.Holds[0]) },
		"two effects":    func(s *Snapshot) { s.Effects = append(s.Effects, s.Effects[0]) },
		"room": func(s *Snapshot) {
			for range maxQueuedBatches {
				s.Queue = append(s.Queue, s.Queue[0])
			}
		},
	} {
		s := e.Snapshot()
		spoil(&s)
		if _, err := Restore(Config{Registry: new(level.Registry)}, s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}
