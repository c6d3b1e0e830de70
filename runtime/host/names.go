package host

import (
	"strings"
	"unicode"

	"showrun/runtime/control"
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
	for _, name := range nameable(h.show.Board(), words[0], words[1], words[2:]) {
		if name[0] != "" && !strings.ContainsFunc(name[0], unicode.IsControl) {
			text.WriteString(name[0] + "\t" + name[1] + "\n")
		}
	}
	return control.Reply{OK: true, Text: text.String()}
}

// nameable lists names of a kind and what they are.
func nameable(b *show.Board, kind, command string, before []string) (list [][2]string) {
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
		for _, name := range b.Names() {
			list = append(list, [2]string{name, "fixture"})
			if kind == "CHANNEL" {
				for _, f := range b.Patch.Named(name) {
					for _, c := range f.Names() {
						list = append(list, [2]string{name + "." + c, "channel"})
					}
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
