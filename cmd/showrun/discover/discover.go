// Package discover finds what is on the network, for the command of that name: a
// Search for each protocol, and what people and programs are shown of it.
package discover

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"showrun/cmd/showrun/terminal"
)

// A Search looks for the devices of one protocol.
type Search interface {
	// Run looks until ctx ends, which gives nil.
	Run(ctx context.Context) error
	// Found is what there is at now. It may be called from any goroutine, also
	// before and after Run.
	Found(now time.Time) Section
}

// A Section is what was found by one protocol.
type Section struct {
	Name    string   // for programs
	Title   string   // for people
	Doing   string   // what the Search waits for, if anything
	Columns []string // of the table
	Rows    []Row
	Remarks []string // on the whole, for people
	// Document is the same for programs: something that becomes a JSON object.
	Document any
}

// A Row is a device in the table.
type Row struct {
	Cells   []string
	Details []string // lines below it
}

// WriteJSON writes one JSON object with a member for each section.
func WriteJSON(w io.Writer, sections []Section) error {
	document := map[string]any{}
	for _, s := range sections {
		document[s.Name] = s.Document
	}
	b, err := json.MarshalIndent(document, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", b)
	return err
}

// WriteText writes what was found in the end.
func WriteText(w io.Writer, sections []Section) error {
	over := slices.Clone(sections)
	for i := range over {
		over[i].Doing = ""
	}
	_, err := fmt.Fprintln(w, strings.Join(Lines(over), "\n"))
	return err
}

// Lines are the sections as text. What devices say about themselves is made safe
// for a terminal.
func Lines(sections []Section) []string {
	var lines []string
	for i, s := range sections {
		if i > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, s.lines()...)
	}
	return lines
}

func (s Section) lines() []string {
	head := s.Title + ": " + terminal.Plural(len(s.Rows), "device")
	if len(s.Rows) == 0 {
		head = s.Title + ": nothing found"
	}
	if s.Doing != "" {
		head += " (" + s.Doing + ")"
	}
	lines := []string{head}
	for _, r := range s.Remarks {
		for line := range strings.SplitSeq(r, "\n") {
			lines = append(lines, "  "+terminal.Printable(line, ""))
		}
	}
	if len(s.Rows) == 0 {
		return lines
	}
	widths := make([]int, len(s.Columns))
	rows := append([]Row{{Cells: s.Columns}}, s.Rows...)
	for i, r := range rows {
		cells := make([]string, len(r.Cells))
		for c, text := range r.Cells {
			cells[c] = terminal.Printable(text, "")
			widths[c] = max(widths[c], terminal.Width(cells[c]))
		}
		rows[i].Cells = cells
	}
	for _, r := range rows {
		line := " "
		for c, text := range r.Cells {
			line += " " + text + strings.Repeat(" ", widths[c]-terminal.Width(text)) + " "
		}
		lines = append(lines, strings.TrimRight(line, " "))
		for _, d := range r.Details {
			lines = append(lines, "      "+terminal.Printable(d, ""))
		}
	}
	return lines
}

// Status is what is going on, in one line.
func Status(sections []Section) string {
	var parts []string
	for _, s := range sections {
		part := s.Title + ": " + terminal.Plural(len(s.Rows), "device")
		if s.Doing != "" {
			part += ", " + s.Doing
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, " · ")
}

// Any tells whether there is any device.
func Any(sections []Section) bool {
	return slices.ContainsFunc(sections, func(s Section) bool { return len(s.Rows) > 0 })
}
