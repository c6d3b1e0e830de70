//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"showrun/cmd/showrun/settings"
	"showrun/cmd/showrun/soak"
	"showrun/cmd/showrun/terminal"
	"showrun/runtime/host"
)

// soak tries the runtime itself.
func (a *app) soak() *cobra.Command {
	cfg := soak.Config{Out: a.stdout}
	cmd := &cobra.Command{
		Use:   "soak",
		Short: "Try showrun itself: a show with everything on, and faults at random",
		Long: `soak runs a show with every protocol on, on loopback, with what stands on the other
side of its wires, and does to it what a house and its network do: gateways, players and
servers that go, hang and come back, saves that are good or broken, emergency stops, kills,
damaged state, floods, a log that nobody reads, a busy machine. All the time it checks that
frames come, that sessions and sequence numbers rise, that levels are what the show is known
to send, that machinery is made safe first, that leases stay, that nothing grows, and at the
end that what was recorded replays with the same frames.

A line tells of each fault and how long it took until all was well, the last one whether
everything held. The same seed gives the same faults in the same order. Nothing leaves this
machine; other shows and players on its loopback disturb it.`,
		Example: "  showrun soak --for 30m\n  showrun soak --for 5m --seed 42\n  showrun soak --for 10m --only killed --rest 1s",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cfg.Seed == 0 {
				cfg.Seed = host.DrawSeed()
			}
			return a.runSoak(cmd.Context(), cfg)
		},
	}
	p := cmd.Flags()
	p.DurationVar(&cfg.For, "for", 5*time.Minute, "how long, such as 30s or 30m")
	p.Uint64Var(&cfg.Seed, "seed", 0, "of the faults (default: a fresh one)")
	p.StringVar(&cfg.Only, "only", "", `only the faults with one of these in their names, such as "kill,save"`)
	p.DurationVar(&cfg.Rest, "rest", 10*time.Second, "how long to leave the show alone between two faults, at most")
	p.BoolVar(&cfg.Each, "each", false, "every fault once, and then end")
	settings.AtLeast(p, "for", time.Millisecond)
	settings.AtLeast(p, "rest", time.Millisecond)
	settings.AtLeast(p, "seed", 0)
	return cmd
}

// runSoak runs a soak until it is over or told to end.
func (a *app) runSoak(ctx context.Context, cfg soak.Config) (err error) {
	if cfg.Command, err = os.Executable(); err != nil {
		return fmt.Errorf("soak: %w", err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ended := make(chan struct{})
	defer close(ended)
	a.watchSignals("soak", func() {}, ended, cancel, terminal.NewLogger(a.screen, "text", false))
	switch err := soak.Run(ctx, cfg); {
	case errors.Is(err, soak.ErrBroken):
		return brokenError{err}
	case errors.Is(err, soak.ErrNoFault):
		return usageError{fmt.Errorf("--only %s: %w", cfg.Only, err)}
	case err != nil:
		return err
	}
	return signalOf(ctx)
}
