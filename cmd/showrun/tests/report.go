package tests

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"showrun/cmd/showrun/terminal"
	"showrun/runtime/rehearse/trial"
	"showrun/runtime/script"
)

// Report writes how tests went, for people.
type Report struct {
	W       io.Writer
	Verbose bool // tell of those that passed as well
	Colored bool
}

const (
	red, green, faint, plain = "\x1b[31m", "\x1b[32m", "\x1b[2m", "\x1b[0m"
)

func (r Report) paint(color, text string) string {
	if !r.Colored {
		return text
	}
	return color + text + plain
}

// File tells of a file.
func (r Report) File(f trial.File) {
	if f.Err != nil {
		fmt.Fprintf(r.W, "%s %s does not run\n%s\n", r.paint(red, "FAIL"), f.Name, indent(terminal.Printable(within(f.Name, loadError(f.Err)), "\n\t")))
	}
	for _, t := range f.Results {
		name := terminal.Printable(fmt.Sprintf("%s (%s)", t.Name, within(f.Name, t.Line)), "")
		switch {
		case len(t.Failed) > 0:
			fmt.Fprintf(r.W, "%s %s\n", r.paint(red, "FAIL"), name)
			for _, failure := range t.Failed {
				fmt.Fprintln(r.W, indent(terminal.Printable(within(f.Name, failure.String()), "\n\t")))
			}
			r.said(t, fewLines)
		case r.Verbose && t.Skipped:
			fmt.Fprintf(r.W, "%s %s\n", r.paint(faint, "skip"), name)
		case r.Verbose && f.Err == nil:
			fmt.Fprintf(r.W, "%s   %s, %.3f s of the show\n", r.paint(green, "ok"), name, t.Took.Seconds())
			r.said(t, len(t.Said))
		}
	}
}

// fewLines is how much of what was logged is told of a test that fails.
const fewLines = 10

// said tells the last that was logged in a test.
func (r Report) said(t trial.Result, most int) {
	if r.Verbose {
		most = len(t.Said)
	}
	for _, line := range t.Said[max(len(t.Said)-most, 0):] {
		fmt.Fprintln(r.W, r.paint(faint, "  "+terminal.Printable(line, "")))
	}
}

// loadError is why a file does not run, with the calls that led there.
func loadError(err error) string {
	text := err.Error()
	var f *script.Failure
	if errors.As(err, &f) && strings.Contains(f.Trace, "\n") {
		text += "\n" + indent(f.Trace)
	}
	return text
}

// within is a text that begins with file:line, as seen from where the file of tests is named
// from.
func within(file, text string) string {
	if dir := path.Dir(file); dir != "." && strings.Contains(text, ".lua:") && !strings.HasPrefix(text, "open ") {
		return path.Join(dir, text[:strings.Index(text, ".lua:")]) + text[strings.Index(text, ".lua:"):]
	}
	return text
}

func indent(text string) string { return "  " + strings.ReplaceAll(text, "\n", "\n  ") }

// Count is how many tests there were.
type Count struct{ Tests, Failed, Skipped, Broken int } // Broken are files that do not run

// CountOf counts.
func CountOf(files []trial.File) (c Count) {
	for _, f := range files {
		if f.Err != nil {
			c.Broken++
		}
		c.Tests += len(f.Results)
		c.Failed += f.Failed()
		for _, t := range f.Results {
			if t.Skipped {
				c.Skipped++
			}
		}
	}
	return c
}

// String is the count in words.
func (c Count) String() string {
	var parts []string
	if c.Failed > 0 {
		parts = append(parts, fmt.Sprintf("%d failed", c.Failed))
	}
	if c.Broken == 1 {
		parts = append(parts, "1 file does not run")
	} else if c.Broken > 1 {
		parts = append(parts, fmt.Sprintf("%d files do not run", c.Broken))
	}
	if parts == nil {
		parts = []string{"all is well"}
	}
	if c.Skipped > 0 {
		parts = append(parts, fmt.Sprintf("%d skipped", c.Skipped))
	}
	return terminal.Plural(c.Tests, "test") + ", " + strings.Join(parts, ", ")
}

// The elements of a JUnit report.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Time     string      `xml:"time,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		File    string        `xml:"file,attr"`
		Line    string        `xml:"line,attr,omitempty"`
		Time    string        `xml:"time,attr"`
		Failure *junitMessage `xml:"failure"`
		Error   *junitMessage `xml:"error"`
		Skipped *struct{}     `xml:"skipped"`
	}
	junitMessage struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes a report that build servers read. Its times are those of the shows.
func WriteJUnit(w io.Writer, files []trial.File) error {
	all := junitSuites{Tests: CountOf(files).Tests, Failures: CountOf(files).Failed, Errors: CountOf(files).Broken}
	for _, f := range files {
		c := CountOf([]trial.File{f})
		s := junitSuite{Name: f.Name, Tests: c.Tests, Failures: c.Failed, Errors: c.Broken, Skipped: c.Skipped}
		total := 0.0
		for _, t := range f.Results {
			total += t.Took.Seconds()
			s.Cases = append(s.Cases, junitOf(f, t))
		}
		if f.Err != nil {
			s.Tests++
			s.Cases = append(s.Cases, junitCase{Name: "load", Class: f.Name, File: f.Name, Time: "0.000", Error: &junitMessage{f.Err.Error(), loadError(f.Err)}})
		}
		s.Time = fmt.Sprintf("%.3f", total)
		all.Suites = append(all.Suites, s)
	}
	all.Tests += all.Errors
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func junitOf(f trial.File, t trial.Result) junitCase {
	_, line, _ := strings.Cut(t.Line, ":")
	c := junitCase{Name: t.Name, Class: f.Name, File: f.Name, Line: line, Time: fmt.Sprintf("%.3f", t.Took.Seconds())}
	if t.Skipped {
		c.Skipped = &struct{}{}
	}
	if len(t.Failed) > 0 {
		var texts []string
		for _, failure := range t.Failed {
			texts = append(texts, failure.String())
		}
		first, _, _ := strings.Cut(texts[0], "\n")
		c.Failure = &junitMessage{first, strings.Join(texts, "\n")}
	}
	return c
}
