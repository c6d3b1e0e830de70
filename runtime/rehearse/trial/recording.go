package trial

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/device"
	"showrun/runtime/journal"
	"showrun/runtime/script"
	"showrun/runtime/show"
)

// Recording reads a recording that lies beside the tests. One of a show begins to enter the
// run from now on: what came from outside, at the same distances. One of anything else is
// returned, for whoever knows what it holds.
func (h *House) Recording(name string) (entries []any, err error) {
	file, err := h.folder.Open(name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return nil, fmt.Errorf("there is no recording %s beside the tests", name)
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	r, err := journal.Open(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for {
		e, err := r.Next()
		if errors.Is(err, io.EOF) || errors.As(err, new(*journal.Broken)) {
			break // of one that breaks off it is what there is
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		entries = append(entries, e)
	}
	if r.Header.Show == "" {
		return entries, nil
	}
	h.Bring(newFeed(h.Show(), entries, h.Now()))
	return nil, nil
}

// feed has enter a show what entered another from outside, later by a shift. It implements
// device.VirtualRig.
type feed struct {
	to     *show.Machine
	shift  time.Duration
	coming []entering
}

type entering struct {
	at   time.Duration
	what any
}

func newFeed(to *show.Machine, entries []any, now time.Duration) *feed {
	f := &feed{to: to}
	sources := map[string]bool{}
	first := beat.Never
	for _, e := range entries {
		switch in := e.(type) {
		case show.ScriptTurn:
			first = min(first, in.Now)
			for _, ev := range in.Events {
				if outside(ev, sources) {
					f.coming = append(f.coming, entering{in.Now, ev})
				}
			}
		case show.EngineTurn:
			first = min(first, in.Now)
			for _, x := range in.Inputs {
				switch x := x.(type) {
				case show.Observed:
					sources[x.Source] = true
					f.coming = append(f.coming, entering{in.Now, x})
				case show.Aliased:
					sources[x.Source] = true
					f.coming = append(f.coming, entering{in.Now, x})
				}
			}
		}
	}
	f.shift = now - first
	return f
}

// outside tells whether an event has come from outside, and is not what a machine tells its
// script by itself.
func outside(ev script.Event, sources map[string]bool) bool {
	if ev.Topic == show.TopicOperate {
		return true
	}
	if strings.HasPrefix(ev.Topic, "clock/") || strings.HasPrefix(ev.Topic, "show/") {
		return false
	}
	for source := range sources {
		for _, kind := range []beat.Kind{beat.Lost, beat.Found, beat.Tempo, beat.Jump} {
			if ev.Topic == device.SourceTopic(source, kind.String()) {
				return false
			}
		}
	}
	return true
}

// Next implements device.Stepper.
func (f *feed) Next() time.Duration {
	if len(f.coming) == 0 {
		return beat.Never
	}
	return f.coming[0].at + f.shift
}

// Step implements device.Stepper.
func (f *feed) Step(now time.Duration) {
	env := f.to.Env()
	for ; f.Next() <= now; f.coming = f.coming[1:] {
		switch x := f.coming[0].what.(type) {
		case script.Event:
			x.At += f.shift
			f.to.Put(x)
		case show.Observed:
			x.Arrival += f.shift
			env.Observe(x.Source, x.Observation)
		case show.Aliased:
			env.Alias(x.Source, x.Target, x.At+f.shift)
		}
	}
}

// Patch implements device.VirtualRig.
func (f *feed) Patch([]device.Opened) {}
