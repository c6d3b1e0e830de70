package examples

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"showrun/drivers/signet/receiver"
	"showrun/drivers/signet/wire"
	"showrun/drivers/stagelinq/source"
	"showrun/runtime/device/stagelinq"
	"showrun/runtime/level"
	"showrun/runtime/rehearse"
	"showrun/runtime/show"
)

// operation is what hands do with cue lists and with all of the light; nil if it is
// something else.
//
//	1s go
//	2s go sound
//	3s master 128
//	4s blackout 1
func (h hand) operation() show.Operation {
	arg := append(h.words[1:], "", "")
	n, _ := strconv.ParseFloat(arg[0], 64)
	switch h.words[0] {
	case "go":
		return show.Go{List: arg[0], Cue: arg[1]}
	case "back":
		return show.Back{List: arg[0]}
	case "master":
		return show.Master{Level: n}
	case "blackout":
		return show.Blackout{On: n == 1}
	}
	return nil
}

// play is what a DJ does with a deck of the virtual rig.
//
//	0s load 1 Night_Ferry Paper_Moons 122
//	1s play 1
//	2s lead 1
//	3s seek 1 124
func (h hand) play(r *gig) error {
	arg := append(h.words[1:], "0", "0", "0")
	deck, _ := strconv.Atoi(arg[0])
	number := func(word string) float64 { n, _ := strconv.ParseFloat(word, 64); return n }
	text := func(word string) string { return strings.ReplaceAll(word, "_", " ") }
	p, now := r.player, r.Time(r.Now())
	switch h.words[0] {
	case "load":
		p.Load(deck, source.Track{Artist: text(arg[1]), Title: text(arg[2]), BPM: number(arg[3]), Length: 6 * time.Minute}, now)
	case "play":
		p.Play(deck, now)
	case "pause":
		p.Pause(deck, now)
	case "lead":
		p.SetMaster(deck, now)
	case "seek":
		p.SeekBeat(deck, number(arg[1]), now)
	default:
		return fmt.Errorf("hands cannot %s", h.words[0])
	}
	return nil
}

// gig is a show in virtual time, and the player of its rig.
type gig struct {
	*rehearse.Run
	player *source.Player
}

func newGig(t testing.TB, opts rehearse.Options) *gig {
	t.Helper()
	r, err := rehearse.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	rig := stagelinq.NewVirtualRig(r.RigEnv(), 120, 0)
	r.Bring(rig)
	return &gig{r, rig.Player()}
}

// lengthOf is how much of a show its golden log holds: up to the end that its hands name,
// if they do.
func lengthOf(t testing.TB, name string) time.Duration {
	t.Helper()
	for _, h := range hands(t, name) {
		if h.words[0] == "end" {
			return h.at
		}
	}
	return length
}

// sparse shows one frame in eleven, four a second: enough to see the looks of a long show.
type sparse struct {
	show.FrameSink
	n int
}

func (s *sparse) Frame(f *level.Frame) {
	if s.n++; s.n%11 == 0 {
		s.FrameSink.Frame(f)
	}
}

// parts are the single frames of a timecode, and what anything else is.
func (h hand) parts(t testing.TB) (list []hand) {
	t.Helper()
	if h.words[0] != "timecode" {
		return []hand{h}
	}
	first, err := wire.ParseTimecodeLabel(h.words[1], wire.Rate25)
	if err != nil {
		t.Fatal(err)
	}
	last, err := wire.ParseTimecodeLabel(h.words[2], wire.Rate25)
	if err != nil {
		t.Fatal(err)
	}
	for n := first.Frame(); n <= last.Frame(); n++ {
		label := wire.TimecodeOf(wire.Rate25, n).String()
		list = append(list, hand{h.at + wire.Rate25.At(n-first.Frame()), []string{"frame", label}})
	}
	return list
}

// frame has a frame of stream 1 come from the network.
func (h hand) frame(r *gig) error {
	label, err := wire.ParseTimecodeLabel(h.words[1], wire.Rate25)
	if err != nil {
		return err
	}
	for _, d := range rehearse.Devices[interface {
		OnTimecode(int, receiver.TimecodeChange, receiver.Timecode, bool)
	}](r.Run) {
		d.OnTimecode(1, receiver.TimecodeFrame, receiver.Timecode{Label: label, At: r.Time(r.Now())}, false)
	}
	return nil
}
