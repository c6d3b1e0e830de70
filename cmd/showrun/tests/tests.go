// Package tests finds files of tests of shows, runs them side by side and tells how that went.
package tests

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"showrun/bindings"
	"showrun/runtime/host/folder"
	"showrun/runtime/host/record"
	"showrun/runtime/journal"
	"showrun/runtime/rehearse/trial"
	"showrun/runtime/show"
	"showrun/scripts"
)

// Options say which tests are run, and how.
type Options struct {
	trial.Options                // Name, Dir and what makes the modules are filled in
	Match         *regexp.Regexp // of the names of tests; nil = all
	Parallel      int            // how many run at a time
}

// Source is a file of tests on disk.
type Source struct {
	Name  string // as people call it
	dir   folder.Folder
	files *folder.Files // as the last run found them
}

// Find lists the files of tests that paths name: themselves, or all in a folder and below. A
// path that names none is an error.
func Find(paths []string) (list []*Source, err error) {
	known := map[string]bool{}
	for _, path := range paths {
		found, err := find(path)
		if err != nil {
			return nil, err
		}
		for _, name := range found {
			abs, err := filepath.Abs(name)
			if err != nil {
				return nil, err
			}
			if !known[abs] {
				list = append(list, &Source{Name: filepath.ToSlash(filepath.Clean(name)), dir: folder.Folder{Dir: filepath.Dir(abs), File: filepath.Base(abs)}})
			}
			known[abs] = true
		}
	}
	return list, nil
}

// More are the files of tests at paths that are not in a list.
func More(list []*Source, paths []string) (more []*Source) {
	now, _ := Find(paths) // what is not there is told by what was found there before
	for _, s := range now {
		if !slices.ContainsFunc(list, func(known *Source) bool { return known.dir == s.dir }) {
			more = append(more, s)
		}
	}
	return more
}

func find(path string) (list []string, err error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("there is no file and no folder %s", path)
	}
	if !st.IsDir() {
		if trial.IsFile(filepath.Base(path)) {
			return []string{path}, nil
		}
		hint := ""
		if beside := strings.TrimSuffix(path, ".lua") + "_test.lua"; isFile(beside) {
			hint = fmt.Sprintf(" (did you mean %s?)", beside)
		}
		return nil, fmt.Errorf("%s is no file of tests: those are called NAME_test.lua%s", path, hint)
	}
	err = filepath.WalkDir(path, func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && name != path && strings.HasPrefix(e.Name(), "."):
			return fs.SkipDir
		case e.Type().IsRegular() && trial.IsFile(e.Name()):
			list = append(list, name)
		}
		return nil
	})
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("there are no tests in %s: they are in files called NAME_test.lua, such as show_test.lua beside show.lua", path)
	}
	return list, err
}

func isFile(name string) bool {
	st, err := os.Stat(name)
	return err == nil && st.Mode().IsRegular()
}

// Close lets go of the files.
func (s *Source) Close() {
	if s.files != nil {
		s.files.Close()
	}
}

// Changed tells whether a file that the last run asked for is another one now, and has stayed
// as it is since the last call.
func (s *Source) Changed(w *folder.Watcher) bool { return s.files != nil && w.Changed(s.files) != "" }

// options are those of one file.
func (s *Source) options(o Options) (trial.Options, error) {
	opts := o.Options
	opts.Name, opts.Dir, opts.Shipped = filepath.Base(s.dir.Dir), filepath.Base(s.dir.Dir), scripts.Files()
	opts.Bind = func(h *trial.House) show.Bind { return bindings.NewTrial(h) }
	opts.Repeat = func(h journal.Header) show.Config {
		cfg := record.Config(h)
		cfg.Bind, cfg.Shipped = bindings.New, opts.Shipped
		return cfg
	}
	return trial.Prepare(opts, s.files, s.dir.File)
}

// Run runs the tests of files, so many at a time, and tells of each file in the order of the
// list, as soon as all before it have been told of.
func Run(ctx context.Context, list []*Source, o Options, tell func(trial.File)) []trial.File {
	slots := make(chan struct{}, max(o.Parallel, 1))
	results := make([]chan trial.File, len(list))
	for i, s := range list {
		results[i] = make(chan trial.File, 1)
		go func() { results[i] <- s.run(ctx, o, slots) }()
	}
	var files []trial.File
	owners := map[string]string{}
	for i, result := range results {
		f := <-result
		if f.Err == nil {
			f.Err = list[i].write(f, owners)
		}
		files = append(files, f)
		tell(f)
	}
	return files
}

// run runs the tests of one file, each when there is a slot for it.
func (s *Source) run(ctx context.Context, o Options, slots chan struct{}) trial.File {
	s.Close()
	s.files = s.dir.Open()
	f := trial.File{Name: s.Name}
	opts, err := s.options(o)
	if err == nil {
		slots <- struct{}{}
		f.Results, err = trial.List(ctx, opts, s.files, func(name string) bool { return o.Match == nil || o.Match.MatchString(name) })
		<-slots
	}
	if err != nil {
		f.Err = err
		return f
	}
	var wait sync.WaitGroup
	errs := make([]error, len(f.Results))
	for i := range f.Results {
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			f.Results[i], errs[i] = trial.Run(ctx, opts, s.files, f.Results[i].Name)
		})
	}
	wait.Wait()
	f.Err = firstOf(errs)
	return f
}

func firstOf(errs []error) error {
	if i := slices.IndexFunc(errs, func(err error) bool { return err != nil }); i >= 0 {
		return errs[i]
	}
	return nil
}

// write writes the golden logs of tests that passed. No two tests may have the same: owners
// are those that have one, by its path.
func (s *Source) write(f trial.File, owners map[string]string) error {
	for _, r := range f.Results {
		if r.Golden == "" {
			continue
		}
		name := filepath.Join(s.dir.Dir, filepath.FromSlash(r.Golden))
		if other := owners[name]; other != "" {
			return fmt.Errorf("the tests %s and %q have one golden log, %s; give each a name of its own", other, r.Name, r.Golden)
		}
		owners[name] = fmt.Sprintf("%q of %s", r.Name, s.Name)
		if r.Log == nil || len(r.Failed) > 0 {
			continue
		}
		if there, err := os.ReadFile(name); err == nil && !trial.IsGolden(there) {
			return fmt.Errorf("%s is no golden log, and nothing is written over: choose another name for that of the test %q", r.Golden, r.Name)
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(name, r.Log, 0o666); err != nil {
			return err
		}
	}
	return nil
}
