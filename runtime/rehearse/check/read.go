package check

import (
	"errors"
	"io/fs"
	"path"
	"strings"

	"showrun/runtime/script"
	"showrun/runtime/script/chunk"
	"showrun/runtime/script/syntax"
)

// read reads a file of the show, and those that it requires.
func (c *check) read(name string) {
	text, err := script.ReadFile(c.folder, name)
	if err != nil {
		return // who loads it is told so
	}
	f := c.parse(text, name)
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
	c.texts[name] = text
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
			if text, err := script.ReadFile(where, name); err == nil {
				if f := c.parse(text, name); f != nil {
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

// atTop tells whether a line begins a statement of the top level that is a loop.
func (c *check) atTop(f *syntax.File, line int) bool {
	for _, s := range f.Main.Body {
		switch s.(type) {
		case *syntax.Loop, *syntax.For:
			if at, _ := f.Place(s.Place()); at == line {
				return true
			}
		}
	}
	return false
}

// more looks at files that turned out to be required, by names that are not in the text.
func (c *check) more(names []string) {
	known := len(c.files)
	for _, name := range names {
		if path.Ext(name) == ".lua" && !c.has(name) {
			c.read(name)
		}
	}
	c.unset(c.files[known:])
	c.loops(c.files[known:])
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

// mended is a folder in which some files have another text.
type mended struct {
	fs.FS
	main   string // the file of the show, and what comes before it
	before string
	texts  map[string]string
	read   []string // the files that were read
}

// ReadFile implements fs.ReadFileFS.
func (m *mended) ReadFile(name string) ([]byte, error) {
	m.read = append(m.read, name)
	if text, ok := m.texts[name]; ok {
		if name == m.main {
			text = m.before + text
		}
		return []byte(text), nil
	}
	return fs.ReadFile(m.FS, name)
}

// provide gives the show modules as globals that it uses without having required them.
func (m *mended) provide(modules []string) {
	for _, name := range modules {
		m.before += name + " = require \"" + name + "\" "
	}
}

// leaveOut takes the statement of a file out that a line is in, so that what comes behind it is
// looked at as well. The variables that it declares are unknown. It is false if there is none.
func (m *mended) leaveOut(f *syntax.File, line int) bool {
	for i, s := range f.Main.Body {
		from, _ := f.Place(s.Place())
		to := f.Lines()
		if i+1 < len(f.Main.Body) {
			to, _ = f.Place(f.Main.Body[i+1].Place())
			to--
		}
		if line < from || line > max(from, to) {
			continue
		}
		lines := strings.Split(m.texts[f.Name], "\n")
		for n := from - 1; n < min(max(from, to), len(lines)); n++ {
			lines[n] = ""
		}
		if l, ok := s.(*syntax.Local); ok {
			for _, v := range l.Vars {
				lines[from-1] += "local " + v.Name + " = " + syntax.Unknown + " "
			}
		}
		text := strings.Join(lines, "\n")
		changed := text != m.texts[f.Name]
		m.texts[f.Name] = text
		return changed
	}
	return false
}
