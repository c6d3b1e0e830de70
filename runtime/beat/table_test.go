package beat

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"showrun/runtime/raced"
)

// The simulated networks and streams of the accuracy tests.
var (
	networks = []struct {
		name string
		make func(*rand.Rand) jitter
	}{{"gauss 3 ms", gaussian}, {"exp 5 ms, cap 40", exponential}, {"bursts 30-100 ms", bursts}}

	streams = []struct {
		name        string
		rate, block float64
	}{{"30 Hz", 30, 0}, {"100 Hz", 100, 0}, {"28.75 Hz, blocks", 28.75, 0.0046875}, {"100 Hz, blocks", 100, 0.0046875}}
)

// TestFollowerTable prints (with -v) how well beats are predicted, beside
// firing each on the arrival of the first message at or after it. All of it is
// simulated time with fixed seeds, so the bounds cannot flicker.
func TestFollowerTable(t *testing.T) {
	const (
		seconds   = 60.0
		tolerance = 2 // ms
	)
	seeds := raced.Of(20, 4)
	var table strings.Builder
	fmt.Fprintf(&table, `
%d runs of %.0f s at 128 BPM, device clock 50 ppm fast, 0.2 ms sampling noise; blocks: clock and beat move in 4.6875 ms.
Error in ms of the instant of each beat as known %v before it, less the mean of its run from 5 to 30 s (bias).
lock, +6 %%, seek: seconds from the start, a change of tempo and a seek until all beats stay within %d ms; the worst run.
                                   |      from 5 s       | 1-5 s | seconds to settle | fired on arrival
stream           jitter            |  rms     p99   bias |  rms  | lock   +6 %%  seek | rms    p99   bias
`, seeds, seconds, lookAhead, tolerance)
	for _, stream := range streams {
		for _, network := range networks {
			var pool, early, naive []float64
			var bias, naiveBias, lock, tempo, seek float64
			for seed := range uint64(seeds) {
				r := rand.New(rand.NewPCG(seed, 101))
				tempoAt, seekAt := 30+r.Float64(), 45+r.Float64()
				d := playingDeck(stream.rate, piece{0, 10.3, 128}, piece{tempoAt, math.NaN(), 128 * 1.06}, piece{seekAt, 300 + r.Float64(), 128 * 1.06})
				d.block = stream.block
				s := d.stream(r, network.make(r), seconds)
				errs := predict(NewFollower(Config{}), d, s, seconds)
				b, e := spread(errs, 5, 30)
				pool, bias = append(pool, e...), bias+b/float64(seeds)
				for _, e := range errs {
					if e.at >= 1 && e.at < 5 {
						early = append(early, math.Abs(e.ms-b))
					}
				}
				lock = math.Max(lock, settling(errs, 0, 30, b, tolerance))
				tempo = math.Max(tempo, settling(errs, tempoAt, 45, b, tolerance))
				seek = math.Max(seek, settling(errs, seekAt, seconds, b, tolerance))
				b, e = spread(onArrival(d, s, seconds), 5, 30)
				naive, naiveBias = append(naive, e...), naiveBias+b/float64(seeds)
			}
			rms, p99 := quality(pool)
			earlyRMS, _ := quality(early)
			naiveRMS, naive99 := quality(naive)
			fmt.Fprintf(&table, "%-16s %-17s |%6.3f %6.3f %5.2f  |%6.2f |%5.2f  %5.2f %5.2f |%5.1f %6.1f %6.1f\n", stream.name, network.name,
				rms, p99, bias, earlyRMS, lock, tempo, seek, naiveRMS, naive99, naiveBias)
			lockMost := 1.0
			if stream.block > 0 {
				lockMost = 2.5
			}
			if rms > 0.3 || p99 > 1 || lock > lockMost || tempo > 0.5 || seek > 0.5 {
				t.Errorf("%s, %s: rms %.3f ms, p99 %.3f ms, lock %.2f s, tempo %.2f s, seek %.2f s", stream.name, network.name, rms, p99, lock, tempo, seek)
			}
		}
	}
	t.Log(table.String())
}
