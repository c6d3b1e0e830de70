package sacn_test

import (
	"testing"
	"time"

	"showrun/drivers/sacn"
)

// BenchmarkFrame is what a Sender itself costs for a frame of 1000 universes that all change, without a
// network.
func BenchmarkFrame(b *testing.B) {
	const universes = 1000
	s, err := sacn.NewSender(sacn.Config{CID: sacn.CID{1}, Name: "measured"}, nil)
	if err != nil {
		b.Fatal(err)
	}
	for u := 1; u <= universes; u++ {
		if err := s.Join(u, sacn.UniverseOptions{}); err != nil {
			b.Fatal(err)
		}
	}
	levels := make([]byte, 512)
	due := time.Unix(1000, 0)
	b.ReportAllocs()
	for b.Loop() {
		levels[0]++
		for u := 1; u <= universes; u++ {
			s.SetLevels(u, false, levels)
		}
		due = due.Add(time.Second / 44)
		if n, err := s.FlushFor(due, due); err != nil || n < universes {
			b.Fatalf("%d packets, %v", n, err)
		}
	}
}
