// Package record writes a recording of a show that runs: to a file that somebody names, or to
// the black box in the state folder.
package record

import (
	"log/slog"
	"time"

	"showrun/runtime/clock"
	"showrun/runtime/device"
	"showrun/runtime/journal"
	"showrun/runtime/show"
)

// Register makes all types known that inputs of a show hold.
func Register(protocols []device.Protocol) {
	journal.Register(show.Values()...)
	for _, p := range protocols {
		journal.Register(p.Values...)
	}
}

// Header is what a recording says of the machine that a configuration makes. What a machine
// does not depend on is for the caller: Program, Rig, Began and Zone.
func Header(c show.Config) journal.Header {
	return journal.Header{
		Show: c.Name, File: c.File, Dir: c.Dir,
		Rate: c.Rate, Lookahead: c.Lookahead, Seed: c.Seed, Budget: c.Budget, Memory: c.Memory,
	}
}

// What a machine that repeats a recording may take. What guards have decided is among the
// inputs; these would be in the way of that.
const (
	guard  = time.Hour
	memory = 1 << 40
)

// Config is the configuration of a machine that repeats a recording. The caller adds who
// binds, what Lua is shipped, and who looks on.
func Config(h journal.Header) show.Config {
	return show.Config{
		Name: h.Show, File: h.File, Dir: h.Dir,
		Rate: h.Rate, Lookahead: h.Lookahead, Seed: h.Seed, Budget: h.Budget, Memory: memory,
		Guard: guard, Grace: guard,
		Now: clock.NewVirtual().Now, Stopwatch: clock.NewReal().Now, Log: slog.New(slog.DiscardHandler),
	}
}
