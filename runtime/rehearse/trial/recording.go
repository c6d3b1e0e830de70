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
	"showrun/runtime/rehearse"
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
	h.Bring(feed(h.Show(), entries, h.Now()))
	return nil, nil
}

// feed is what entered a show from outside, from an instant on. A test has to stand a newer
// version of the program, so nothing of the recording is computed again.
func feed(to *show.Machine, entries []any, now time.Duration) *rehearse.Feed {
	f := &rehearse.Feed{To: to}
	sources := map[string]bool{}
	first := beat.Never
	for _, e := range entries {
		switch in := e.(type) {
		case show.ScriptTurn:
			first = min(first, in.Now)
			for _, ev := range in.Events {
				if outside(ev, sources) {
					f.Add(in.Now, ev)
				}
			}
		case show.EngineTurn:
			first = min(first, in.Now)
			for _, x := range in.Inputs {
				switch x := x.(type) {
				case show.Observed:
					sources[x.Source] = true
				case show.Aliased:
					sources[x.Source] = true
				}
				f.Add(in.Now, x)
			}
		}
	}
	f.Shift = now - first
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
