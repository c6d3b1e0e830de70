package stage

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"showrun/bindings"
	"showrun/runtime/console"
	"showrun/runtime/device"
	"showrun/runtime/level"
	"showrun/runtime/rehearse"
	"showrun/runtime/show"
)

// stand is a show in virtual time and its stage.
type stand struct {
	*Stage
	t        testing.TB
	run      *rehearse.Run
	bindings show.Bindings
	frame    level.Frame // the last one
}

// Frame implements show.FrameSink.
func (s *stand) Frame(f *level.Frame) { s.frame.Copy(f) }

// newStand loads a script, before which one is universe 1 and two universe 2. The profiles of
// package profile are in its folder.
func newStand(t testing.TB, script string) *stand {
	t.Helper()
	s := &stand{t: t}
	bind := func(scene show.Scene) show.Bindings {
		s.bindings = bindings.New(scene)
		return s.bindings
	}
	var err error
	s.run, err = rehearse.New(rehearse.Options{Name: "stand", File: "show.lua", Dir: "stand", Rate: 50, Lookahead: 50 * time.Millisecond, Bind: bind, Frames: s})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.run.Close)
	files := fstest.MapFS{"show.lua": {Data: []byte(`local clock, stage, net = require "clock", require "stage", require "signet".sender{}
		local one, two = net:universe(1), net:universe(2) ` + script)}}
	profiles, _ := filepath.Glob("../../patch/profile/testdata/*.json")
	for _, name := range profiles {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(name)] = &fstest.MapFile{Data: b}
	}
	if err := s.run.Load(context.Background(), files); err != nil {
		t.Fatal(err)
	}
	var outputs []Output
	for _, decl := range s.bindings.Devices() {
		for _, o := range decl.(device.Outputs).Outputs() {
			outputs = append(outputs, Output{console.Output{Name: decl.(device.Labelled).OutputName(o), Protocol: "signet", Slots: 512}, o})
		}
	}
	s.Stage = New(s.bindings.Patch(), s.bindings.Layout(), outputs, func(o level.Output) (string, int) {
		return s.run.Show().Registry().Key(o), s.run.Show().Registry().Slots(o)
	})
	return s
}

// until runs the show.
func (s *stand) until(at time.Duration) {
	s.t.Helper()
	if err := s.run.Until(context.Background(), at); err != nil {
		s.t.Fatal(err)
	}
}

// look is how a fixture looks now.
func (s *stand) look(name string) console.Look {
	s.t.Helper()
	return s.Looks(s.run.Show().Levels(), nil)[s.number(name)]
}

func (s *stand) number(name string) int {
	s.t.Helper()
	for i := range s.Fixtures {
		if s.Fixtures[i].Name == name {
			return i
		}
	}
	s.t.Fatalf("no fixture %s", name)
	return 0
}
