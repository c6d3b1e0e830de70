package topic

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"showrun/bindings/reference"
)

var (
	section  = regexp.MustCompile(`(?m)^(##+) (.*)\n`)
	function = regexp.MustCompile("`([a-z_]+(?:[.:][a-z_]+)+)")
)

// Functions are the topics that are functions of the reference, as they are written there: clock.after
// or fixture:fade.
func Functions() (names []string) {
	for _, page := range reference.Pages() {
		for _, m := range section.FindAllStringSubmatch(page, -1) {
			names = append(names, named(m[2])...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// named are the functions that a heading names.
func named(heading string) (names []string) {
	for _, m := range function.FindAllStringSubmatch(heading, -1) {
		names = append(names, m[1])
	}
	return names
}

// functionText is what the pages say of a function: of those of a whole name, or else of all whose
// last part is that.
func functionText(name string) string {
	if text := sections(func(fn string) bool { return fn == name }); text != "" {
		return text
	}
	return sections(func(fn string) bool { return fn[strings.LastIndexAny(fn, ".:")+1:] == name })
}

// sections are those that are about a function, with the topics that they are of.
func sections(about func(fn string) bool) string {
	var all []string
	for _, file := range slices.Sorted(maps.Keys(reference.Pages())) {
		page := reference.Pages()[file]
		for _, at := range section.FindAllStringSubmatchIndex(page, -1) {
			if !slices.ContainsFunc(named(page[at[4]:at[5]]), about) {
				continue
			}
			all = append(all, strings.TrimSpace(page[at[0]:at[1]+ends(page[at[1]:], at[3]-at[2])])+"\n\nMore: "+Hint(file)+"\n")
		}
	}
	return strings.Join(all, "\n")
}

// ends is where a section does that has no deeper heading than so many marks: at the next one that is
// not below it.
func ends(rest string, marks int) int {
	for _, at := range section.FindAllStringSubmatchIndex(rest, -1) {
		if at[3]-at[2] <= marks {
			return at[0]
		}
	}
	return len(rest)
}
