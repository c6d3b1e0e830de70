package script

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"showrun/runtime/script/chunk"

	lua "github.com/yuin/gopher-lua"
)

// maxSource is the length of a script file in bytes. The parser and the compiler
// cannot be interrupted.
const maxSource = 512 << 10

// compilers bounds how many files are compiled at a time in this process, those
// that nobody waits for any more among them.
var compilers = make(chan struct{}, 4)

var errAbandoned = errors.New("compiling it was given up")

// compile reads and compiles one file. When stop is signalled it returns
// errAbandoned at once, whatever the compiler is busy with.
func (g *Generation) compile(where fs.FS, file string, stop <-chan struct{}) (*lua.LFunction, error) {
	text, err := ReadFile(where, file)
	if err != nil {
		return nil, err
	}
	compiled, err := g.compileText(text, file, stop)
	var wrong *chunk.Error
	switch {
	case errors.As(err, &wrong):
		return nil, &Failure{Message: err.Error()}
	case err != nil:
		return nil, err
	}
	return compiled.Function(g.L), nil
}

func (g *Generation) compileText(text, name string, stop <-chan struct{}) (*chunk.Chunk, error) {
	if g.hook.due() {
		return nil, errAbandoned
	}
	return compileAside(text, name, stop)
}

// ReadFile reads a file of a show as text: one that is Lua but for what it begins with.
func ReadFile(where fs.FS, file string) (string, error) {
	if st, err := fs.Stat(where, file); err != nil {
		return "", err
	} else if !st.Mode().IsRegular() {
		return "", &Failure{Message: file + ": not a regular file"}
	} else if st.Size() > maxSource {
		return "", &Failure{Message: fmt.Sprintf("%s: the file has %d bytes, more than %d; split it into several files, which require reads", file, st.Size(), maxSource)}
	}
	src, err := fs.ReadFile(where, file)
	if err != nil {
		return "", err
	}
	text := strings.TrimPrefix(string(src), "\ufeff") // some editors begin a file with it
	if strings.HasPrefix(text, "#!") {
		text = "--" + text
	}
	return text, nil
}

// compileAside compiles on a goroutine of its own, which goes on to its end by
// itself when stop is signalled.
func compileAside(text, file string, stop <-chan struct{}) (*chunk.Chunk, error) {
	select {
	case compilers <- struct{}{}:
	case <-stop:
		return nil, errAbandoned
	}
	type result struct {
		compiled *chunk.Chunk
		err      error
	}
	done := make(chan result, 1)
	go func() {
		defer func() { <-compilers }()
		compiled, err := chunk.Compile(text, file)
		done <- result{compiled, err}
	}()
	select {
	case r := <-done:
		return r.compiled, r.err
	case <-stop:
		return nil, errAbandoned
	}
}
