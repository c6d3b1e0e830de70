package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"showrun/bindings"
	"showrun/bindings/probe"
	"showrun/cmd/showrun/settings"
	"showrun/cmd/showrun/terminal"
	"showrun/runtime/rehearse/check"
)

// check finds mistakes in a show.
func (a *app) check() *cobra.Command {
	var offline offlineFlags
	var asJSON, rules bool
	cmd := &cobra.Command{
		Use:   "check SHOW",
		Short: "Find mistakes in a show without running it",
		Long: `check loads a show in virtual time, without its devices, and reads its text. It prints a
line for each mistake, file:line:column: rule: text (remedy), and ends with 4 if there is one.

A comment -- showrun: allow RULE at the end of a line silences that rule there.`,
		Example: "  showrun check examples/first-light\n  showrun check --rules",
		RunE: func(cmd *cobra.Command, args []string) error {
			if rules {
				return a.listRules(asJSON)
			}
			show, err := offline.openOffline(cmd, args, slog.New(slog.DiscardHandler))
			if err != nil {
				return err
			}
			defer show.Close()
			opts := check.Options{Options: show.opts, Waits: bindings.Waits()}
			opts.Bind = probe.New
			findings, err := check.Check(cmd.Context(), opts, show.files)
			if err != nil {
				return err
			}
			for i, f := range findings { // as seen from where people, and their editors, are
				findings[i].File = filepath.ToSlash(filepath.Join(showFolder(args[0]), f.File))
			}
			return a.printFindings(findings, asJSON)
		},
	}
	offline.add(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print for programs: a list of objects")
	cmd.Flags().BoolVar(&rules, "rules", false, "list the rules")
	settings.ByHand(cmd.Flags(), "json", "rules")
	return cmd
}

// showFolder is the folder of a show, as it was named.
func showFolder(show string) string {
	if st, err := os.Stat(show); err == nil && st.IsDir() {
		return show
	}
	return filepath.Dir(show)
}

// listRules prints the rules.
func (a *app) listRules(asJSON bool) error {
	if asJSON {
		return a.printJSON(check.Rules())
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for _, r := range check.Rules() {
		fmt.Fprintf(w, "%s\t%s\n", r.Name, r.Text)
	}
	return w.Flush()
}

// printFindings prints what was found, which is an error if it is anything.
func (a *app) printFindings(findings []check.Finding, asJSON bool) error {
	if asJSON {
		if findings == nil {
			findings = []check.Finding{}
		}
		if err := a.printJSON(findings); err != nil {
			return err
		}
	} else {
		for _, f := range findings {
			fmt.Fprintln(a.stdout, terminal.Printable(f.String(), ""))
		}
	}
	if len(findings) > 0 {
		return errNotReady
	}
	return nil
}

func (a *app) printJSON(v any) error {
	e := json.NewEncoder(a.stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
