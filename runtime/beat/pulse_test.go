package beat

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
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

// TestFollowerOfPulses prints (with -v) the lines of the follower's table for a MIDI clock,
// of which nothing is known but when each pulse arrived.
func TestFollowerOfPulses(t *testing.T) {
	const (
		seeds   = 20
		seconds = 60.0
	)
	var table strings.Builder
	fmt.Fprintf(&table, "\njitter               tempo |  rms     p99   bias | lock   +6 %% | fired on arrival\n")
	for _, network := range networks {
		for _, bpm := range []float64{63, 128, 174} {
			var pool, naive []float64
			var bias, lock, tempo float64
			for seed := range uint64(seeds) {
				r := rand.New(rand.NewPCG(seed, 401))
				d := playingDeck(30, piece{0, 0.3, bpm}, piece{40, math.NaN(), bpm * 1.06})
				s := pulses(d, network.make(r), seconds)
				errs := predict(NewFollower(Config{}), d, s, seconds)
				b, e := spread(errs, 5, 40)
				pool, bias = append(pool, e...), bias+b/seeds
				lock = math.Max(lock, settling(errs, 0, 40, b, 3))
				tempo = math.Max(tempo, settling(errs, 40, seconds, b, 3))
				_, e = spread(onArrival(d, s, seconds), 5, 40)
				naive = append(naive, e...)
			}
			rms, p99 := quality(pool)
			naiveRMS, _ := quality(naive)
			fmt.Fprintf(&table, "%-20s %5.0f |%6.3f %6.3f %5.2f  |%5.2f %5.2f |%5.1f\n", network.name, bpm, rms, p99, bias, lock, tempo, naiveRMS)
			if network.name == "gauss 3 ms" && bpm == 128 && rms > 0.3 {
				t.Errorf("%s at %v BPM: rms %.3f ms", network.name, bpm, rms)
			}
			if rms > 0.5 || lock > 8 || tempo > 3 {
				t.Errorf("%s at %v BPM: rms %.3f, lock %.2f s, tempo %.2f s", network.name, bpm, rms, lock, tempo)
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
