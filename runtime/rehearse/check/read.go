package check

import (
	"bytes"
	"errors"
	"io/fs"
	"path"
	"strings"

	"showrun/runtime/script/chunk"
	"showrun/runtime/script/syntax"
)

// read reads a file of the show, and those that it requires.
func (c *check) read(name string) {
	text, err := fs.ReadFile(c.folder, name)
	if err != nil {
		return // who requires it is told so
	}
	f := c.parse(string(text), name)
	if f == nil {
		return
	}
	c.files = append(c.files, f)
	syntax.Walk(f.Main, func(n syntax.Node) bool {
		if call, ok := n.(*syntax.Call); ok {
			if module, ok := required(call); ok {
				c.follow(module)
			}
		}
		return true
	})
}

// parse reads a text; nil for one that does not compile, which is noted.
func (c *check) parse(text, name string) *syntax.File {
	text = strings.TrimPrefix(text, "\ufeff")
	if strings.HasPrefix(text, "#!") {
		text = "--" + text[2:]
	}
	_, err := chunk.Compile(text, name)
	var f *syntax.File
	if err == nil {
		f, err = syntax.Parse(text, name)
	}
	var wrong *chunk.Error
	if errors.As(err, &wrong) {
		c.findings = append(c.findings, Finding{name, max(wrong.Line, 1), max(wrong.Column, 1), "syntax", wrong.Message, ""})
	}
	return f
}

// required is the module that a call requires by its name.
func required(e syntax.Expr) (module string, ok bool) {
	call, isCall := e.(*syntax.Call)
	if !isCall || call.Method != "" || len(call.Args) != 1 {
		return "", false
	}
	fn, isName := call.Func.(*syntax.Name)
	text, isText := call.Args[0].(*syntax.Text)
	if !isName || !isText || fn.Name != "require" || fn.Local != nil {
		return "", false
	}
	return text.Value, true
}

// follow reads a module, unless it has been.
func (c *check) follow(module string) {
	if c.modules[module] {
		return
	}
	for i, where := range []fs.FS{c.folder, c.opts.Shipped} {
		for _, name := range modulePaths(module) {
			if where == nil || c.has(name) {
				return
			}
			if _, err := fs.Stat(where, name); err != nil {
				continue
			}
			if i == 0 {
				c.read(name)
				return
			}
			if text, err := fs.ReadFile(where, name); err == nil {
				if f := c.parse(string(text), name); f != nil {
					c.library = append(c.library, f)
				}
			}
			return
		}
	}
}

// modulePaths are where a module can be.
func modulePaths(module string) (names []string) {
	base := strings.ReplaceAll(module, ".", "/")
	for _, name := range []string{base + ".lua", path.Join(base, "init.lua")} {
		if fs.ValidPath(name) {
			names = append(names, name)
		}
	}
	return names
}

// isModule tells whether there is a module that a show can require.
func (c *check) isModule(name string) bool {
	if c.modules[name] {
		return true
	}
	for _, where := range []fs.FS{c.folder, c.opts.Shipped} {
		for _, file := range modulePaths(name) {
			if where == nil {
				continue
			}
			if _, err := fs.Stat(where, file); err == nil && file != c.opts.File {
				return true
			}
		}
	}
	return false
}

func (c *check) has(name string) bool {
	for _, list := range [][]*syntax.File{c.files, c.library} {
		for _, f := range list {
			if f.Name == name {
				return true
			}
		}
	}
	return false
}

// provided is a folder whose show finds some modules as globals.
type provided struct {
	fs.FS
	main    string
	modules []string
}

// ReadFile implements fs.ReadFileFS.
func (p *provided) ReadFile(name string) ([]byte, error) {
	text, err := fs.ReadFile(p.FS, name)
	if err != nil || name != p.main {
		return text, err
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if bytes.HasPrefix(text, []byte("#!")) {
		text = append([]byte("\n"), text[bytes.IndexByte(append(text, '\n'), '\n')+1:]...)
	}
	var before strings.Builder
	for _, m := range p.modules {
		before.WriteString(m + " = require \"" + m + "\" ")
	}
	return append([]byte(before.String()), text...), nil
}

// Open implements fs.FS.
func (p *provided) Open(name string) (fs.File, error) { return p.FS.Open(name) }
