package trial

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"

	"showrun/runtime/script"
)

// File is a file of tests, and how they went.
type File struct {
	Name    string // as people call it
	Err     error  // why it does not load; nil if it does
	Results []Result
}

// Failed is how many tests have failed.
func (f File) Failed() (n int) {
	for _, r := range f.Results {
		if len(r.Failed) > 0 {
			n++
		}
	}
	return n
}

// suffix ends the name of every file of tests.
const suffix = "_test.lua"

// IsFile tells whether a file is one of tests, by its name.
func IsFile(name string) bool { return strings.HasSuffix(name, suffix) && name != suffix }

// note is a comment in a file of tests: "-- showrun: show kiosk.lua".
var note = regexp.MustCompile(`(?m)^--\s*showrun:\s*show\s+(\S+)\s*$`)

// Prepare completes the options for a file of tests in a folder: the show is the one that the
// file names in a note, else show.lua in the folder, else the file called as that of the tests
// is without _test, else there is none, and the tests are a show by themselves.
func Prepare(opts Options, folder fs.FS, file string) (Options, error) {
	opts.Tests, opts.File = file, file
	there := func(name string) bool {
		st, err := fs.Stat(folder, name)
		return err == nil && st.Mode().IsRegular()
	}
	for _, name := range []string{"show.lua", strings.TrimSuffix(file, suffix) + ".lua"} {
		if there(name) {
			opts.File = name
			break
		}
	}
	text, err := script.ReadFile(folder, file)
	if err != nil {
		return opts, err
	}
	m := note.FindStringSubmatch(text)
	switch {
	case m == nil:
	case m[1] == "none":
		opts.File = file
	case there(m[1]):
		opts.File = m[1]
	default:
		return opts, fmt.Errorf("%s: there is no show %s beside it; a note is written -- showrun: show FILE.lua, or none", file, m[1])
	}
	return opts, nil
}

// List returns the tests of a file that match, as results of which nothing is known yet.
func List(ctx context.Context, opts Options, folder fs.FS, match func(name string) bool) ([]Result, error) {
	h, err := open(ctx, opts, folder)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	var list []Result
	for i := range h.show.Tests() {
		name, line, skipped := h.show.Test(i)
		if match(name) {
			list = append(list, Result{Name: name, Line: line, Skipped: skipped})
		}
	}
	return list, nil
}

// Run runs a test of a file, by its name. The error is not of a test that fails.
func Run(ctx context.Context, opts Options, folder fs.FS, name string) (Result, error) {
	h, err := open(ctx, opts, folder)
	if err != nil {
		return Result{}, err
	}
	defer h.Close()
	for i := range h.show.Tests() {
		if of, _, _ := h.show.Test(i); of == name {
			return h.test(ctx, i, opts, folder)
		}
	}
	return Result{}, errors.New("the test " + strconv.Quote(name) + " is not there any more")
}
