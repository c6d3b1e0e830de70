package bindings

import (
	"context"
	"testing"
	"testing/fstest"

	"showrun/bindings/reference"
	"showrun/runtime/rehearse"
	"showrun/runtime/rehearse/trial"
	"showrun/runtime/show"
	"showrun/scripts"
)

// TestTestsOfTheReference runs the tests on the pages, each with the show above it.
func TestTestsOfTheReference(t *testing.T) {
	examples, err := reference.Examples()
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, ex := range examples {
		if ex.Tests == "" {
			continue
		}
		for _, one := range runTests(t, map[string]string{"show.lua": ex.Text, "show_test.lua": ex.Tests}) {
			ran++
			for _, f := range one.Failed {
				t.Errorf("%s: %s: %s", ex.Where, one.Name, f)
			}
		}
	}
	if ran < 6 {
		t.Errorf("ran %d tests", ran)
	}
}

// runTests runs the tests of show_test.lua among files.
func runTests(t *testing.T, files map[string]string) (results []trial.Result) {
	t.Helper()
	folder := fstest.MapFS{}
	for name, text := range files {
		folder[name] = &fstest.MapFile{Data: []byte(text)}
	}
	opts, err := trial.Prepare(trial.Options{
		Options: rehearse.Options{Name: "stand", Dir: "stand", Lookahead: lookahead, Shipped: scripts.Files()},
		Bind:    func(h *trial.House) show.Bind { return NewTrial(h) },
	}, folder, "show_test.lua")
	if err != nil {
		t.Fatal(err)
	}
	list, err := trial.List(context.Background(), opts, folder, func(string) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range list {
		one, err := trial.Run(context.Background(), opts, folder, r.Name)
		if err != nil {
			t.Fatal(err)
		}
		results = append(results, one)
	}
	return results
}
