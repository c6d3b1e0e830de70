package examples

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"showrun/runtime/raced"
	"showrun/runtime/rehearse"
	"showrun/runtime/show"
)

// A step is a change that the README of a study has people make.
type step struct {
	line  int    // of the README
	kind  string // "" for one that is seen, "same" for one that is not by itself, "breaks", "raises"
	edits [][2]string
	text  string // what is said of one that breaks
}

var blocks = regexp.MustCompile("(?ms)^```([\\w ]*)\n(.*?)^```$")

// steps reads those of a README: blocks of changes, in the form of diff. A block marked "and"
// is made together with the next one, and the first block after one that breaks is what the
// error says.
func steps(t *testing.T, page string) (list []step) {
	t.Helper()
	var s step
	for _, m := range blocks.FindAllStringSubmatchIndex(page, -1) {
		kind, body := page[m[2]:m[3]], page[m[4]:m[5]]
		if kind == "" && len(list) > 0 && list[len(list)-1].kind == "breaks" {
			list[len(list)-1].text = strings.TrimSpace(body)
			continue
		}
		mark, is := strings.CutPrefix(kind, "diff")
		if !is {
			continue
		}
		var before, after strings.Builder
		for line := range strings.Lines(body) {
			switch line[0] {
			case '-':
				before.WriteString(line[1:])
			case '+':
				after.WriteString(line[1:])
			case ' ':
				before.WriteString(line[1:])
				after.WriteString(line[1:])
			default:
				t.Fatalf("%q is no line of a change", line)
			}
		}
		s.edits = append(s.edits, [2]string{before.String(), after.String()})
		if mark = strings.TrimSpace(mark); mark == "and" {
			continue
		}
		s.kind, s.line = mark, 1+strings.Count(page[:m[0]], "\n")
		list, s = append(list, s), step{}
	}
	return list
}

// TestStudies makes the changes of each study one after the other, as its README has people do:
// each fits, the show loads and plays, and what leaves it is something else than before, or not,
// as the README says.
func TestStudies(t *testing.T) {
	pages, err := filepath.Glob("study-*/README.md")
	if err != nil || len(pages) != 5 {
		t.Fatalf("%v, %v", pages, err)
	}
	for _, page := range pages[:raced.Of(5, 1)] {
		dir := filepath.ToSlash(filepath.Dir(page))
		t.Run(filepath.Base(dir), func(t *testing.T) {
			text, script := read(t, page), read(t, dir+"/show.lua")
			before, errs := studied(t, dir, script)
			if errs != "" {
				t.Fatal(errs)
			}
			for _, s := range steps(t, text) {
				edited := s.apply(t, page, script)
				if s.kind == "breaks" {
					if err := loads(t, dir, edited); err == nil || s.text == "" || !strings.Contains(err.Error(), s.text) {
						t.Errorf("%s:%d: loads with %v, want %q", page, s.line, err, s.text)
					}
					continue
				}
				script = edited
				after, errs := studied(t, dir, script)
				if (errs != "") != (s.kind == "raises") {
					t.Fatalf("%s:%d: logged %q in\n%s", page, s.line, errs, script)
				}
				if (after == before) != (s.kind == "same") {
					t.Errorf("%s:%d: what leaves the show is the same as before: %v", page, s.line, after == before)
				}
				before = after
			}
		})
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

// apply makes a step.
func (s step) apply(t *testing.T, page, script string) string {
	t.Helper()
	for _, e := range s.edits {
		if n := strings.Count(script, e[0]); n != 1 {
			t.Fatalf("%s:%d: what is to be changed is there %d times:\n%s", page, s.line, n, e[0])
		}
		script = strings.Replace(script, e[0], e[1], 1)
	}
	return script
}

// studied runs a version of a study, and returns what leaves it and the errors it logs.
func studied(t *testing.T, dir, script string) (frames, errs string) {
	t.Helper()
	var out, log bytes.Buffer
	sink := show.NewFrameLog(&out)
	opts := options(t, dir, sink)
	opts.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelError}))
	play(t, opts, fstest.MapFS{"show.lua": {Data: []byte(script)}}, length)
	if err := sink.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.String(), log.String()
}

// loads is what comes of loading a version of a study.
func loads(t *testing.T, dir, script string) error {
	t.Helper()
	r, err := rehearse.New(options(t, dir, nil))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	return r.Load(context.Background(), fstest.MapFS{"show.lua": {Data: []byte(script)}})
}
