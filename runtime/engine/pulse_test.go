package engine

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/curve"
)

// beats is a fade of channel 1 up to level 100 over so many beats.
func beats(n beat.Micro, delay Length) Command {
	return Fade{Channel: ch(1), To: 100, Duration: Length{Beats: n * beat.Beat}, Delay: delay}
}

func TestFadeInBeatsFollowsTheTempo(t *testing.T) {
	e := newTest(t)
	line := beat.Timeline{BPM: 3000} // a beat lasts 20 ms
	e.Retime(along(line))
	e.Submit(onBeat(line, 0, beats(4, Length{})))
	check(t, step(e, 40*ms, 1), "0s 0", "10ms 13", "20ms 25", "30ms 38", "40ms 50")
	// From beat 2 at 40 ms on at half the tempo.
	e.Retime(along(beat.Timeline{Origin: 40 * ms, Beat: 2 * beat.Beat, BPM: 1500}))
	check(t, step(e, 130*ms, 1),
		"50ms 56", "60ms 63", "70ms 69", "80ms 75", "90ms 81", "100ms 88", "110ms 94", "120ms 100", "130ms 100")
}

func TestFadeInBeatsSurvivesJumpsAndStops(t *testing.T) {
	e := newTest(t)
	e.Retime(along(beat.Timeline{BPM: 3000}))
	e.Submit(at(0, beats(8, Length{})))
	check(t, step(e, 20*ms, 1), "0s 0", "10ms 6", "20ms 13")
	jump := beat.Timeline{Epoch: 1, Origin: 20 * ms, Beat: 500 * beat.Beat, BPM: 3000}
	e.Retime(along(jump))
	check(t, step(e, 40*ms, 1), "30ms 19", "40ms 25")
	jump.Stopped = true
	jump.Beat = 501 * beat.Beat
	e.Retime(along(jump)) // goes on at the last tempo
	e.Retime(along(jump))
	check(t, step(e, 60*ms, 1), "50ms 31", "60ms 38")
	e.Retime(along(beat.Timeline{Epoch: 1, BPM: 0})) // no tempo: likewise
	check(t, step(e, 80*ms, 1), "70ms 44", "80ms 50")
	e.Retime(along(beat.Timeline{Epoch: 1, Origin: 80 * ms, Beat: 501 * beat.Beat, BPM: 6000}))
	check(t, step(e, 130*ms, 1), "90ms 63", "100ms 75", "110ms 88", "120ms 100", "130ms 100")
}

// TestCountWhileStandingIsExact: however often it is told that the beat stands, the count
// goes on at the last tempo.
func TestCountWhileStandingIsExact(t *testing.T) {
	p := newPulse(0)
	for now := time.Duration(0); now <= time.Minute; now += 9_999_999 {
		p.retime(beat.Timeline{Stopped: true}, now)
	}
	if got := p.Run.At(time.Minute); got != 120*beat.Beat {
		t.Errorf("%v beats in a minute at 120 BPM", got.Float())
	}
}

func TestDelays(t *testing.T) {
	half := Length{Time: 10 * ms}
	tests := []struct {
		name    string
		command Command
		want    []string
	}{
		{"beats, then beats", beats(1, Length{Beats: beat.Beat}), []string{"20ms 0", "30ms 50", "40ms 100"}},
		{"time, then beats", beats(1, Length{Time: 20 * ms}), []string{"20ms 0", "30ms 50", "40ms 100"}},
		{"beats, then time", Fade{Channel: ch(1), To: 100, Duration: Length{Time: 20 * ms}, Delay: Length{Beats: beat.Beat / 2}},
			[]string{"20ms 50", "30ms 100", "40ms 100"}},
		{"off the frames", Fade{Channel: ch(1), To: 100, Duration: Length{Time: 10 * ms}, Delay: Length{Beats: 3 * beat.Beat / 4}},
			[]string{"20ms 50", "30ms 100", "40ms 100"}},
		{"then nothing", Fade{Channel: ch(1), To: 100, Delay: half}, []string{"20ms 100", "30ms 100", "40ms 100"}},
		{"negative", Fade{Channel: ch(1), To: 100, Duration: half, Delay: Length{Beats: -beat.Beat}}, []string{"20ms 100", "30ms 100", "40ms 100"}},
		{"for ever", beats(1, Length{Beats: math.MaxInt64}), []string{"20ms 0", "30ms 0", "40ms 0"}},
		{"for ever in time", beats(1, Length{Time: beat.Never}), []string{"20ms 0", "30ms 0", "40ms 0"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := newTest(t)
			e.Retime(along(beat.Timeline{BPM: 3000}))
			e.Submit(at(0, tt.command))
			check(t, step(e, 40*ms, 1)[2:], tt.want...)
		})
	}
}

func TestWaveInBeats(t *testing.T) {
	e := newTest(t)
	e.Retime(along(beat.Timeline{BPM: 3000}))
	e.Submit(at(0, Wave{Channel: ch(1), Shape: curve.Saw, Period: Length{Beats: 2 * beat.Beat}, To: 100}))
	check(t, step(e, 30*ms, 1), "0s 0", "10ms 25", "20ms 50", "30ms 75")
	e.Retime(along(beat.Timeline{Epoch: 1, Origin: 30 * ms, BPM: 1500}))
	check(t, step(e, 70*ms, 1), "40ms 88", "50ms 0", "60ms 13", "70ms 25")
}

// TestPulseIsContinuous checks that the pulse neither steps nor stands still,
// whatever the timeline does.
func TestPulseIsContinuous(t *testing.T) {
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 2))
		p := newPulse(0)
		line := p.Line
		now := time.Duration(0)
		for range 200 {
			next := now + time.Duration(1+rng.Int64N(int64(time.Second)))
			passed := p.Run.At(next) - p.Run.At(now)
			if want := beat.FromFloat((next - now).Seconds() * p.Run.BPM / 60); passed < want-1 || passed > want+1 {
				t.Fatalf("seed %d: %d micro-beats between %v and %v, want %d", seed, passed, now, next, want)
			}
			now = next
			before := p.Run.At(now)
			line = move(rng, line, now)
			p.retime(line, now)
			if after := p.Run.At(now); after != before {
				t.Fatalf("seed %d: the pulse steps from %d to %d at %v", seed, before, after, now)
			}
		}
	}
}

func TestBatchesOnBeatsFollowTheTimeline(t *testing.T) {
	line := beat.Timeline{Epoch: 3, BPM: 60} // a micro-beat is a microsecond
	tests := []struct {
		name   string
		before beat.Timeline // when the batch for 40 ms is submitted
		after  beat.Timeline // from 10 ms on
		want   time.Duration
	}{
		{"unmoved", line, line, 40 * ms},
		{"moved before it was submitted", beat.Timeline{Epoch: 3, Origin: 5 * ms, BPM: 60}, beat.Timeline{Epoch: 3, Origin: 5 * ms, BPM: 60}, 45 * ms},
		{"another epoch when it was submitted", beat.Timeline{Epoch: 4, Origin: 5 * ms, BPM: 60}, line, 40 * ms},
		{"nudged on", line, beat.Timeline{Epoch: 3, Origin: 7 * ms, BPM: 60}, 47 * ms},
		{"nudged back", line, beat.Timeline{Epoch: 3, Origin: -7 * ms, BPM: 60}, 33 * ms},
		{"faster", line, beat.Timeline{Epoch: 3, BPM: 120}, 20 * ms},
		{"in the past at once", line, beat.Timeline{Epoch: 3, Beat: beat.Beat, BPM: 60}, 10 * ms},
		{"jump", line, beat.Timeline{Epoch: 4, Beat: 77 * beat.Beat, BPM: 60}, 40 * ms},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := newTest(t)
			e.Use(0)
			e.Retime(along(tt.before))
			e.Submit(onBeat(line, 40_000, Set{ch(1), 1}))
			step(e, 10*ms, 1)
			e.Retime(along(tt.after))
			for range 10 {
				if f := e.Step(e.Next()); f.Slots(0)[0] == 1 {
					if f.At != tt.want {
						t.Errorf("executed at %v, want %v", f.At, tt.want)
					}
					if s := e.Stats(); s.Late.Count != 0 {
						t.Errorf("counted as late: %+v", s)
					}
					return
				}
			}
			t.Error("not executed")
		})
	}
}

// TestABeatThatStoppedBeforeItCameWaits: until it goes on. When it goes on elsewhere, what
// waited for it does not come.
func TestABeatThatStoppedBeforeItCameWaits(t *testing.T) {
	line := beat.Timeline{BPM: 60}
	stopped := beat.Timeline{Origin: 10 * ms, Beat: 10_000, BPM: 60, Stopped: true}
	tests := []struct {
		name  string
		again beat.Timeline // from 100 ms on
		want  string
	}{
		{"it goes on", beat.Timeline{Origin: 100 * ms, Beat: 10_000, BPM: 60}, "115ms 1"},
		{"it jumps", beat.Timeline{Epoch: 1, Origin: 100 * ms, BPM: 60}, "110ms 0"},
	}
	for _, tt := range tests {
		e := newTest(t)
		e.Use(0)
		e.Retime(along(line))
		e.Submit(onBeat(line, 25_000, Set{ch(1), 1}))
		e.Step(0)
		e.Retime(along(stopped))
		log := step(e, 100*ms, 1)
		check(t, log[len(log)-1:], "100ms 0")
		e.Retime(along(tt.again))
		log = step(e, 115*ms, 1)
		check(t, log[len(log)-1:], tt.want)
		if s := e.Stats(); s.Late.Count != 0 {
			t.Errorf("%s: counted as late: %+v", tt.name, s)
		}
	}
}
