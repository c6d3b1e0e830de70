package host

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"showrun/runtime/device"
	"showrun/runtime/device/theater"
	"showrun/runtime/engine"
	"showrun/runtime/store"
)

// TestAbandonedMovesNothing: what a stuck script has told a machine for instants to come
// does not move it after the safe action.
func TestAbandonedMovesNothing(t *testing.T) {
	m := &machine{}
	h, clk := stillHost(t, map[string]device.Device{"machine": m})
	run := func(until time.Duration) {
		for ; h.engineNext() <= until; h.engineStep(clk.Now(), clk.Now()) {
			clk.Set(max(clk.Now(), h.engineNext()))
		}
		clk.Set(until)
	}
	run(time.Second)
	tell(h, "machine", "waits", engine.Stamp{At: clk.Now() + time.Second})
	run(1100 * time.Millisecond)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	h.abandon(ctx)
	run(3 * time.Second)
	if !slices.Equal(m.taken, nil) {
		t.Errorf("after the safe action the machine was told %v", m.taken)
	}
}

// TestUnsafeIsKept: a load that fails does not forget that a machine of the last run is
// still to be made safe.
func TestUnsafeIsKept(t *testing.T) {
	state := t.TempDir()
	s, err := store.Open(state)
	if err != nil {
		t.Fatal(err)
	}
	const lost = "192.0.2.1" // which the system does not send to from loopback
	decl := &theater.ValveDecl{Server: theater.Server{Host: lost, Port: 23000, Interface: "127.0.0.1"}, Safe: "empty"}
	if err := s.Engage(decl.Key(), decl.SafeRecord("")); err != nil {
		t.Fatal(err)
	}
	s.Close()
	file := filepath.Join(t.TempDir(), "show.lua")
	save(t, file, `require "theater".valve{ host = "192.0.2.1", interface = "127.0.0.1" }
require "stagenet".console{ interface = "nowhere9" }
`)
	h, err := New(Options{Show: file, StateDir: state, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Run(context.Background()); err == nil {
		t.Fatal("the show runs")
	}
	if s, err = store.Open(state); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if left, err := s.Engaged(); err != nil || len(left) != 1 {
		t.Errorf("%d machines are left to be made safe, %v", len(left), err)
	}
}
