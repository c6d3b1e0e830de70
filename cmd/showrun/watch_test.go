package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

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
		watchTests(ctx, list, ticks, func(list []*tests.Source) { ran <- list })
	}()
	ticks <- time.Time{}
	save(t, filepath.Join(dir, "b_test.lua"), "-- saved")
	ticks <- time.Time{} // it may still be written
	ticks <- time.Time{}
	if again := <-ran; len(again) != 1 || again[0] != list[1] {
		t.Errorf("ran %d files again", len(again))
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
