package probe

import (
	"regexp"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/reference"
	"showrun/runtime/script"
	"showrun/runtime/script/syntax"
)

// Examine tries what stands in functions of the files of a show, library included, that is
// live. methods are names that objects may have besides those of the modules.
func (p *Probe) Examine(files, library []*syntax.File) error {
	if p.G == nil {
		return nil // nothing is required, so nothing is called
	}
	p.examining = true
	return p.G.Do("check", 0, func() {
		t := &traits{methods: methods(), stored: map[string]int{}, beat: p.beatFields(), shipped: map[string]bool{}, lua: map[*lua.LFunction]bool{}}
		for _, f := range library {
			p.newScene(f, t)
			t.shipped[f.Name] = true
		}
		t.dynamic = false // what the library does it does within itself
		var scenes []*scene
		for _, f := range files {
			scenes = append(scenes, p.newScene(f, t))
		}
		for _, s := range scenes {
			syntax.Walk(s.file.Main, func(n syntax.Node) bool {
				switch n := n.(type) {
				case *syntax.Assign:
					s.store(n.Targets)
				case syntax.Expr:
					s.eval(n)
				}
				return true
			})
		}
	})
}

// methodNames are in the reference, which has all.
var methodNames = regexp.MustCompile("`[a-z]+:([a-z_]+)")

// methods are the names of those of the modules and of texts.
func methods() map[string]bool {
	names := map[string]bool{}
	for _, page := range reference.Pages() {
		for _, m := range methodNames.FindAllStringSubmatch(page, -1) {
			names[m[1]] = true
		}
	}
	for _, name := range texts() {
		names[name] = true
	}
	return names
}

// texts are the methods of texts.
func texts() []string {
	return strings.Fields("byte char find format gmatch gsub len lower match rep reverse sub upper")
}

// beatFields are the fields of the beats that functions are called with.
func (p *Probe) beatFields() map[string]bool {
	fields := map[string]bool{}
	args := p.BeatArgs(func() float64 { return 120 })
	beat, _ := args(p.G.L, p.G.Current(), script.Event{})[0].(*lua.LTable)
	beat.ForEach(func(k, _ lua.LValue) { fields[k.String()] = true })
	return fields
}

// remark notes what is wrong at a place in the file.
func (s *scene) remark(at int, rule, text string) {
	line, column := s.file.Place(at)
	s.remarks = append(s.remarks, syntax.Remark{File: s.file.Name, Line: line, Column: column, Rule: rule, Text: text})
}

// complain notes what a call would raise.
func (s *scene) complain(c *syntax.Call, raised string) {
	line, column := s.file.Place(c.NameAt)
	s.remarks = append(s.remarks, syntax.Remark{File: s.file.Name, Line: line, Column: column, Text: raised})
}
