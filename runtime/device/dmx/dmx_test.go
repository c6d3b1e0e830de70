package dmx

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"showrun/runtime/device"
	"showrun/runtime/device/universe"
	"showrun/runtime/level"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what comes at once.
const patience = 20 * time.Second

var epoch = time.Unix(1000, 0)

func testEnv() device.Env {
	return device.Env{
		Now: func() time.Duration { return 0 }, Time: epoch.Add, Since: func(t time.Time) time.Duration { return t.Sub(epoch) },
		Log: slog.New(slog.DiscardHandler), Event: func(device.Event) bool { return true },
	}
}

// start runs something until the test ends.
func start(t *testing.T, loops ...func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for _, run := range loops {
		running.Go(func() {
			if err := run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(func() { cancel(); running.Wait() })
}

// output opens a widget that sends and is on a rig.
func output(t *testing.T, r device.Rig, d *Decl) *Output {
	t.Helper()
	env := testEnv()
	env.Rigs = map[string]device.Rig{protocol: r}
	opened, err := d.Open(env)
	if err != nil {
		t.Fatal(err)
	}
	o := opened.(*Output)
	o.Adopt(d)
	start(t, o.Loops()...)
	return o
}

// TestRig: no port is opened whatever a show names, the widget comes, shows what is published
// and is dark when its universe is left.
func TestRig(t *testing.T) {
	part, err := Protocol().NewRig(device.RigEnv{})
	if err != nil {
		t.Fatal(err)
	}
	start(t, func(ctx context.Context) error { part.Run(ctx); return nil })
	d := &Decl{Port: "/dev/ttyS0", Rate: MaxRate, Sent: []universe.Universe{{Number: 1}}}
	o := output(t, part, d)
	tick, late := time.NewTicker(10*time.Millisecond), time.After(patience)
	defer tick.Stop()
	await := func(what string, done func() bool) {
		t.Helper()
		for !done() {
			select {
			case <-tick.C:
			case <-late:
				t.Fatal(what)
			}
		}
	}
	shows := func(want ...byte) func() bool {
		return func() bool { return bytes.Equal(part.(device.Meter).Levels(3), want) }
	}
	o.Publish(&level.Frame{Levels: [][]byte{{7, 8, 9}}})
	await("the levels are not shown", shows(7, 8, 9))
	await("the widget is waited for", func() bool { return len(o.WaitsFor()) == 0 })
	o.Take(0, universe.LeaveUniverse{Universe: 1})
	o.Publish(&level.Frame{Levels: [][]byte{{1, 1, 1}}})
	await("it is not dark", shows(0, 0, 0))
	if o.Universes() != 0 {
		t.Errorf("%d universes after it was left", o.Universes())
	}
	o.Adopt(d)
	o.Publish(&level.Frame{Levels: [][]byte{{4, 5, 6}}})
	await("the next load does not bring it back", shows(4, 5, 6))
}

// TestAbsentWidgetIsWaitedFor by its name, and the show is not held up.
func TestAbsentWidgetIsWaitedFor(t *testing.T) {
	for port, want := range map[string]string{"/dev/nowhere0": "DMX USB widget /dev/nowhere0", "EN99": "DMX USB widget EN99"} {
		for _, input := range []bool{false, true} {
			opened, err := (&Decl{Port: port, Input: input}).Open(testEnv())
			if err != nil {
				t.Fatal(err)
			}
			start(t, opened.Loops()...)
			if w := opened.(device.Waiter).WaitsFor(); len(w) != 1 || w[0] != want {
				t.Errorf("waits for %q, want %q", w, want)
			}
		}
	}
}

// TestOptionsOfADriverAreNotLevels keeps the levels of a widget whose options a reload changes.
func TestOptionsOfADriverAreNotLevels(t *testing.T) {
	a, b := &Decl{Port: "x", Rate: 44}, &Decl{Port: "x", Rate: 30, Latency: time.Millisecond}
	if a.Key() == b.Key() || a.Lane() != b.Lane() || b.Lead() != time.Millisecond || b.FrameRate() != 30 {
		t.Errorf("%q and %q", a.Key(), b.Key())
	}
}
