package terminal

import "github.com/rivo/uniseg"

// Width is how many columns of a terminal a text takes.
func Width(text string) int { return uniseg.StringWidth(text) }

// Fit cuts a line to at most width columns, and nothing that is drawn as one in two.
func Fit(line string, width int) string {
	columns, rest, state := 0, line, -1
	for rest != "" {
		var wide int
		before := len(line) - len(rest)
		_, rest, wide, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if columns += wide; columns > max(width, 0) {
			return line[:before]
		}
	}
	return line
}

// Shorten cuts a text that takes more than width columns, and shows that it did.
func Shorten(text string, width int) string {
	if Width(text) <= width {
		return text
	}
	return Fit(text, width-1) + "…"
}
