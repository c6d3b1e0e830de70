package sacn_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"showrun/drivers/sacn"
	"showrun/drivers/sacn/receiver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// runner is a role on the network.
type runner interface {
	Run(context.Context) error
}

// run runs a role until stop is called.
func run(t testing.TB, r runner) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := r.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	return func() { cancel(); running.Wait() }
}

// TestManyUniverses hears more universes than one socket may have groups, all of them
// synchronised, and their ends, on loopback.
func TestManyUniverses(t *testing.T) {
	const port, universes = 15741, 60
	heard := make(chan [3]int, 10000) // universe, level, number of levels
	r, err := receiver.Open(receiver.Config{Interface: "lo", Port: port, Discover: true, OnLevels: func(n int, levels []byte, _ receiver.Packet) {
		first := 0
		if len(levels) > 0 {
			first = int(levels[0])
		}
		heard <- [3]int{n, first, len(levels)}
	}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := sacn.OpenSender(sacn.Config{CID: sacn.CID{7}, Name: "desk", Interface: "lo", Port: port, Priority: 100, Sync: 7000})
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= universes; n++ {
		if err := r.Subscribe(n); err != nil {
			t.Fatal(err)
		}
		if err := s.Join(n, sacn.UniverseOptions{}); err != nil {
			t.Fatal(err)
		}
		s.SetLevels(n, false, []byte{9})
	}
	stopReceiver, stopSender := run(t, r), run(t, s)
	defer stopReceiver()
	all := func(what string, level, count int) {
		t.Helper()
		seen := map[int]bool{}
		for timeout := time.After(20 * time.Second); len(seen) < universes; {
			select {
			case h := <-heard:
				if h[1] == level && h[2] == count {
					seen[h[0]] = true
				}
			case <-timeout:
				t.Fatalf("%s: %d of %d universes", what, len(seen), universes)
			}
		}
	}
	all("levels", 9, 512)
	for n := 1; n <= universes; n++ {
		s.SetLevels(n, false, []byte{10})
	}
	all("changed levels", 10, 512)
	if list := r.Sources(1); len(list) != 1 || !list[0].Synced || list[0].Name != "desk" {
		t.Errorf("sources %+v", list)
	}
	if found := r.Found(); len(found) != 1 || len(found[0].Universes) != universes+1 || !slices.Contains(found[0].Universes, 7000) {
		t.Errorf("found %+v", found)
	}
	stopSender()
	all("the ends", 0, 0)
}
