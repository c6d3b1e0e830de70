package host

import (
	"slices"
	"strings"
	"unicode"

	"showrun/runtime/control"
	"showrun/runtime/patch"
	"showrun/runtime/show"
)

// names answers what there is to name in a show: words are of what, as the commands write it
// (LIST, CUE, NAME, VALUE, FIXTURE or CHANNEL), then the command and the words before it. Each
// name is a line, with a tab before what it is for people.
func (h *Host) names(words []string) control.Reply {
	if len(words) < 2 {
		return control.Reply{Text: "names are asked for by kind and command"}
	}
	var text strings.Builder
	for _, name := range named(h.show.Board(), *h.fixtures.Load(), words[0], words[1], words[2:]) {
		if name[0] != "" && !strings.ContainsFunc(name[0], unicode.IsControl) {
			text.WriteString(name[0] + "\t" + name[1] + "\n")
		}
	}
	return control.Reply{OK: true, Text: text.String()}
}

// named lists names of a kind and what they are.
func named(b *show.Board, fixtures []lamp, kind, command string, before []string) (list [][2]string) {
	switch kind {
	case "LIST":
		for _, l := range b.Lists {
			list = append(list, [2]string{l.Name, "cue list"})
		}
	case "CUE":
		main := ""
		if len(before) > 0 {
			main = before[0]
		}
		if l, err := b.List(main); err == nil {
			for _, c := range l.Cues {
				list = append(list, [2]string{c.Number, c.Label})
			}
		}
	case "NAME":
		if command == "trigger" {
			for _, t := range b.Triggers {
				list = append(list, [2]string{t.Name, "trigger"})
			}
			break
		}
		for _, p := range b.Params {
			list = append(list, [2]string{p.Name, p.Unit})
		}
	case "VALUE":
		if len(before) > 0 && command == "param" {
			list = choices(b, before[0])
		}
	case "FIXTURE", "CHANNEL":
		for _, f := range fixtures {
			list = append(list, [2]string{f.name, "fixture"})
			if kind == "CHANNEL" {
				for _, c := range f.channels {
					list = append(list, [2]string{f.name + "." + c, "channel"})
				}
			}
		}
	}
	return list
}

// choices are the values a param may have, if they can be listed.
func choices(b *show.Board, param string) (list [][2]string) {
	p, err := b.Param(param)
	if err != nil {
		return nil
	}
	words := p.Choices
	if _, ok := p.Value.(bool); ok {
		words = []string{"true", "false"}
	}
	for _, c := range words {
		list = append(list, [2]string{c, ""})
	}
	return list
}

// lamp is a fixture as people name it.
type lamp struct {
	name     string
	channels []string
}

// lamps are the fixtures of a load and their parts.
func lamps(l *show.Load) (list []lamp) {
	for _, whole := range l.Patch().Fixtures() {
		for _, f := range slices.Concat(whole.Parts, []patch.Fixture{whole}) {
			one := lamp{name: f.Name}
			for _, c := range f.Channels {
				one.channels = append(one.channels, c.Name)
			}
			list = append(list, one)
		}
	}
	return list
}
