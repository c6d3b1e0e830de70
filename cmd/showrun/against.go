package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"showrun/cmd/showrun/terminal"
	"showrun/runtime/clock"
	"showrun/runtime/host"
	"showrun/runtime/rehearse"
	"showrun/runtime/rehearse/replay"
	"showrun/runtime/rehearse/timeline"
)

// compared is a comparison as programs read it.
type compared struct {
	Show      string             `json:"show"`
	Against   string             `json:"against"`
	Began     time.Time          `json:"began"` // show time 0
	From      float64            `json:"from"`  // show time in seconds
	To        float64            `json:"to"`
	Levels    []replay.Stretch   `json:"levels"`
	Cues      []replay.Mismatch  `json:"cues"`
	Orders    []replay.Mismatch  `json:"orders"`
	Outputs   []string           `json:"outputs"`
	Reloads   int                `json:"reloads"`    // in the recording
	Unknown   int                `json:"unanswered"` // questions to devices
	BreaksOff string             `json:"breaks_off,omitempty"`
	Replay    *replay.Difference `json:"replay,omitempty"` // where the recording itself does not repeat
	Took      float64            `json:"took"`
}

// replayAgainst plays a recording on another show.
func (a *app) replayAgainst(cmd *cobra.Command, name string, f replayFlags) error {
	log := slog.New(warnings{terminal.NewLogger(a.screen, "text", false).Handler()})
	var of offlineFlags
	other, err := of.openOffline(cmd, []string{f.against}, log)
	if err != nil {
		return err
	}
	defer other.Close()
	pages := [2]*timeline.Timeline{f.page("in the recording"), f.page(f.against)}
	t, err := openTape(name, pages[0])
	if err != nil {
		return err
	}
	defer t.close()
	if t.header.Tail {
		return usageError{fmt.Errorf("%s begins in the middle of a show, so what its tasks had got to is not known: only one from the start, as of --record, can be played on another show", name)}
	}
	until, _, err := f.until.moment(t)
	if err != nil {
		return err
	}
	ctx, end := a.interruptible(cmd.Context(), "replay")
	defer end()
	real := clock.NewReal()
	stop := a.showReplay(t, real)
	opts := replay.Options{Against: other.opts, Folder: other.files, Until: until, Step: func(now time.Duration) error {
		t.at.Store(int64(now))
		return context.Cause(ctx)
	}}
	opts.Against.Zero = t.zero()
	if pages[1] != nil {
		opts.Against.Frames, opts.Against.Record = pages[1], pages[1].Input
		opts.Against.Bind = pages[1].Declared(opts.Against.Bind)
		opts.Watch = func(r *rehearse.Run) { pages[1].Watch(r.Show(), r.Now) }
	}
	out, err := replay.Compare(ctx, t.player, opts)
	stop()
	if sig := signalOf(ctx); sig != nil {
		return sig
	}
	if err != nil {
		return &host.LoadError{Err: err}
	}
	if err := a.tellCompared(t, out, f, real.Now()); err != nil {
		return err
	}
	if pages[1] != nil {
		pages[0].End(out.To)
		pages[1].End(out.To)
		err := writePage(f.out, func(w io.Writer) error {
			return timeline.Compare(w, fmt.Sprintf("%s and %s", t.header.Show, f.against), pages[0], pages[1])
		})
		if err != nil {
			return err
		}
	}
	if !out.Alike() || out.Replay != nil {
		return errNotReady
	}
	return nil
}

// warnings lets nothing else of a log through.
type warnings struct{ slog.Handler }

func (w warnings) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && w.Handler.Enabled(ctx, l)
}

// tellCompared prints what differs.
func (a *app) tellCompared(t *tape, o *replay.Outcome, f replayFlags, took time.Duration) error {
	brokeOff := ""
	if o.Broken != nil {
		brokeOff = o.Broken.Error()
	}
	if f.json {
		return json.NewEncoder(a.stdout).Encode(compared{
			Show: t.header.Show, Against: f.against, Began: t.zero(), From: o.From.Seconds(), To: o.To.Seconds(),
			Levels: append([]replay.Stretch{}, o.Stretches...), Cues: append([]replay.Mismatch{}, o.Cues...),
			Orders: append([]replay.Mismatch{}, o.Orders...), Outputs: append([]string{}, o.Outputs...),
			Reloads: o.Reloads, Unknown: o.Unknown, BreaksOff: brokeOff, Replay: o.Replay, Took: took.Seconds(),
		})
	}
	clock := func(at time.Duration) string { return t.zero().Add(at).Format("15:04:05") }
	fmt.Fprintf(a.stdout, "%s, recorded %s, played on %s: %s\n", terminal.Printable(t.header.Show, ""),
		t.zero().Add(o.From).Format("2006-01-02 15:04:05 MST"), f.against, replay.Show(o.To-o.From))
	fmt.Fprint(a.stdout, terminal.Printable(o.Text(clock), "\n"))
	if brokeOff != "" {
		fmt.Fprintf(a.stdout, "%s; all before it was played\n", brokeOff)
	}
	if o.Replay != nil {
		fmt.Fprintf(a.stdout, "the recording itself does not repeat here, and what differs may come from that: %s\n", terminal.Printable(o.Replay.String(), "\n"))
	}
	verdict := "nothing differs"
	if !o.Alike() {
		verdict = fmt.Sprintf("%s of levels, %s and %s at other times or in one only",
			terminal.Plural(len(o.Stretches), "difference"), terminal.Plural(len(o.Cues), "cue"), terminal.Plural(len(o.Orders), "order"))
	}
	fmt.Fprintf(a.stdout, "%s; %.0f times its speed\n", verdict, (o.To-o.From).Seconds()/max(took.Seconds(), 1e-3))
	return nil
}
