package settings

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"showrun/runtime/patch"
)

// Sources are where settings come from.
type Sources struct {
	Show  string   // name of the show that is meant; "" = none
	Files []string // that need not be there, what counts most first
	Env   []string // as os.Environ has it
}

// Values are what the environment and files say.
type Values struct {
	table *Table
	by    map[*Setting]value
	Read  []string // the files that were there
}

type value struct{ text, from string }

// Read reads the sources. The error names all that is wrong, a line each.
func (t *Table) Read(from Sources) (*Values, error) {
	v := &Values{table: t, by: map[*Setting]value{}}
	var wrong []error
	for _, file := range slices.Backward(from.Files) {
		entries, there, err := readFile(file)
		if there {
			v.Read = append(v.Read, file)
		}
		if err != nil {
			wrong = append(wrong, err)
		}
		for _, special := range []bool{false, true} { // what is for one show counts more
			for _, e := range entries {
				if e.path[0] == "show" != special {
					continue
				}
				if err := v.takeEntry(file, e, from.Show); err != nil {
					wrong = append(wrong, fmt.Errorf("%s:%d: %w", file, e.line, err))
				}
			}
		}
	}
	wrong = append(wrong, v.takeEnv(from.Env)...)
	return v, errors.Join(wrong...)
}

// takeEntry takes a value of a file for a show.
func (v *Values) takeEntry(file string, e entry, show string) error {
	section, name, meant := "", e.path[0], true
	switch n := len(e.path); {
	case e.path[0] == "show":
		if n == 1 || n == 2 && e.value != nil {
			return errors.New("what is for one show goes below [show.NAME]")
		}
		if n == 2 {
			return nil
		}
		name, meant = e.path[2], e.path[1] == show
		if n > 3 {
			return v.unknown("", strings.Join(e.path[2:], "."))
		}
	case n == 2:
		section, name = e.path[0], e.path[1]
	case n > 2:
		return v.unknown("", strings.Join(e.path, "."))
	}
	if isSecret(name) {
		return ErrSecret
	}
	if section == "run" {
		return fmt.Errorf("settings of run stand above the first section, not below [run]")
	}
	if e.value == nil && slices.Contains(v.table.sections(), name) {
		return nil // an empty section
	}
	s := v.table.find(section, name)
	if s == nil || e.value == nil {
		return v.unknown(section, name)
	}
	text, err := s.convert(e.value)
	if err == nil {
		if is(s.flag, filePath) {
			text = locate(file, text)
		}
		err = set(s.flag, text)
	}
	if err != nil {
		return fmt.Errorf("%s %w", s.Key(), err)
	}
	if meant {
		v.by[s] = value{text, fmt.Sprintf("%s:%d", file, e.line)}
	}
	return nil
}

// unknown says what is known that is like a setting of a section.
func (v *Values) unknown(section, name string) error {
	t := v.table
	given := strings.ReplaceAll(name, "_", "-")
	switch {
	case section != "" && t.names(section) == nil:
		return fmt.Errorf("there is no section [%s]%s", section, meant("[", section, append(t.sections(), "show"), "]"))
	case t.find(section, given) != nil:
		return fmt.Errorf("unknown setting %s (did you mean %s?)", name, given)
	}
	hint := meant("", given, t.names(section), "")
	for _, s := range t.settings {
		if s.Name == given && s.Section != "" {
			hint = fmt.Sprintf(" (it is one of %s: put it below [%s])", s.Section, s.Section)
		} else if s.Name == given {
			hint = " (put it above the first section)"
			break
		}
	}
	if hint == "" && slices.Contains(t.hands, given) {
		return fmt.Errorf("%s is no setting: it is given by hand, as --%s", name, given)
	}
	if hint == "" && section == "" {
		hint = meant("[", given, t.sections(), "]")
	}
	if hint == "" {
		hint = "; showrun config lists all"
	}
	return fmt.Errorf("unknown setting %s%s", name, hint)
}

// meant is " (did you mean …?)", or "" if nothing is near.
func meant(before, typed string, names []string, after string) string {
	near := patch.Closest(typed, names)
	if near == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %s%s%s?)", before, near, after)
}

// takeEnv takes the variables of the environment. Empty ones say nothing; unknown ones may be
// of somebody else, unless they are nearly ours.
func (v *Values) takeEnv(env []string) (wrong []error) {
	known := map[string]*Setting{}
	var names []string
	for _, s := range v.table.settings {
		known[s.Env()] = s
		names = append(names, strings.TrimPrefix(s.Env(), prefix))
	}
	slices.Sort(env)
	for _, line := range env {
		name, text, _ := strings.Cut(line, "=")
		rest, ours := strings.CutPrefix(name, prefix)
		if !ours || text == "" {
			continue
		}
		s := known[name]
		if s == nil {
			if hint := meant(prefix, rest, names, ""); hint != "" && !isSecret(rest) {
				wrong = append(wrong, fmt.Errorf("the environment variable %s is no setting%s", name, hint))
			}
			continue
		}
		if err := set(s.flag, text); err != nil {
			wrong = append(wrong, fmt.Errorf("the environment variable %s %w", name, err))
			continue
		}
		v.by[s] = value{text, name}
	}
	return wrong
}

// convert writes a value of a file as its flag reads it, if it is of the right type.
func (s *Setting) convert(value any) (string, error) {
	list, isList := value.([]any)
	if _, takes := s.flag.Value.(pflag.SliceValue); takes {
		if !isList {
			return "", fmt.Errorf("must be a list of %s, such as [%s], got %s", kind(s.flag), describe(value), describe(value))
		}
		var texts []string
		for _, element := range list {
			if !fits(kind(s.flag), element) {
				return "", fmt.Errorf("must be a list of %s, got %s in it", kind(s.flag), describe(element))
			}
			texts = append(texts, fmt.Sprint(element))
		}
		return strings.Join(texts, ","), nil
	}
	if !fits(kind(s.flag), value) {
		hint := ""
		switch value.(type) {
		case string:
			hint = "; write it without quotes"
		case int64, float64, bool:
			if k := kind(s.flag); k == "a text" || strings.HasPrefix(k, "a time") {
				hint = "; write it in quotes"
			}
		}
		return "", fmt.Errorf("must be %s, got %s%s", expected(s.flag), describe(value), hint)
	}
	return fmt.Sprint(value), nil
}

// fits reports whether a value of a file is of a kind.
func fits(kind string, value any) bool {
	switch value.(type) {
	case bool:
		return kind == "true or false"
	case int64:
		return strings.HasSuffix(kind, "number") || strings.HasSuffix(kind, "numbers")
	case float64:
		return kind == "a number"
	case string:
		return strings.HasPrefix(kind, "a t") || kind == "texts"
	}
	return false
}

// describe writes a value of a file for people.
func describe(value any) string {
	switch value := value.(type) {
	case string:
		return strconv.Quote(value)
	case []any:
		return "a list"
	case bool, int64, float64:
		return fmt.Sprint(value)
	}
	return "a date or time of day"
}

// Apply sets the flags of a command that were not given.
func (v *Values) Apply(cmd *cobra.Command) error {
	var wrong []error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		s := v.table.of(cmd, f.Name)
		if s == nil || f.Changed {
			return
		}
		if value, ok := v.by[s]; ok {
			if err := set(f, value.text); err != nil {
				wrong = append(wrong, fmt.Errorf("%s: %s %w", value.from, f.Name, err))
			}
		}
	})
	return errors.Join(wrong...)
}

// Origins tells where the flags of a command have their values from that were not given, by
// name.
func (v *Values) Origins(cmd *cobra.Command) map[string]string {
	from := map[string]string{}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if s := v.table.of(cmd, f.Name); s != nil && !f.Changed && v.by[s].from != "" {
			from[f.Name] = v.by[s].from
		}
	})
	return from
}
