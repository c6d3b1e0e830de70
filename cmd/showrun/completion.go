package main

import (
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"showrun/cmd/showrun/settings"
	"showrun/cmd/showrun/terminal"
	"showrun/runtime/control"
)

// completed has the shell complete what may come after a command and those below it: what its
// flags take, and what its line of use names.
func completed(cmd *cobra.Command) {
	cmd.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	each := func(f *pflag.Flag) {
		if complete := flagValues(cmd, f); complete != nil {
			if err := cmd.RegisterFlagCompletionFunc(f.Name, complete); err != nil {
				panic(err) // two for one flag
			}
		}
	}
	cmd.PersistentFlags().VisitAll(each)
	cmd.LocalNonPersistentFlags().VisitAll(each)
	if cmd.ValidArgsFunction == nil {
		cmd.ValidArgsFunction = arguments(cmd)
	}
	for _, c := range cmd.Commands() {
		completed(c)
	}
}

// flagValues completes the value of a flag; nil if nothing is known of it.
func flagValues(cmd *cobra.Command, f *pflag.Flag) cobra.CompletionFunc {
	words := settings.Choices(f)
	switch {
	case words != nil:
		return completing(func(*cobra.Command, []string) []string { return words })
	case settings.IsPath(f):
		return cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault)
	case f.Name == "interface":
		return completing(func(*cobra.Command, []string) []string { return interfaces() })
	case f.Name == "show" && cmd.Name() == "ctl":
		return completing(func(*cobra.Command, []string) []string { return shows() })
	}
	return nil
}

// completing makes the shell take what a function lists, and nothing else.
func completing(list func(cmd *cobra.Command, args []string) []string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		var fit []string
		for _, name := range list(cmd, args) {
			if strings.HasPrefix(name, typed) {
				fit = append(fit, name)
			}
		}
		return fit, cobra.ShellCompDirectiveNoFileComp
	}
}

// arguments completes the words after a command by its line of use, in which names of what is
// meant stand in capitals.
func arguments(cmd *cobra.Command) cobra.CompletionFunc {
	_, takes, _ := strings.Cut(cmd.Use, " ")
	switch {
	case strings.Contains(takes, "SHOW"):
		return paths
	case strings.Contains(takes, "FILE") && !strings.Contains(takes, "--"):
		return cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault)
	case cmd.HasParent() && cmd.Parent().Name() == "ctl":
		return completing(func(cmd *cobra.Command, args []string) []string {
			return spoken(cmd, strings.Fields(takes), args)
		})
	}
	return nil
}

var capitals = regexp.MustCompile(`[A-Z]{2,}`)

// spoken completes a word that is said to running shows: words of the line of use as they
// stand, such as on|off, and names of what there is. A name that may be left out, such as that
// of the first cue list, may be followed by the next.
func spoken(cmd *cobra.Command, takes, before []string) (list []string) {
	at := len(before)
	if last := len(takes) - 1; last >= 0 && at > last && strings.HasSuffix(strings.TrimRight(takes[last], "]"), "...") {
		at = last
	}
	for ; at < len(takes); at++ {
		word := strings.Trim(takes[at], "[].")
		kinds := capitals.FindAllString(word, -1)
		if kinds == nil {
			return append(list, strings.Split(word, "|")...)
		}
		list = append(list, namesOf(cmd, kinds[len(kinds)-1], before)...)
		if takes[at] != "[LIST]" || len(before) > 0 {
			break
		}
	}
	return list
}

// completionPatience is how long a show may take to answer somebody who types.
const completionPatience = 300 * time.Millisecond

// askNow asks all shows, or the one named, at once and returns the replies that come in time.
func askNow(r control.Request, only string) (replies []control.Reply) {
	paths, err := control.Shows(control.Folder(os.LookupEnv))
	if err != nil {
		return nil
	}
	got := make([]control.Reply, len(paths))
	var asking sync.WaitGroup
	for i, path := range paths {
		asking.Go(func() { got[i], _ = control.AskWithin(path, r, completionPatience) })
	}
	asking.Wait()
	return slices.DeleteFunc(got, func(r control.Reply) bool { return !r.OK || only != "" && r.Show != only })
}

// namesOf are those of a kind in the shows that a command is for, with what they are.
func namesOf(cmd *cobra.Command, kind string, before []string) (list []string) {
	only, _ := cmd.Flags().GetString("show")
	words := append([]string{kind, cmd.Name()}, before...)
	for _, reply := range askNow(control.Request{Command: control.Names, Words: words}, only) {
		for line := range strings.Lines(reply.Text) {
			if name, ends := strings.CutSuffix(line, "\n"); ends { // else it was cut
				word, what, _ := strings.Cut(name, "\t")
				list = append(list, strings.TrimSuffix(terminal.Printable(word, "")+"\t"+terminal.Printable(what, ""), "\t"))
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// shows are the names of those that run.
func shows() (list []string) {
	for _, reply := range askNow(control.Request{Command: control.Status}, "") {
		list = append(list, terminal.Printable(reply.Show, ""))
	}
	return list
}

// interfaces are those of this machine, with their addresses.
func interfaces() (list []string) {
	all, err := net.Interfaces()
	if err != nil {
		return nil
	}
	for _, i := range all {
		what := ""
		addresses, _ := i.Addrs() // without them the name is enough
		for _, a := range addresses {
			if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil {
				what = "\t" + n.IP.String()
				break
			}
		}
		list = append(list, i.Name+what)
	}
	return list
}

// paths completes a show: Lua files and folders; with nothing typed the examples that are near
// as well, and where a command may be meant, no folders without a show.
func paths(cmd *cobra.Command, args []string, typed string) (list []string, directive cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	folder, start := filepath.Split(typed)
	look := []string{folder}
	if typed == "" {
		look = append(look, "examples"+string(filepath.Separator))
	}
	directive = cobra.ShellCompDirectiveNoFileComp
	for _, in := range look {
		entries, _ := os.ReadDir(filepath.Clean(in)) // what cannot be read has nothing to offer
		for _, e := range entries {
			name := e.Name()
			_, missing := os.Stat(filepath.Join(in, name, "show.lua"))
			switch {
			case in == folder && !strings.HasPrefix(name, start), strings.HasPrefix(name, ".") && start == "":
			case missing == nil:
				list = append(list, in+name+"\tshow")
			case e.IsDir() && in == folder && (typed != "" || cmd.HasParent()):
				list = append(list, in+name+string(filepath.Separator))
				directive |= cobra.ShellCompDirectiveNoSpace
			case strings.HasSuffix(name, ".lua"):
				list = append(list, in+name)
			}
		}
	}
	return list, directive
}
