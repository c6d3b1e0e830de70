package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"showrun/cmd/showrun/settings"
	"showrun/runtime/host"
	"showrun/runtime/host/folder"
)

// config tells how everything is set.
func (a *app) config() *cobra.Command {
	return &cobra.Command{
		Use:   "config [SHOW]",
		Short: "Print every setting, its value and where it comes from",
		Long: `config prints what the environment, the showrun.toml in the folder of SHOW and the one in
the user's configuration folder set, and the defaults of the rest.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return oneShow(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			from, err := settingsFor(args)
			if err != nil {
				return usageError{fmt.Errorf("%w%s", err, elsewhere(cmd, args[0]))}
			}
			values, err := settingsTable().Read(from)
			for _, file := range from.Files {
				state := "not there"
				if slices.Contains(values.Read, file) {
					state = "read"
				}
				fmt.Fprintf(a.stdout, "# %s: %s\n", file, state)
			}
			if err != nil {
				return usageError{err}
			}
			return values.Print(a.stdout)
		},
	}
}

// settingsTable is the table of all commands.
func settingsTable() *settings.Table { return settings.Of((&app{}).root()) }

// settingsFor are where the settings for a show come from, if one is named. Without a
// configuration folder there is no file in it.
func settingsFor(shows []string) (settings.Sources, error) {
	from := settings.Sources{Env: os.Environ()}
	if len(shows) == 1 {
		show, err := folder.Find(shows[0])
		if err != nil {
			return from, err
		}
		from.Show = show.Name
		from.Files = append(from.Files, filepath.Join(show.Dir, settings.FileName))
	}
	if dir, err := host.DefaultStateDir(); err == nil {
		from.Files = append(from.Files, filepath.Join(dir, settings.FileName))
	}
	return from, nil
}

// configure checks the flags that were given to a command, and sets the others as the
// environment and the files say.
func (a *app) configure(cmd *cobra.Command, args []string) error {
	if err := settings.CheckFlags(cmd); err != nil {
		return usageError{err}
	}
	isRoot := !cmd.HasParent()
	if !settings.HasSettings(cmd) || isRoot && len(args) == 0 {
		return nil
	}
	if !isRoot && cmd.Name() != "run" {
		args = nil
	}
	from, err := settingsFor(args)
	if err != nil {
		return nil // the command itself says that there is no such show
	}
	values, err := settingsTable().Read(from)
	if err == nil {
		a.origins = values.Origins(cmd)
		err = values.Apply(cmd)
	}
	if err != nil {
		return usageError{err}
	}
	return nil
}

// tellOrigins adds to a mistake with a flag where that was set, if not on the command line.
func (a *app) tellOrigins(err error) error {
	var usage usageError
	if !errors.As(err, &usage) {
		return err
	}
	text := err.Error()
	for _, name := range slices.Sorted(maps.Keys(a.origins)) {
		if strings.Contains(text, "--"+name+" ") {
			usage = usageError{fmt.Errorf("%w (%s: %s)", usage, a.origins[name], name)}
		}
	}
	return usage
}
