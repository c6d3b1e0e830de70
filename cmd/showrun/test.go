package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"showrun/cmd/showrun/settings"
	"showrun/cmd/showrun/tests"
	"showrun/drivers/stagelinq/take"
	"showrun/runtime/host/folder"
	"showrun/runtime/host/record"
	"showrun/runtime/journal"
	"showrun/runtime/rehearse"
	"showrun/runtime/rehearse/trial"
)

// testFlags are the flags of test.
type testFlags struct {
	offlineFlags
	match    string
	update   bool
	junit    string
	watch    bool
	verbose  bool
	parallel int
	limit    time.Duration
}

// test runs tests of shows.
func (a *app) test() *cobra.Command {
	var f testFlags
	cmd := &cobra.Command{
		Use:   "test [FILES]",
		Short: "Run the tests of shows, in virtual time",
		Long: `test runs files of tests, which are written in Lua and called NAME_test.lua; of a folder
all that are in it and below, and of the present one if nothing is named. Each test has
a run of its own of the show that lies beside it, in virtual time, without any hardware.

Only what fails is told. The command ends with 4 if a test fails, with 3 if a file does
not load.`,
		Example: "  showrun test\n  showrun test show_test.lua --run drop -v\n  showrun test --watch\n  showrun test --junit report.xml examples",
		Args:    cobra.ArbitraryArgs,
		RunE:    func(cmd *cobra.Command, args []string) error { return a.try(cmd, f, args) },
	}
	p := cmd.Flags()
	p.StringVar(&f.match, "run", "", "run only tests whose names match this regular expression")
	p.BoolVar(&f.update, "update", false, "write the golden logs anew")
	p.StringVar(&f.junit, "junit", "", "also write a report in JUnit's form to this file")
	p.BoolVar(&f.watch, "watch", false, "stay, and run the tests of what is saved")
	p.BoolVarP(&f.verbose, "verbose", "v", false, "tell of tests that pass as well, and show what shows log")
	p.IntVar(&f.parallel, "parallel", runtime.GOMAXPROCS(0), "how many tests run at a time")
	p.DurationVar(&f.limit, "limit", time.Hour, "how long a test may take, in time of the show")
	f.add(cmd)
	settings.Between(p, "parallel", 1, 256, "tests")
	settings.Between(p, "limit", time.Second, 1000*time.Hour, "")
	settings.Path(p, "junit")
	settings.ByHand(p, "update")
	settings.ByHand(p, "watch")
	settings.ByHand(p, "run")
	return cmd
}

// errNotLoaded ends a command that has printed what does not load.
var errNotLoaded = errors.New("not loaded")

// try runs the tests that are named.
func (a *app) try(cmd *cobra.Command, f testFlags, args []string) error {
	o, err := f.options()
	if err != nil {
		return err
	}
	if len(args) == 0 {
		args = []string{"."}
	}
	list, err := tests.Find(args)
	if err != nil {
		return usageError{err}
	}
	defer func() {
		for _, s := range list {
			s.Close()
		}
	}()
	record.Register(protocols())
	journal.Register(take.Event{})
	ctx, end := a.interruptible(cmd.Context(), "tests")
	defer end()
	run := func(list []*tests.Source) error { return a.tryOnce(ctx, list, o, f) }
	err = run(list)
	if f.watch && ctx.Err() == nil {
		a.codeOf(err)
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		more := func() (fresh []*tests.Source) {
			fresh = tests.More(list, args)
			list = append(list, fresh...)
			return fresh
		}
		watchTests(ctx, list, more, tick.C, func(list []*tests.Source) { a.codeOf(run(list)) })
	}
	if sig := signalOf(ctx); sig != nil {
		return sig
	}
	return err
}

func (f *testFlags) options() (o tests.Options, err error) {
	o.Options = trial.Options{Options: rehearse.Options{Rate: f.rate, Lookahead: f.lookahead, Seed: f.seed}, Limit: f.limit, Update: f.update}
	o.Parallel = f.parallel
	if f.match != "" {
		if o.Match, err = regexp.Compile(f.match); err != nil {
			return o, usageError{fmt.Errorf("--run: %w", err)}
		}
	}
	return o, nil
}

// tryOnce runs tests and tells how they went. The error says so, too.
func (a *app) tryOnce(ctx context.Context, list []*tests.Source, o tests.Options, f testFlags) error {
	report := tests.Report{W: a.stdout, Verbose: f.verbose, Colored: a.colored()}
	files := tests.Run(ctx, list, o, func(file trial.File) {
		if ctx.Err() == nil {
			report.File(file)
		}
	})
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	count := tests.CountOf(files)
	if f.junit != "" {
		if err := writeJUnit(f.junit, files); err != nil {
			return err
		}
	}
	if count.Tests == 0 && count.Broken == 0 {
		if o.Match != nil {
			return usageError{fmt.Errorf("no test is called anything like --run %s", f.match)}
		}
		return usageError{errors.New("the files declare no tests; a test is declared with test(\"name\", function(t) … end)")}
	}
	fmt.Fprintln(a.stdout, count)
	switch {
	case count.Broken > 0:
		return errNotLoaded
	case count.Failed > 0:
		return errNotReady
	}
	return nil
}

// colored tells whether somebody sees what is written to stdout, and has nothing against
// colours.
func (a *app) colored() bool {
	f, ok := a.stdout.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("NO_COLOR") == ""
}

func writeJUnit(name string, files []trial.File) error {
	w, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(tests.WriteJUnit(w, files), w.Close())
}

// lookEvery is how often it is looked whether files have changed, and every fifth time whether
// there are more.
const lookEvery = 200 * time.Millisecond

// watchTests runs the tests again of which a file has changed, and those of which there are
// more now, at ticks, until ctx ends.
func watchTests(ctx context.Context, list []*tests.Source, more func() []*tests.Source, ticks <-chan time.Time, run func([]*tests.Source)) {
	watchers, n := map[*tests.Source]*folder.Watcher{}, 0
	list = slices.Clone(list)
	onTicks(ctx, ticks, func() {
		var changed []*tests.Source
		for _, s := range list {
			if watchers[s] == nil {
				watchers[s] = &folder.Watcher{}
			}
			if s.Changed(watchers[s]) {
				changed = append(changed, s)
			}
		}
		if n++; n%5 == 0 {
			fresh := more()
			list, changed = append(list, fresh...), append(changed, fresh...)
		}
		if changed != nil {
			run(changed)
		}
	})
}

// onTicks calls do at each tick until ctx ends.
func onTicks(ctx context.Context, ticks <-chan time.Time, do func()) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
			do()
		}
	}
}
