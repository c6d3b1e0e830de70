package main

import (
	"context"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"showrun/cmd/showrun/doctor"
	"showrun/cmd/showrun/settings"
	"showrun/runtime/host"
)

// doctor looks whether this machine is fit for a show.
func (a *app) doctor() *cobra.Command {
	var o doctor.Options
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor [SHOW]",
		Short: "Look whether this machine and its network are fit for a show",
		Long: `doctor looks at what a show needs: a network and whether packets to groups come
back on it, the ports and who holds them, how exactly this machine wakes, the key, the
folder of what is kept, the time. With SHOW it also loads that and looks whether what it
names is there. Nothing is changed, and nothing is sent to lights or machinery.

Each line is ok, warn or FAIL; what to type against it stands below it.`,
		Example: "  showrun doctor\n  showrun doctor show.lua\n  showrun doctor --json",
		Args:    oneShowAtMost,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.Show = args[0]
			}
			return a.examine(cmd.Context(), o, asJSON)
		},
	}
	p := cmd.Flags()
	p.StringVar(&o.Interface, "interface", "", "network interface of the show: a name or an IPv4 address")
	p.StringVar(&o.StateDir, "state", "", stateUsage)
	p.BoolVar(&asJSON, "json", false, "print one JSON object")
	settings.Shared(p, "interface", "state")
	return cmd
}

// oneShowAtMost checks the arguments of a command that may look at a show.
func oneShowAtMost(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return oneShow(cmd, args)
}

// examine looks at everything and prints each line as it comes.
func (a *app) examine(ctx context.Context, o doctor.Options, asJSON bool) error {
	if err := defaultState(&o.StateDir); err != nil {
		return err
	}
	ctx, end := a.interruptible(ctx, "doctor")
	defer end()
	all := doctor.Examine(ctx, doctor.This(), o, func(f doctor.Finding) {
		if !asJSON {
			fmt.Fprintln(a.stdout, f.Line())
		}
	})
	if sig := signalOf(ctx); sig != nil {
		return sig
	}
	if asJSON {
		if err := doctor.WriteJSON(a.stdout, version(), runtime.GOOS+"/"+runtime.GOARCH, all); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(a.stdout, "\n%s\n", doctor.Verdict(all))
	}
	if doctor.Failed(all) > 0 {
		return errNotReady
	}
	return nil
}

// defaultState fills in the state folder if none was named.
func defaultState(dir *string) (err error) {
	if *dir == "" {
		*dir, err = host.DefaultStateDir()
	}
	return err
}
