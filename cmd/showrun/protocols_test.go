package main

import (
	"context"
	"encoding/gob"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"showrun/bindings"
	"showrun/bindings/reference"
	"showrun/runtime/device"
	"showrun/runtime/engine"
	"showrun/runtime/journal"
	"showrun/runtime/level"
	"showrun/runtime/rehearse"
	"showrun/runtime/show"
	"showrun/scripts"
)

// noted writes down every input and order of a run, as a record of it does.
type noted struct {
	t   *testing.T
	out *gob.Encoder
}

func (w noted) write(v any) {
	if err := w.out.Encode(struct{ V any }{v}); err != nil {
		w.t.Errorf("%T cannot be written down: %v", v, err)
	}
}

func (noted) Frame(*level.Frame)        {}
func (w noted) Order(o engine.DueOrder) { w.write(o.Message) }

// TestProtocolsAreWhole runs every example of the reference with the protocols of the
// command: each module that declares devices is that of a protocol, and all that enters
// the show or is ordered can be written down.
func TestProtocolsAreWhole(t *testing.T) {
	t.Parallel()
	all := protocols()
	journal.Register(show.Values()...)
	for _, p := range all {
		journal.Register(p.Values...)
	}
	examples, err := reference.Examples()
	if err != nil {
		t.Fatal(err)
	}
	declared := map[string]bool{}
	for _, ex := range examples {
		w := noted{t, gob.NewEncoder(io.Discard)}
		run, err := rehearse.New(rehearse.Options{
			Name: "page", File: "show.lua", Dir: "page", Protocols: all, Frames: w, Record: w.write, Shipped: scripts.Files(),
			Bind: func(scene show.Scene) show.Bindings { return noting{bindings.New(scene), declared} },
		})
		if err != nil {
			t.Fatal(err)
		}
		files := fstest.MapFS{"show.lua": {Data: []byte(ex.Text)}}
		for name, text := range ex.Files {
			files[name] = &fstest.MapFile{Data: []byte(text)}
		}
		if err := run.Load(context.Background(), files); err != nil {
			t.Errorf("%s: %v in\n%s", ex.Where, err, ex.Text)
			run.Close()
			continue
		}
		if err := run.Until(t.Context(), 10*time.Second); err != nil {
			t.Errorf("%s: %v in\n%s", ex.Where, err, ex.Text)
		}
		run.Close()
	}
	if len(declared) == 0 {
		t.Error("no example declares a device")
	}
	for name := range declared {
		if !slices.ContainsFunc(all, func(p device.Protocol) bool { return p.Name == name }) {
			t.Errorf("module %s declares devices and is no protocol of the command", name)
		}
	}
}

// noting are bindings that note the modules of the devices a show declares.
type noting struct {
	show.Bindings
	modules map[string]bool
}

func (n noting) Devices() []device.Declaration {
	list := n.Bindings.Devices()
	for _, d := range list {
		name, _, _ := strings.Cut(d.String(), " ")
		name, _, _ = strings.Cut(name, ".")
		n.modules[name] = true
	}
	return list
}

// TakeState implements show.Bindings.
func (n noting) TakeState(before show.Bindings) error {
	return n.Bindings.TakeState(before.(noting).Bindings)
}
