package luals

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"showrun/bindings/api"
	"showrun/runtime/patch"
	"showrun/runtime/show"
)

// Show is what a show declares.
type Show struct {
	Patch *patch.Patch
	Board show.Board
}

// stubs writes what a show declares: a class for each fixture and group, with its channels, and
// the names of everything else.
func (s *Show) stubs(a *api.API) string {
	w := &writer{a: a}
	w.line("---@meta _")
	for _, f := range s.Patch.Fixtures() {
		s.lights(w, a.Class("stage.fixture"), f.Name, []patch.Fixture{f})
	}
	for _, g := range s.Patch.Groups() {
		s.lights(w, a.Class("stage.group"), g.Name, g.Fixtures)
	}
	w.line("\n---What a cue of this show changes, by the names of fixtures and groups.\n---@class this.look")
	for _, name := range s.names() {
		w.line("---@field [%q]? %s", name, this(name)+".levels")
	}
	w.line("---@field [stage.fixture|stage.group|string] levels")
	for _, l := range s.Board.Lists {
		w.line("\n---The cues of the list %s.\n---@alias this.cues.%s number", l.Name, word(l.Name))
		for _, c := range l.Cues {
			if !strings.Contains(c.Number, ".") { // LuaLS knows whole numbers only
				w.line("---| %s %s", c.Number, remark(c.Label))
			}
		}
	}
	var params, triggers, lists []string
	for _, p := range s.Board.Params {
		params = append(params, p.Name)
	}
	for _, t := range s.Board.Triggers {
		triggers = append(triggers, t.Name)
	}
	for _, l := range s.Board.Lists {
		lists = append(lists, l.Name)
	}
	s.alias(w, "param", "params", params)
	s.alias(w, "trigger", "triggers", triggers)
	s.alias(w, "list", "cue lists", lists)
	s.alias(w, "light", "fixtures and groups", s.names())
	return w.String()
}

// names are those of all fixtures and groups.
func (s *Show) names() (names []string) {
	for _, f := range s.Patch.Fixtures() {
		names = append(names, f.Name)
	}
	for _, g := range s.Patch.Groups() {
		names = append(names, g.Name)
	}
	return names
}

// alias writes the names of some kind as a type.
func (s *Show) alias(w *writer, kind, plural string, names []string) {
	w.line("\n---The names of the %s of this show.\n---@alias this.%s string", plural, kind)
	for _, name := range names {
		w.line("---| %s", quote(name))
	}
}

// lights writes the class of a fixture or a group and that of its levels.
func (s *Show) lights(w *writer, t *api.Table, name string, fixtures []patch.Fixture) {
	var channels []string
	for _, f := range fixtures {
		for _, ch := range f.Names() {
			if !slices.Contains(channels, ch) {
				channels = append(channels, ch)
			}
		}
	}
	levels := this(name) + ".levels"
	w.line("\n---@class %s", levels)
	for _, ch := range channels {
		w.line("---@field [%q]? %s", ch, channelType(ch))
	}
	quoted := make([]string, len(channels))
	for i, ch := range channels {
		quoted[i] = quote(ch)
	}
	either := cmp.Or(strings.Join(quoted, "|"), "string")
	own := &writer{a: w.a, of: map[string]string{
		"levels": "level|level[]|" + levels, "channel: string": either,
	}}
	c := &api.Table{Name: this(name), Base: t.Name, Doc: describe(t, name, fixtures)}
	for _, f := range w.a.Class("stage.lights").Functions {
		if slices.ContainsFunc(f.Calls, func(c api.Call) bool {
			return slices.ContainsFunc(c.Params, func(p api.Param) bool { return own.param(p, "") != p.Type && p.Type != "{}" })
		}) {
			c.Functions = append(c.Functions, f)
		}
	}
	own.class(c, w.a.Class("stage.lights"))
	w.WriteString(own.String())
}

// class writes a class whose functions are those of another, with their options.
func (w *writer) class(c, of *api.Table) {
	w.line("")
	w.doc(c.Doc)
	w.line("---@class %s: %s", c.Name, c.Base)
	w.line("local %s = {}", local(c))
	for _, f := range c.Functions {
		w.line("")
		w.doc(f.Doc)
		w.function("function "+local(c)+":"+f.Name, c.Name, f, optionsOf(of, f))
	}
}

// describe says what a fixture or a group is.
func describe(t *api.Table, name string, fixtures []patch.Fixture) string {
	if t.Name == "stage.group" {
		return fmt.Sprintf("The group %q of this show: %d fixtures.", name, len(fixtures))
	}
	f := fixtures[0]
	return fmt.Sprintf("The fixture %q of this show: %s.", name, cmp.Or(f.Kind, "of "+strings.Join(f.Names(), ", ")))
}

func channelType(name string) string {
	if name == "color" {
		return "colour"
	}
	return "level|string"
}

// overloads writes the ways to call a function that only this show has.
func (s *Show) overloads(w *writer, head string) {
	if head != "function stage.get" {
		return
	}
	for _, name := range s.names() {
		w.line("---@overload fun(name: %s): %s", quote(name), this(name))
	}
}

// this is the class of a fixture or a group of the show.
func this(name string) string { return "this." + word(name) }

// word is a name as a type can be called: letters, digits and lines beneath. What it cannot be
// is written as the number of the character, so that no two names are one.
func word(name string) string {
	var b strings.Builder
	for _, c := range name {
		switch {
		case c < 128 && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'):
			b.WriteRune(c)
		case c == ' ':
			b.WriteByte('_')
		default:
			fmt.Fprintf(&b, "_%x_", c)
		}
	}
	return b.String()
}

// quote writes a name as a type that is this text.
func quote(name string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`).Replace(name) + `"`
}

// remark is a label behind one of several types.
func remark(label string) string {
	if label == "" {
		return ""
	}
	return "# " + strings.Join(strings.Fields(label), " ")
}
