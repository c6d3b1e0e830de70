package examples

import (
	"cmp"
	"context"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	wire "showrun/drivers/osc"
	"showrun/runtime/device"
	"showrun/runtime/device/osc"
	"showrun/runtime/rehearse"
	"showrun/runtime/script"
	"showrun/runtime/show"
)

// hand is something that people or their devices do to a show while it runs.
type hand struct {
	at    time.Duration
	words []string
}

// hands reads testdata/NAME.hands: a line for each, with its instant. There need not be
// such a file.
//
//	2s trigger homed
//	3s param sway 20
//	5s osc /door 1
//	9s stop
//	11s release
//	12s go
//	14s load 1 "Artist - Title" 126
//	15s timecode 01:00:00:00 01:00:08:00
func hands(t testing.TB, name string) (list []hand) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".hands"))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		at, err := time.ParseDuration(words[0])
		if err != nil || len(words) < 2 {
			t.Fatalf("%s.hands: %q", name, line)
		}
		list = append(list, hand{at, words[1:]}.parts(t)...)
	}
	slices.SortStableFunc(list, func(a, b hand) int { return cmp.Compare(a.at, b.at) })
	return list
}

// play runs the show of a folder with its hands for so long, goodbye included.
func play(t testing.TB, opts rehearse.Options, files fs.FS, length time.Duration) {
	t.Helper()
	r := newGig(t, opts)
	defer r.Close()
	until := func(at time.Duration) {
		if err := r.Until(context.Background(), at); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Load(context.Background(), files); err != nil {
		t.Fatal(err)
	}
	for _, h := range hands(t, opts.Name) {
		if h.at > length {
			break
		}
		until(h.at)
		if err := h.lay(r); err != nil {
			t.Fatalf("%v %v: %v", h.at, h.words, err)
		}
	}
	until(length)
	r.End()
}

// complaints is a log that keeps what should not be there.
type complaints struct{ t testing.TB }

// Write implements io.Writer.
func (c complaints) Write(line []byte) (int, error) {
	c.t.Errorf("logged %s", line)
	return len(line), nil
}

// lay does it.
func (h hand) lay(r *gig) error {
	switch h.words[0] {
	case "trigger":
		return r.Show().Operate(show.Fire{Name: h.words[1]})
	case "param":
		return r.Show().Operate(show.SetParam{Name: h.words[1], Value: value(h.words[2])})
	case "osc":
		for _, d := range rehearse.Devices[*osc.Receiver](r.Run) {
			d.OnMessage(wire.Message{Address: h.words[1], Args: []any{value(h.words[2])}}, wire.Immediately, netip.AddrPort{}, r.Time(r.Now()))
		}
	case "stop", "release":
		r.Show().Hold(h.words[0] == "stop")
		r.Show().Put(script.Event{Topic: show.TopicEmergency, At: r.Now(), Value: h.words[0] == "stop"})
		for _, d := range rehearse.Devices[device.Machinery](r.Run) {
			d.Hold(h.words[0] == "stop")
		}
	case "frame":
		return h.frame(r)
	case "end":
	default:
		if op := h.operation(); op != nil {
			return r.Show().Operate(op)
		}
		return h.play(r)
	}
	return nil
}

// value is a number, or else the word.
func value(word string) any {
	if n, err := strconv.ParseFloat(word, 64); err == nil {
		return n
	}
	return word
}
