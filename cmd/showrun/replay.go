package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"showrun/bindings"
	"showrun/cmd/showrun/settings"
	"showrun/cmd/showrun/terminal"
	"showrun/runtime/clock"
	"showrun/runtime/host/record"
	"showrun/runtime/journal"
	"showrun/runtime/rehearse/replay"
	"showrun/runtime/rehearse/timeline"
	"showrun/scripts"
)

// momentFlags name a moment of a recording.
type momentFlags struct{ time, cue, beat string }

// add adds the flags, that of the time under a name of its own.
func (f *momentFlags) add(cmd *cobra.Command, name, what string) {
	p := cmd.Flags()
	p.StringVar(&f.time, name, "", what+" this time: of day, as in 21:43:05, or of the show, as in 12m3s")
	p.StringVar(&f.cue, "cue", "", what+" the start of this cue, as in 12, or \"side 3\" for another list than the main one")
	p.StringVar(&f.beat, "beat", "", what+" this beat of the show, as in 640")
	settings.ByHand(p, name, "cue", "beat")
}

// moment is the one that was named, false for none.
func (f *momentFlags) moment(t *tape) (m replay.Moment, named bool, err error) {
	switch {
	case f.time != "" && f.cue+f.beat != "" || f.cue != "" && f.beat != "":
		err = errors.New("name one moment: a time, a cue or a beat")
	case f.time != "":
		m, err = replay.ParseTime(f.time, t.zero(), t.player.Began())
	case f.cue != "":
		m, err = replay.ParseCue(f.cue)
	case f.beat != "":
		m, err = replay.ParseBeat(f.beat)
	default:
		return m, false, nil
	}
	if err != nil {
		return m, true, usageError{err}
	}
	return m, true, nil
}

// tape is a recording that is played.
type tape struct {
	file   *os.File
	size   int64
	read   atomic.Int64 // bytes
	at     atomic.Int64 // show time
	header journal.Header
	player *replay.Player
}

// Read implements io.Reader.
func (t *tape) Read(b []byte) (int, error) {
	n, err := t.file.Read(b)
	t.read.Add(int64(n))
	return n, err
}

// openTape opens a recording. page, which may be nil, looks on.
func openTape(name string, page *timeline.Timeline) (*tape, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, usageError{err}
	}
	t := &tape{file: file}
	if info, err := file.Stat(); err == nil {
		t.size = info.Size()
	}
	record.Register(protocols())
	recording, err := journal.Open(t)
	if err != nil {
		file.Close()
		return nil, usageError{fmt.Errorf("%s: %w", name, err)}
	}
	t.header = recording.Header
	if t.header.Show == "" {
		file.Close()
		return nil, usageError{fmt.Errorf("%s: this is a recording of players, not of a show: showrun deck --take %[1]s plays it", name)}
	}
	cfg := record.Config(t.header)
	cfg.Bind, cfg.Shipped = bindings.New, scripts.Files()
	var lines func(journal.Line)
	if page != nil {
		cfg.Frames, cfg.Bind = page, page.Declared(bindings.New)
		lines = func(l journal.Line) { page.Line(l.At, slog.Level(l.Level), l.Text+l.Attrs) }
	}
	t.player = replay.New(cfg, recording, lines)
	if page != nil {
		page.Watch(t.player, t.player.Now)
		t.player.Inputs = page.Input
	}
	return t, nil
}

func (t *tape) close() {
	t.player.Close()
	t.file.Close()
}

// zero is the date at show time 0, in the time zone in which the recording was made.
func (t *tape) zero() time.Time {
	if zone, err := time.LoadLocation(t.header.Zone); err == nil && t.header.Zone != "" && t.header.Zone != "Local" {
		return t.header.Began.In(zone)
	}
	return t.header.Began
}

// position tells a moment of the replay: time of day, show time, beat, and cues.
func (t *tape) position() string {
	p := t.player
	text := fmt.Sprintf("%s (show time %s, beat %.2f", t.zero().Add(p.Now()).Format("15:04:05.000"), replay.Show(p.Now()), p.Beat().Float())
	for _, l := range p.Board().Lists {
		if l.Current != "" {
			text += fmt.Sprintf(", cue %s of %s", l.Current, l.Name)
		}
	}
	return terminal.Printable(text+")", "")
}

// play plays the recording up to a moment, or to its end without one. The error is one of the
// replay; it is not of a recording that breaks off, which is said of.
func (t *tape) play(ctx context.Context, m replay.Moment, named bool) (broken *journal.Broken, err error) {
	step := func() error { t.at.Store(int64(t.player.Now())); return context.Cause(ctx) }
	if named {
		err = t.player.Until(m, step)
	} else {
		err = t.player.All(step)
	}
	var differs *replay.Difference
	switch {
	case errors.As(err, &broken):
		err = nil
	case errors.As(err, &differs):
		return nil, nil // it is the first, or comes after that
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("the recording ends before that, at %s", t.position())
	}
	if broken != nil && named {
		return broken, fmt.Errorf("%w, before that, at %s", broken, t.position())
	}
	return broken, err
}

// played is a replay as programs read it.
type played struct {
	Show       string             `json:"show"`
	Began      time.Time          `json:"began"` // show time 0
	From       float64            `json:"from"`  // show time in seconds
	To         float64            `json:"to"`
	Inputs     uint64             `json:"inputs"`
	Equal      uint64             `json:"frames_equal"`
	Different  uint64             `json:"frames_different"`
	Tail       bool               `json:"tail"` // it begins in the middle of the show
	BreaksOff  string             `json:"breaks_off,omitempty"`
	Difference *replay.Difference `json:"difference,omitempty"`
	Took       float64            `json:"took"` // seconds
}

// replayFlags are the flags of replay.
type replayFlags struct {
	until   momentFlags
	against string
	out     string
	json    bool
}

// replay plays a recording.
func (a *app) replay() *cobra.Command {
	var f replayFlags
	cmd := &cobra.Command{
		Use:   "replay FILE",
		Short: "Play a recording of a show again, and compare every frame",
		Long: `replay feeds what entered a show that was recorded to the same machine, as fast as it can,
and compares every frame with the one that was made then. All are equal, or the first
difference is named, and the exit code is 4. Nothing is sent. A recording that begins in
the middle of a show, as of a black box that has become long, is played from what the
script had said: its levels and cues are there, and its tasks are not.

With --against it plays the recording on another version of the show instead, and tells
what differs in the light, cue by cue: nobody has to wait for the next night to see what
a change would have done in the last one.`,
		Example: `  showrun replay tonight.showrec
  showrun replay tonight.showrec --until 21:43:05
  showrun replay tonight.showrec --against show.lua --out diff.html`,
		Args: oneRecording,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := tryPage(f.out); err != nil {
				return err
			}
			if f.against != "" {
				return a.replayAgainst(cmd, args[0], f)
			}
			return a.replayAlone(cmd.Context(), args[0], f)
		},
	}
	f.until.add(cmd, "until", "end at")
	p := cmd.Flags()
	p.StringVar(&f.against, "against", "", "play it on this show instead, a Lua file or a folder, and tell what differs")
	p.StringVar(&f.out, "out", "", "write a page that shows what happened, and with --against both and what differs")
	p.BoolVar(&f.json, "json", false, "print JSON, for programs")
	settings.ByHand(p, "against", "out", "json")
	return cmd
}

// page is one to be written, nil for none.
func (f *replayFlags) page(name string) *timeline.Timeline {
	if f.out == "" {
		return nil
	}
	return timeline.New(timeline.Config{Name: name, File: f.against, Say: says})
}

// oneRecording checks the arguments of a command that reads a recording.
func oneRecording(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usageError{fmt.Errorf("name one recording, such as one of showrun run --record FILE; got %d", len(args))}
	}
	return nil
}

// replayAlone plays a recording on the show that is in it.
func (a *app) replayAlone(ctx context.Context, name string, f replayFlags) error {
	page := f.page(strings.TrimSuffix(filepath.Base(name), filepath.Ext(name)))
	t, err := openTape(name, page)
	if err != nil {
		return err
	}
	defer t.close()
	m, named, err := f.until.moment(t)
	if err != nil {
		return err
	}
	ctx, end := a.interruptible(ctx, "replay")
	defer end()
	real := clock.NewReal()
	stop := a.showReplay(t, real)
	broken, err := t.play(ctx, m, named)
	took := real.Now()
	stop()
	if sig := signalOf(ctx); sig != nil {
		return sig
	}
	if err != nil {
		return err
	}
	p := t.player
	sum := played{
		Show: t.header.Show, Began: t.zero(), From: p.Began().Seconds(), To: p.Now().Seconds(),
		Inputs: p.Tally.Inputs, Equal: p.Tally.Equal, Different: p.Tally.Different, Difference: p.First, Took: took.Seconds(),
		Tail: t.header.Tail,
	}
	if broken != nil {
		sum.BreaksOff = broken.Error()
	}
	if err := a.tellPlayed(t, sum, f.json, named); err != nil {
		return err
	}
	if page != nil {
		page.End(p.Now())
		if err := writePage(f.out, page.WritePage); err != nil {
			return err
		}
	}
	if p.First != nil {
		return errNotReady
	}
	return nil
}

// tellPlayed prints how a replay went.
func (a *app) tellPlayed(t *tape, sum played, asJSON, named bool) error {
	if asJSON {
		return json.NewEncoder(a.stdout).Encode(sum)
	}
	length := t.player.Now() - t.player.Began()
	fmt.Fprintf(a.stdout, "%s, recorded %s by showrun %s: %s\n", terminal.Printable(sum.Show, ""),
		sum.Began.Add(t.player.Began()).Format("2006-01-02 15:04:05 MST"), cmp.Or(terminal.Printable(t.header.Program, ""), "of an unknown version"), replay.Show(length))
	fmt.Fprintf(a.stdout, "%s, %s equal, %d different; %.0f times its speed\n", terminal.Plural(int(sum.Inputs), "input"), terminal.Plural(int(sum.Equal), "frame"),
		sum.Different, length.Seconds()/max(sum.Took, 1e-3))
	if sum.Tail {
		fmt.Fprintf(a.stdout, "it begins in the middle of the show, at show time %s: what the script had said was played\n", replay.Show(t.player.Began()))
	}
	if named {
		fmt.Fprintf(a.stdout, "up to %s\n", t.position())
	}
	if sum.BreaksOff != "" {
		fmt.Fprintf(a.stdout, "%s; all before it was played\n", sum.BreaksOff)
	}
	if sum.Difference != nil {
		fmt.Fprintf(a.stdout, "the first difference is %s\n", terminal.Printable(sum.Difference.String(), "\n"))
		if t.header.Program != version() {
			fmt.Fprintf(a.stdout, "this is showrun %s, another version than made the recording: that may be why\n", version())
		}
	}
	return nil
}

// interruptible is a context that ends with the first signal.
func (a *app) interruptible(parent context.Context, what string) (ctx context.Context, end func()) {
	ctx, cancel := context.WithCancelCause(parent)
	ended := make(chan struct{})
	a.watchSignals(what, func() {}, ended, cancel, terminal.NewLogger(a.screen, "text", false))
	return ctx, func() { close(ended); cancel(nil) }
}

// showReplay shows on a terminal how far a replay is.
func (a *app) showReplay(t *tape, real *clock.Real) (stop func()) {
	if !a.screen.IsTerminal() {
		return func() {}
	}
	began := t.player.Began()
	return a.screen.ShowStatus(func(width int) string {
		at := time.Duration(t.at.Load())
		line := fmt.Sprintf("replay %s · %d%% · %.0f times its speed", at.Round(time.Second), 100*t.read.Load()/max(t.size, 1), (at-began).Seconds()/max(real.Now().Seconds(), 1e-3))
		return terminal.Fit(line, width)
	})
}
