package script

import "testing"

// BenchmarkInstructions runs ten million instructions of a bare loop.
func BenchmarkInstructions(b *testing.B) {
	s := live(b, `t.on("x", function() local n = 0 for i = 1, 5e6 do n = n + i end end)`, func(c *Config) { c.Budget *= 1000 })
	for b.Loop() {
		s.gen.Deliver(Event{Topic: "x"})
	}
}
