package signet

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// frames returns the instants of ten seconds of frames, by a clock that is off by up to
// jitter.
func frames(rate int, jitter time.Duration, rng *rand.Rand) (list []time.Time) {
	for n := range 10 * rate {
		at := epoch.Add(time.Duration(n) * time.Second / time.Duration(rate))
		if jitter > 0 {
			at = at.Add(time.Duration(rng.Int64N(int64(2*jitter))) - jitter)
		}
		list = append(list, at)
	}
	return list
}

// sentAt is when packets leave if each frame changes something with a chance.
func sentAt(t *testing.T, rate int, frames []time.Time, chance float64, rng *rand.Rand) (sent []time.Time) {
	b := newBench(t, SenderConfig{Rate: rate})
	b.join(1, UniverseOptions{Slots: 2})
	for i, at := range frames {
		if rng.Float64() < chance {
			b.set(1, byte(i), byte(i>>8))
		}
		b.now = at
		for _, packet := range b.fill(at) {
			if strings.Contains(packet, " level1 ") {
				sent = append(sent, at)
			}
		}
	}
	return sent
}

// most is how many packets left within any second.
func most(sent []time.Time) (most int) {
	for i, from := range sent {
		n := 0
		for _, at := range sent[i:] {
			if at.Sub(from) < time.Second {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

// TestTheRateIsAMaximumAndReached: whatever the rate of frames, a universe has as many
// packets as its rate allows, or one for each frame if those are fewer, and in no second
// more.
func TestTheRateIsAMaximumAndReached(t *testing.T) {
	for _, rate := range []int{1, 30, 44, 60} {
		for _, frameRate := range []int{25, 44, 45, 50, 60, 250} {
			for _, jitter := range []time.Duration{0, 2 * time.Millisecond} {
				if jitter > 0 && frameRate > 60 {
					continue // less than the jitter from one to the next
				}
				t.Run(fmt.Sprintf("%d of %d, %v", rate, frameRate, jitter), func(t *testing.T) {
					rng := rand.New(rand.NewPCG(1, 1))
					sent := sentAt(t, rate, frames(frameRate, jitter, rng), 2, rng)
					want := min(rate, frameRate)
					slack, fewer := 0, 0
					if jitter > 0 {
						slack, fewer = 1, want/2 // a frame may be on the other side of a second
					}
					if n := len(sent); n > 10*want || n < 10*want-fewer-1 {
						t.Errorf("%d packets in 10 s", n)
					}
					if n := most(sent); n > want+slack {
						t.Errorf("%d packets in a second", n)
					}
				})
			}
		}
	}
}

// TestTheRateHoldsForSeldomNews: levels that change now and then leave no more often.
func TestTheRateHoldsForSeldomNews(t *testing.T) {
	for seed := range uint64(4) {
		rng := rand.New(rand.NewPCG(seed, 1))
		for _, frameRate := range []int{44, 50, 60, 250} {
			sent := sentAt(t, 44, frames(frameRate, 0, rng), []float64{0.1, 0.5, 0.8, 0.95}[seed%4], rng)
			if n := most(sent); n > 44 {
				t.Errorf("seed %d, %d frames: %d packets in a second", seed, frameRate, n)
			}
		}
	}
}
