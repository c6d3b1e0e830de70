package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"showrun/cmd/showrun/settings"
	"showrun/cmd/showrun/terminal"
	"showrun/cmd/showrun/theater"
	"showrun/drivers/theater/server"
)

func (a *app) theater() *cobra.Command {
	var f theater.Flags
	cmd := &cobra.Command{
		Use:     "theater",
		Short:   "Run theater OSC servers: lighting, motion, valves",
		Long:    theater.Help,
		Example: theater.Examples,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.PrintFixtures {
				fmt.Fprint(a.stdout, server.DefaultTable)
				return nil
			}
			if err := f.Check(cmd.Flags().Changed); err != nil {
				return usageError{err}
			}
			return a.runTheater(cmd.Context(), f)
		},
	}
	f.Add(cmd)
	cmd.Flags().StringVar(&f.State, "state", "", stateUsage)
	settings.Shared(cmd.Flags(), "state")
	return cmd
}

// runTheater runs servers until it is told to end.
func (a *app) runTheater(ctx context.Context, f theater.Flags) error {
	log := terminal.NewLogger(a.screen, "text", f.Verbose)
	stage, err := theater.Open(f, findKey, log)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ended := make(chan struct{})
	defer close(ended)
	a.watchSignals("servers", func() {}, ended, cancel, log)
	if a.screen.IsTerminal() {
		defer a.screen.ShowStatus(func(width int) string { return terminal.Fit(stage.Status(terminal.Meter), width) })()
	}
	if err := stage.Run(ctx); err != nil {
		return err
	}
	return signalOf(ctx)
}
