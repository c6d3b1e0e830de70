package main

import (
	"context"
	"flag"
	"math"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"showrun/drivers/lan/multicast"
	"showrun/drivers/signet/wire"
)

var crashes = flag.Int("crashes", 2, "at how many random instants the test of crashes kills a show")

// startTime is how long the first frames of a process may be late on a busy machine.
const startTime = 300 * time.Millisecond

// crashUniverse is one that nobody else on this machine uses.
const crashUniverse = 61234

const crashShow = `
local stage, cue, show = require "stage", require "cue", require "show"
local net = require "signet".sender{ scope = "crash", key = { env = "CRASH_PASSPHRASE" }, interface = "lo" }
local wash = stage.fixture{ name = "wash", kind = "dimmer", at = net:universe(61234):slot(1) }
local moved = stage.fixture{ name = "moved", kind = "dimmer", at = net:universe(61234):slot(2) }
local speed = show.param{ "speed", default = 1 }
moved:set(10)
show.state.loads = (show.state.loads or 0) + 1
local main = cue.list{ name = "main" }
main:cue{ 1, look = { [wash] = 255 }, fade = 10, follow = 11 }
main:cue{ 2, look = { [wash] = 0 }, fade = 1 }
main:on("go", function(c) show.log.info("at cue " .. tostring(c)) end)
show.on("start", function() main:go() moved:set(99) speed:set(4) end)
show.on("reload", function() show.log.info("again " .. show.state.loads .. " " .. speed:get()) end)
`

// ear hears one universe.
type ear struct {
	mu     sync.Mutex
	levels []heardLevels
	more   chan struct{}
}

type heardLevels struct {
	at          time.Time
	wash, moved byte
}

func (e *ear) hear(b []byte, at time.Time) {
	var p wire.Packet
	if wire.Parse(b, &p) != wire.Accept {
		return
	}
	r, verdict := p.Route("crash")
	levels, ok := wire.FindTLV(p.Payload, wire.TIDLevel)
	if verdict != wire.Accept || r.Kind != wire.KindLevel || r.Number != crashUniverse || !ok || len(levels) < 2 {
		return
	}
	e.mu.Lock()
	e.levels = append(e.levels, heardLevels{at, levels[0], levels[1]})
	e.mu.Unlock()
	select {
	case e.more <- struct{}{}:
	default:
	}
}

// await waits for a look that is as wanted, and returns the first.
func (e *ear) await(t *testing.T, what string, after time.Time, want func(heardLevels) bool) heardLevels {
	t.Helper()
	late := time.After(patience)
	for {
		e.mu.Lock()
		for _, l := range e.levels {
			if l.at.After(after) && want(l) {
				e.mu.Unlock()
				return l
			}
		}
		e.mu.Unlock()
		select {
		case <-e.more:
		case <-late:
			t.Fatalf("not heard: %s", what)
		}
	}
}

func listenTo(t *testing.T) *ear {
	t.Helper()
	c, err := multicast.Open(multicast.Config{Interface: "lo", Port: wire.Port, TTL: 1})
	if err != nil {
		t.Skip(err)
	}
	if err := c.Join(wire.Fold(crashUniverse)); err != nil {
		t.Fatal(err)
	}
	e := &ear{more: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = c.Serve(ctx, multicast.Loop{
			Lock: new(sync.Mutex), Deadline: func() time.Time { return time.Time{} }, Step: func(time.Time) error { return nil },
			Receive: func(b []byte, _ netip.AddrPort, at time.Time) { e.hear(b, at) },
		})
	}()
	t.Cleanup(func() { cancel(); <-done })
	return e
}

// TestCrash kills a show at a random instant of a fade of ten seconds and starts it again
// after a while: it is at the same cue, with what was set, its levels are where the fade
// would be, and the follow comes at its time.
func TestCrash(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds for each crash")
	}
	e := listenTo(t)
	random := rand.New(rand.NewPCG(1, uint64(*crashes)))
	for i := range *crashes {
		dir := t.TempDir()
		file := filepath.Join(dir, "play.lua")
		if err := os.WriteFile(file, []byte(crashShow), 0o600); err != nil {
			t.Fatal(err)
		}
		start := func() (*exec.Cmd, *logLines) {
			run := exec.Command("showrun", "run", "--osc", "off", "--log-format", "json", "--state", filepath.Join(dir, "state"), file)
			run.Env = append(os.Environ(), "CRASH_PASSPHRASE=Only 4 this test")
			return run, follow(t, run)
		}
		began := time.Now()
		run, _ := start()
		// Where the fade begins is taken from what is heard of it. The last looks of the run
		// before may come late.
		dark := e.await(t, "the show", began, func(l heardLevels) bool { return l.wash < 20 && l.moved == 99 })
		first := e.await(t, "the fade", dark.at, func(l heardLevels) bool { return l.wash >= 20 && l.moved == 99 })
		zero := first.at.Add(-time.Duration(float64(first.wash) / 255 * 1e10))
		<-time.After(time.Duration(random.Int64N(int64(4 * time.Second))))
		if err := run.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		run.Wait()
		<-time.After(time.Duration(random.Int64N(int64(3 * time.Second))))
		again := time.Now()
		run, lines := start()
		light := e.await(t, "light after the crash", again, func(heardLevels) bool { return true })
		down := e.await(t, "the follow", again, func(l heardLevels) bool { return l.at.Sub(zero) > 10500*time.Millisecond && l.wash < 200 })
		if late := down.at.Sub(zero) - 11200*time.Millisecond; late.Abs() > 400*time.Millisecond {
			t.Errorf("crash %d: the follow came %v late", i, late)
		}
		worst, n := 0.0, 0
		e.mu.Lock()
		for _, l := range e.levels {
			since := l.at.Sub(zero).Seconds()
			if l.at.Before(light.at.Add(startTime)) || since > 10.9 {
				continue
			}
			n++
			off := math.Abs(float64(l.wash)-255*min(since/10, 1)) / 255 * 100
			worst = max(worst, off)
			if off > 1.2 || l.moved != 99 { // 1 % and how long packets take on a busy machine
				t.Errorf("crash %d: %v s after GO, look %d, the levels are %d, %d, want %.1f, 99", i, since, n, l.wash, l.moved, 25.5*since)
				break
			}
		}
		e.levels = nil
		e.mu.Unlock()
		t.Logf("crash %d: %d looks heard, off by %.2f %% at most", i, n, worst)
		text := strings.Join(lines.all(), "\n")
		for _, want := range []string{"the last run was broken off: the show goes on", "again 2 4"} {
			if !strings.Contains(text, want) {
				t.Errorf("crash %d: the log has no %q:\n%s", i, want, text)
			}
		}
		if err := run.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		run.Wait()
		if left, _ := filepath.Glob(filepath.Join(dir, "state", "*.resume")); len(left) > 0 {
			t.Errorf("an orderly end has left %v", left)
		}
	}
}
