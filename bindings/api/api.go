// Package api holds what scripts can say as facts: modules, classes, functions, options and
// their types, with a sentence of the reference about each. It is read from api.txt, which
// tells its form, and from the pages of the reference; tests hold both to the bindings.
package api

import (
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"showrun/bindings/reference"
)

//go:embed api.txt
var source string

// API is all there is, in the order of the source.
type API struct {
	Aliases []Alias
	Tables  []*Table
}

// An Alias is a type with a name.
type Alias struct{ Name, Type, Doc string }

// A Table is a module or a class of objects.
type Table struct {
	Name   string // "stage", "stage.fixture"
	Module bool   // what require "Name" returns
	Base   string // the class that it has everything of, or ""
	Page   string // of the reference, such as "stage"
	Doc    string

	Functions []*Function // called with a dot those of modules, with a colon those of classes
	Fields    []Field
	Item      string // the type of a key and that of its value, as in "[integer] cue", or ""

	word string // what its page calls one: "fixture" in fixture:set
}

// A Function is one of a module, a method, or for a module that is called itself that.
type Function struct {
	Name  string // "fade", or "" for a module that is called itself
	Calls []Call // the ways to call it, the main one first
	Doc   string
}

// A Call is one way to call a function.
type Call struct {
	Params  []Param
	Returns []string
	Table   bool // it takes one table and nothing else, as in f{ … }
}

// A Param is an argument; the last may be "...".
type Param struct {
	Value
	Options []Field // of a table with named fields
}

// A Field is one of a module, of an object or of a table of options.
type Field struct {
	Value
	Doc string
}

// A Value is something with a name and a type.
type Value struct {
	Name     string // "[1]" for the first of a list, "[integer]" for all of it
	Optional bool
	Type     string      // of LuaLS
	Range    *[2]float64 // of a number, or of the number that it may be; nil without
}

// Load reads the facts. What is wrong with them is a mistake in the program, and panics.
func Load() *API {
	a, err := read(source, reference.Pages())
	if err != nil {
		panic(err)
	}
	return a
}

// read reads the lines of a source and the words of pages by name.
func read(source string, pages map[string]string) (*API, error) {
	r := reader{a: &API{}, pages: map[string]page{}}
	for name, text := range pages {
		r.pages[strings.TrimSuffix(name, ".md")] = readPage(text)
	}
	var wrong []error
	for i, line := range strings.Split(source, "\n") {
		if err := r.line(line); err != nil {
			wrong = append(wrong, fmt.Errorf("api.txt:%d: %w", i+1, err))
		}
	}
	return r.a, errors.Join(wrong...)
}

// Class returns the class of a name, nil if there is none.
func (a *API) Class(name string) *Table { return a.table(name, false) }

// Module returns the module of a name, nil if there is none.
func (a *API) Module(name string) *Table { return a.table(name, true) }

func (a *API) table(name string, module bool) *Table {
	for _, t := range a.Tables {
		if t.Name == name && t.Module == module {
			return t
		}
	}
	return nil
}

// Function finds a function of a table or of what that is based on, nil if it has none of
// that name.
func (a *API) Function(t *Table, name string) *Function {
	for ; t != nil; t = a.Class(t.Base) {
		if f := t.own(name); f != nil {
			return f
		}
	}
	return nil
}

// Field finds a field of a table or of what that is based on, nil if it has none of that name.
func (a *API) Field(t *Table, name string) *Field {
	for ; t != nil; t = a.Class(t.Base) {
		if i := slices.IndexFunc(t.Fields, func(f Field) bool { return f.Name == name }); i >= 0 {
			return &t.Fields[i]
		}
	}
	return nil
}

// Sep is what stands between the name of a table and that of a function of it.
func (t *Table) Sep() string {
	if t.Module || t.Name == "show.log" {
		return "."
	}
	return ":"
}

// Options are the named fields that the function takes, in any way to call it.
func (f *Function) Options() (list []Field) {
	for _, c := range f.Calls {
		for _, p := range c.Params {
			list = append(list, p.Options...)
		}
	}
	return list
}

// reader reads the lines of the source.
type reader struct {
	a     *API
	pages map[string]page
	page  string
	fn    *Function // that options belong to
	owner *Table    // of fn
}

func (r *reader) line(line string) error {
	text, doc, _ := strings.Cut(line, " -- ")
	keyword, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
	switch {
	case text == "" || strings.HasPrefix(text, "#"):
		return nil
	case strings.HasPrefix(text, " "):
		return r.option(strings.TrimSpace(text), doc)
	case keyword == "page":
		r.page = rest
		if r.pages[rest] == nil {
			return fmt.Errorf("there is no page %q", rest)
		}
	case keyword == "alias":
		name, typ, ok := strings.Cut(rest, ": ")
		if !ok || doc == "" {
			return fmt.Errorf("an alias is NAME: TYPE -- words")
		}
		r.a.Aliases = append(r.a.Aliases, Alias{name, typ, doc})
	case keyword == "module":
		r.a.Tables = append(r.a.Tables, &Table{Name: rest, Module: true, Page: r.page, Doc: doc, word: rest})
	case keyword == "class":
		name, word, ok := strings.Cut(rest, " ")
		name, based := strings.CutSuffix(name, ":")
		t := &Table{Name: name, Page: r.page, Doc: doc, word: word}
		if based {
			t.Base, t.word, ok = strings.Cut(word, " ")
		}
		if !ok || doc == "" || based && r.a.Class(t.Base) == nil {
			return fmt.Errorf("a class is NAME[: BASE] WORD -- words, got %q", line)
		}
		r.a.Tables = append(r.a.Tables, t)
	default:
		return r.member(text, doc)
	}
	return nil
}

// member reads a line of a function or a field.
func (r *reader) member(text, doc string) error {
	if end := strings.IndexAny(text, "({"); end > 0 && !strings.Contains(text[:end], ": ") {
		return r.function(text[:end], text[end:], doc)
	}
	path, _, ok := strings.Cut(text, ": ")
	t, name := r.split(path)
	if !ok || t == nil {
		return fmt.Errorf("a field is NAME: TYPE, got %q", text)
	}
	v, err := value(name + strings.TrimPrefix(text, path))
	if err != nil {
		return err
	}
	if strings.HasPrefix(name, "[") {
		t.Item = name + " " + v.Type
		return nil
	}
	if doc == "" {
		doc = r.pages[t.Page].words(t.word, name, "")
	}
	t.Fields = append(t.Fields, Field{v, doc})
	if doc == "" {
		return fmt.Errorf("%s is not on the page %s", path, t.Page)
	}
	return nil
}

// split finds the table that a path begins with, and the rest.
func (r *reader) split(path string) (*Table, string) {
	if t := r.a.Module(path); t != nil {
		return t, ""
	}
	end := strings.LastIndexAny(path, ".:[")
	if end < 0 {
		return nil, path
	}
	if t := r.a.Class(path[:end]); t != nil {
		return t, strings.TrimLeft(path[end:], ".:")
	}
	return r.a.Module(path[:end]), strings.TrimLeft(path[end:], ".:")
}

func (r *reader) function(path, text, doc string) error {
	t, name := r.split(path)
	if t == nil {
		return fmt.Errorf("%s belongs to nothing", path)
	}
	if want := t.Sep(); name != "" && path[len(t.Name):len(t.Name)+1] != want {
		return fmt.Errorf("%s is called with %q", path, want)
	}
	var c Call
	args, returns, _ := strings.Cut(text, " -> ")
	if returns != "" {
		c.Returns = split(returns)
	}
	if args == "{}" {
		args, c.Table = "(options: {})", true
	}
	args, ok := strings.CutPrefix(args, "(")
	args, closed := strings.CutSuffix(args, ")")
	if !ok || !closed {
		return fmt.Errorf("a function is NAME(…) or NAME{}, got %q", path+text)
	}
	for _, arg := range split(args) {
		v, err := value(arg)
		if err != nil {
			return err
		}
		c.Params = append(c.Params, Param{Value: v})
	}
	f := t.own(name)
	if f == nil {
		f = &Function{Name: name}
		t.Functions = append(t.Functions, f)
		if f.Doc = doc; doc == "" {
			f.Doc = r.pages[t.Page].words(t.word, name, "")
		}
		if f.Doc == "" {
			return fmt.Errorf("%s is not on the page %s", path, t.Page)
		}
	}
	f.Calls = append(f.Calls, c)
	r.fn, r.owner = f, t
	return nil
}

// own is the function that a table has itself.
func (t *Table) own(name string) *Function {
	for _, f := range t.Functions {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// option reads an indented line: a field of the table that the function before it takes.
func (r *reader) option(text, doc string) error {
	v, err := value(text)
	if err != nil {
		return err
	}
	if doc == "" && r.fn != nil {
		doc = r.pages[r.owner.Page].words(r.owner.word, r.fn.Name, v.Name)
	}
	if doc == "" && v.Name != "[integer]" {
		return fmt.Errorf("the option %s of %s is not on the page", v.Name, r.fn.Name)
	}
	params := r.fn.Calls[len(r.fn.Calls)-1].Params
	for i := range params {
		if params[i].Type == "{}" {
			params[i].Options = append(params[i].Options, Field{v, doc})
			return nil
		}
	}
	return fmt.Errorf("%s takes no table", r.fn.Name)
}

// value reads "name?: type" and "integer(1-63999)" in it.
func value(text string) (v Value, err error) {
	name, typ, ok := strings.Cut(text, ": ")
	if !ok {
		return v, fmt.Errorf("must be NAME: TYPE, got %q", text)
	}
	v.Name, v.Optional = strings.CutSuffix(name, "?")
	for _, number := range []string{"integer(", "number("} {
		before, rest, found := strings.Cut(typ, number)
		bounds, after, closed := strings.Cut(rest, ")")
		if !found || !closed {
			continue
		}
		dash := strings.Index(bounds[1:], "-") + 1 // behind a minus
		lo, err1 := strconv.ParseFloat(bounds[:dash], 64)
		hi, err2 := strconv.ParseFloat(bounds[dash+1:], 64)
		if err1 != nil || err2 != nil || lo >= hi {
			return v, fmt.Errorf("a range is LO-HI, got %q", bounds)
		}
		typ, v.Range = before+number[:len(number)-1]+after, &[2]float64{lo, hi}
	}
	v.Type = typ
	return v, nil
}

// split parts a list at its commas, those in brackets and quotes apart.
func split(text string) (list []string) {
	depth, start, quoted := 0, 0, false
	for i, c := range text {
		switch {
		case c == '"':
			quoted = !quoted
		case quoted:
		case strings.ContainsRune("({[<", c):
			depth++
		case strings.ContainsRune(")}]>", c):
			depth--
		case c == ',' && depth == 0:
			list = append(list, strings.TrimSpace(text[start:i]))
			start = i + 1
		}
	}
	if rest := strings.TrimSpace(text[start:]); rest != "" {
		list = append(list, rest)
	}
	return list
}
