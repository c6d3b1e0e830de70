package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"showrun/cmd/showrun/discover"
	"showrun/cmd/showrun/settings"
	"showrun/cmd/showrun/terminal"
	"showrun/drivers/signet/key"
	"showrun/runtime/host"
)

func (a *app) discover() *cobra.Command {
	var f discover.Flags
	cmd := &cobra.Command{
		Use:     "discover",
		Short:   "List the devices on the network",
		Long:    discover.Help,
		Example: discover.Example,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.Check(); err != nil {
				return usageError{err}
			}
			return a.lookAround(cmd.Context(), f)
		},
	}
	f.Add(cmd)
	cmd.Flags().StringVar(&f.StateDir, "state", "", stateUsage)
	settings.Shared(cmd.Flags(), "state")
	return cmd
}

// lookAround looks until it is told to end and shows what it found.
func (a *app) lookAround(ctx context.Context, f discover.Flags) error {
	lines, out := a.screen, terminal.New(a.stdout)
	var screen *discover.Screen // nil unless the list grows on it
	if out.IsTerminal() && !f.JSON {
		screen = discover.NewScreen(a.stdout, out.Size)
		if lines.IsTerminal() {
			lines = terminal.New(screen)
			defer lines.Flush()
		}
	}
	log := terminal.NewLogger(lines, "text", f.Verbose)
	f.Log = log
	f.Tell = func(protocol, device string) {
		if screen == nil {
			log.Info("found", "protocol", protocol, "device", device)
		}
	}
	if f.StateDir == "" {
		var err error
		if f.StateDir, err = host.DefaultStateDir(); err != nil {
			return err
		}
	}
	f.UseKey(func() (key.Transfer, error) { return findKey(f.StateDir) })
	s, err := discover.Open(f.Options)
	if err != nil {
		return err
	}
	stop := func() {}
	switch {
	case screen != nil:
		stop = screen.Keep(func(now time.Time) []string { return discover.Lines(s.Sections(now)) })
	case lines.IsTerminal():
		stop = lines.ShowStatus(func(width int) string { return terminal.Fit(discover.Status(s.Sections(time.Now())), width) })
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if f.For > 0 {
		defer time.AfterFunc(f.For, func() { cancel(nil) }).Stop()
	}
	ended := make(chan struct{})
	defer close(ended)
	a.watchSignals("search", func() {}, ended, cancel, log)
	err = s.Run(ctx)
	lines.Flush() // what was said comes before what was found
	stop()
	sections := s.Sections(time.Now())
	write := discover.WriteText
	if f.JSON {
		write = discover.WriteJSON
	}
	if written := write(a.stdout, sections); written != nil {
		return written
	}
	if err != nil {
		return &host.DeviceError{Device: "discover", Err: err}
	}
	if !discover.Any(sections) {
		log.Warn("nothing was found; --interface names another network")
	}
	return signalOf(ctx)
}
