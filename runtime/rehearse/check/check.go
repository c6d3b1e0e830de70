// Package check finds mistakes in a show without running it: it loads the show in virtual time,
// as far as that goes, and reads its text.
package check

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing/fstest"

	"showrun/runtime/rehearse"
	"showrun/runtime/script/syntax"
	"showrun/runtime/show"
)

// A Finding is a mistake in a show.
type Finding struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"` // in characters, from 1
	Rule   string `json:"rule"`
	Text   string `json:"text"`
	Remedy string `json:"remedy,omitempty"`
}

// String is "file:line:column: rule: text (remedy)".
func (f Finding) String() string {
	text := fmt.Sprintf("%s:%d:%d: %s: %s", f.File, f.Line, f.Column, f.Rule, f.Text)
	if f.Remedy != "" {
		text += " (" + f.Remedy + ")"
	}
	return text
}

// Looker is the bindings of a load that note what it does.
type Looker interface {
	show.Bindings
	// Globals are the names of all global variables.
	Globals() []string
	// Raised is what was wrong with calls, in their order; a Rule of "" is that of a call.
	Raised() []syntax.Remark
	// Lengths are the durations that were numbers, and Declared the calls that declared
	// devices or universes of them.
	Lengths() []syntax.Fact
	Declared() []syntax.Fact
	// Cues is what there is to say about cue lists.
	Cues() []syntax.Remark
	// Examine tries what stands in functions of the files of a show that is live.
	Examine(files, library []*syntax.File) error
}

// Options say what is looked at, and with what.
type Options struct {
	rehearse.Options          // Bind makes Lookers
	Waits            []string // the functions of modules in which a task waits, such as "clock.sleep"
}

// check is one look at a show.
type check struct {
	opts     Options
	folder   fs.FS
	looker   Looker
	texts    map[string]string // of the files, by name
	files    []*syntax.File    // of the show
	library  []*syntax.File
	globals  map[string]bool
	modules  map[string]bool
	calls    map[*syntax.File]map[spot][]*syntax.Call
	findings []Finding
}

// Check returns what is wrong with the show in a folder, by file and line. The error is that of
// a show that there is not, or of ctx.
func Check(ctx context.Context, opts Options, folder fs.FS) ([]Finding, error) {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if _, err := fs.Stat(folder, opts.File); err != nil {
		return nil, err
	}
	c := &check{opts: opts, folder: folder, texts: map[string]string{}, globals: map[string]bool{}, modules: map[string]bool{}, calls: map[*syntax.File]map[spot][]*syntax.Call{}}
	if err := c.language(ctx); err != nil {
		return nil, err
	}
	c.read(opts.File)
	missing := c.unset(c.files)
	c.loops(c.files)
	if err := c.load(ctx, missing); err != nil {
		return nil, err
	}
	return c.settle(), nil
}

// language finds out what every show has.
func (c *check) language(ctx context.Context) error {
	r, err := c.run(ctx, fstest.MapFS{c.opts.File: {Data: []byte(`require "clock"`)}})
	if err != nil {
		return err
	}
	defer r.Close()
	for _, name := range c.looker.Globals() {
		c.globals[name] = true
	}
	for _, m := range c.looker.Modules() {
		c.modules[m.Name] = true
	}
	return nil
}

// run loads what is in a folder.
func (c *check) run(ctx context.Context, folder fs.FS) (*rehearse.Run, error) {
	opts, bind := c.opts.Options, c.opts.Bind
	opts.Bind = func(scene show.Scene) show.Bindings {
		c.looker = bind(scene).(Looker)
		return c.looker
	}
	r, err := rehearse.New(opts)
	if err != nil {
		return nil, err
	}
	if err := r.Load(ctx, folder); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// most is how many statements are left out.
const most = 20

// load loads the show and looks at what comes of it. missing are modules that it uses without
// having required them: it has them as globals here. Where it does not load, the statement that
// is to blame is left out.
func (c *check) load(ctx context.Context, missing []string) error {
	folder := &mended{FS: c.folder, main: c.opts.File, texts: maps.Clone(c.texts)}
	defer func() { c.more(folder.read) }()
	for _, f := range c.findings { // there is no need to see that they do not end
		if file := c.file(f.File); file != nil && f.Rule == "endless-loop" && c.atTop(file, f.Line) {
			folder.leaveOut(file, f.Line)
		}
	}
	folder.provide(missing)
	var r *rehearse.Run
	for n := 0; r == nil; n++ {
		var err error
		r, err = c.run(ctx, folder)
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		if err == nil {
			break
		}
		at := c.culprit(err)
		c.failed(at)
		if f := c.file(at.File); n == most || f == nil || !folder.leaveOut(f, at.Line) {
			c.remarks(c.looker.Raised())
			return nil
		}
	}
	defer r.Close()
	c.more(folder.read)
	if err := c.looker.Examine(c.files, c.library); err != nil {
		return err
	}
	c.remarks(c.looker.Raised())
	c.remarks(c.looker.Cues())
	c.durations()
	c.devices()
	return nil
}

// located is a message with its place.
var located = regexp.MustCompile(`(?s)^(?:require: )?([^:\s]+\.lua):(\d+):(?:(\d+):)? ?(.*)$`)

// culprit takes apart why a show does not load.
func (c *check) culprit(err error) syntax.Remark {
	at := syntax.Remark{File: c.opts.File, Line: 1, Text: err.Error()}
	for m := located.FindStringSubmatch(at.Text); m != nil && c.file(m[1]) != nil; m = located.FindStringSubmatch(at.Text) {
		at.File, at.Text = m[1], m[4]
		at.Line, _ = strconv.Atoi(m[2])
		at.Column, _ = strconv.Atoi(m[3])
	}
	return at
}

// failed notes why a show does not load, unless that is known.
func (c *check) failed(at syntax.Remark) {
	for _, f := range c.findings {
		if f.File == at.File && f.Line == at.Line || f.Rule == "syntax" {
			return
		}
	}
	if strings.Contains(at.Text, "userdata") || strings.Contains(at.Text, "unknown value") {
		return // it comes of what has been raised before
	}
	at.Rule = "load"
	if named := ruleOf(at.Text); named != "argument" {
		at.Rule = named
	}
	c.remarks([]syntax.Remark{at})
}

func (c *check) file(name string) *syntax.File {
	for _, f := range c.files {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// remarks makes findings of what lookers have to say about files of the show.
func (c *check) remarks(list []syntax.Remark) {
	for _, r := range list {
		f := c.file(r.File)
		if f == nil && r.File != c.opts.File { // which may not even be one that can be read
			continue
		}
		if r.Rule == "" {
			r.Rule = ruleOf(r.Text)
		}
		if f != nil {
			c.locate(f, &r)
		}
		text, remedy := remedyOf(strings.TrimSpace(strings.ReplaceAll(r.Text, "\n", " ")))
		c.findings = append(c.findings, Finding{r.File, r.Line, max(r.Column, 1), r.Rule, text, remedy})
	}
}

// find notes a mistake at a place in a file.
func (c *check) find(f *syntax.File, at int, rule, text, remedy string) {
	line, column := f.Place(at)
	c.findings = append(c.findings, Finding{f.Name, line, column, rule, text, remedy})
}

// settle returns the findings in order, each once, without those that are allowed or come of
// others.
func (c *check) settle() []Finding {
	c.findings = slices.DeleteFunc(c.findings, c.follows)
	c.allow()
	slices.SortStableFunc(c.findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Rule, b.Rule))
	})
	return slices.CompactFunc(c.findings, func(a, b Finding) bool {
		return a.File == b.File && a.Line == b.Line && a.Column == b.Column && a.Rule == b.Rule
	})
}

// nothing is said of what is nil.
var nothing = regexp.MustCompile(`got nil\b|attempt to index a nil value`)

// follows tells whether a finding is about nil in a line that says something which there is not:
// that is told, and all there is to it.
func (c *check) follows(f Finding) bool {
	if f.Rule != "argument" && f.Rule != "load" || !nothing.MatchString(f.Text) {
		return false
	}
	return slices.ContainsFunc(c.findings, func(other Finding) bool {
		return other.File == f.File && other.Line == f.Line && (other.Rule == "global" || other.Rule == "name")
	})
}
