package trial

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/device"
	"showrun/runtime/journal"
	"showrun/runtime/rehearse"
	"showrun/runtime/rehearse/replay"
	"showrun/runtime/script"
	"showrun/runtime/show"
)

// Recording reads a recording that lies beside the tests. One of a show begins to enter the
// run from now on: what came from outside, at the same distances, and what its devices said.
// One of anything else is returned, for whoever knows what it holds.
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
	fed := feed(h.Show(), entries, h.Now())
	h.Bring(fed)
	switch {
	case r.Header.Tail:
		slog.New(&h.said).Warn(fmt.Sprintf("%s begins in the middle of a show, so what devices said to that is not known: those of the test answer", name))
	case h.repeat != nil:
		player := replay.New(h.repeat(r.Header), &tape{entries}, nil)
		h.recordings = append(h.recordings, &recording{name, fed.Shift, replay.NewDevices(player), map[string]bool{}})
	}
	return nil, nil
}

// recording is one of a show whose devices say again what they said.
type recording struct {
	name    string
	later   time.Duration // than in the recording
	devices *replay.Devices
	missed  map[string]bool // devices that did not say what a script has asked
}

// tape is the recording that has these entries.
type tape struct{ entries []any }

// Next implements replay.Recording.
func (t *tape) Next() (journal.Entry, error) {
	if len(t.entries) == 0 {
		return nil, io.EOF
	}
	e := t.entries[0]
	t.entries = t.entries[1:]
	return e, nil
}

// answer has a device say what it said in a recording: in the one that has begun last of
// those in which it was asked that by then. Otherwise the device of the test is asked, and
// that is logged of one that is in a recording.
func (h *House) answer(q show.AskDevice) (value any, known bool) {
	for _, r := range slices.Backward(h.recordings) {
		then := show.AskDevice{Key: q.Key, Question: rehearse.Later(q.Question, -r.later)}
		value, known, differs := r.devices.Answer(then, h.Now()-r.later)
		switch {
		case differs != nil && !h.over:
			h.fail("", fmt.Sprintf("a script asks a device, and what it said in %s is known only up to %s of that: this version of the program cannot repeat it any further (%s); make it anew", r.name, replay.Show(differs.At), differs.Broken))
		case known:
			return rehearse.Later(value, r.later), true
		case r.devices.Asked(q.Key) && !r.missed[q.Key]:
			r.missed[q.Key] = true
			slog.New(&h.said).Warn(fmt.Sprintf("%s does not tell what %s says to all that is asked here; where it does not, that of the test answers", r.name, h.named(q.Key)))
		}
	}
	return nil, false
}

// named is a device as people know it.
func (h *House) named(key string) string {
	for _, o := range h.Opened() {
		if o.Declaration.Key() == key {
			return fmt.Sprint(o.Declaration)
		}
	}
	return key
}

// feed is what entered a show from outside, from an instant on. A test has to stand a newer
// version of the program, so nothing of the recording is computed again for that.
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
