package cue

import (
	"strconv"
	"strings"

	"showrun/runtime/cue"
	"showrun/runtime/script/syntax"
)

// Remarks is what there is to say about cues of lists that are of no use.
func (s *Lists) Remarks() (remarks []syntax.Remark) {
	for _, l := range s.lists {
		say := func(c *cue.Cue, rule, text string) {
			file, line, _ := strings.Cut(l.where[c.Number], ":")
			n, _ := strconv.Atoi(line)
			remarks = append(remarks, syntax.Remark{File: file, Line: n, Rule: rule, Text: "cue.list:cue: cue " + cue.Number(c.Number) + ": " + text})
		}
		for _, m := range l.Mistakes() {
			rule := "empty-cue"
			if m.Mark {
				rule = "mark"
			}
			say(m.Cue, rule, m.Text)
		}
		for i, c := range l.Cues() {
			if l.bare(i) && l.times[c] == "" && !l.heard() {
				say(c, "empty-cue", "it has neither a look nor a function, and nothing hears of it; give it look = { … } or go = function() … end")
			}
			l.overtaken(i, func(text string) { say(c, "unreachable-cue", text) })
		}
	}
	return remarks
}

// bare tells whether the cue at i is nothing but its number, where others are more. After one
// that is cue_only it ends that.
func (l *list) bare(i int) bool {
	cues := l.Cues()
	empty := func(c *cue.Cue) bool {
		return len(c.Changes) == 0 && !c.Function && !c.Block && c.Next == cue.OnGo
	}
	full := 0
	for _, c := range cues {
		if !empty(c) {
			full++
		}
	}
	return empty(cues[i]) && full > 1 && (i == 0 || !cues[i-1].CueOnly)
}

// heard tells whether anybody is told what the list does.
func (l *list) heard() bool {
	for _, event := range events {
		if l.G.Heard(l.topic(event)) {
			return true
		}
	}
	return false
}

// overtaken says that the timecode comes to a cue when another one, of a higher number, has
// been, or is there at the same time.
func (l *list) overtaken(i int, say func(string)) {
	at := l.times[l.Cues()[i]]
	if at == "" {
		return
	}
	for _, before := range l.Cues()[:i] {
		switch was := l.times[before]; {
		case was == "" || len(was) != len(at):
		case was == at:
			say("cue " + cue.Number(before.Number) + " has the same time " + at + ", and this one takes its place at once; give each a time of its own")
			return
		case was > at:
			say("its time " + at + " is before that of cue " + cue.Number(before.Number) + ", which is " + was + "; number cues in the order of their times")
			return
		}
	}
}
