package examples

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"
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
//	20s end
//
// At its end the show says goodbye, if it has not been asked to before.
func hands(t *testing.T, name string) (list []hand) {
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
		list = append(list, hand{at, words[1:]})
	}
	return list
}

// play runs a show with its hands for so long, goodbye included.
func play(t *testing.T, opts rehearse.Options, length time.Duration) {
	t.Helper()
	r, err := rehearse.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	until := func(at time.Duration) {
		if err := r.Until(context.Background(), at); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Load(context.Background(), os.DirFS(opts.Dir)); err != nil {
		t.Fatal(err)
	}
	for _, h := range hands(t, opts.Name) {
		if h.at > length {
			break
		}
		until(h.at)
		if h.words[0] == "end" {
			length = h.at
			break
		}
		if err := h.lay(r); err != nil {
			t.Fatalf("%v %v: %v", h.at, h.words, err)
		}
	}
	until(length)
	r.End()
}

// complaints is a log that keeps what should not be there.
type complaints struct{ t *testing.T }

// Write implements io.Writer.
func (c complaints) Write(line []byte) (int, error) {
	c.t.Errorf("logged %s", line)
	return len(line), nil
}

// lay does it.
func (h hand) lay(r *rehearse.Run) error {
	switch h.words[0] {
	case "trigger":
		return r.Show().Operate(show.Fire{Name: h.words[1]})
	case "param":
		return r.Show().Operate(show.SetParam{Name: h.words[1], Value: value(h.words[2])})
	case "osc":
		for _, d := range rehearse.Devices[*osc.Receiver](r) {
			d.OnMessage(wire.Message{Address: h.words[1], Args: []any{value(h.words[2])}}, wire.Immediately, netip.AddrPort{}, r.Time(r.Now()))
		}
	case "stop", "release":
		r.Show().Hold(h.words[0] == "stop")
		r.Show().Put(script.Event{Topic: show.TopicEmergency, At: r.Now(), Value: h.words[0] == "stop"})
		for _, d := range rehearse.Devices[device.Machinery](r) {
			d.Hold(h.words[0] == "stop")
		}
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
