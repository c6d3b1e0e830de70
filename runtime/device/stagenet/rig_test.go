package stagenet

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"showrun/drivers/stagenet/gateway"
	"showrun/runtime/device"
)

// newTestRig runs a part of a rig until the test ends.
func newTestRig(t *testing.T, log *slog.Logger) *rig {
	t.Helper()
	part, err := Protocol().NewRig(device.RigEnv{Interface: "127.0.0.1", Log: log})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { part.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	return part.(*rig)
}

// TestRig: a console gets the gateways its show names, those that come later too, and
// what they show can be read. Whatever network it names, they are on loopback.
func TestRig(t *testing.T) {
	var log bytes.Buffer
	r := newTestRig(t, slog.New(slog.NewTextHandler(&log, nil)))
	if r.Levels(8) != nil {
		t.Error("levels before the first gateway")
	}
	named := func(list ...*GatewayDecl) *ConsoleDecl {
		return &ConsoleDecl{Interface: "nowhere0", Rate: 1000, Gateways: list}
	}
	front := &GatewayDecl{ID: "front", Levels: []Levels{{Output: 0, Slots: 512}}}
	d := named(front)
	s := newStageOf(t, d, map[string]device.Rig{protocol: r})
	patch := func(d *ConsoleDecl) {
		s.Adopt(d)
		r.Patch([]device.Opened{{Declaration: d, Device: s.onlineConsole}})
	}
	patch(d)
	s.run()
	if g := s.wait("mapped", "front"); len(g.Lease.Mappings) != 512 {
		t.Errorf("front is mapped with %d channels", len(g.Lease.Mappings))
	}
	url := r.gateways["front"].URL()

	// The same again changes nothing; another one comes, and the first one grows.
	patch(named(front))
	front.Levels[0].Slots = 1024
	patch(named(front, &GatewayDecl{ID: "back", Levels: []Levels{{Type: "ANALOG", Output: 1, Slots: 2}}}))
	if g := s.wait("mapped", "back"); len(g.Lease.Mappings) != 2 || r.gateways["front"].URL() != url {
		t.Errorf("back: %+v", g)
	}
	levels := [][]byte{{1, 2, 3, 4, 5, 6}, {7, 8}}
	b := &r.gateways["back"].levels
	limit := time.After(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	shown := func() bool {
		return bytes.Equal(b.Values(nil, gateway.Channels("ANALOG", 0, 2)), levels[1]) && bytes.Equal(r.Levels(6), levels[0])
	}
	for !shown() || len(ask[Gateway](s, GatewayOf{ID: "front"}).Lease.Mappings) != 1024 {
		select {
		case <-tick.C:
			s.frame(levels...)
		case <-limit:
			t.Fatalf("the rig shows %v", r.Levels(8))
		}
	}
	if got := r.Levels(2); string(got) != "\x01\x02" {
		t.Errorf("two levels are %v", got)
	}
	granted, _ := Leases(&s.store)
	for _, g := range granted {
		if g.GatewayID == "front" && g.Console != "loopback for nowhere0" {
			t.Errorf("a rehearsal keeps leases of %q", g.Console)
		}
	}

	// What cannot be is said.
	patch(named(&GatewayDecl{ID: "side", Levels: []Levels{{Type: "DMX", Slots: 1 << 20}}}))
	if !bytes.Contains(log.Bytes(), []byte("the rig lacks gateways that the show names")) {
		t.Errorf("log: %s", log.String())
	}
}
