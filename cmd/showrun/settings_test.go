package main

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"showrun/cmd/showrun/settings"
)

var update = flag.Bool("update", false, "write generated pages anew")

const settingsPage = "SETTINGS.md"

// TestSettingsPage: the page of settings is what the flags say, of every command.
func TestSettingsPage(t *testing.T) {
	var made strings.Builder
	settingsTable().Page(&made)
	if *update {
		if err := os.WriteFile(settingsPage, []byte(made.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	page, err := os.ReadFile(settingsPage)
	if err != nil {
		t.Fatal(err)
	}
	if string(page) != made.String() {
		t.Error("the flags are not those of " + settingsPage + ": go test ./cmd/showrun -run SettingsPage -update")
	}
}

// TestEveryFlagIsInTheTable: each is a setting on the page, or one that is given by hand and
// on its list; and each number and time says what it may be, so that files are told too.
func TestEveryFlagIsInTheTable(t *testing.T) {
	page, err := os.ReadFile(settingsPage)
	if err != nil {
		t.Fatal(err)
	}
	eachCommand((&app{}).root(), func(cmd *cobra.Command) {
		if cmd.HasParent() && !settings.HasSettings(cmd) {
			return
		}
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Hidden || f.Name == "help" || f.Name == "version" {
				return
			}
			if !strings.Contains(string(page), "`"+f.Name+"`") && !strings.Contains(string(page), "`--"+f.Name+"`") {
				t.Errorf("%s --%s is not on the page", cmd.CommandPath(), f.Name)
			}
			switch f.Value.Type() {
			case "bool", "string", "stringSlice":
			default:
				if f.Annotations["showrun_bounds"] == nil {
					t.Errorf("%s --%s: settings.Between or settings.AtLeast says what it may be", cmd.CommandPath(), f.Name)
				}
			}
		})
	})
}

func eachCommand(cmd *cobra.Command, f func(*cobra.Command)) {
	f(cmd)
	for _, c := range cmd.Commands() {
		eachCommand(c, f)
	}
}
