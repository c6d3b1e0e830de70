// Package settings has flags be set from the environment and from files as well: first what
// the command line says, then the environment, then showrun.toml in the folder of the show,
// then showrun.toml in the user's configuration folder, then the default.
//
// The flags of the commands are the only table of settings: name, type, default and use are
// pflag's, and the functions of this package that take a flag set add the rest beside them
// (Between, OneOf, ByHand and so on). The environment, the files, their errors, the page of
// settings and completion all come from there.
package settings

import (
	"cmp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// A Setting is a flag that files and the environment can set.
type Setting struct {
	Section string // the command it is for; "" for run, and for what is shared with it
	Name    string
	Also    []string // other commands that go by it
	flag    *pflag.Flag
}

// A Table is the settings of a tree of commands, those of run first.
type Table struct {
	settings []*Setting
	hands    []string // flags that are given by hand only, by name
}

// withoutSettings are the commands to which nothing is said but by hand. An emergency stop
// must go through whatever a file holds.
var withoutSettings = []string{"ctl", "completion", "help", "version", "config", "soak"}

// Of makes the table of a tree that is used for nothing else: it sets its flags to try values.
func Of(root *cobra.Command) *Table {
	t := &Table{}
	commands := root.Commands()
	slices.SortStableFunc(commands, func(a, b *cobra.Command) int { return cmp.Compare(rank(a), rank(b)) })
	for _, c := range commands {
		if HasSettings(c) {
			t.add(c.Name(), c)
		}
	}
	slices.Sort(t.hands)
	t.hands = slices.Compact(t.hands)
	return t
}

// rank has run come first, for others share its settings.
func rank(c *cobra.Command) string {
	if c.Name() == "run" {
		return ""
	}
	return c.Name()
}

// HasSettings reports whether a command has any.
func HasSettings(cmd *cobra.Command) bool {
	for cmd.HasParent() && cmd.Parent().HasParent() {
		cmd = cmd.Parent()
	}
	return !slices.Contains(withoutSettings, cmd.Name()) && !strings.HasPrefix(cmd.Name(), "__")
}

// add adds the flags of a command and of those below it.
func (t *Table) add(section string, cmd *cobra.Command) {
	each := func(f *pflag.Flag) {
		switch {
		case f.Hidden || f.Name == "help":
		case is(f, byHand):
			t.hands = append(t.hands, f.Name)
		default:
			t.put(section, f)
		}
	}
	cmd.PersistentFlags().VisitAll(each)
	cmd.LocalNonPersistentFlags().VisitAll(each)
	for _, c := range cmd.Commands() {
		t.add(section, c)
	}
}

func (t *Table) put(section string, f *pflag.Flag) {
	if s := t.find("", f.Name); s != nil && is(f, shared) && section != "run" {
		if !slices.Contains(s.Also, section) {
			s.Also = append(s.Also, section)
		}
		return
	}
	if section == "run" {
		section = ""
	}
	if t.find(section, f.Name) == nil {
		t.settings = append(t.settings, &Setting{Section: section, Name: f.Name, flag: f})
	}
}

// find finds a setting of a section; nil if there is none.
func (t *Table) find(section, name string) *Setting {
	for _, s := range t.settings {
		if s.Section == section && s.Name == name {
			return s
		}
	}
	return nil
}

// of finds the setting that a flag of a command goes by.
func (t *Table) of(cmd *cobra.Command, name string) *Setting {
	path := strings.Fields(cmd.CommandPath())
	section := "" // of the root, which runs shows
	if len(path) > 1 && path[1] != "run" {
		section = path[1]
	}
	if s := t.find(section, name); s != nil {
		return s
	}
	if s := t.find("", name); s != nil && slices.Contains(s.Also, section) {
		return s
	}
	return nil
}

// Key names the setting with its section.
func (s *Setting) Key() string {
	if s.Section == "" {
		return s.Name
	}
	return s.Section + "." + s.Name
}

const prefix = "SHOWRUN_"

// Env is the environment variable of the setting.
func (s *Setting) Env() string {
	return prefix + strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(s.Key()))
}

// sections are the names of the commands that have settings of their own.
func (t *Table) sections() (names []string) {
	for _, s := range t.settings {
		if s.Section != "" && !slices.Contains(names, s.Section) {
			names = append(names, s.Section)
		}
	}
	return names
}

// names are those of the settings in a section.
func (t *Table) names(section string) (names []string) {
	for _, s := range t.settings {
		if s.Section == section {
			names = append(names, s.Name)
		}
	}
	return names
}

// use says what the setting is for, and its default in words if its flag has one.
func (s *Setting) use() (text, usual string) {
	text, rest, ok := strings.Cut(s.flag.Usage, " (default: ")
	if ok {
		return text, strings.TrimSuffix(rest, ")")
	}
	if usual = s.flag.DefValue; usual == "" || usual == "[]" {
		usual = "none"
	}
	return text, usual
}
