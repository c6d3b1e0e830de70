package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"showrun/cmd/showrun/topic"
)

// help tells of a command, or of a topic.
func (a *app) help() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND | TOPIC]",
		Short: "Tell about a command, about trouble, or what the reference says",
		Long: `help tells about a command as --help does. It also prints the sections of the page
about trouble, which messages and the doctor name, the pages of the reference, and what
those say of a function, by its name.

Trouble:   ` + strings.Join(topic.Sections(), "\n           ") + `
Reference: ` + strings.Join(topic.Pages(), " ") + `

Where a command has the name of a page, the page is NAME.md.`,
		Example: "  showrun help no-light\n  showrun help latency\n  showrun help clock.after\n  showrun help fade\n  showrun help theater.md",
		ValidArgsFunction: func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			list := subcommands(cmd.Root())
			if len(args) > 0 {
				list = nil
			} else {
				list = slices.Concat(list, topic.Sections(), topic.Pages(), topic.Functions())
			}
			return list, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if below, rest, err := cmd.Root().Find(args); err == nil && len(rest) == 0 {
				return below.Help()
			}
			if text := topic.Text(args[0]); text != "" && len(args) == 1 {
				fmt.Fprint(a.stdout, text)
				return nil
			}
			names := slices.Concat(subcommands(cmd.Root()), topic.Sections(), topic.Pages(), topic.Functions())
			return usageError{fmt.Errorf("there is no command or topic %q%s", strings.Join(args, " "), likely("", args[0], names))}
		},
	}
}
