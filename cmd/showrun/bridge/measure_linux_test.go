package bridge

import (
	"context"
	"encoding/binary"
	"slices"
	"sync"
	"testing"
	"time"

	"showrun/drivers/lan/lantest"
	"showrun/drivers/sacn"
)

// TestMeasureBridge takes universes from sACN to sACN, with SHOWRUN_MEASURE=1, and tells how much later a
// frame comes out of the bridge than it went in, and what that takes of the processor.
func TestMeasureBridge(t *testing.T) {
	length := lantest.Measuring(t) / 2
	const rate = 44
	for _, c := range []struct{ universes, most int }{{1, rate}, {64, rate}, {512, rate}, {1, 60}, {64, 60}, {512, 60}} {
		universes := c.universes
		in, out := house(t, universes), house(t, universes)
		out.Rate, in.Name = c.most, "in"
		ear := out
		ear.StateDir = t.TempDir()

		var mu sync.Mutex
		var delays []time.Duration
		begin := time.Now()
		heard := must[Source](t)(must[Address](t)(ParseSource("sacn:1", universes)).Hear(ear, func(_ int, levels []byte, at time.Time) {
			if len(levels) < 8 {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			delays = append(delays, at.Sub(begin)-time.Duration(binary.BigEndian.Uint64(levels)))
		}))
		through := &Through{To: must[Sink](t)(must[Address](t)(ParseSink("sacn:1", universes)).Open(out)), Lost: Hold}
		source := must[Source](t)(must[Address](t)(ParseSource("sacn:1", universes)).Hear(in, through.Hear))
		desk := must[*sacn.SenderConn](t)(sacn.OpenSender(sacn.Config{CID: sacn.CID{1}, Name: "desk", Interface: "127.0.0.1", Port: in.Ports["sacn"], Rate: rate, Priority: 100}))
		for u := range universes {
			if err := desk.Join(1+u, sacn.UniverseOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		var stops []func()
		for _, what := range []func(context.Context) error{heard.Run, through.To.Run, source.Run, desk.Run} {
			stops = append(stops, run(t, what))
		}
		tick := time.NewTicker(time.Second / rate)
		var used, since time.Duration
		for now := range tick.C {
			if now.Sub(begin) > 2*time.Second && since == 0 { // they all know each other
				mu.Lock()
				delays, used, since = nil, lantest.CPU(), now.Sub(begin)
				mu.Unlock()
			}
			levels := binary.BigEndian.AppendUint64(nil, uint64(time.Since(begin)))
			for u := range universes {
				desk.SetLevels(1+u, false, levels)
			}
			if _, err := desk.FlushFor(now, now); err != nil {
				t.Error(err)
			}
			if now.Sub(begin) > 2*time.Second+length {
				break
			}
		}
		tick.Stop()
		share := 100 * float64(lantest.CPU()-used) / float64(time.Since(begin)-since)
		for _, stop := range stops {
			stop()
		}
		through.To.Close()
		if len(delays) == 0 {
			t.Fatalf("%d universes: nothing comes", universes)
		}
		slices.Sort(delays)
		t.Logf("%d universes at %d Hz, --rate %d: %.1f packets a second and universe come out, after %v in the middle, %v at 99 of 100; all of it, with both ends, takes %.0f %% of a core",
			universes, rate, c.most, float64(len(delays))/float64(universes)/length.Seconds(), delays[len(delays)/2].Round(time.Microsecond), delays[len(delays)*99/100].Round(time.Microsecond), share)
	}
}
