package main

import (
	"context"
	"io"
	"log/slog"
	"os"
	"runtime"
	"testing"
	"testing/synctest"
)

// hanging is a log that takes lines when it is over.
type hanging struct {
	slog.Handler
	over chan struct{}
}

func (h hanging) Handle(context.Context, slog.Record) error { <-h.over; return nil }

// TestFirstSignalWorksWhateverHangs: also if the word that it has come is never said.
func TestFirstSignalWorksWhateverHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		over := make(chan struct{})
		log := slog.New(hanging{slog.NewTextHandler(io.Discard, nil), over})
		a := &app{signals: make(chan os.Signal, 1)}
		ctx, cancel := context.WithCancelCause(t.Context())
		ended := make(chan struct{})
		a.watchSignals("show", func() {}, ended, cancel, log)
		a.signals <- os.Interrupt
		<-ctx.Done()
		if err := signalOf(ctx); err != (signalled{os.Interrupt}) {
			t.Errorf("ended by %v", err)
		}
		close(ended)
		close(over)
	})
}

// TestProcessorsToSpare: threads that come back from the system find a processor of the Go
// runtime while a reader for each of a dozen floods, the script and the collector have one.
func TestProcessorsToSpare(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	set := map[string]bool{"GOGC": true, "GOMEMLIMIT": true, "GOMAXPROCS": true}
	getenv := func(name string) (string, bool) { return "", set[name] }
	if tune(getenv); runtime.GOMAXPROCS(0) != before {
		t.Error("what the environment says is overruled")
	}
	set["GOMAXPROCS"] = false
	if tune(getenv); runtime.GOMAXPROCS(0) < runtime.NumCPU()+12 {
		t.Errorf("%d processors for %d cores", runtime.GOMAXPROCS(0), runtime.NumCPU())
	}
}
