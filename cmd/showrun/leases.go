package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"showrun/cmd/showrun/settings"
	"showrun/runtime/device/stagenet"
	"showrun/runtime/host"
	"showrun/runtime/store"
)

// leases shows and forgets what StageNet gateways hold.
func (a *app) leases() *cobra.Command {
	var state string
	cmd := &cobra.Command{
		Use:   "leases",
		Short: "List the StageNet addresses that gateways hold, or forget a gateway",
		Long: `A StageNet gateway keeps its addresses for good: SN17 is the same socket tomorrow.
leases lists what was granted and the network address that asked for it, leases forget frees
the addresses of gateways that will not come back: of one, with --from of all that asked from
a network address, with --unused of those that never told a channel. No show may run with
that state folder meanwhile.`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return a.withStore(state, a.listLeases) },
	}
	cmd.PersistentFlags().StringVar(&state, "state", "", stateUsage)
	settings.Shared(cmd.PersistentFlags(), "state")
	cmd.AddCommand(a.forget(&state))
	return cmd
}

// forget frees leases.
func (a *app) forget(state *string) *cobra.Command {
	var from string
	var unused bool
	cmd := &cobra.Command{
		Use:   "forget [GATEWAY]",
		Short: "Free the addresses of gateways, on every network",
		Args: func(_ *cobra.Command, args []string) error {
			if chosen := from != "" || unused; len(args) > 1 || chosen == (len(args) == 1) {
				return usageError{errors.New("name the id of the gateway, as showrun leases lists it, or give --from or --unused")}
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			what := fmt.Sprintf("from %q", from)
			chosen := func(l stagenet.Granted) bool { return (from == "" || l.From == from) && (!unused || l.Unused) }
			if len(args) == 1 {
				what = fmt.Sprintf("%q", args[0])
				chosen = func(l stagenet.Granted) bool { return l.GatewayID == args[0] }
			}
			return a.withStore(*state, func(s *store.Store) error { return a.forgetLeases(s, what, chosen) })
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "network address: those that asked from there")
	cmd.Flags().BoolVar(&unused, "unused", false, "those that never told a channel")
	settings.ByHand(cmd.Flags(), "from", "unused")
	return cmd
}

// withStore lends the store in a state folder.
func (a *app) withStore(dir string, f func(*store.Store) error) error {
	var err error
	if dir == "" {
		if dir, err = host.DefaultStateDir(); err != nil {
			return err
		}
	}
	s, err := store.Open(dir)
	if err != nil {
		return err
	}
	defer s.Close()
	return f(s)
}

func (a *app) listLeases(s *store.Store) error {
	w := tabwriter.NewWriter(a.stdout, 0, 0, 3, ' ', 0)
	list, err := stagenet.Leases(s)
	if len(list) > 0 {
		fmt.Fprintln(w, "GATEWAY\tNETWORK\tLEASE\tADDRESSES\tFROM")
	}
	for _, l := range list {
		from := cmp.Or(l.From, "not known")
		if l.Unused {
			from += ", unused"
		}
		fmt.Fprintf(w, "%q\t%s\t%s\t%s\t%s\n", l.GatewayID, cmp.Or(l.Console, "any"), l.ID, addressRuns(l.Addresses), from)
	}
	w.Flush()
	if len(list) == 0 && err == nil {
		fmt.Fprintln(a.stdout, "no gateway holds a lease")
	}
	return err
}

// addressRuns writes ascending addresses as runs, such as "SN1-SN512, SN600".
func addressRuns(addresses []int) string {
	var runs []string
	for i := 0; i < len(addresses); {
		first := i
		for i++; i < len(addresses) && addresses[i] == addresses[i-1]+1; i++ {
		}
		run := fmt.Sprintf("SN%d", addresses[first])
		if i > first+1 {
			run += fmt.Sprintf("-SN%d", addresses[i-1])
		}
		runs = append(runs, run)
	}
	if runs == nil {
		return "none"
	}
	return strings.Join(runs, ", ")
}

// forgetLeases frees the chosen leases; what names them for people.
func (a *app) forgetLeases(s *store.Store, what string, chosen func(stagenet.Granted) bool) error {
	list, err := stagenet.Leases(s)
	known := false
	for _, l := range list {
		if !chosen(l) {
			continue
		}
		known = true
		if err := stagenet.ForgetLease(s, l.Console, l.GatewayID); err != nil {
			return err
		}
	}
	if !known && err == nil {
		err = fmt.Errorf("no gateway %s holds a lease", what)
	}
	return err
}
