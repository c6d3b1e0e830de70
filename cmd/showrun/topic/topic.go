// Package topic holds what showrun help tells beside the commands: the pages of the
// reference, their functions, and the sections of its page about trouble; and which message leads
// to which.
package topic

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"showrun/bindings/reference"
)

// trouble is the page of which each section is a topic.
const trouble = "troubleshooting.md"

// Start is the topic for who has no message to go by.
const Start = "nothing-happens"

// Hint is what to type for a topic.
func Hint(topic string) string { return "showrun help " + topic }

var (
	heading     = regexp.MustCompile(`(?m)^## (.*)\n`)
	unspeakable = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	link        = regexp.MustCompile(`\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)#]*)(?:#([^)]*))?\)`)
)

// Sections are the topics about trouble, in the order of the page.
func Sections() (names []string) {
	for _, m := range heading.FindAllStringSubmatch(reference.Pages()[trouble], -1) {
		names = append(names, anchor(m[1]))
	}
	return names
}

// Pages are the topics that are pages, by name.
func Pages() (names []string) {
	for _, file := range slices.Sorted(maps.Keys(reference.Pages())) {
		names = append(names, strings.TrimSuffix(file, ".md"))
	}
	return names
}

// Text is what there is to say of a topic, which may end with ".md" where a command has the
// same name; "" if there is no such topic.
func Text(topic string) string {
	pages := reference.Pages()
	if page, is := pages[strings.TrimSuffix(topic, ".md")+".md"]; is {
		return spoken(page)
	}
	page := pages[trouble]
	for _, at := range heading.FindAllStringSubmatchIndex(page, -1) {
		if anchor(page[at[2]:at[3]]) != topic {
			continue
		}
		end := len(page)
		if next := heading.FindStringIndex(page[at[1]:]); next != nil {
			end = at[1] + next[0]
		}
		return spoken(strings.TrimSpace(page[at[0]:end]) + "\n")
	}
	return spoken(functionText(topic))
}

// anchor is how a link names a heading.
func anchor(heading string) string {
	return strings.ReplaceAll(unspeakable.ReplaceAllString(strings.ToLower(heading), ""), " ", "-")
}

// spoken is a page for a terminal: a link is its text, and what to type if it leads to a topic.
func spoken(page string) string {
	sections := Sections()
	return link.ReplaceAllStringFunc(page, func(text string) string {
		m := link.FindStringSubmatch(text)
		switch words, file, at := m[1], m[2], m[3]; {
		case (file == "" || file == trouble) && slices.Contains(sections, at):
			return words + " (" + Hint(at) + ")"
		case strings.Contains(file, "://"):
			return words + " (" + file + ")"
		case file != "" && reference.Pages()[file] != "":
			return words + " (" + Hint(file) + ")"
		default:
			return words
		}
	})
}
