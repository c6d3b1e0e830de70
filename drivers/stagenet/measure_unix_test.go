//go:build unix

package stagenet_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"showrun/drivers/stagenet"
	"showrun/drivers/stagenet/gateway"
	"showrun/drivers/stagenet/wire"
)

// measuring skips unless SHOWRUN_MEASURE=1; SHOWRUN_MEASURE_SECONDS is the
// length of a run, 10 by default.
func measuring(t *testing.T) time.Duration {
	t.Helper()
	if os.Getenv("SHOWRUN_MEASURE") != "1" {
		t.Skip("measures; set SHOWRUN_MEASURE=1 to run it")
	}
	seconds, err := strconv.Atoi(os.Getenv("SHOWRUN_MEASURE_SECONDS"))
	if err != nil {
		seconds = 10
	}
	return time.Duration(seconds) * time.Second
}

// cpu is the processor time this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// marker is a sink that notes when the last channel of its gateway gets the
// value of a frame.
type marker struct {
	last    int
	started *[256]atomic.Int64 // when the frame with a value was flushed
	delays  chan time.Duration
	values  *atomic.Int64
}

func (m marker) Set(c gateway.Channel, v wire.Value) {
	m.values.Add(1)
	if c.Number == m.last {
		select {
		case m.delays <- time.Duration(time.Now().UnixNano() - m.started[v].Load()):
		default:
		}
	}
}

// TestMeasureFrames: 64 gateways of 512 addresses, a tenth of them new in each
// frame at 44 Hz; then the same with a gateway that stops reading.
func TestMeasureFrames(t *testing.T) {
	length := measuring(t)
	const gateways, addresses, rate = 64, 512, 44
	stuckURL, accepted := serve(t)
	for _, withStuck := range []bool{false, true} {
		t.Run(fmt.Sprintf("stuck=%v", withStuck), func(t *testing.T) {
			var started [256]atomic.Int64
			var values atomic.Int64
			delays := make(chan time.Duration, 1<<20)
			var urls []string
			for i := range gateways {
				g, _ := startGateway(t, gateway.Config{
					ID: fmt.Sprintf("g%02d", i), Channels: gateway.Channels("DMX", 1, addresses),
					Sink: marker{last: addresses, started: &started, delays: delays, values: &values},
				})
				urls = append(urls, g.URL())
			}
			if withStuck {
				urls = append(urls, stuckURL)
			}
			c, e, stop := startConsole(t, stagenet.Config{Gateways: urls})
			if withStuck {
				lease(t, next(t, accepted), "stuck", 10000)
			}
			for range urls {
				e.next(t, stagenet.Mapped)
			}
			levels := make([]byte, 10000)
			start, used := time.Now(), cpu()
			timer := time.NewTimer(0)
			<-timer.C
			var calls []time.Duration
			frames := 0
			for ; ; frames++ {
				due := start.Add(time.Duration(frames) * time.Second / rate)
				if due.Sub(start) >= length {
					break
				}
				timer.Reset(time.Until(due))
				<-timer.C
				for i := 9 - frames%9; i < addresses; i += 10 {
					levels[i]++
				}
				levels[addresses-1] = byte(frames)
				began := time.Now()
				started[byte(frames)].Store(began.UnixNano())
				for i := range gateways {
					c.Levels(fmt.Sprintf("g%02d", i), levels[:addresses])
				}
				if withStuck {
					for i := range levels[addresses:] {
						levels[addresses+i]++
					}
					c.Levels("stuck", levels)
				}
				c.Flush(due)
				calls = append(calls, time.Since(began))
			}
			share := 100 * float64(cpu()-used) / float64(time.Since(start))
			stats := c.Stats()
			stop()
			var list []time.Duration
			for len(delays) > 0 {
				list = append(list, <-delays)
			}
			slices.Sort(list)
			slices.Sort(calls)
			if len(list) == 0 {
				t.Fatal("nothing arrived")
			}
			at := func(l []time.Duration, q float64) time.Duration {
				return l[int(q*float64(len(l)-1))].Round(time.Microsecond)
			}
			t.Logf("%d frames to %d gateways: %.0f values/s, %.1f %% of a core with both ends, %d gateway frames of %d, stuck %d",
				frames, gateways, float64(values.Load())/length.Seconds(), share, stats.Frames, frames*gateways, stats.Stuck)
			t.Logf("Levels and Flush of a frame: p50 %s p99 %s max %s", at(calls, .5), at(calls, .99), at(calls, 1))
			t.Logf("flush to the sink of each gateway's last channel: p50 %s p99 %s max %s of %d", at(list, .5), at(list, .99), at(list, 1), len(list))
		})
	}
}
