package rehearse

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"time"

	"showrun/runtime/engine"
	"showrun/runtime/level"
	"showrun/runtime/script"
	"showrun/runtime/show"
)

// Tested are bindings of a file of tests.
type Tested interface {
	show.Bindings
	Tests() []string             // names, in the order of their declaration
	Begin(test int) *script.Task // starts one of them
}

// Result is how a test went.
type Result struct {
	Name   string
	Failed []string      // what was raised in it, or in anything that ran meanwhile; nil if it passed
	Took   time.Duration // show time
}

// longestTest is how much show time a test has, and testRate how many frames a second it
// looks at.
const (
	longestTest = time.Hour
	testRate    = 500
)

// Orders keeps what devices were told, for tests to look at. The zero value is empty.
type Orders struct{ told []string }

// Frame implements show.FrameSink.
func (o *Orders) Frame(*level.Frame) {}

// Order implements show.OrderSink.
func (o *Orders) Order(d engine.DueOrder) {
	o.told = append(o.told, fmt.Sprintf("%s %+v", d.Device, d.Message))
}

// Take returns what was told since it was called last.
func (o *Orders) Take() []string {
	told := o.told
	o.told = nil
	return told
}

// Test runs the tests of a file in a folder, each from beat 0 in a run of its own, at a rate
// of its own. Frames
// of the options may be *Orders that opts.Bind knows. The error is that of a file which does
// not load; it is not of a test that fails.
func Test(ctx context.Context, opts Options, folder fs.FS) ([]Result, error) {
	var results []Result
	for i := 0; ; i++ {
		one, more, err := test(ctx, opts, folder, i)
		if err != nil {
			return results, err
		}
		if !more {
			return results, nil
		}
		results = append(results, one)
	}
}

// test runs one test of a file, if there are as many.
func test(ctx context.Context, opts Options, folder fs.FS, i int) (one Result, more bool, err error) {
	failures := &failures{Handler: slog.DiscardHandler}
	if opts.Log != nil {
		failures.Handler = opts.Log.Handler()
	}
	opts.Log, opts.Rate = slog.New(failures), testRate
	var tested Tested
	bind := opts.Bind
	opts.Bind = func(scene show.Scene) show.Bindings {
		tested = bind(scene).(Tested)
		return tested
	}
	r, err := New(opts)
	if err != nil {
		return one, false, err
	}
	defer r.Close()
	if err := r.Load(ctx, folder); err != nil {
		return one, false, err
	}
	names := tested.Tests()
	if i >= len(names) {
		return one, false, nil
	}
	task := tested.Begin(i)
	for task.Running() && r.Now() < longestTest {
		if err := r.Until(ctx, r.Now()+100*time.Millisecond); err != nil {
			return one, false, err
		}
	}
	if task.Running() {
		failures.told = append(failures.told, fmt.Sprintf("it has not ended after %v", longestTest))
	}
	return Result{Name: names[i], Failed: failures.told, Took: r.Now()}, true, nil
}

// failures keeps what tasks and handlers raise, and hands the log on.
type failures struct {
	slog.Handler
	told []string
}

func (f *failures) Enabled(context.Context, slog.Level) bool { return true }

func (f *failures) Handle(ctx context.Context, r slog.Record) error {
	task := ""
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "task" {
			task = a.Value.String()
		}
		return true
	})
	if task != "" && r.Level >= slog.LevelError {
		f.told = append(f.told, strings.TrimPrefix(r.Message, task+": "))
	}
	if !f.Handler.Enabled(ctx, r.Level) {
		return nil
	}
	return f.Handler.Handle(ctx, r)
}
