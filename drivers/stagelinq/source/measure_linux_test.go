package source

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"showrun/drivers/stagelinq"
	"showrun/drivers/stagelinq/wire"
)

const (
	measureEnv     = "SHOWRUN_MEASURE"
	measurePortEnv = "SHOWRUN_MEASURE_PORT" // set in the process that runs the sink
	measureUnits   = 8
	measureTime    = 10 * time.Second
)

// TestMeasureSink prints the processor time a sink needs for eight units with
// four decks each, 30 beat messages and 200 states a second from each unit. The
// sink runs in a process of its own, so that nothing else is counted.
func TestMeasureSink(t *testing.T) {
	if os.Getenv(measureEnv) != "1" {
		t.Skipf("set %s=1 to measure", measureEnv)
	}
	if port := os.Getenv(measurePortEnv); port != "" {
		measureSink(t, port)
		return
	}
	port := freePort(t)
	for range measureUnits {
		unit := newSource(t, port, nil)
		for n := range unit.player.Decks() {
			unit.Do(func(p *Player, now time.Time) {
				p.Load(n+1, testTrack, now)
				p.Play(n+1, now)
			})
		}
		run(t, unit.Run)
		run(t, func(ctx context.Context) error { return moveFaders(ctx, unit) })
	}
	child := exec.Command(os.Args[0], "-test.run=^TestMeasureSink$", "-test.v")
	child.Env = append(os.Environ(), measurePortEnv+"="+strconv.Itoa(port))
	output, err := child.CombinedOutput()
	fmt.Printf("%s", output)
	if err != nil {
		t.Fatal(err)
	}
}

// moveFaders changes two states a hundred times a second.
func moveFaders(ctx context.Context, unit *Conn) error {
	period := time.NewTicker(10 * time.Millisecond)
	defer period.Stop()
	for level := 0; ; level++ {
		select {
		case <-period.C:
			unit.Do(func(p *Player, now time.Time) { p.SetFader(1, float64(level%128)/127, now) })
		case <-ctx.Done():
			return nil
		}
	}
}

func measureSink(t *testing.T, portText string) {
	port, err := strconv.Atoi(portText)
	if err != nil {
		t.Fatal(err)
	}
	connected := make(chan struct{}, 100)
	s, err := stagelinq.OpenSink(stagelinq.Config{
		Token: newToken(t), Interface: "lo", DiscoveryPort: port, States: stagelinq.DefaultStates(),
		OnDevice: func(e stagelinq.DeviceEvent) {
			if e.Kind == stagelinq.Connected {
				connected <- struct{}{}
			}
		},
		OnState: func(stagelinq.StateEvent) {},
		OnBeat:  func(stagelinq.BeatEvent) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	run(t, s.Run)
	for range measureUnits {
		<-connected
	}
	settle := time.NewTimer(2 * time.Second)
	<-settle.C
	before, cpu := s.Stats(), processorTime(t)
	settle.Reset(measureTime)
	<-settle.C
	after, used := s.Stats(), processorTime(t)-cpu
	seconds := measureTime.Seconds()
	fmt.Printf("%d units: %.0f beat messages/s, %.0f states/s: %.2f %% of one core\n", measureUnits,
		float64(after.Beats-before.Beats)/seconds, float64(after.States-before.States)/seconds,
		100*used.Seconds()/seconds)
}

func processorTime(t *testing.T) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// TestMeasureLatency prints how long a beat message takes from the instant it
// describes to its arrival stamp in the sink, both in this process.
func TestMeasureLatency(t *testing.T) {
	if os.Getenv(measureEnv) != "1" {
		t.Skipf("set %s=1 to measure", measureEnv)
	}
	port := freePort(t)
	unit := newSource(t, port, func(c *Config) { c.BeatRate = 100 })
	run(t, unit.Run)
	var mu sync.Mutex
	var delays []time.Duration
	s := newStage(t, port, func(c *stagelinq.Config) {
		c.OnBeat = func(e stagelinq.BeatEvent) {
			mu.Lock()
			defer mu.Unlock()
			delays = append(delays, e.At.Sub(unit.player.born.Add(time.Duration(e.BeatInfo.Clock))))
		}
	})
	stop := run(t, s.sink.Run)
	wait := time.NewTimer(measureTime)
	<-wait.C
	stop()
	slices.Sort(delays)
	n := len(delays)
	fmt.Printf("%d beat messages: median %v, 99 %% %v, worst %v\n", n, delays[n/2], delays[n*99/100], delays[n-1])
}

func BenchmarkSetFader(b *testing.B) {
	p := NewPlayer(PlayerConfig{Token: wire.Token{1}}, start)
	p.TakeChanges()
	for i := range b.N {
		p.SetFader(1, float64(i%128)/127, start)
		p.TakeChanges()
	}
}
