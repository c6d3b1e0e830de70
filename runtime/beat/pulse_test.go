package beat

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"showrun/runtime/raced"
)

// pulses is a MIDI clock: 24 pulses a beat that say nothing but that they are there.
func pulses(d *deck, delay jitter, seconds float64) []Observation {
	var list []Observation
	last := time.Duration(0)
	beat := math.Ceil(d.beat(0)*24) / 24
	for n := uint64(1); ; n++ {
		at := d.when(beat)
		if at >= seconds {
			return list
		}
		last = max(last, time.Duration((at+delay(at))*1e9))
		list = append(list, Observation{Arrival: last, Clock: n * uint64(time.Second) / 48, Beat: beat, Pulses: true})
		beat += 1.0 / 24
	}
}

// when is the true time of a beat.
func (d *deck) when(beat float64) float64 {
	low, high := 0.0, 1000.0
	for range 60 {
		if mid := (low + high) / 2; d.beat(mid) < beat {
			low = mid
		} else {
			high = mid
		}
	}
	return high
}

// cables are what the table of pulses has beside the networks of the other.
func cables() []struct {
	name string
	make func(*rand.Rand) jitter
} {
	return append(networks[:len(networks):len(networks)], []struct {
		name string
		make func(*rand.Rand) jitter
	}{
		{"uniform 0-6 ms", func(r *rand.Rand) jitter {
			return func(float64) float64 { return 0.0003 + 0.006*r.Float64() }
		}},
		{"exp 3 ms", func(r *rand.Rand) jitter {
			return func(float64) float64 { return 0.0003 + 0.003*r.ExpFloat64() }
		}},
	}...)
}

// TestFollowerOfPulses prints (with -v) the lines of the follower's table for a MIDI clock,
// of which nothing is known but when each pulse arrived. At 40 BPM that are 80 pulses in the
// first 5 s, of which no filter makes 0.3 ms if each is off by 3 ms to both sides; later it
// holds there too.
func TestFollowerOfPulses(t *testing.T) {
	const (
		seconds = 60.0
		change  = 40.0
		limit   = 0.3 // ms
	)
	seeds := raced.Of(20, 8)
	var table strings.Builder
	fmt.Fprintf(&table, "\njitter               tempo |  rms     p99   bias | from 15 s | lock   +6 %%  -6 %% | fired on arrival\n")
	for _, network := range cables() {
		for _, bpm := range []float64{40, 63, 128, 174, 250} {
			var pool, later, naive []float64
			var bias, lock float64
			tempo := map[float64]float64{}
			for seed := range uint64(seeds) {
				for _, factor := range []float64{1.06, 0.94} {
					r := rand.New(rand.NewPCG(seed, 401))
					d := playingDeck(30, piece{0, 0.3, bpm}, piece{change, math.NaN(), bpm * factor})
					s := pulses(d, network.make(r), seconds)
					errs := predict(NewFollower(Config{}), d, s, seconds)
					b, e := spread(errs, 5, change)
					tempo[factor] = math.Max(tempo[factor], settling(errs, change, seconds, b, 3))
					if factor < 1 {
						continue
					}
					pool, bias = append(pool, e...), bias+b/float64(seeds)
					_, e = spread(errs, 15, change)
					later = append(later, e...)
					lock = math.Max(lock, settling(errs, 0, change, b, 3))
					_, e = spread(onArrival(d, s, seconds), 5, change)
					naive = append(naive, e...)
				}
			}
			rms, p99 := quality(pool)
			settled, _ := quality(later)
			naiveRMS, _ := quality(naive)
			fmt.Fprintf(&table, "%-20s %5.0f |%6.3f %6.3f %5.2f  |   %6.3f  |%5.2f %5.2f %5.2f |%5.1f\n",
				network.name, bpm, rms, p99, bias, settled, lock, tempo[1.06], tempo[0.94], naiveRMS)
			if settled > limit || rms > limit && !(bpm == 40 && network.name == "gauss 3 ms") {
				t.Errorf("%s at %v BPM: rms %.3f ms, from 15 s on %.3f", network.name, bpm, rms, settled)
			}
			if most := math.Max(3, 200/bpm); lock > 3 || tempo[1.06] > most || tempo[0.94] > most {
				t.Errorf("%s at %v BPM: lock %.2f s, tempo %.2f s", network.name, bpm, lock, tempo)
			}
		}
	}
	t.Log(table.String())
}

// TestPulsesAfterStamps takes the stamps away from a source: the beat goes on.
func TestPulsesAfterStamps(t *testing.T) {
	d := playingDeck(30, piece{0, 0.3, 120})
	f := NewFollower(Config{})
	r := rand.New(rand.NewPCG(1, 1))
	list := pulses(d, gaussian(r), 20)
	for i, o := range list {
		if i < len(list)/2 {
			o.Pulses, o.Clock = false, uint64(1e15+d.when(o.Beat)*1e9)
		}
		f.Observe(o)
	}
	if off := f.Course().At(20*time.Second).Float() - d.beat(20); math.Abs(off) > 0.02 {
		t.Errorf("it is %.3f beats off", off)
	}
}
