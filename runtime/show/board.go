package show

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"showrun/runtime/patch"
)

// Board is what people can operate of the live load, and how it stands: a plain value
// that nobody changes once it is published.
type Board struct {
	Params   []Param
	Triggers []Trigger
	Lists    []List // the first is the main list
	Master   float64
	Blackout bool
	Holds    []HeldLevel // in the order in which they came

	Patch     *patch.Patch // what can be held; nil before anything is live
	Machinery []string     // what moves, and is not held, as logs call it
}

// Param is a value that people set while the show runs: a float64, a bool or a string.
type Param struct {
	Name           string
	Value, Default any
	Min, Max       float64  // of a number; infinite where there is no end
	Step           float64  // of a number, counted from Min, or from 0 without one; 0 = any
	Unit           string   // for people
	Choices        []string // of a string; none = any text
}

// Trigger is a button.
type Trigger struct {
	Name  string
	Fired uint64 // how often, in this load
}

// List is a cue list.
type List struct {
	Name     string
	Cues     []Cue
	Current  string        // number of the cue that was fired last; "" if none was
	Next     string        // number of the cue that GO fires; "" at the end
	Pending  Pending       // what fires by itself
	From, To time.Duration // show times of the fades of the current cue
}

// Cue is a cue of a list. Its number is as people write it: "5", "10.5".
type Cue struct{ Number, Label string }

// Pending is a cue that fires by itself.
type Pending struct {
	Kind string // "wait", "follow" or "hang"; "" if nothing is pending
	Cue  string // its number
	At   time.Duration
}

// Param finds a param by its name.
func (b *Board) Param(name string) (*Param, error) {
	i := slices.IndexFunc(b.Params, func(p Param) bool { return p.Name == name })
	if i < 0 {
		var names []string
		for _, p := range b.Params {
			names = append(names, p.Name)
		}
		return nil, unknown("param", "params", name, names)
	}
	return &b.Params[i], nil
}

// Trigger reports that there is a trigger, nil, or which there are.
func (b *Board) Trigger(name string) error {
	var names []string
	for _, t := range b.Triggers {
		if t.Name == name {
			return nil
		}
		names = append(names, t.Name)
	}
	return unknown("trigger", "triggers", name, names)
}

// List finds a cue list by its name; "" is the main list.
func (b *Board) List(name string) (*List, error) {
	if len(b.Lists) > 0 && name == "" {
		return &b.Lists[0], nil
	}
	var names []string
	for i := range b.Lists {
		if b.Lists[i].Name == name {
			return &b.Lists[i], nil
		}
		names = append(names, b.Lists[i].Name)
	}
	return nil, unknown("cue list", "cue lists", name, names)
}

// Cue finds a cue by its number, however that is written.
func (l *List) Cue(number string) (Cue, error) {
	n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil {
		return Cue{}, fmt.Errorf("a cue has a number, got %q", cut(number))
	}
	var last string
	for _, c := range l.Cues {
		if is, err := strconv.ParseFloat(c.Number, 64); err == nil && is == n {
			return c, nil
		}
		last = c.Number
	}
	if len(l.Cues) == 1 {
		return Cue{}, fmt.Errorf("list %s has no cue %s; it has %s", l.Name, cut(number), last)
	}
	return Cue{}, fmt.Errorf("list %s has no cue %s; it has %d cues, %s to %s", l.Name, cut(number), len(l.Cues), l.Cues[0].Number, last)
}

// unknown tells that there is none of a name, and which may have been meant.
func unknown(one, many, name string, names []string) error {
	slices.Sort(names)
	switch best := patch.Closest(name, names); {
	case len(names) == 0:
		return fmt.Errorf("the show has no %s", many)
	case name == "":
		return fmt.Errorf("name the %s; there are %s", one, listed(names))
	case best != "":
		return fmt.Errorf("no %s is called %q (did you mean %q?)", one, cut(name), best)
	}
	return fmt.Errorf("no %s is called %q; there are %s", one, cut(name), listed(names))
}

// mostListed is how many names an error lists.
const mostListed = 20

func listed(names []string) string {
	if len(names) > mostListed {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:mostListed], ", "), len(names)-mostListed)
	}
	return strings.Join(names, ", ")
}

// longestQuoted is how much of a text an error repeats, in bytes.
const longestQuoted = 60

func cut(text string) string {
	if len(text) <= longestQuoted {
		return text
	}
	return strings.ToValidUTF8(text[:longestQuoted], "") + "…"
}

// Fit is what a value from outside stands for as one of the param: text is read as a number
// or as true or false where the param is that, and a number as true or false; a number goes
// to the nearest step. The error tells what is expected.
func (p *Param) Fit(v any) (any, error) {
	var fit any
	ok := false
	switch p.Default.(type) {
	case float64:
		fit, ok = p.number(v)
	case bool:
		fit, ok = truth(v)
	case string:
		if n, is := v.(float64); is {
			v = strconv.FormatFloat(n, 'g', -1, 64)
		}
		fit, ok = v.(string)
		ok = ok && (len(p.Choices) == 0 && len(fit.(string)) <= longestText || slices.Contains(p.Choices, fit.(string)))
	}
	if !ok {
		return nil, fmt.Errorf("%s must be %s, got %s%s", p.Name, p.Expects(), written(v), p.suggest(v))
	}
	return fit, nil
}

// longestText is the longest text a param holds, in bytes.
const longestText = 1024

// number reads a number within the ends, on a step.
func (p *Param) number(v any) (float64, bool) {
	n, ok := v.(float64)
	switch v := v.(type) {
	case bool:
		n, ok = 0, true
		if v {
			n = 1
		}
	case string:
		var err error
		n, err = strconv.ParseFloat(strings.TrimSpace(v), 64)
		ok = err == nil
	}
	if !ok || math.IsNaN(n) || math.IsInf(n, 0) || n < p.Min || n > p.Max {
		return 0, false
	}
	return p.onStep(n), true
}

// onStep is the nearest value on a step.
func (p *Param) onStep(n float64) float64 {
	if p.Step == 0 {
		return n
	}
	from := 0.0
	if !math.IsInf(p.Min, 0) {
		from = p.Min
	}
	steps := math.Round((n - from) / p.Step)
	if math.Abs(steps) > 1<<53 {
		return n // there is no telling them apart
	}
	if on := from + steps*p.Step; on <= p.Max {
		return round(on)
	}
	return round(from + math.Floor((p.Max-from)/p.Step)*p.Step)
}

// round takes the dust of binary fractions off: 0.1*3 is 0.3.
func round(n float64) float64 {
	r, _ := strconv.ParseFloat(strconv.FormatFloat(n, 'g', 12, 64), 64)
	return r
}

// truth reads true or false.
func truth(v any) (on, ok bool) {
	switch v := v.(type) {
	case bool:
		return v, true
	case float64:
		return v != 0, v == 0 || v == 1
	case string:
		switch strings.ToLower(strings.TrimSpace(v)) {
		case "on", "true", "yes", "1":
			return true, true
		case "off", "false", "no", "0":
			return false, true
		}
	}
	return false, false
}

// Expects says what the param takes, for people.
func (p *Param) Expects() string {
	switch p.Default.(type) {
	case bool:
		return "on or off"
	case string:
		if len(p.Choices) == 0 {
			return fmt.Sprintf("a text of up to %d bytes", longestText)
		}
		return "one of " + listed(p.Choices)
	}
	unit := ""
	if p.Unit != "" {
		unit = " " + p.Unit
	}
	switch low, high := !math.IsInf(p.Min, 0), !math.IsInf(p.Max, 0); {
	case low && high:
		return fmt.Sprintf("%g to %g%s", p.Min, p.Max, unit)
	case low:
		return fmt.Sprintf("%g%s or more", p.Min, unit)
	case high:
		return fmt.Sprintf("%g%s or less", p.Max, unit)
	}
	return strings.TrimSpace("a number" + strings.Replace(unit, " ", " of ", 1))
}

// suggest is the choice that may have been meant.
func (p *Param) suggest(v any) string {
	text, _ := v.(string)
	if best := patch.Closest(text, p.Choices); best != "" {
		return fmt.Sprintf(" (did you mean %q?)", best)
	}
	return ""
}

// Text is the value as people read it, with the unit. A long one is cut.
func (p *Param) Text() string {
	text := cut(Written(p.Value))
	if p.Unit != "" {
		text += " " + p.Unit
	}
	return text
}

// Written is a value of a param as people write it.
func Written(v any) string {
	switch v := v.(type) {
	case bool:
		if v {
			return "on"
		}
		return "off"
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return fmt.Sprint(v)
}

// written is a value in an error.
func written(v any) string {
	if text, ok := v.(string); ok {
		return strconv.Quote(cut(text))
	}
	return cmp.Or(Written(v), "nothing")
}
