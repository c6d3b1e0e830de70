package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"showrun/runtime/control"
)

// ctl speaks to running shows.
func (a *app) ctl() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ctl",
		Short: "Speak to running shows: emergency stop, release, reload, status",
		Long: `ctl speaks to the shows that run on this machine as this user; to all of them,
unless --show names one.

stop is the emergency stop: motion and valves perform their safe actions at once,
whatever the script is doing, and take no commands until release. Light goes on.`,
		Example: "  showrun ctl stop\n  showrun ctl release --show gala",
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var show string
	cmd.PersistentFlags().StringVar(&show, "show", "", "only the show of this name")
	for _, c := range []struct{ command, short string }{
		{control.Stop, "Stop all machinery at once and hold it"},
		{control.Release, "Let machinery move again"},
		{control.Reload, "Load the script again"},
		{control.Status, "Say how the show stands"},
	} {
		cmd.AddCommand(&cobra.Command{
			Use: c.command, Short: c.short, Args: noArgs,
			RunE: func(*cobra.Command, []string) error { return a.ask(c.command, show) },
		})
	}
	return cmd
}

// ask sends a command to every show, or to the one named.
func (a *app) ask(command, show string) error {
	paths, err := control.Shows(control.Folder(os.LookupEnv))
	if err != nil {
		return err
	}
	asked := 0
	var failed error
	for _, path := range paths {
		if show != "" { // asking for the name takes as long as a command, so only then
			reply, err := control.Ask(path, control.Request{Command: control.Status})
			if err != nil || reply.Show != show {
				continue
			}
		}
		reply, err := control.Ask(path, control.Request{Command: command})
		switch {
		case errors.Is(err, control.ErrGone):
			continue
		case err != nil:
			failed = errors.Join(failed, fmt.Errorf("%s: %w", path, err))
		case !reply.OK:
			failed = errors.Join(failed, fmt.Errorf("%s: %s", reply.Show, reply.Text))
		default:
			fmt.Fprintf(a.stdout, "%s: %s\n", reply.Show, reply.Text)
		}
		asked++
	}
	if asked == 0 {
		if show != "" {
			return fmt.Errorf("no show called %s is running", show)
		}
		return errors.New("no show is running")
	}
	return failed
}
