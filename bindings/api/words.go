package api

import (
	"regexp"
	"strings"
)

var (
	fences = regexp.MustCompile("(?ms)^```.*?^```$")
	links  = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
	// sentenceEnd is a full stop before another sentence.
	sentenceEnd = regexp.MustCompile("\\. (?:[A-Z0-9`\"]|$)|: (?:[A-Z]|$)|[.:]$")
)

// words returns what a page says of something in a sentence: of word.name or word:name, or
// of an option of that. It is "" if the page says nothing.
func words(page, word, name, option string) string {
	page = fences.ReplaceAllString(page, "")
	path := `[.:]` + regexp.QuoteMeta(name)
	if name == "" {
		path = ""
	}
	if option == "" {
		if text := cell(page, regexp.QuoteMeta(word)+path+`(?:[({][^`+"`"+`]*)?`); text != "" {
			return text
		}
		if _, fields, found := strings.Cut(page, "\n| field | |\n"); found {
			if text := cell(fields, regexp.QuoteMeta(name)); text != "" {
				return text
			}
		}
	}
	text := section(page, regexp.QuoteMeta(word)+path+"[({`]")
	if option != "" {
		return cell(text, regexp.QuoteMeta(option))
	}
	return sentence(text)
}

// section is what stands below the heading that has this in code.
func section(page, code string) string {
	heading := regexp.MustCompile("(?m)^##+ .*`" + code + ".*$").FindStringIndex(page)
	if heading == nil {
		return ""
	}
	rest := page[heading[1]:]
	if next := regexp.MustCompile(`(?m)^## |^### `).FindStringIndex(rest); next != nil {
		rest = rest[:next[0]]
	}
	return strings.TrimSpace(rest)
}

// cell is the last cell of the first row of a table that has this code in its first one, beside
// other code; with three cells, the default stands before it.
func cell(text, code string) string {
	row := regexp.MustCompile("(?m)^\\| (?:`[^`|]*`,? )*`" + code + "`[^|]*\\|(.*)\\|$").FindStringSubmatch(text)
	if row == nil {
		return ""
	}
	cells := strings.Split(row[1], " | ")
	words := plain(cells[len(cells)-1])
	if given := plain(cells[0]); len(cells) > 1 && given != "" && !strings.HasPrefix(given, "fn(") {
		words += "; " + given + " unless given"
	}
	if words == "" {
		return ""
	}
	return strings.ToUpper(words[:1]) + words[1:] + "."
}

// sentence is the first one of a text.
func sentence(text string) string {
	text, _, _ = strings.Cut(text, "\n\n")
	if text == "" {
		return ""
	}
	text = plain(strings.ReplaceAll(text, "\n", " "))
	if end := sentenceEnd.FindStringIndex(text); end != nil {
		return strings.TrimSuffix(text[:end[0]], ":") + "."
	}
	return text + "."
}

// plain is a text without links and the space around it.
func plain(text string) string {
	return strings.Trim(links.ReplaceAllString(text, "$1"), " |,.")
}
