package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"showrun/bindings/luals"
	"showrun/cmd/showrun/terminal"
	"showrun/cmd/showrun/tests"
	"showrun/runtime/rehearse/trial"
)

// TestWatchRunsWhatWasSaved has two files of tests, of which one is saved.
func TestWatchRunsWhatWasSaved(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a_test.lua", "b_test.lua"} {
		save(t, filepath.Join(dir, name), "")
	}
	list, err := tests.Find([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	tests.Run(t.Context(), list, tests.Options{}, func(trial.File) {})
	ctx, cancel := context.WithCancel(t.Context())
	ticks, ran, over := make(chan time.Time), make(chan []*tests.Source, 1), make(chan struct{})
	go func() {
		defer close(over)
		watchTests(ctx, list, func() []*tests.Source { return tests.More(list, []string{dir}) }, ticks, func(list []*tests.Source) {
			tests.Run(ctx, list, tests.Options{}, func(trial.File) {})
			ran <- list
		})
	}()
	ticks <- time.Time{}
	save(t, filepath.Join(dir, "b_test.lua"), "-- saved")
	ticks <- time.Time{} // it may still be written
	ticks <- time.Time{}
	if again := <-ran; len(again) != 1 || again[0] != list[1] {
		t.Errorf("ran %d files again", len(again))
	}
	save(t, filepath.Join(dir, "c_test.lua"), "")
	ticks <- time.Time{}
	ticks <- time.Time{}
	if fresh := <-ran; len(fresh) != 1 || !strings.HasSuffix(fresh[0].Name, "c_test.lua") {
		t.Errorf("ran %d files that are new", len(fresh))
	}
	cancel()
	<-over
	for _, s := range list {
		s.Close()
	}
}

func save(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestTypesFollowWhatIsSaved: a fixture that is saved completes, and a show that does not load
// changes nothing.
func TestTypesFollowWhatIsSaved(t *testing.T) {
	dir := t.TempDir()
	fixture := func(name string) {
		save(t, filepath.Join(dir, "show.lua"), `require("stage").fixture{ name = "`+name+`", kind = "rgb", at = require("sacn").sender{}:universe(1):slot(1) }`)
	}
	fixture("wash")
	a := &app{stdout: io.Discard, screen: terminal.New(io.Discard)}
	o, err := openTypes(&cobra.Command{}, []string{dir})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { o.Close() }()
	if err := a.writeTypes(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ticks, over := make(chan time.Time), make(chan struct{})
	go func() {
		defer close(over)
		a.watchTypes(ctx, o, ticks)
	}()
	look := func() {
		ticks <- time.Time{}
		ticks <- time.Time{} // it may still be written
		ticks <- time.Time{} // by then it has been
	}
	has := func(name string) {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(dir, luals.Folder, "stage.lua"))
		if err != nil || !strings.Contains(string(text), `fun(name: "`+name+`")`) {
			t.Errorf("%v: there is no %s in the stubs", err, name)
		}
	}
	has("wash")
	fixture("spotlight")
	look()
	has("spotlight")
	save(t, filepath.Join(dir, "show.lua"), "x = (")
	look()
	has("spotlight")
	fixture("backlights")
	look()
	has("backlights")
	cancel()
	<-over
}
