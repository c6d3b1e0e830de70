package check

import (
	"regexp"
	"strings"
)

// A Rule is a kind of mistake.
type Rule struct {
	Name string `json:"rule"`
	Text string `json:"text"` // what it finds, a sentence
}

// Rules lists all rules, in the order in which people are told of them.
func Rules() []Rule {
	return []Rule{
		{"syntax", "A file that does not compile."},
		{"load", "What ends the load of the show besides a wrong call: it would not go live."},
		{"argument", "A call of a module with what it does not take: values out of range, of the wrong kind, too few or too many."},
		{"option", "A field in a table of options, or a channel in levels, that there is not."},
		{"name", "The name of a fixture, a group, a cue, a file or a module that there is not."},
		{"patch", "Fixtures that overlap, do not fit into their universe, or share a name."},
		{"profile", "A fixture profile that cannot be used."},
		{"member", "A function, a method or a field that a module, an object or a beat does not have."},
		{"place", "What is possible only while the show loads, in a handler; or only in a handler, while it loads."},
		{"global", "A global variable that nothing sets: mostly a missing `local x = require \"x\"`, or a misspelt name."},
		{"duration", "A number of seconds that looks like milliseconds, as in `fade(0, 3000)`: many and round, but not whole minutes."},
		{"endless-loop", "A loop in which nothing waits and that nothing ends."},
		{"unreachable-cue", "A cue that its timecode passes over, or a second cue of one number."},
		{"empty-cue", "A cue that changes nothing."},
		{"mark", "A mark with nothing to put in place in the dark."},
		{"unused-device", "A device or a universe that is declared and never used."},
		{"allow", "A comment `-- showrun: allow` that names no rule, or silences nothing."},
	}
}

func isRule(name string) bool {
	for _, r := range Rules() {
		if r.Name == name {
			return true
		}
	}
	return false
}

// kinds tell the rule by what was raised; the first that fits counts.
var kinds = []struct {
	rule string
	says *regexp.Regexp
}{
	{"member", regexp.MustCompile(`^[a-z_.]+ has no '`)},
	{"place", regexp.MustCompile(`while the show loads|operated in a task or a handler|cannot wait here`)},
	{"profile", regexp.MustCompile(`^stage\.fixture: .*\.(json|gdtf)\b|Open Fixture|GDTF`)},
	{"patch", regexp.MustCompile(`overlap|slots? \d+.*(taken|beyond|does not fit)|is patched|name is taken|run past the last slot|already called|called .* already|does not fit`)},
	{"unreachable-cue", regexp.MustCompile(`cue [\d.]+ .*(already|twice)|there is a cue`)},
	{"option", regexp.MustCompile(`unknown option|has no channel|has no '?"?[\w ]+"?'?[;:( ].*(channel|it has)|has no "`)},
	{"name", regexp.MustCompile(`no (fixture|group|cue|file|param|list|lease)|is called|no module|there is no `)},
	{"member", regexp.MustCompile(`has no '|attempt to call a nil value \((field|method) .*did you mean`)},
}

// ruleOf is the rule of what a call has raised.
func ruleOf(text string) string {
	for _, k := range kinds {
		if k.says.MatchString(text) {
			return k.rule
		}
	}
	return "argument"
}

// remedyOf takes a remedy off a text: the last brackets or what is behind the last
// semicolon.
func remedyOf(text string) (rest, remedy string) {
	if strings.HasSuffix(text, ")") {
		if i := strings.LastIndex(text, " ("); i > 0 {
			return text[:i], text[i+2 : len(text)-1]
		}
	}
	if rest, remedy, found := strings.Cut(text, "; "); found {
		return rest, remedy
	}
	return text, ""
}
