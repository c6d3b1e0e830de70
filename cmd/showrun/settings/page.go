package settings

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Print lists all settings, their values and where these come from.
func (v *Values) Print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	section := ""
	for _, s := range v.table.settings {
		if s.Section != section {
			section = s.Section
			fmt.Fprintf(w, "\n[%s]\n", section)
		}
		_, text := s.use()
		from := "default"
		if value, ok := v.by[s]; ok {
			text, from = value.text, value.from
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", s.Name, text, from)
	}
	return w.Flush()
}

// Page writes the page of settings, in Markdown.
func (t *Table) Page(out io.Writer) {
	fmt.Fprint(out, intro)
	section := "-"
	for _, s := range t.settings {
		if s.Section != section {
			section = s.Section
			t.heading(out, section)
		}
		text, usual := s.use()
		if len(s.Also) > 0 {
			text += "; also of " + strings.Join(s.Also, ", ")
		}
		fmt.Fprintf(out, "| `%s` | `%s` | %s | %s | %s |\n", s.Name, s.Env(), cell(text), cell(s.takes()), cell(usual))
	}
	fmt.Fprintf(out, "\n## By hand only\n\nThese are no settings, and are given each time: `--%s`.\n", strings.Join(t.hands, "`, `--"))
}

func (t *Table) heading(out io.Writer, section string) {
	title := "Shows: above the first section"
	if section != "" {
		title = fmt.Sprintf("`[%s]`: of `showrun %s`", section, section)
	}
	fmt.Fprintf(out, "\n## %s\n\n| setting | environment | | takes | default |\n|---|---|---|---|---|\n", title)
}

// takes says how a value is written in a file.
func (s *Setting) takes() string {
	text := expected(s.flag)
	if strings.HasSuffix(s.flag.Value.Type(), "Slice") {
		text = "a list of " + text
	}
	return text
}

// cell writes a text into a cell of a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

const intro = `# Settings

Every setting is a flag of a command, and can be made in four places. What stands first here
counts:

1. the flag on the command line: ` + "`--rate 30`" + `
2. the environment variable: ` + "`SHOWRUN_RATE=30`" + `; one that is empty says nothing
3. the file ` + "`showrun.toml`" + ` in the folder of the show, then the one in the user's configuration
   folder, which on Linux is ` + "`~/.config/showrun`" + `: ` + "`rate = 30`" + `
4. the default

` + "`showrun config [SHOW]`" + ` prints every setting, its value and where it comes from. A setting that
is unknown, of the wrong type or out of range is an error that names file and line.

` + "```toml" + `
rate = 30                        # of every show
memory = 200
exit-time = "10s"                # times and texts stand in quotes

[show.gala]                      # of the show that is called gala only
osc = "127.0.0.1:7771"

[deck]                           # of showrun deck
bpm = 126
` + "```" + `

In a file, ` + "`[show.NAME]`" + ` counts more than what is for every show. A path in a file is relative to
the folder of the file. Keys and passphrases are refused in files, as they are on the command line.
` + "`showrun ctl`" + ` has no settings, so nothing keeps an emergency stop from going through.

This page is made from the flags: ` + "`go test ./cmd/showrun -run SettingsPage -update`" + `.
`
