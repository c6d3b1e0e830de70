package settings

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// FileName is that of settings files.
const FileName = "showrun.toml"

// Limits of files, which may come with the show of somebody else: what is read of one grows
// with the square of its length, and of its deepest name.
const (
	maxFile = 16 << 10 // bytes
	maxPath = 8        // parts of a name, of which settings have three at most
)

// an entry is a value of a file. That of an empty section is nil.
type entry struct {
	path  []string
	value any
	line  int
}

// readFile reads the entries of a file, none if it is not there. Errors name the line.
func readFile(name string) (list []entry, there bool, err error) {
	st, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, false, nil
	case err != nil:
		return nil, false, err
	case !st.Mode().IsRegular():
		return nil, true, fmt.Errorf("%s must be a file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, true, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("%s is longer than %d KiB", name, maxFile>>10)
	}
	if err != nil {
		return nil, true, err
	}
	at, deep := lines(text)
	if deep > 0 {
		return nil, true, fmt.Errorf("%s:%d: a name has more than %d parts", name, deep, maxPath)
	}
	var values map[string]any
	if err := toml.Unmarshal(text, &values); err != nil {
		line := 1
		var bad *toml.DecodeError
		if errors.As(err, &bad) {
			line, _ = bad.Position()
		}
		return nil, true, fmt.Errorf("%s:%d: %s; lines are such as rate = 44, osc = \"off\" or [deck]", name, line, strings.TrimPrefix(err.Error(), "toml: "))
	}
	return flatten(values, nil, at), true, nil
}

// separator joins the parts of a path to a key of a map.
const separator = "\x00"

// flatten lists the values of tables in the order of their lines.
func flatten(table map[string]any, path []string, lines map[string]int) (list []entry) {
	for key, value := range table {
		at := append(slices.Clone(path), key)
		below, isTable := value.(map[string]any)
		if isTable && len(below) > 0 {
			list = append(list, flatten(below, at, lines)...)
			continue
		}
		if isTable {
			value = nil
		}
		list = append(list, entry{at, value, lines[strings.Join(at, separator)]})
	}
	slices.SortFunc(list, func(a, b entry) int { return a.line - b.line })
	return list
}

// lines are the line numbers of what a file defines, by path, as far as it can be read. The
// first line with a name of too many parts is deep, 0 for none.
func lines(text []byte) (found map[string]int, deep int) {
	found = map[string]int{}
	var p unstable.Parser
	var note func(n *unstable.Node, above []string)
	note = func(n *unstable.Node, above []string) {
		path := slices.Clone(above)
		for key := n.Key(); key.Next(); {
			path = append(path, string(key.Node().Data))
			if len(path) > maxPath {
				deep = p.Shape(key.Node().Raw).Start.Line
				return
			}
			at := strings.Join(path, separator)
			if _, ok := found[at]; !ok {
				found[at] = p.Shape(key.Node().Raw).Start.Line
			}
		}
		if n.Kind == unstable.KeyValue && n.Value().Kind == unstable.InlineTable {
			for below := n.Value().Children(); deep == 0 && below.Next(); {
				note(below.Node(), path)
			}
		}
	}
	var section []string
	for p.Reset(text); deep == 0 && p.NextExpression(); {
		n := p.Expression()
		switch n.Kind {
		case unstable.Table, unstable.ArrayTable:
			section = nil
			note(n, nil)
			for key := n.Key(); deep == 0 && key.Next(); {
				section = append(section, string(key.Node().Data))
			}
		case unstable.KeyValue:
			note(n, section)
		}
	}
	return found, deep
}

// locate has a path in a file be relative to the folder of the file.
func locate(file, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(file), path)
}
