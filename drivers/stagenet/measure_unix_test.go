//go:build unix

package stagenet_test

import (
	"fmt"
	"runtime/metrics"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"showrun/drivers/lan/lantest"
	"showrun/drivers/stagenet"
	"showrun/drivers/stagenet/gateway"
	"showrun/drivers/stagenet/wire"
)

// frames is what the sinks of a measurement know of the frames: the last channel
// of every gateway shows the number of the frame, modulo 256.
type frames struct {
	started [256]atomic.Int64 // when the frame was flushed, its lowest bit tells whether a gateway did not read
	values  atomic.Int64
	missed  atomic.Int64
	delays  [2]chan time.Duration // by that bit
}

// marker is the sink of one gateway.
type marker struct {
	*frames
	last  int    // channel
	shown []byte // on it; the one before the first frame
}

func (m marker) Set(c gateway.Channel, v wire.Value) {
	m.values.Add(1)
	if c.Number != m.last {
		return
	}
	now := time.Now().UnixNano()
	m.missed.Add(int64(v - m.shown[0] - 1))
	m.shown[0] = v
	started := m.started[v].Load()
	m.delays[started&1] <- time.Duration(now - started)
}

// at is a quantile of a sorted list.
func at(list []time.Duration, q float64) time.Duration {
	return list[int(q*float64(len(list)-1))].Round(time.Microsecond)
}

// drained returns what is in a channel, sorted.
func drained(c chan time.Duration) []time.Duration {
	var list []time.Duration
	for len(c) > 0 {
		list = append(list, <-c)
	}
	slices.Sort(list)
	return list
}

// heap is what the last collection found alive, in KiB.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64() >> 10
}

// crowd is a console with so many gateways, all mapped, and another one at a URL.
func crowd(t *testing.T, gateways, addresses int, another string) (f *frames, c *stagenet.Console, e events, stop func()) {
	t.Helper()
	f = &frames{}
	for i := range f.delays {
		f.delays[i] = make(chan time.Duration, 1<<20)
	}
	urls := []string{another}
	for i := range gateways {
		g, _ := startGateway(t, gateway.Config{
			ID: crowdID(i), Channels: gateway.Channels("DMX", 1, addresses),
			Sink: marker{frames: f, last: addresses, shown: []byte{255}},
		})
		urls = append(urls, g.URL())
	}
	c, e, stop = startConsole(t, stagenet.Config{Gateways: urls})
	for range gateways {
		e.next(t, stagenet.Mapped)
	}
	return f, c, e, stop
}

// crowdID is the id of a gateway of a crowd.
func crowdID(i int) string { return fmt.Sprintf("g%02d", i) }

// moody is a gateway that reads for a while, does not until it is given up, and
// comes back.
func moody(t *testing.T, accepted <-chan *websocket.Conn, addresses int, lost <-chan stagenet.Event, sulks *atomic.Int64, borne chan<- time.Duration) {
	for {
		var c *websocket.Conn
		select {
		case c = <-accepted:
		case <-t.Context().Done():
			return
		}
		lease(t, c, "moody", addresses)
		for since := time.Now(); time.Since(since) < 4*time.Second; {
			if _, _, err := c.ReadMessage(); err != nil {
				return // the measurement is over
			}
		}
		sulks.Store(1)
		since := time.Now()
		for ev := range lost {
			if ev.Kind == stagenet.Lost && ev.Gateway.ID == "moody" {
				break
			}
		}
		sulks.Store(0)
		borne <- time.Since(since)
	}
}

// TestMeasureFrames: 64 gateways of 512 addresses, a tenth of them new in each
// frame at 44 Hz. Another one, all of whose 512 addresses are new in each frame,
// stops reading again and again.
func TestMeasureFrames(t *testing.T) {
	length := lantest.Measuring(t)
	const gateways, addresses, rate = 64, 512, 44
	moodyURL, accepted := serve(t)
	f, c, e, stop := crowd(t, gateways, addresses, moodyURL)
	var sulks atomic.Int64
	borne := make(chan time.Duration, 1000)
	go moody(t, accepted, addresses, e, &sulks, borne)

	levels, all := make([]byte, addresses), make([]byte, addresses)
	var calls, late []time.Duration
	var memory []uint64
	start, used := time.Now(), lantest.CPU()
	timer := time.NewTimer(0)
	<-timer.C
	count := 0
	for ; ; count++ {
		due := start.Add(time.Duration(count) * time.Second / rate)
		if due.Sub(start) >= length {
			break
		}
		if count%(5*rate) == 2*rate {
			memory = append(memory, heap())
		}
		timer.Reset(time.Until(due))
		<-timer.C
		for i := 9 - count%9; i < addresses; i += 10 {
			levels[i]++
		}
		levels[addresses-1] = byte(count)
		for i := range all {
			all[i]++
		}
		began := time.Now()
		late = append(late, began.Sub(due))
		f.started[byte(count)].Store(began.UnixNano()&^1 | sulks.Load())
		for i := range gateways {
			c.Levels(crowdID(i), levels)
		}
		c.Levels("moody", all)
		c.Flush(due)
		calls = append(calls, time.Since(began))
	}
	timer.Reset(100 * time.Millisecond) // the last frame arrives
	<-timer.C
	share := 100 * float64(lantest.CPU()-used) / float64(time.Since(start))
	stop()
	slices.Sort(calls)
	slices.Sort(late)
	shown := len(f.delays[0]) + len(f.delays[1])
	t.Logf("%d frames to %d gateways: %d of %d shown, %d missed; %.0f values/s, %.1f %% of a core with both ends",
		count, gateways, shown, count*gateways, f.missed.Load(), float64(f.values.Load())/length.Seconds(), share)
	t.Logf("Levels and Flush of a frame: p50 %s p99 %s max %s; the test's own clock late by p99 %s max %s, a frame later than %s meets the next one",
		at(calls, .5), at(calls, .99), at(calls, 1), at(late, .99), at(late, 1), time.Second/rate)
	t.Logf("gateways that did not read were given up after %s; live heap in KiB: %d", drained(borne), memory)
	var p99 [2]time.Duration
	for i, name := range []string{"all read", "one does not"} {
		list := drained(f.delays[i])
		if len(list) == 0 {
			t.Fatalf("%s: nothing measured; take more seconds", name)
		}
		p99[i] = at(list, .99)
		t.Logf("flush to sink, %s: p50 %s p99 %s max %s of %d", name, at(list, .5), p99[i], at(list, 1), len(list))
	}
	t.Logf("ratio of p99: %.2f", float64(p99[1])/float64(p99[0]))
}
