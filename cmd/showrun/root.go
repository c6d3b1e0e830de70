package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"showrun/cmd/showrun/terminal"
)

// app is one run of the command.
type app struct {
	stdout, stderr io.Writer
	screen         *terminal.Screen  // stderr while something runs, and for last words
	signals        chan os.Signal    // those of the system, and Ctrl-C where it is a key
	jsonLog        *slog.Logger      // set once the log is one for programs
	command        string            // that was run, once it has ended
	origins        map[string]string // where its flags were set, but on the command line
}

// root builds the command tree. A show named without a verb is run.
func (a *app) root() *cobra.Command {
	var f runFlags
	root := &cobra.Command{
		Use:   "showrun [run] SHOW",
		Short: "Run scripted shows: beats in, light out, on time",
		Long: `showrun runs a show script: Lua decides, Go is on time.

SHOW is a Lua file or a folder with a show.lua. Edit and save it while it runs:
the new version takes over between two frames, a broken one changes nothing.`,
		Example:           "  showrun --rig examples/first-light    try a show without any hardware\n  showrun show.lua",
		Version:           version(),
		Args:              cobra.ArbitraryArgs,
		SilenceErrors:     true,
		SilenceUsage:      true,
		PersistentPreRunE: a.configure,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 && cmd.Flags().NFlag() == 0 {
				return cmd.Help()
			}
			return a.run(cmd, f, args)
		},
	}
	f.add(root)
	root.SetFlagErrorFunc(flagError)

	var rf runFlags
	run := &cobra.Command{
		Use:   "run SHOW",
		Short: "Run a show",
		RunE:  func(cmd *cobra.Command, args []string) error { return a.run(cmd, rf, args) },
	}
	rf.add(run)
	about := fmt.Sprintf("showrun %s\n%s\n%s\nIts Sig-Net product code is one for prototypes.\n", version(), made(), attribution)
	root.SetVersionTemplate(about)
	tell := &cobra.Command{
		Use:   "version",
		Short: "Print the version and what it is made of",
		Args:  noArgs,
		Run:   func(*cobra.Command, []string) { fmt.Fprint(a.stdout, about) },
	}
	root.AddCommand(run, a.ctl(), a.deck(), a.gateway(), a.theater(), a.node(), a.bridge(), a.record(), a.keys(), tell)
	root.AddCommand(a.begin(), a.types(), a.discover(), a.doctor(), a.leases(), a.soak(), a.config(), a.support(), a.test())
	completed(root)
	return root
}

// attribution is what the licence of Sig-Net asks implementers to say.
const attribution = "Sig-Net™ Designed by and Copyright Singularity (UK) Ltd."

// release is the version of a release, which its build stamps; "" in other builds.
var release string

// version is what the build knows of it.
func version() string {
	if release != "" {
		return release
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(development)"
}

// made tells what a report of a fault has to: the commit, if the build knows it, the Go it was
// made with, and what for.
func made() string {
	commit := "commit not known"
	if info, ok := debug.ReadBuildInfo(); ok {
		of := map[string]string{}
		for _, s := range info.Settings {
			of[s.Key] = s.Value
		}
		if of["vcs.revision"] != "" {
			commit = "commit " + of["vcs.revision"] + " of " + of["vcs.time"]
		}
		if of["vcs.modified"] == "true" {
			commit += ", changed since"
		}
	}
	return fmt.Sprintf("%s, %s, %s/%s", commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
