package host

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"

	"showrun/runtime/device/theater"
	"showrun/runtime/store"
)

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
require "signet".sender{ key = { file = "none.json" } }
`)
	h, err := newHost(Options{Show: file, StateDir: state, Log: slog.New(slog.DiscardHandler)})
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
	if left := s.Engaged(); len(left) != 1 {
		t.Errorf("%d machines are left to be made safe", len(left))
	}
}
