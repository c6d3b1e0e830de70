package api

import (
	"regexp"
	"slices"
	"strings"
)

var (
	fences = regexp.MustCompile("(?ms)^```.*?^```$")
	links  = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
	code   = regexp.MustCompile("`([^`]*)`")
	// codes is a cell with nothing but code in it, and perhaps what that returns.
	codes = regexp.MustCompile("^(?:`[^`]*`,? ?)+(?:→ \\w+)?$")
	// sentenceEnd is a full stop before another sentence.
	sentenceEnd = regexp.MustCompile("\\. (?:[A-Z0-9`\"]|$)|: (?:[A-Z]|$)|[.:]$")
)

// page is one of the reference, as what is looked for in it.
type page []section

// A section is what stands below a heading, up to the next one.
type section struct {
	names []string // in code in the heading, without arguments
	text  string   // the first paragraph
	rows  []row    // of its tables
}

// A row is one of a table that begins with code.
type row struct {
	head  string   // the first cell of its table
	names []string // in code in its first cell, without arguments
	words string   // of its last cell, and of the default before that
}

// readPage takes a page apart.
func readPage(text string) (p page) {
	p = append(p, section{})
	head, blank := "", true
	for line := range strings.Lines(fences.ReplaceAllString(text, "")) {
		line = strings.TrimSpace(line)
		s := &p[len(p)-1]
		switch {
		case strings.HasPrefix(line, "#"):
			p = append(p, section{names: named(line)})
		case strings.HasPrefix(line, "|"):
			cells := strings.Split(strings.Trim(line, "| "), " | ")
			if blank {
				head = strings.Trim(cells[0], " |")
			} else if codes.MatchString(cells[0]) {
				s.rows = append(s.rows, row{head, named(cells[0]), cell(strings.TrimPrefix(line, "| "+cells[0]+" |"))})
			}
		case line == "" && s.text != "":
			s.text += "\n"
		case !strings.Contains(s.text, "\n"):
			s.text = strings.TrimSpace(s.text + " " + line)
		}
		blank = line == ""
	}
	return p
}

// named are the names in code in a text, each up to its arguments.
func named(text string) (list []string) {
	for _, m := range code.FindAllStringSubmatch(text, -1) {
		if end := strings.IndexAny(m[1], "({"); end > 0 {
			m[1] = m[1][:end]
		}
		list = append(list, m[1])
	}
	return list
}

// words returns what the page says of something in a sentence: of word.name or word:name, or
// of an option of that. It is "" if the page says nothing.
func (p page) words(word, name, option string) string {
	full := []string{word + "." + name, word + ":" + name}
	if name == "" {
		full = []string{word}
	}
	is := func(names []string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return slices.Contains(full, n) })
	}
	if option != "" {
		i := slices.IndexFunc(p, func(s section) bool { return is(s.names) })
		if i < 0 {
			return ""
		}
		return find(p[i].rows, func(r row) bool { return slices.Contains(r.names, option) })
	}
	for _, s := range p {
		if text := find(s.rows, func(r row) bool { return is(r.names) || r.head == "field" && slices.Contains(r.names, name) }); text != "" {
			return text
		}
	}
	for _, s := range p {
		if is(s.names) {
			return sentence(s.text)
		}
	}
	return ""
}

// find returns the words of the first row that is one.
func find(rows []row, is func(row) bool) string {
	if i := slices.IndexFunc(rows, is); i >= 0 {
		return rows[i].words
	}
	return ""
}

// cell is what the cells behind the first one say: the last one, and with two the default before
// it.
func cell(rest string) string {
	cells := strings.Split(strings.TrimSuffix(rest, "|"), " | ")
	words := plain(cells[len(cells)-1])
	if given := plain(cells[0]); len(cells) > 1 && given != "" && !strings.HasPrefix(given, "`fn(") {
		words += "; " + given + " unless given"
	}
	if words == "" {
		return ""
	}
	return strings.ToUpper(words[:1]) + words[1:] + "."
}

// sentence is the first one of a text.
func sentence(text string) string {
	text = plain(text)
	if text == "" {
		return ""
	}
	if end := sentenceEnd.FindStringIndex(text); end != nil {
		return strings.TrimSuffix(text[:end[0]], ":") + "."
	}
	return text + "."
}

// plain is a text without links, and without the space and the stops around it.
func plain(text string) string {
	return strings.Trim(links.ReplaceAllString(text, "$1"), " |,.\n")
}
