package luals

import (
	"cmp"
	"fmt"
	"regexp"
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

// stubs writes what a show declares: a class for each fixture and group, and that of what cues
// change. Those with the same channels have them in common.
func (s *Show) stubs(a *api.API) string {
	w := &writer{a: a}
	w.line("---@meta _")
	alike := map[string]string{}
	look := &writer{}
	for _, f := range s.Patch.Fixtures() {
		doc := fmt.Sprintf("The fixture %q of this show: %s.", f.Name, cmp.Or(f.Kind, "of "+strings.Join(f.Names(), ", ")))
		s.lights(w, look, alike, "stage.fixture", f.Name, doc, []patch.Fixture{f})
	}
	for _, g := range s.Patch.Groups() {
		s.lights(w, look, alike, "stage.group", g.Name, fmt.Sprintf("The group %q of this show: %d fixtures.", g.Name, len(g.Fixtures)), g.Fixtures)
	}
	w.line("\n---@class this.look\n%s---@field [stage.fixture|stage.group|string] levels", look)
	return w.String()
}

// lights writes the class of a fixture or a group, and its field in looks. alike are the classes
// of those with the same channels.
func (s *Show) lights(w, look *writer, alike map[string]string, base, name, doc string, fixtures []patch.Fixture) {
	var channels []string
	for _, f := range fixtures {
		for _, ch := range f.Names() {
			if !slices.Contains(channels, ch) {
				channels = append(channels, ch)
			}
		}
	}
	same := strings.Join(channels, "\x00")
	if alike[same] == "" {
		alike[same] = word(name)
		w.channels(word(name), channels)
	}
	w.line("")
	w.doc(strings.Join(strings.Fields(doc), " "))
	w.line("---@class %s: like.%s, %s", this(name), alike[same], base)
	look.line("---@field %s? level|level[]|levels.%s", key(name), alike[same])
}

// channels writes the class of levels of what has these channels, and that of methods which
// take them.
func (w *writer) channels(name string, channels []string) {
	w.line("\n---@class levels.%s", name)
	for _, ch := range channels {
		typ := "level|string"
		if ch == "color" {
			typ = "colour"
		}
		w.line("---@field %s? %s", key(ch), typ)
	}
	own := &writer{a: w.a, of: map[string]string{
		"levels": "level|level[]|levels." + name, "channel: string": cmp.Or(strings.Join(quotedAll(channels), "|"), "string"),
	}}
	all := w.a.Class("stage.lights")
	own.line("\n---@class like.%s: stage.lights\ndo local it = {}", name)
	for _, f := range all.Functions {
		if slices.ContainsFunc(f.Calls, func(c api.Call) bool {
			return slices.ContainsFunc(c.Params, func(p api.Param) bool { return own.param(p, p.Type) != p.Type })
		}) {
			own.doc(f.Doc)
			own.function("function it:"+f.Name, "like."+name, f, optionsOf(all, f))
		}
	}
	own.line("end")
	w.WriteString(own.String())
}

// alias writes an alias as it is in this show: with the names or the numbers that there are.
func (s *Show) alias(w *writer, name string) bool {
	if s == nil {
		return false
	}
	var literals []string
	switch name {
	case "cue.look":
		w.line("---@alias cue.look this.look")
		return true
	case "lights.name":
		w.line("---@alias lights.name\n---| string")
		literals = quotedAll(s.names())
	case "cue.number":
		w.line("---@alias cue.number\n---| number")
		for _, l := range s.Board.Lists {
			for _, c := range l.Cues {
				if !strings.Contains(c.Number, ".") { // LuaLS knows whole numbers only
					literals = append(literals, c.Number+" # "+strings.Join(strings.Fields(l.Name+" "+c.Number+" "+c.Label), " "))
				}
			}
		}
	case "list.name":
		w.line("---@alias list.name\n---| string")
		for _, l := range s.Board.Lists {
			literals = append(literals, quote(l.Name))
		}
	case "param.name":
		w.line("---@alias param.name\n---| string")
		for _, p := range s.Board.Params {
			literals = append(literals, quote(p.Name))
		}
	case "trigger.name":
		w.line("---@alias trigger.name\n---| string")
		for _, t := range s.Board.Triggers {
			literals = append(literals, quote(t.Name))
		}
	default:
		return false
	}
	for _, l := range literals {
		w.line("---| %s", l)
	}
	return true
}

func quotedAll(names []string) (list []string) {
	for _, name := range names {
		list = append(list, quote(name))
	}
	return list
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

// word is a name as a type can be called: a space is a point, and what a type cannot be called
// is written as the number of the character, so that no two names are one.
func word(name string) string {
	var b strings.Builder
	for _, c := range name {
		switch {
		case c == ' ':
			b.WriteByte('.')
		case c >= 128 || c == '_' || c == '-' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9':
			b.WriteRune(c)
		default:
			fmt.Fprintf(&b, "*%x*", c)
		}
	}
	return b.String()
}

var plainKey = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// key writes a name as that of a field.
func key(name string) string {
	if plainKey.MatchString(name) {
		return name
	}
	return "[" + quote(name) + "]"
}

// quote writes a name as a type that is this text.
func quote(name string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`).Replace(name) + `"`
}
