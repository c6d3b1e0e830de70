package check

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"showrun/runtime/script/syntax"
)

// quoted are the names in a message.
var quoted = regexp.MustCompile(`'([^']+)'|"([^"]+)"`)

// callName is the function in front of a message, as in "stage.fixture:fade: …".
var callName = regexp.MustCompile(`^[a-z_]+(?:[.:][a-z_]+)+: `)

// locate finds where in its line, or in the call that begins there, stands what a remark is
// about: the first name in quotes, or the name of the call.
func (c *check) locate(f *syntax.File, r *syntax.Remark) {
	call := c.callsAt(f, r.Line, last(callName.FindString(r.Text)))
	if len(call) > 0 && c.name(f, r, call[0]) || r.Column > 0 {
		return
	}
	if len(call) > 0 {
		r.Line, r.Column = f.Place(call[0].NameAt)
		return
	}
	line := f.Line(min(max(r.Line, 1), f.Lines()))
	for _, m := range quoted.FindAllStringSubmatch(r.Text, -1) {
		if i := strings.Index(line, m[1]+m[2]); i >= 0 {
			r.Column = len([]rune(line[:i])) + 1
			return
		}
	}
	r.Column = len(line) - len(strings.TrimLeft(line, " \t")) + 1
}

// name puts a remark where the first name in quotes stands in the arguments of a call.
func (c *check) name(f *syntax.File, r *syntax.Remark, call *syntax.Call) (found bool) {
	for _, m := range quoted.FindAllStringSubmatch(r.Text, -1) {
		for _, a := range call.Args {
			syntax.Walk(a, func(n syntax.Node) bool {
				if t, ok := n.(*syntax.Text); ok && !found && t.Value == m[1]+m[2] {
					r.Line, r.Column = f.Place(t.Place())
					found = true
				}
				_, inner := n.(*syntax.Function)
				return !found && !inner
			})
			if found {
				return true
			}
		}
	}
	return false
}

// last is the last part of the name of a call.
func last(call string) string {
	call = strings.TrimSuffix(call, ": ")
	return call[strings.LastIndexAny(call, ".:")+1:]
}

// spot is a line and the name of what is called there.
type spot struct {
	line int
	name string
}

// callsAt are the calls of a name that stand at a line.
func (c *check) callsAt(f *syntax.File, line int, name string) []*syntax.Call {
	if name == "" {
		return nil
	}
	if c.calls[f] == nil {
		c.calls[f] = callsOf(f)
	}
	return c.calls[f][spot{line, name}]
}

// callsOf are the calls in a file, by the lines where they begin, where their names stand and
// where they end.
func callsOf(f *syntax.File) map[spot][]*syntax.Call {
	calls := map[spot][]*syntax.Call{}
	syntax.Walk(f.Main, func(n syntax.Node) bool {
		call, ok := n.(*syntax.Call)
		if !ok {
			return true
		}
		for _, at := range []int{call.Place(), call.NameAt, call.End} {
			line, _ := f.Place(at)
			if here := (spot{line, nameOf(call)}); !slices.Contains(calls[here], call) {
				calls[here] = append(calls[here], call)
			}
		}
		return true
	})
	return calls
}

// nameOf is the last name of what is called.
func nameOf(c *syntax.Call) string {
	if c.Method != "" {
		return c.Method
	}
	switch fn := c.Func.(type) {
	case *syntax.Name:
		if fn.Local != nil && fn.Local.Value != nil {
			if i, ok := fn.Local.Value.(*syntax.Index); ok {
				return keyOf(i)
			}
		}
		return fn.Name
	case *syntax.Index:
		return keyOf(fn)
	}
	return ""
}

func keyOf(i *syntax.Index) string {
	k, _ := i.Key.(*syntax.Text)
	if k == nil {
		return ""
	}
	return k.Value
}

// suspicious tells whether somebody who wrote so many seconds meant milliseconds: they are many
// and round, but no whole minutes such as 300 or 1800.
func suspicious(seconds float64) bool {
	return seconds >= 200 && math.Mod(seconds, 50) == 0 && (math.Mod(seconds, 60) != 0 || math.Mod(seconds, 500) == 0)
}

// durations notes the numbers that are taken as seconds and look like milliseconds. What is
// computed is known to be meant.
func (c *check) durations() {
	for _, d := range c.looker.Lengths() {
		f := c.file(d.File)
		if f == nil || !suspicious(d.Seconds) {
			continue
		}
		for _, call := range c.callsAt(f, d.Line, last(d.Call)) {
			for _, a := range call.Args {
				if at, ok := written(a, d.Seconds); ok {
					c.find(f, at, "duration", fmt.Sprintf("%s takes seconds, and %s of them are %s minutes", d.Call, decimal(d.Seconds), decimal(math.Round(d.Seconds/6)/10)),
						fmt.Sprintf("write %s or \"%[2]sms\" for milliseconds, or \"%[2]ss\" if it is meant", decimal(d.Seconds/1000), decimal(d.Seconds)))
				}
			}
		}
	}
}

// decimal is a number as it is written in a duration.
func decimal(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// written is where a number stands in an expression, as such or as a variable that is it.
func written(e syntax.Expr, number float64) (at int, found bool) {
	is := func(e syntax.Expr) bool { n, ok := e.(*syntax.Number); return ok && n.Value == number }
	visit := func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Number:
			if is(n) && !found {
				at, found = n.Place(), true
			}
		case *syntax.Name:
			if n.Local != nil && n.Local.Sets == 0 && n.Local.Value != nil && is(n.Local.Value) && !found {
				at, found = n.Place(), true
			}
		case *syntax.Index:
			if v := constant(n); v != nil && is(v) && !found {
				at, found = n.Place(), true
			}
			return false
		case *syntax.Function, *syntax.Binary, *syntax.Call:
			return false
		}
		return true
	}
	syntax.Walk(e, visit)
	return at, found
}

// constant is the field of a table that stands in the text, if an index is that.
func constant(i *syntax.Index) syntax.Expr {
	n, ok := i.Of.(*syntax.Name)
	if !ok || n.Local == nil || n.Local.Sets > 0 {
		return nil
	}
	t, ok := n.Local.Value.(*syntax.Table)
	if !ok {
		return nil
	}
	for _, f := range t.Fields {
		if k, ok := f.Key.(*syntax.Text); ok && k.Value == keyOf(i) {
			return f.Value
		}
	}
	return nil
}

// devices notes what was declared and is not used: by itself, or as a variable that nobody
// reads. A show that is nothing but declarations is only begun. A universe by itself is sent, and
// dark.
func (c *check) devices() {
	others := c.others()
	if !c.acts() {
		return
	}
	for _, d := range c.looker.Declared() {
		f := c.file(d.File)
		module, _, _ := strings.Cut(d.Call, ".")
		if f == nil || others[module] {
			continue
		}
		calls := c.callsAt(f, d.Line, last(d.Call))
		syntax.Walk(f.Main, func(n syntax.Node) bool {
			switch n := n.(type) {
			case *syntax.Do:
				if slices.Contains(calls, n.Call) && !strings.Contains(d.Call, ":") {
					c.unused(f, n.Call.NameAt, d.Call)
				}
			case *syntax.Local:
				for i, v := range n.Vars {
					if call, ok := v.Value.(*syntax.Call); ok && i < len(n.Values) && v.Reads == 0 && slices.Contains(calls, call) {
						c.unused(f, v.At, d.Call)
					}
				}
			}
			return true
		})
	}
}

// acts tells whether the show calls more than require, and more than declares devices.
func (c *check) acts() (does bool) {
	for _, f := range c.files {
		calls := map[*syntax.Call]bool{}
		for _, d := range c.looker.Declared() {
			if d.File != f.Name {
				continue
			}
			for _, call := range c.callsAt(f, d.Line, last(d.Call)) {
				calls[call] = true
			}
		}
		declaring := len(calls)
		syntax.Walk(f.Main, func(n syntax.Node) bool {
			if call, ok := n.(*syntax.Call); ok {
				if _, requires := required(call); !requires {
					declaring--
				}
			}
			return true
		})
		does = does || declaring < 0
	}
	return does
}

// others are the modules of which functions are called that declare no device: those may use
// any that there is.
func (c *check) others() map[string]bool {
	declaring := map[string]bool{}
	for _, d := range c.looker.Declared() {
		declaring[d.Call] = true
	}
	used := map[string]bool{}
	l := &looping{check: c}
	for _, f := range c.files {
		syntax.Walk(f.Main, func(n syntax.Node) bool {
			if call, ok := n.(*syntax.Call); ok && call.Method == "" {
				path := l.path(call.Func)
				module, _, found := strings.Cut(path, ".")
				used[module] = used[module] || found && !declaring[path]
			}
			return true
		})
	}
	return used
}

func (c *check) unused(f *syntax.File, at int, call string) {
	c.find(f, at, "unused-device", "the "+call+" is never used", "take it out, or use it")
}

// allowed is a comment that silences rules; behind another -- may stand why.
var allowed = regexp.MustCompile(`--\s*showrun:\s*allow\b(.*?)(?:--.*)?$`)

// allow takes out what the lines of findings allow, and notes what silences nothing.
func (c *check) allow() {
	for _, f := range c.files {
		for _, comment := range f.Comments {
			m := allowed.FindStringSubmatchIndex(comment.Text)
			if m == nil {
				continue
			}
			line, column := f.Place(comment.At + m[0])
			rules := strings.FieldsFunc(comment.Text[m[2]:m[3]], func(r rune) bool { return r == ' ' || r == ',' || r == '\t' })
			for _, rule := range rules {
				c.silence(f, line, column, rule)
			}
			if len(rules) == 0 {
				c.silence(f, line, column, "")
			}
		}
	}
}

func (c *check) silence(f *syntax.File, line, column int, rule string) {
	before := len(c.findings)
	c.findings = slices.DeleteFunc(c.findings, func(x Finding) bool {
		return x.File == f.Name && x.Line == line && x.Rule == rule && rule != "allow"
	})
	switch {
	case !isRule(rule):
		c.findings = append(c.findings, Finding{f.Name, line, column, "allow", fmt.Sprintf("there is no rule '%s'", rule), "showrun check --rules lists them"})
	case len(c.findings) == before:
		c.findings = append(c.findings, Finding{f.Name, line, column, "allow", fmt.Sprintf("nothing here is found by the rule '%s'", rule), "take the comment out"})
	}
}
