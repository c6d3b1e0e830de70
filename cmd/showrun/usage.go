package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"showrun/cmd/showrun/settings"
	"showrun/runtime/patch"
)

// usageError is a mistake on the command line.
type usageError struct{ error }

// What the library says of flags that there are not, and of those that there are.
var (
	unknownFlag = regexp.MustCompile(`^unknown flag: --(\S+)$`)
	flagName    = regexp.MustCompile(`(?m)^ *(?:-\w, )?--(\S+)`) // in a list of them
)

// flagError says what is wrong with a flag of a command.
func flagError(cmd *cobra.Command, err error) error {
	var wrong *pflag.InvalidValueError
	if errors.As(err, &wrong) {
		return usageError{fmt.Errorf("--%s %w", wrong.GetFlag().Name, settings.Mistyped(wrong.GetFlag(), wrong.GetValue()))}
	}
	text := err.Error()
	if m := unknownFlag.FindStringSubmatch(text); m != nil {
		var flags []string
		for _, m := range flagName.FindAllStringSubmatch(cmd.Flags().FlagUsages(), -1) {
			flags = append(flags, m[1])
		}
		text += likely("--", m[1], flags)
	}
	return usageError{errors.New(text)}
}

// likely is " (did you mean …?)" for the name that was cut short, or that is most like
// what was typed; "" if none is.
func likely(prefix, typed string, names []string) string {
	near := patch.Closest(typed, names)
	for _, name := range names {
		if len(typed) > 2 && strings.HasPrefix(name, typed) {
			near = name
		}
	}
	if near == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %s%s?)", prefix, near)
}

// subcommands are the names of the commands below one.
func subcommands(cmd *cobra.Command) (names []string) {
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	return names
}

// noArgs refuses arguments: a command below that there is not, or one too many.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	what := "; it takes no arguments"
	if below := subcommands(cmd); len(below) > 0 {
		if what = likely("", args[0], below); what == "" {
			what = "; there are " + strings.Join(below, ", ")
		}
	}
	return usageError{fmt.Errorf("unknown command %q for %q%s", args[0], cmd.CommandPath(), what)}
}

// oneShow checks the arguments of a command that runs a show.
func oneShow(cmd *cobra.Command, args []string) error {
	switch len(args) {
	case 0:
		return usageError{errors.New("name one show: a Lua file, or a folder with a show.lua")}
	case 1:
		return nil
	}
	return usageError{fmt.Errorf("name one show, got %d: %s%s", len(args), strings.Join(args, ", "), likelyCommand(cmd, args[0]))}
}

// elsewhere tells what somebody may have meant who named a show that is not there: a file
// or folder beside it, or a command.
func elsewhere(cmd *cobra.Command, path string) string {
	if _, err := os.Stat(path); err == nil {
		return ""
	}
	folder, name := filepath.Split(filepath.Clean(path))
	entries, _ := os.ReadDir(filepath.Clean(folder)) // where nothing can be read, nothing is near
	var shows []string
	for _, e := range entries {
		switch {
		case e.Name() == name+".lua":
			return fmt.Sprintf(" (did you mean %s?)", folder+e.Name())
		case e.IsDir() || strings.HasSuffix(e.Name(), ".lua"):
			shows = append(shows, e.Name())
		}
	}
	if text := likely(folder, name, shows); text != "" {
		return text
	}
	return likelyCommand(cmd, path)
}

// likelyCommand tells of the command that may be meant by what is no show: one that a
// running show takes, if it is named exactly, else one like it.
func likelyCommand(cmd *cobra.Command, typed string) string {
	if ctl, _, err := cmd.Root().Find([]string{"ctl"}); err == nil && slices.Contains(subcommands(ctl), typed) {
		return fmt.Sprintf(" (did you mean the command ctl %s?)", typed)
	}
	return likely("the command ", typed, subcommands(cmd.Root()))
}
