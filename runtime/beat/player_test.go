package beat

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// playerStream is a model of the beat stream of a player that has just started, an idle
// deck. It has the statistics of a real one: a loop that wakes after 32.2 ms, three times
// out of seven some milliseconds later, so that the median gap is 32.6 ms and the mean
// 34.8; stamps of the last audio block of 4.6875 ms that was through, by a clock that is
// 40 ppm fast; and 0.3 ms until a message arrives.
func playerStream(seed uint64) []Observation {
	const (
		messages = 440
		block    = 4.6875e-3
		skew     = 40e-6
	)
	random := rand.New(rand.NewPCG(seed, 1))
	gaps := []float64{32.2, 32.2, 32.2, 32.2, 33.9, 35.2, 45.4} // ms
	wake := 21.3
	var list []Observation
	for i := range messages {
		wake += (gaps[i%len(gaps)] + 0.3*random.NormFloat64()) * 1e-3
		blocks := math.Floor((wake*(1+skew) + 1.7e-3) / block)
		delay := 0.2e-3 + 0.1e-3*random.ExpFloat64()
		list = append(list, Observation{
			Arrival: time.Duration((wake + delay) * 1e9),
			Clock:   uint64(35e9 + blocks*block*1e9),
			BPM:     121.97546195983888,
		})
	}
	return list
}

// TestPlayerStreamIsLikeARealOne holds the model to what was measured.
func TestPlayerStreamIsLikeARealOne(t *testing.T) {
	list := playerStream(1)
	var gaps []float64
	steps := map[int]int{}
	for i := 1; i < len(list); i++ {
		gaps = append(gaps, float64(list[i].Arrival-list[i-1].Arrival)*1e-6)
		steps[int(math.Round(float64(list[i].Clock-list[i-1].Clock)/4687500))]++
	}
	slices.Sort(gaps)
	if median := gaps[len(gaps)/2]; median < 32.2 || median > 33 {
		t.Errorf("median gap %.2f ms", median)
	}
	if low, high := gaps[0], gaps[len(gaps)-1]; low < 29 || high > 47 {
		t.Errorf("gaps from %.2f to %.2f ms", low, high)
	}
	if rate := 439 / (list[439].Arrival - list[0].Arrival).Seconds(); math.Abs(rate-28.75) > 0.3 {
		t.Errorf("%.2f messages per second", rate)
	}
	if most := steps[7]; most < 250 || len(steps) != 5 || steps[6] == 0 || steps[10] == 0 {
		t.Errorf("steps of the clock in blocks: %v", steps)
	}
}

func TestIdleDeckOfAPlayer(t *testing.T) {
	stream := playerStream(1)
	f := NewFollower(Config{})
	var kinds []Kind
	for _, o := range stream {
		for _, c := range f.Observe(o) {
			kinds = append(kinds, c.Kind)
		}
		if f.Nonsense != 0 {
			t.Fatal("a good message was ignored")
		}
	}
	line := f.Timeline()
	if !line.Stopped || line.Beat != 0 || math.Abs(f.BPM-121.97546) > 1e-4 || !slices.Equal(kinds, []Kind{Tempo}) {
		t.Errorf("an idle deck gives %+v at %v BPM, changes %v", line, f.BPM, kinds)
	}
}

// TestClockOfAPlayer prints (with -v) how the clock filter does on such a
// stream, and beside it a deck that would play on that clock.
func TestClockOfAPlayer(t *testing.T) {
	stream := playerStream(1)
	first := stream[0]
	var filter clockOffset
	var at, offset, late []float64
	blocks := 0.0
	for i, o := range stream {
		c := float64(o.Clock-first.Clock) * 1e-9
		filter.observe(c, (o.Arrival-first.Arrival).Seconds()-c)
		at = append(at, c)
		offset = append(offset, filter.Offset*1e3)
		late = append(late, ((o.Arrival-first.Arrival).Seconds()-c-filter.Offset)*1e3)
		if i > 0 {
			steps := float64(o.Clock-stream[i-1].Clock) / 4687500
			blocks = math.Max(blocks, math.Abs(steps-math.Round(steps)))
		}
	}
	span := at[len(at)-1]
	t.Logf("440 messages in %.2f s (%.2f Hz), clock steps off multiples of 4.6875 ms by at most %.3f blocks", span, 439/span, blocks)
	t.Logf("filter at the end: offset %.3f ms, skew %.1f ppm, mean lateness %.2f ms", filter.Offset*1e3, filter.Skew*1e6, filter.Late*1e3)
	for from := 0.0; from < span; from += 5 {
		lo, hi := math.Inf(1), math.Inf(-1)
		var early, mean, square, n, drift0, drift1 float64
		for i, c := range at {
			if c < from || c >= from+5 {
				continue
			}
			if n == 0 {
				drift0 = offset[i]
			}
			drift1 = offset[i]
			n++
			mean += late[i]
			square += late[i] * late[i]
			lo, hi = math.Min(lo, late[i]), math.Max(hi, late[i])
			if late[i] < 0 {
				early++
			}
		}
		mean /= n
		t.Logf("%4.0f-%2.0f s: residual mean %5.2f sd %4.2f min %5.2f max %5.2f ms, %2.0f %% early; offset moved %+.2f ms", from, from+5, mean, math.Sqrt(square/n-mean*mean), lo, hi, 100*early/n, drift1-drift0)
		if from >= 5 && (math.Abs(drift1-drift0) > 1 || hi-lo > 10) {
			t.Errorf("the clock filter does not hold still: %v ms", drift1-drift0)
		}
	}

	// The same stamps with a deck playing at 128 BPM on the device clock.
	f := NewFollower(Config{})
	var errs []errorAt
	for i, o := range stream {
		o.Beat, o.BPM = 10+at[i]*128/60, 128
		f.Observe(o)
		if when := f.Timeline().Time(FromFloat(o.Beat + 50e-3*128/60)); when != Never {
			errs = append(errs, errorAt{at[i], (when-first.Arrival).Seconds()*1e3 - at[i]*1e3 - 50})
		}
	}
	_, e := spread(errs, 5, span)
	rms, p99 := quality(e)
	t.Logf("a deck playing on that clock, predicted 50 ms ahead, from 5 s: rms %.3f, p99 %.3f ms about the mean", rms, p99)
	if rms > 0.3 || p99 > 1 {
		t.Errorf("rms %.3f, p99 %.3f ms", rms, p99)
	}
}
