package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"showrun/cmd/showrun/bridge"
	"showrun/cmd/showrun/settings"
	"showrun/cmd/showrun/terminal"
)

const bridgeHelp = `bridge takes the levels of universes from one protocol to another, as they are after
the merge of their sources. --universes takes more of them, from the ones named on.

A universe that nobody sends any more keeps its last levels, or with --lost blackout
goes dark. A network that goes away, as with a cable that is unplugged, is waited for;
meanwhile its universes count as not sent. No more than --rate frames a second leave; the newest counts. A source that sends
just as many adds up to a frame of delay; with --rate 60 one of 44 adds none.`

func (a *app) bridge() *cobra.Command {
	var f bridgeFlags
	var from, to, lost string
	var universes int
	cmd := &cobra.Command{
		Use:   "bridge",
		Short: "Take levels from one protocol to another",
		Long:  bridgeHelp,
		Example: `  showrun bridge --from sacn:1 --universes 8 --to signet:1
  showrun bridge --from artnet:0 --to sacn:1
  showrun bridge --from signet:1 --to dmxusb:EN123456
  showrun bridge --from dmxusb:/dev/ttyUSB0 --to signet:7 --lost blackout
  showrun bridge --from signet:1 --universes 4 --to file:levels.txt`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			source, err := bridge.ParseSource(from, universes)
			if err != nil {
				return usageError{err}
			}
			target, err := bridge.ParseSink(to, universes)
			if err != nil {
				return usageError{err}
			}
			if bridge.Loops(source, target, universes) {
				return usageError{fmt.Errorf("--from %s and --to %s have a universe in common, which would feed itself", from, to)}
			}
			return a.deviceFailed("bridge", a.serveThrough(cmd.Context(), f, universes, source, target, lost))
		},
	}
	p := cmd.Flags()
	p.StringVar(&from, "from", "", "where levels come from: "+bridge.Usage(true))
	p.StringVar(&to, "to", "", "where levels go: "+bridge.Usage(false))
	p.IntVar(&universes, "universes", 1, "how many universes, from those named on")
	p.StringVar(&lost, "lost", bridge.Hold, "what becomes of a universe that nobody sends any more")
	settings.Between(p, "universes", 1, bridge.MaxUniverses, "")
	settings.OneOf(p, "lost", bridge.Hold, bridge.Blackout)
	f.add(p)
	return cmd
}

// serveThrough is a bridge until it is told to end.
func (a *app) serveThrough(ctx context.Context, f bridgeFlags, universes int, from, to bridge.Address, lost string) error {
	log := terminal.NewLogger(a.screen, "text", f.verbose)
	env := f.env(a, "bridge", universes, log)
	sink, err := to.Open(env)
	if err != nil {
		return fmt.Errorf("--to %v: %w", to, err)
	}
	defer sink.Close()
	through := &bridge.Through{To: sink, Lost: lost}
	source, err := from.Hear(env, through.Hear)
	if err != nil {
		return fmt.Errorf("--from %v: %w", from, err)
	}
	log.Info("the bridge is on", "from", from.String(), "to", to.String(), "universes", universes)
	if a.screen.IsTerminal() {
		defer a.screen.ShowStatus(func(width int) string {
			return terminal.Fit(fmt.Sprintf("%v → %v · %s · %s lost", from, to,
				terminal.Plural(int(through.Packets()), "packet"), terminal.Plural(int(through.Losses()), "time")), width)
		})()
	}
	return a.serveBridge(ctx, "bridge", f.length, source, sink, log)
}
