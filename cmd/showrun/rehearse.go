package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"showrun/cmd/showrun/settings"
	"showrun/cmd/showrun/terminal"
	"showrun/runtime/device"
	"showrun/runtime/device/midi"
	"showrun/runtime/device/osc"
	"showrun/runtime/device/theater"
	"showrun/runtime/engine"
	"showrun/runtime/level"
	"showrun/runtime/rehearse"
	"showrun/runtime/rehearse/timeline"
	"showrun/runtime/show"
)

// rehearseFlags are the flags of rehearse.
type rehearseFlags struct {
	offlineFlags
	length      time.Duration
	deck, osc   string
	goes, cues  string
	out, frames string
	verbose     bool
}

const rehearseHelp = `rehearse runs a show without its rig, many times as fast as it will be: no
network, no devices, a clock that jumps from one thing that is due to the next. Two
runs with the same seed are the same, to the frame.

With --out it writes a page to be opened in a browser: cues, beats, decks, every
fixture in its colours, machinery, messages and the log over the whole of the show,
and who set what, by file and line. It is one file that needs no network.

--deck 128 is a player at that tempo, --deck FILE what
showrun record has recorded of one.

--osc names a file with a message a line, as it comes from the network: when, the
address, and what goes with it. What is after # does not count.

  # when  address          values: numbers, "texts", true, false, nil
  12s     /door            1
  1m30s   /say "good evening" 0.5 true
  2m      /showrun/trigger/confetti
  2m10s   :8000/door      0

A number with a point goes as a float, else as an integer. Every receiver of the show
hears it, or with a port in front of the address the one that listens there; what begins
with /showrun/ operates the show, as when it runs.

--go presses GO of the main list at the times named, --cues all goes through all cues
of all lists, each as soon as the one before has come to rest.

It ends with what it has found, and with exit code 1 if anything in the script failed.`

func (a *app) rehearse() *cobra.Command {
	var f rehearseFlags
	cmd := &cobra.Command{
		Use:   "rehearse SHOW",
		Short: "Run a show without its rig, faster than it is, and draw it",
		Long:  rehearseHelp,
		Example: `  showrun rehearse show.lua --for 2h --out tonight.html     a picture of two hours
  showrun rehearse show.lua --cues all --out cues.html      all cues, one after another
  showrun rehearse show.lua --deck 128 --go 12s,1m,1m30s    a deck plays, and GO three times
  showrun rehearse show.lua --frames a.log                  every level, for comparisons`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.rehearseShow(cmd, f, args) },
	}
	p := cmd.Flags()
	p.DurationVar(&f.length, "for", 0, "how much of the show, such as 2h (default: 10m, or until the cues or the recording are over)")
	p.StringVar(&f.deck, "deck", "", "a player: its tempo in BPM, or a recording of players to play")
	p.StringVar(&f.osc, "osc", "", "file of OSC messages that come, a line each")
	p.StringVar(&f.goes, "go", "", "times at which GO is pressed, such as 12s,1m,1m30s")
	p.StringVar(&f.cues, "cues", "", "all: go through all cues of all lists")
	p.StringVar(&f.out, "out", "", "page to write")
	p.StringVar(&f.frames, "frames", "", "file to write every change of a level to")
	p.BoolVarP(&f.verbose, "verbose", "v", false, "log all that the show logs, not only what is amiss")
	settings.AtLeast(p, "for", time.Duration(0))
	settings.OneOf(p, "cues", "", "all")
	settings.Path(p, "deck", "osc", "out", "frames")
	settings.Shared(p, "verbose")
	f.offlineFlags.add(cmd)
	return cmd
}

// rehearseShow rehearses one show and tells how it went.
func (a *app) rehearseShow(cmd *cobra.Command, f rehearseFlags, args []string) error {
	hands, err := f.hands()
	if err != nil {
		return usageError{err}
	}
	if err := tryPage(f.out); err != nil {
		return err
	}
	log := &rehearsalLog{terminal.NewLogger(a.screen, "text", f.verbose).Handler(), &rehearsed{quiet: !f.verbose}}
	o, err := f.openOffline(cmd, args, nil)
	if err != nil {
		return err
	}
	defer o.Close()
	line := timeline.New(timeline.Config{Name: o.Name, File: o.File, Say: says, Opened: func() []device.Opened { return log.run.Opened() }})
	o.opts.Log, o.opts.Frames, o.opts.Record = slog.New(line.Handler(log)), line, line.Input
	frames, err := create(f.frames)
	if err != nil {
		return err
	}
	defer frames.Close()
	var text *show.FrameLog
	if f.frames != "" {
		text = show.NewFrameLog(frames)
		o.opts.Frames = &frameTee{line, text}
	}
	run, err := rehearse.New(o.opts)
	if err != nil {
		return err
	}
	defer run.Close()
	log.run = run
	line.Watch(run.Show(), run.Now)
	r := &rehearsal{Run: run, hands: hands, all: f.cues == "all", length: f.length}
	if err := r.bring(f.deck, slog.New(log.Handler)); err != nil {
		return err
	}
	ctx, end := a.interruptible(cmd.Context(), "rehearsal")
	defer end()
	began := time.Now()
	err = a.perform(ctx, o, r)
	sig := signalOf(ctx) // what was rehearsed up to then is shown all the same
	if err != nil && sig == nil {
		return err
	}
	took := time.Since(began)
	line.End(run.Now())
	if text != nil {
		if err := text.Flush(); err != nil {
			return fmt.Errorf("--frames: %w", err)
		}
	}
	if f.out != "" {
		if err := writePage(f.out, line.WritePage); err != nil {
			return err
		}
	}
	fmt.Fprint(a.stdout, log.summary(r, line, took))
	if f.out != "" {
		fmt.Fprintf(a.stdout, "page: %s\n", f.out)
	}
	if sig != nil {
		return sig
	}
	if n := log.failed.count; n > 0 {
		return fmt.Errorf("the show failed: %s", terminal.Plural(n, "error"))
	}
	return nil
}

// perform loads the show and plays it, with a bar of how far it is on a terminal.
func (a *app) perform(ctx context.Context, o *offline, r *rehearsal) error {
	if err := o.load(ctx, r.Run); err != nil {
		return err
	}
	if a.screen.IsTerminal() {
		defer a.screen.ShowStatus(r.bar)()
	}
	return r.play(ctx)
}

// create makes a file, or nothing without a name.
func create(name string) (io.WriteCloser, error) {
	if name == "" {
		return noFile{io.Discard}, nil
	}
	file, err := os.Create(name)
	if err != nil {
		return nil, usageError{err}
	}
	return file, nil
}

// noFile is a file that is not there.
type noFile struct{ io.Writer }

func (noFile) Close() error { return nil }

// tryPage tells before anything is run that a page cannot be written; "" is none.
func tryPage(name string) error {
	if name == "" {
		return nil
	}
	file, err := pageFile(name)
	if err != nil {
		return usageError{err}
	}
	return errors.Join(file.Close(), os.Remove(file.Name()))
}

// pageFile makes the file that takes the place of a page once it is whole.
func pageFile(name string) (*os.File, error) {
	switch info, err := os.Stat(name); {
	case err != nil: // as a rule there is none yet
	case info.IsDir():
		return nil, fmt.Errorf("--out: %s is a folder", name)
	case !info.Mode().IsRegular(): // a page would take the place of a device
		return nil, fmt.Errorf("--out: %s is no file; a page is written to one", name)
	}
	file, err := os.CreateTemp(filepath.Dir(name), ".timeline-*")
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		err = fmt.Errorf("--out: %s cannot be written: %w", name, path.Err)
	}
	return file, err
}

// writePage writes the page, in place of one that is there only when it is whole.
func writePage(name string, write func(io.Writer) error) error {
	file, err := pageFile(name)
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	err = errors.Join(write(file), file.Chmod(0o644), file.Close())
	if err != nil {
		return err
	}
	if target, err := filepath.EvalSymlinks(name); err == nil {
		name = target // which stays where a link leads
	}
	return os.Rename(file.Name(), name)
}

// frameTee shows all to a timeline, and frames and orders to a log.
type frameTee struct {
	*timeline.Timeline
	log *show.FrameLog
}

// Frame implements show.FrameSink.
func (t *frameTee) Frame(f *level.Frame) {
	t.Timeline.Frame(f)
	t.log.Frame(f)
}

// Order implements show.OrderSink.
func (t *frameTee) Order(o engine.DueOrder) {
	t.Timeline.Order(o)
	t.log.Order(o)
}

// says puts messages of protocols into words.
func says(message any) string {
	switch m := message.(type) {
	case osc.Message:
		return strings.TrimSpace(m.Address + " " + strings.Trim(fmt.Sprint(m.Args), "[]"))
	case midi.Message:
		return strings.TrimLeft(fmt.Sprintf("MIDI %+v", m), " ")
	case theater.Move:
		return fmt.Sprintf("axis %v moves along %d knots", m.Axis, len(m.Knots))
	case theater.Home:
		return fmt.Sprintf("axis %v goes home", m.Axis)
	case theater.Feed:
		return fmt.Sprintf("joint %d is fed at %g", m.Joint, m.PWM)
	case theater.Empty:
		return "all is vented"
	case theater.StopAxis:
		return fmt.Sprintf("axis %v stops", m.Axis)
	}
	return ""
}
