package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// modulePath is the path of this module.
const modulePath = "showrun"

// layer is a folder and what the packages in it and below may import, besides the
// standard library and one another.
type layer struct {
	tree    string
	imports []string // trees of this module
	libs    []string // packages of other modules
	shut    []string // packages of the standard library that stay out all the same
}

// roles are packages that play one part of a protocol each. No role imports another:
// what several need goes down.
var roles = []string{
	"drivers/artnet", "drivers/artnet/node",
	"drivers/dmxusb", "drivers/dmxusb/widget",
	"drivers/sacn", "drivers/sacn/receiver",
	"drivers/signet", "drivers/signet/manager", "drivers/signet/node", "drivers/signet/receiver",
	"drivers/midi", "drivers/midi/raw",
	"drivers/stagelinq", "drivers/stagelinq/source",
	"drivers/stagenet", "drivers/stagenet/gateway",
	"drivers/theater", "drivers/theater/server",
}

// outside is what code that decides has no business with: sockets, files, signals.
var outside = []string{"net", "net/http", "os", "os/exec", "os/signal", "syscall"}

// contract is what an adapter of a protocol has to do with besides its driver.
var contract = []string{"runtime/beat", "runtime/device", "runtime/level"}

// layers is the whole architecture. A package without a row is an error.
var layers = []layer{
	{"drivers/lan", nil, []string{"github.com/grandcat/zeroconf", "golang.org/x/net/ipv4", "golang.org/x/net/ipv6", "golang.org/x/sys"}, nil},
	{"drivers/dmxusb", nil, []string{"go.bug.st/serial", "golang.org/x/sys/unix"}, nil},
	{"drivers/osc", []string{"drivers/lan"}, []string{"github.com/hypebeast/go-osc/osc", "golang.org/x/sys/unix"}, nil},
	{"drivers/stagenet", []string{"drivers/lan"}, []string{"github.com/gorilla/websocket"}, nil},
	{"drivers/merge", nil, nil, outside},
	{"drivers/signet", []string{"drivers/lan", "drivers/merge"}, nil, nil},
	{"drivers/artnet", []string{"drivers/lan"}, nil, nil},
	{"drivers/sacn", []string{"drivers/lan", "drivers/merge"}, nil, nil},
	{"drivers/stagelinq", []string{"drivers/lan"}, nil, nil},
	{"drivers/theater", []string{"drivers/lan", "drivers/osc"}, nil, nil},
	{"drivers/midi", []string{"drivers/lan"}, nil, nil},

	{"runtime/clock", nil, []string{"golang.org/x/sys/unix"}, nil},
	{"runtime/raced", nil, nil, outside},
	{"runtime/beat", nil, nil, outside},
	{"runtime/curve", nil, nil, outside},
	{"runtime/level", nil, nil, outside},
	{"runtime/almanac", nil, nil, outside},
	{"runtime/color", nil, nil, outside},
	{"runtime/patch", []string{"runtime/color", "runtime/level"}, nil, outside},
	{"runtime/engine", []string{"runtime/beat", "runtime/color", "runtime/curve", "runtime/level", "runtime/patch"}, nil, outside},

	{"runtime/cue", []string{"runtime/beat", "runtime/level", "runtime/patch"}, nil, outside},

	{"runtime/script", []string{"runtime/beat", "runtime/engine", "runtime/patch"}, []string{"github.com/yuin/gopher-lua"}, outside},
	{"bindings", []string{"runtime/almanac", "runtime/beat", "runtime/color", "runtime/cue", "runtime/curve", "runtime/device", "runtime/engine", "runtime/level", "runtime/patch", "runtime/script", "runtime/show"},
		[]string{"github.com/yuin/gopher-lua"}, append(outside, "sync", "sync/atomic")},

	{"scripts", nil, nil, outside},
	{"examples", nil, nil, outside},

	{"runtime/device/artnet", append([]string{"drivers/artnet", "runtime/device/online", "runtime/device/universe"}, contract...), nil, nil},
	{"runtime/device/dmx", append([]string{"drivers/dmxusb", "runtime/device/universe"}, contract...), nil, nil},
	{"runtime/device/midi", []string{"drivers/midi", "runtime/beat", "runtime/device", "runtime/device/timecode"}, nil, nil},
	{"runtime/device/osc", []string{"drivers/osc", "runtime/device"}, nil, nil},
	{"runtime/device/sacn", append([]string{"drivers/sacn", "runtime/device/online", "runtime/device/universe"}, contract...), nil, nil},
	{"runtime/device/signet", append([]string{"drivers/signet", "runtime/device/online", "runtime/device/timecode", "runtime/device/universe"}, contract...), nil, nil},
	{"runtime/device/stagelinq", []string{"drivers/stagelinq", "runtime/beat", "runtime/device"}, nil, nil},
	{"runtime/device/stagenet", append([]string{"drivers/stagenet", "drivers/lan"}, contract...), nil, nil},
	{"runtime/device/theater", append([]string{"drivers/theater", "drivers/osc"}, contract...), nil, nil},
	{"runtime/device/online", []string{"runtime/beat", "runtime/device"}, nil, outside},
	{"runtime/device/timecode", nil, nil, outside},
	{"runtime/device/universe", []string{"runtime/device", "runtime/level"}, nil, outside[1:]},
	{"runtime/device", []string{"runtime/beat", "runtime/level"}, nil, outside},
	{"runtime/show", []string{"runtime/beat", "runtime/color", "runtime/cue", "runtime/device", "runtime/engine", "runtime/level", "runtime/patch", "runtime/script"}, nil, outside},
	{"runtime/store", nil, []string{"go.etcd.io/bbolt", "golang.org/x/sys/unix"}, nil},
	{"runtime/journal", nil, nil, outside},
	{"runtime/rehearse/check", []string{"runtime/patch", "runtime/rehearse", "runtime/script", "runtime/show"}, nil, outside},
	{"runtime/rehearse/replay", []string{"runtime/beat", "runtime/device", "runtime/engine", "runtime/journal", "runtime/level", "runtime/patch", "runtime/rehearse", "runtime/script", "runtime/show"}, nil, outside},
	{"runtime/rehearse/timeline", []string{"runtime/beat", "runtime/clock", "runtime/color", "runtime/device", "runtime/engine", "runtime/level", "runtime/patch", "runtime/show"}, nil, outside},
	{"runtime/rehearse", []string{"runtime/beat", "runtime/clock", "runtime/device", "runtime/engine", "runtime/journal", "runtime/level", "runtime/script", "runtime/show"}, nil, outside},
	{"runtime/rig", []string{"runtime/device"}, nil, outside},
	{"runtime/control", nil, []string{"golang.org/x/sys/unix"}, nil},
	{"runtime/console", []string{"drivers/lan"}, []string{"github.com/gorilla/websocket", "github.com/prometheus/client_golang"}, nil},
	{"runtime/host/stage", []string{"runtime/color", "runtime/console", "runtime/engine", "runtime/level", "runtime/patch"}, nil, outside},
	{"runtime/host/record", []string{"runtime/clock", "runtime/device", "runtime/journal", "runtime/level", "runtime/show"}, nil, []string{"net", "net/http", "os/exec", "os/signal", "syscall"}},
	{"runtime/host/logbook", []string{"runtime/console"}, nil, outside},
	{"runtime/host", []string{"drivers/lan", "drivers/osc", "runtime/clock", "runtime/console", "runtime/control", "runtime/device", "runtime/journal", "runtime/level", "runtime/patch", "runtime/rig", "runtime/script", "runtime/show", "runtime/store"},
		nil, nil},
	{"cmd/showrun", []string{"bindings", "drivers", "examples", "runtime", "scripts"},
		[]string{"github.com/lmittmann/tint", "github.com/pelletier/go-toml/v2", "github.com/piglig/go-qr", "github.com/rivo/uniseg", "github.com/spf13/cobra", "github.com/spf13/pflag", "golang.org/x/sys", "golang.org/x/term"}, nil},
}

// place is a set of files: those with a matching name in a folder and below.
type place struct{ tree, name string }

// goroutines are the files that may start goroutines. In drivers they are those
// that own sockets.
var goroutines = []place{
	{"cmd/showrun", "*.go"},
	{"runtime/host", "*.go"},
	{"runtime/control", "listen.go"}, {"runtime/control", "ask.go"},
	{"runtime/store", "save.go"},
	{"runtime/console", "*.go"},
	{"runtime/rig", "*.go"}, {"runtime/device", "rig.go"},
	{"runtime/script", "runner.go"}, {"runtime/script", "compile.go"},
	{"drivers", "conn.go"}, {"drivers", "*_conn.go"},
	{"drivers", "listen.go"},
	{"drivers", "announce.go"}, {"drivers", "discover.go"},
}

// wallClock are the files that may ask what time it is.
var wallClock = append(goroutines, place{"runtime/clock", "*.go"}, place{"runtime/store", "recover.go"})

// written are the package variables that may change after start, by folder.
var written = map[string][]string{
	// gopher-lua has no other way to set its limit; it is set once, to a constant.
	"runtime/script": {"lua.MaxArrayIndex", "limitArrays"},
}

// maxFile is how many lines a file has at most.
const maxFile = 500

var (
	emptyNames = []string{"util", "utils", "common", "helper", "helpers", "types"}
	topFolders = []string{"cmd", "runtime", "bindings", "drivers", "scripts", "examples"}
	topFiles   = []string{"go.mod", "go.sum", "README.md", "LICENSE"}
)

// TestArchitecture holds the module to the rules above.
func TestArchitecture(t *testing.T) {
	for _, violation := range violations(t, os.DirFS("../..")) {
		t.Error(violation)
	}
}

// pkg is a package without its tests. The files of all platforms are in it
// together.
type pkg struct {
	dir   string
	name  string
	files []*ast.File
	types *types.Package
	info  types.Info
}

// checker collects what breaks the rules.
type checker struct {
	fset  *token.FileSet
	found []string
}

// violations reads a module and lists what breaks the rules, as "file:line: what".
func violations(t *testing.T, fsys fs.FS) []string {
	t.Helper()
	c := &checker{fset: token.NewFileSet()}
	if err := c.topLevel(fsys); err != nil {
		t.Fatal(err)
	}
	packages, err := c.read(fsys)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range packages {
		c.pkg(p)
	}
	slices.Sort(c.found)
	return c.found
}

func (c *checker) report(where, format string, args ...any) {
	c.found = append(c.found, where+": "+fmt.Sprintf(format, args...))
}

func (c *checker) at(n ast.Node, format string, args ...any) {
	pos := c.fset.Position(n.Pos())
	c.report(fmt.Sprintf("%s:%d", pos.Filename, pos.Line), format, args...)
}

// topLevel checks what stands at the top of the tree. What git ignores does not
// count.
func (c *checker) topLevel(fsys fs.FS) error {
	ignore, err := fs.ReadFile(fsys, ".gitignore")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	ignored := func(name string) bool {
		for pattern := range strings.FieldsSeq(string(ignore)) {
			if ok, _ := path.Match(strings.Trim(pattern, "/"), name); ok {
				return true
			}
		}
		return false
	}
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		known := topFiles
		if e.IsDir() {
			known = topFolders
		}
		if !strings.HasPrefix(e.Name(), ".") && !slices.Contains(known, e.Name()) && !ignored(e.Name()) {
			c.report(e.Name(), "does not belong at the top level")
		}
	}
	return nil
}

// read parses every Go file that is not a test.
func (c *checker) read(fsys fs.FS) ([]*pkg, error) {
	var packages []*pkg
	byDir := map[string]*pkg{}
	err := fs.WalkDir(fsys, ".", func(file string, d fs.DirEntry, err error) error {
		name := d.Name()
		switch {
		case err != nil:
			return err
		case d.IsDir():
			if file != "." && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata") {
				return fs.SkipDir
			}
			return nil
		case !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		src, err := fs.ReadFile(fsys, file)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(c.fset, file, src, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir := path.Dir(file)
		p := byDir[dir]
		if p == nil {
			p = &pkg{dir: dir, name: f.Name.Name}
			byDir[dir] = p
			packages = append(packages, p)
		}
		p.files = append(p.files, f)
		return nil
	})
	return packages, err
}

// pkg checks one package.
func (c *checker) pkg(p *pkg) {
	if slices.Contains(emptyNames, p.name) || slices.Contains(emptyNames, path.Base(p.dir)) {
		c.report(p.dir, "package %s: the name says nothing about what is in it", p.name)
	}
	p.resolve(c.fset)
	row := slices.IndexFunc(layers, func(l layer) bool { return below(p.dir, l.tree) })
	switch {
	case p.dir == "runtime":
		c.report(p.dir, "no Go package sits directly in runtime")
	case row < 0:
		c.report(p.dir, "the package has no row in the table")
	}
	for _, f := range p.files {
		if n := c.fset.File(f.Package).LineCount(); n > maxFile {
			c.at(f, "%d lines, more than %d", n, maxFile)
		}
		if row >= 0 {
			c.imports(layers[row], f)
		}
		if slices.Contains(roles, p.dir) {
			c.roles(p.dir, f)
		}
		c.file(p, f)
	}
}

// below tells whether a package or folder is a tree or inside of it.
func below(dir, tree string) bool { return dir == tree || strings.HasPrefix(dir, tree+"/") }

// imports checks the imports of a file.
func (c *checker) imports(l layer, f *ast.File) {
	for _, spec := range f.Imports {
		what, _ := strconv.Unquote(spec.Path.Value)
		in := func(tree string) bool { return below(what, tree) }
		inModule := func(tree string) bool { return below(what, modulePath+"/"+tree) }
		first, _, _ := strings.Cut(what, "/")
		switch {
		case what == "C":
			c.at(spec, "cgo")
		case spec.Name != nil && spec.Name.Name == ".":
			c.at(spec, "an import without a name hides what comes from where")
		case first == modulePath:
			if !inModule(l.tree) && !slices.ContainsFunc(l.imports, inModule) {
				c.at(spec, "%s may not import %s", l.tree, what)
			}
		case strings.Contains(first, "."):
			if !slices.ContainsFunc(l.libs, in) {
				c.at(spec, "%s may not import %s", l.tree, what)
			}
		case slices.Contains(l.shut, what):
			c.at(spec, "%s may not import %s", l.tree, what)
		}
	}
}

// roles checks that a file of one role imports no other.
func (c *checker) roles(dir string, f *ast.File) {
	for _, spec := range f.Imports {
		what, _ := strconv.Unquote(spec.Path.Value)
		if role := strings.TrimPrefix(what, modulePath+"/"); role != dir && slices.Contains(roles, role) {
			c.at(spec, "role %s may not import role %s", dir, role)
		}
	}
}

// resolve finds out what the names in a package stand for. Other packages are
// not read, so nothing is known of what they hold.
func (p *pkg) resolve(fset *token.FileSet) {
	p.info = types.Info{
		Uses: map[*ast.Ident]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{}, Types: map[ast.Expr]types.TypeAndValue{},
	}
	cfg := types.Config{Importer: unread{}, FakeImportC: true, Error: func(error) {}}
	p.types, _ = cfg.Check(modulePath+"/"+p.dir, fset, p.files, &p.info)
}

// unread is an importer that knows packages by their names only.
type unread struct{}

var versionElement = regexp.MustCompile(`/v[0-9]+$`)

// Import implements types.Importer.
func (unread) Import(what string) (*types.Package, error) {
	return types.NewPackage(what, path.Base(versionElement.ReplaceAllString(what, ""))), errors.New("not read")
}
