// Package luals writes what editors want to know of shows: stubs and settings for LuaLS, the
// language server for Lua that VS Code, Neovim and others run. Everything comes from package
// api and, where a show is given, from what that declares.
package luals

import (
	_ "embed"
	"fmt"
	"strings"

	"showrun/bindings/api"
	"showrun/runtime/color"
)

// Folder is where the stubs of a show lie, beside its settings.
const Folder = ".showrun"

// Settings is the text of .luarc.json, beside a show.
//
//go:embed luarc.json
var Settings string

// globals are what the runtime has of the standard library beyond Lua 5.1.
//
//go:embed globals.lua
var globals string

// Stubs returns the files for Folder, by name: one for each module, and one for what they have
// in common. this is a show that has loaded, nil for any.
func Stubs(a *api.API, this *Show) map[string]string {
	files := map[string]string{"globals.lua": globals}
	common := &writer{a: a}
	common.line("---@meta _")
	for _, alias := range a.Aliases {
		common.line("")
		common.doc(alias.Doc)
		switch {
		case this.alias(common, alias.Name):
		case alias.Name == "colour.name":
			common.line("---@alias colour.name\n---| string")
			for _, name := range color.Names() {
				common.line("---| %q", name)
			}
		default:
			common.line("---@alias %s %s", alias.Name, alias.Type)
		}
	}
	for _, t := range a.Tables {
		w := common
		if t.Module {
			w = &writer{a: a, this: this}
			w.line("---@meta %s", t.Name)
		}
		w.table(t)
		if t.Module {
			w.line("\nreturn %s", t.Name)
			files[t.Name+".lua"] = w.String()
		}
	}
	files["classes.lua"] = common.String()
	if this != nil {
		files["this-show.lua"] = this.stubs(a)
	}
	return files
}

// writer writes one file of stubs.
type writer struct {
	strings.Builder
	a    *api.API
	this *Show             // nil for any
	of   map[string]string // types that are others here, such as levels of one fixture
}

func (w *writer) line(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }

func (w *writer) doc(text string) {
	if text != "" {
		w.line("---%s", text)
	}
}

// class is the name of the type of a table. A module is not called as a class of objects is.
func class(t *api.Table) string {
	if t.Module {
		return "showrun." + t.Name
	}
	return t.Name
}

// local is the name of a table in its file.
func local(t *api.Table) string {
	if t.Module {
		return t.Name
	}
	return strings.NewReplacer(".", "_", "-", "_").Replace(t.Name)
}

// table writes a module or a class with everything in it.
func (w *writer) table(t *api.Table) {
	for _, f := range t.Functions {
		w.options(t, f)
	}
	w.line("")
	w.doc(t.Doc)
	base := ""
	if t.Base != "" {
		base = ": " + t.Base
	}
	if f := callable(t); f == nil {
		w.line("---@class %s%s", class(t), base)
	}
	for _, f := range t.Fields {
		w.field(f)
	}
	if t.Item != "" {
		w.line("---@field %s", t.Item)
	}
	if strings.HasPrefix(t.Item, "[integer]") {
		w.line("---@operator len: integer")
	}
	if f := callable(t); f != nil {
		w.function("local function "+t.Name, "", f, optionsOf(t, f))
		return
	}
	for _, f := range t.Functions {
		if f.Name == "" {
			for _, c := range f.Calls {
				w.overload("", c, optionsOf(t, f))
			}
		}
	}
	w.line("local %s = {}", local(t))
	for _, f := range t.Functions {
		if f.Name == "" {
			continue
		}
		self := ""
		if t.Sep() == ":" {
			self = class(t)
		}
		w.line("")
		w.doc(f.Doc)
		w.function("function "+local(t)+t.Sep()+f.Name, self, f, optionsOf(t, f))
	}
}

// callable is what a module does that is nothing but a function, nil for others.
func callable(t *api.Table) *api.Function {
	if t.Module && len(t.Functions) == 1 && t.Functions[0].Name == "" {
		return t.Functions[0]
	}
	return nil
}

// optionsOf is the name of the type of the options of a function.
func optionsOf(t *api.Table, f *api.Function) string {
	return strings.TrimSuffix(t.Name+"."+f.Name, ".") + ".options"
}

func (w *writer) options(t *api.Table, f *api.Function) {
	options := f.Options()
	if len(options) == 0 {
		return
	}
	w.line("")
	w.line("---@class %s", optionsOf(t, f))
	for _, o := range options {
		w.field(o)
	}
}

func (w *writer) field(f api.Field) {
	name, doc := f.Name, f.Doc
	if f.Optional {
		name += "?"
	}
	if strings.HasPrefix(f.Name, "[") {
		name = f.Name
		if f.Optional {
			f.Type += "?"
		}
	}
	w.line("---@field %s", strings.TrimSpace(name+" "+w.typ(f.Type)+" "+doc))
}

// typ is a type, as it is in this file.
func (w *writer) typ(t string) string {
	if other, ok := w.of[t]; ok {
		return other
	}
	return t
}

// function writes what is above a function and the function. self is the class that a method
// is of, options the type of its table of options.
func (w *writer) function(head, self string, f *api.Function, options string) {
	main := f.Calls[0]
	var names []string
	for _, p := range main.Params {
		name := p.Name
		if p.Optional && name != "..." {
			name += "?"
		}
		text := ""
		if p.Range != nil {
			text = fmt.Sprintf("%g-%g", p.Range[0], p.Range[1])
		}
		w.line("---@param %s", strings.TrimSpace(name+" "+w.param(p, options)+" "+text))
		names = append(names, p.Name)
	}
	for _, r := range main.Returns {
		w.line("---@return %s", w.typ(r))
	}
	for _, c := range f.Calls[1:] {
		w.overload(self, c, options)
	}
	if w.this != nil {
		w.this.overloads(w, head)
	}
	w.line("%s(%s) end", head, strings.Join(names, ", "))
}

func (w *writer) param(p api.Param, options string) string {
	if p.Type == "{}" {
		return options
	}
	if strings.HasPrefix(p.Name, "...") && strings.HasSuffix(p.Type, "|nil") {
		return strings.TrimSuffix(p.Type, "|nil") + "?"
	}
	if t, ok := w.of[p.Name+": "+p.Type]; ok {
		return t
	}
	return w.typ(p.Type)
}

func (w *writer) overload(self string, c api.Call, options string) {
	var args []string
	if self != "" {
		args = append(args, "self: "+self)
	}
	for _, p := range c.Params {
		name := p.Name
		if p.Optional && name != "..." {
			name += "?"
		}
		args = append(args, name+": "+w.param(p, options))
	}
	returns := ""
	if len(c.Returns) > 0 {
		returns = ": " + w.typ(strings.Join(c.Returns, ", "))
	}
	w.line("---@overload fun(%s)%s", strings.Join(args, ", "), returns)
}
