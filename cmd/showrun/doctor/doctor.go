// Package doctor looks whether a computer is fit for a show: its network, the ports, how
// exactly it wakes, the key, what is kept, the time. Each check is a function of a Machine,
// which is this computer or, in tests, one that is broken.
//
// A check changes nothing that stays, and takes no longer than a few seconds. Devices get
// nothing but what asks: an empty datagram to hosts that a show names, a question to a DMX
// widget it names, an invitation to a MIDI session it names, which is left again.
package doctor

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"showrun/cmd/showrun/terminal"
	"showrun/cmd/showrun/topic"
)

// A Grade says how bad a finding is.
type Grade string

// The grades.
const (
	OK   Grade = "ok"
	Warn Grade = "warn" // the show runs, but something may go wrong
	Fail Grade = "fail" // something of a show will not work
)

// String is the grade as people see it first.
func (g Grade) String() string {
	if g == Fail {
		return "FAIL"
	}
	return string(g)
}

// A Finding is one line of the report.
type Finding struct {
	Check  string `json:"check"`
	Grade  Grade  `json:"grade"`
	Text   string `json:"text"`
	Remedy string `json:"remedy,omitempty"` // what to type, if anything helps
	Help   string `json:"help,omitempty"`   // the topic of showrun help, if it is not OK
}

// Options say what to look at.
type Options struct {
	Interface string // of the show: a name or an address, "" = none is named
	StateDir  string // of what is kept
	Show      string // a show file or folder; "" = none
}

// A check looks at one thing. It fills in all of its findings but their Check and Help.
type check struct {
	name string
	look func(context.Context, *Machine, Options) []Finding
}

// checks are all that need no show, in the order of the report.
func checks() []check {
	return []check{
		{"interfaces", interfaces}, {"multicast", multicasts}, {"ports", ports}, {"firewall", firewall}, {"serial", serialPorts}, {"midi", midiPorts},
		{"timers", timers}, {"priority", priority},
		{"key", keys}, {"state", state}, {"time", wallClock},
		{"files", descriptors}, {"memory", memory}, {"shows", shows},
	}
}

// topics are those of showrun help by the checks whose findings lead there, unless their words
// lead to another one.
func topics() map[string]string {
	return map[string]string{
		"interfaces": "no-network", "multicast": "groups-get-lost", "ports": "port-in-use", "firewall": "firewall",
		"serial": "permissions", "midi": "no-midi", "timers": "late-frames", "priority": "late-frames",
		"key": "no-key", "state": "permissions", "shows": "ctl-finds-no-show", "show": "waited-for",
	}
}

// Examine looks at everything and tells each finding as soon as there is one.
func Examine(ctx context.Context, m *Machine, o Options, tell func(Finding)) (all []Finding) {
	list := checks()
	if o.Show != "" {
		list = append(list, check{"show", m.Devices})
	}
	for _, c := range list {
		for _, f := range c.look(ctx, m, o) {
			f.Check = c.name
			if f.Grade != OK {
				f.Help = cmp.Or(topic.Of(f.Text, nil), topics()[c.name])
			}
			all = append(all, f)
			tell(f)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return all
}

func ok(format string, args ...any) Finding {
	return Finding{Grade: OK, Text: fmt.Sprintf(format, args...)}
}

func warn(remedy, format string, args ...any) Finding {
	return Finding{Grade: Warn, Text: fmt.Sprintf(format, args...), Remedy: remedy}
}

func fail(remedy, format string, args ...any) Finding {
	return Finding{Grade: Fail, Text: fmt.Sprintf(format, args...), Remedy: remedy}
}

// Failed counts the findings that are failures.
func Failed(all []Finding) int { return count(all, Fail) }

func count(all []Finding, g Grade) (n int) {
	for _, f := range all {
		if f.Grade == g {
			n++
		}
	}
	return n
}

// Line is a finding for people; what to type stands below it, and what to type to read more.
func (f Finding) Line() string {
	line := fmt.Sprintf("%-4s  %-10s  %s", f.Grade, f.Check, terminal.Printable(f.Text, ""))
	typed := func(command string) {
		line += "\n" + strings.Repeat(" ", 18) + "$ " + terminal.Printable(command, "")
	}
	if f.Remedy != "" {
		typed(f.Remedy)
	}
	if f.Help != "" {
		typed(topic.Hint(f.Help))
	}
	return line
}

// Verdict is the last line.
func Verdict(all []Finding) string {
	warnings := terminal.Plural(count(all, Warn), "warning")
	switch n := Failed(all); {
	case n > 0:
		return fmt.Sprintf("NOT READY: %s, %s", terminal.Plural(n, "failure"), warnings)
	case count(all, Warn) > 0:
		return "ready, with " + warnings
	}
	return "ready"
}

// A Report is all of it for programs.
type Report struct {
	Version string    `json:"version"`
	System  string    `json:"system"`
	Ready   bool      `json:"ready"` // nothing fails
	Checks  []Finding `json:"checks"`
}

// WriteJSON writes the report as one JSON object.
func WriteJSON(w io.Writer, version, system string, all []Finding) error {
	b, err := json.MarshalIndent(Report{version, system, Failed(all) == 0, append([]Finding{}, all...)}, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", b)
	return err
}

// Text is the report as people see it.
func Text(all []Finding) string {
	var lines []string
	for _, f := range all {
		lines = append(lines, f.Line())
	}
	return strings.Join(slices.Concat(lines, []string{"", Verdict(all)}), "\n") + "\n"
}
