package outlets

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/level"
)

// noting notes what it is given, and when.
type noting struct {
	name string
	lead time.Duration
	now  *time.Duration
	log  *[]string
}

func (n noting) Loops() []func(context.Context) error { return nil }
func (n noting) Universes() int                       { return 1 }
func (n noting) Publish(f *level.Frame) {
	*n.log = append(*n.log, fmt.Sprintf("%v %s frame %v level %d", *n.now, n.name, f.At, f.Levels[0][0]))
}

func (n noting) early() Publisher { return Publisher{n.name, n, n.lead} }

// releasing is released 3 ms after it got its frame.
type releasing struct{ noting }

func (r releasing) early() Publisher { return Publisher{r.name, r, r.lead} }

func (r releasing) ReleaseLead() time.Duration { return r.lead - 3*time.Millisecond }
func (r releasing) Release(at time.Duration) {
	*r.log = append(*r.log, fmt.Sprintf("%v %s release %v", *r.now, r.name, at))
}

// TestOutlets: each output gets a frame as long before its instant as it wants,
// also when the next frame comes before the last has reached everybody.
func TestOutlets(t *testing.T) {
	const ms = time.Millisecond
	var now time.Duration
	var log []string
	outputs := []Publisher{
		noting{"plain", 0, &now, &log}.early(),
		releasing{noting{"synced", 8 * ms, &now, &log}}.early(),
		noting{"slow", 15 * ms, &now, &log}.early(),
	}
	var o Outlets
	o.Use(outputs, 0)
	f := &level.Frame{Levels: [][]byte{{0}}} // lent, so the same one each time
	for i, at := range []time.Duration{20 * ms, 30 * ms} {
		for due := at - 15*ms; o.Next() < due; {
			now = o.Next()
			o.Step(now)
		}
		now = at - 15*ms
		f.At, f.Levels[0][0] = at, byte(i+1)
		o.Frame(f, now)
	}
	for o.Next() < beat.Never {
		now = o.Next()
		o.Step(now)
	}
	want := []string{
		"5ms slow frame 20ms level 1",
		"12ms synced frame 20ms level 1",
		"15ms slow frame 30ms level 2",
		"15ms synced release 20ms",
		"20ms plain frame 20ms level 1",
		"22ms synced frame 30ms level 2",
		"25ms synced release 30ms",
		"30ms plain frame 30ms level 2",
	}
	if !slices.Equal(log, want) {
		t.Errorf("got %q\nwant %q", log, want)
	}
	if len(o.held) != 0 || len(o.spare) != 2 {
		t.Errorf("%d frames held, %d spare", len(o.held), len(o.spare))
	}
	// Without leads nothing is copied.
	outputs = outputs[:1]
	o = Outlets{}
	o.Use(outputs, 0)
	now, f.At = 40*ms, 40*ms
	if n := testing.AllocsPerRun(10, func() { log = log[:0]; o.Step(now) }); n != 0 || o.Next() != beat.Never {
		t.Errorf("%v allocations, next %v", n, o.Next())
	}
}

// TestOutletsChange: frames made ahead go to what takes the place of an output, and no
// longer to that.
func TestOutletsChange(t *testing.T) {
	const ms = time.Millisecond
	var now time.Duration
	var log []string
	before := []Publisher{noting{"slow", 30 * ms, &now, &log}.early(), noting{"plain", 0, &now, &log}.early()}
	after := []Publisher{noting{"mended", 10 * ms, &now, &log}.early(), noting{"plain", 0, &now, &log}.early()}
	var o Outlets
	o.Use(before, 0)
	for i, at := range []time.Duration{30 * ms, 40 * ms} {
		now = at - 30*ms
		o.Frame(&level.Frame{At: at, Levels: [][]byte{{byte(i + 1)}}}, now)
	}
	o.Use(after, now)
	for o.Next() < beat.Never {
		now = o.Next()
		o.Step(now)
	}
	want := []string{
		"0s slow frame 30ms level 1", "10ms slow frame 40ms level 2",
		"20ms mended frame 30ms level 1", "30ms plain frame 30ms level 1",
		"30ms mended frame 40ms level 2", "40ms plain frame 40ms level 2",
	}
	if !slices.Equal(log, want) {
		t.Errorf("got %q\nwant %q", log, want)
	}
}

// failing panics with every frame.
type failing struct{ releasing }

func (failing) Publish(*level.Frame) { panic("a bug") }

// TestOutletFails: a bug in one output is told once, and the others get their frames, also
// one of the same name. What failed gets none of those held.
func TestOutletFails(t *testing.T) {
	const ms = time.Millisecond
	var now time.Duration
	var log, failed []string
	o := Outlets{Failed: func(name string, bug any) { failed = append(failed, fmt.Sprint(name, ": ", bug)) }}
	bad := releasing{noting{"one", 8 * ms, &now, &log}}
	o.Use([]Publisher{{"one", failing{bad}, 8 * ms}, noting{"one", 0, &now, &log}.early()}, 0)
	for i, at := range []time.Duration{8 * ms, 10 * ms} {
		now = at - 8*ms
		o.Frame(&level.Frame{At: at, Levels: [][]byte{{byte(i + 1)}}}, now)
	}
	for o.Next() < beat.Never {
		now = o.Next()
		o.Step(now)
	}
	want := []string{"8ms one frame 8ms level 1", "10ms one frame 10ms level 2"}
	if !slices.Equal(log, want) || !slices.Equal(failed, []string{"one: a bug"}) {
		t.Errorf("frames %q, failed %q", log, failed)
	}
}
