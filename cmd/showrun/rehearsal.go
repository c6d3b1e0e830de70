package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"showrun/cmd/showrun/terminal"
	"showrun/drivers/stagelinq/take"
	"showrun/runtime/device"
	"showrun/runtime/device/stagelinq"
	"showrun/runtime/rehearse"
	"showrun/runtime/rehearse/timeline"
	"showrun/runtime/show"
)

// usualRehearsal is how much of a show is rehearsed if nothing says when it is over.
const usualRehearsal = 10 * time.Minute

// restWithin is how long a cue is waited for, and restEvery how often it is looked at.
const (
	restWithin = 10 * time.Minute
	restEvery  = 50 * time.Millisecond
)

// rehearsal is a run, and what people and their devices do to it.
type rehearsal struct {
	*rehearse.Run
	hands  []hand
	all    bool          // go through all cues
	deck   bool          // a player is there
	length time.Duration // 0 = until it is over
	over   time.Duration // when what is played to it is over
	stuck  []string      // cues that have not come to rest
	now    atomic.Int64  // for the bar
}

// bring brings the player that is named to the rig: by a tempo, or by a
// recording.
func (r *rehearsal) bring(deck string, log *slog.Logger) error {
	if deck == "" {
		return nil
	}
	r.deck = true
	if bpm, err := strconv.ParseFloat(deck, 64); err == nil {
		if !(bpm >= 20 && bpm <= 999) { // NaN is neither
			return usageError{fmt.Errorf("--deck must be 20-999 BPM, or a recording of players, got %s", deck)}
		}
		r.Bring(stagelinq.NewVirtualRig(r.RigEnv(), bpm, 0))
		return nil
	}
	players, _, err := openPlayers(deck, log, take.All)
	if wrong := (usageError{}); errors.As(err, &wrong) {
		return usageError{fmt.Errorf("--deck must be 20-999 BPM, or a recording: %w", wrong.error)}
	}
	if err != nil {
		return fmt.Errorf("--deck: %w", err)
	}
	r.over = players[len(players)-1].At
	r.Bring(stagelinq.NewVirtualTake(r.RigEnv(), players, 0))
	return nil
}

// deaf tells whether a player was brought that no device of the show hears.
func (r *rehearsal) deaf() bool {
	return r.deck && !slices.ContainsFunc(r.Opened(), func(o device.Opened) bool {
		_, hears := o.Declaration.(*stagelinq.SinkDecl)
		return hears
	})
}

// play plays the show to its end, goodbye included.
func (r *rehearsal) play(ctx context.Context) error {
	end := cmp.Or(r.length, r.over)
	if end == 0 && !r.all {
		end = usualRehearsal
	}
	if r.all {
		if err := r.allCues(ctx, end); err != nil {
			return err
		}
		end = cmp.Or(end, r.Now()+time.Second)
	}
	if err := r.until(ctx, end); err != nil {
		return err
	}
	r.End()
	return nil
}

// until goes on to an instant. What hands do on the way they do when it is due.
func (r *rehearsal) until(ctx context.Context, at time.Duration) error {
	for r.Now() < at {
		next := min(at, r.Now()+time.Second)
		if len(r.hands) > 0 {
			next = min(next, max(r.hands[0].at, r.Now()))
		}
		if err := r.Until(ctx, next); err != nil {
			return err
		}
		for len(r.hands) > 0 && r.hands[0].at <= r.Now() {
			h := r.hands[0]
			r.hands = r.hands[1:]
			if err := h.do(r.Run); err != nil {
				return usageError{fmt.Errorf("%s: %w", h.from, err)}
			}
		}
		r.now.Store(int64(r.Now()))
	}
	return nil
}

// allCues goes through the cues of all lists, up to an instant if it is not 0.
func (r *rehearsal) allCues(ctx context.Context, end time.Duration) error {
	if err := r.until(ctx, restEvery); err != nil {
		return err
	}
	for i, list := range r.Show().Board().Lists {
		// A list whose cues lead back has no end: GO is pressed as often as it has cues.
		for range list.Cues {
			lists := r.Show().Board().Lists
			if i >= len(lists) || lists[i].Next == "" || end > 0 && r.Now() >= end {
				break
			}
			if err := r.Show().Operate(show.Go{List: lists[i].Name}); err != nil {
				return err
			}
			if err := r.rest(ctx, i, end); err != nil {
				return err
			}
		}
	}
	return nil
}

// rest waits for a list to come to rest.
func (r *rehearsal) rest(ctx context.Context, list int, end time.Duration) error {
	for limit := r.Now() + restWithin; ; {
		if err := r.until(ctx, r.Now()+restEvery); err != nil {
			return err
		}
		l := r.Show().Board().Lists[list]
		switch {
		case l.Pending.Kind == "" && l.To <= r.Now(), end > 0 && r.Now() >= end:
			return nil
		case r.Now() >= limit:
			r.stuck = append(r.stuck, fmt.Sprintf("cue %s %s has not come to rest within %v", l.Name, l.Current, restWithin))
			return nil
		}
	}
}

// bar is how far it is, for a line of the terminal.
func (r *rehearsal) bar(width int) string {
	now := time.Duration(r.now.Load())
	end := cmp.Or(r.length, r.over)
	if end == 0 && !r.all {
		end = usualRehearsal
	}
	if end == 0 {
		return terminal.Fit("rehearsed "+clockText(now), width)
	}
	const cells = 30
	done := min(int(now*cells/end), cells)
	return terminal.Fit(fmt.Sprintf("%s%s %3d%% %s", strings.Repeat("█", done), strings.Repeat("░", cells-done), min(now*100/end, 100), clockText(now)), width)
}

// clockText is a show time as people read it.
func clockText(at time.Duration) string {
	at = at.Truncate(time.Second)
	return fmt.Sprintf("%d:%02d:%02d", at/time.Hour, at/time.Minute%60, at/time.Second%60)
}

// rehearsalLog is the log of a rehearsal: its lines carry show time, and what failed is
// counted.
type rehearsalLog struct {
	slog.Handler
	*rehearsed
}

// rehearsed is what all logs of a rehearsal have in common.
type rehearsed struct {
	run    *rehearse.Run
	quiet  bool // what is less than a warning is not shown
	failed failures
}

// failures are the errors of a show, each once.
type failures struct {
	count int
	lines []failure
}

type failure struct {
	text  string
	times int
	first time.Duration
}

// Enabled implements slog.Handler.
func (l *rehearsalLog) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn || !l.quiet && l.Handler.Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (l *rehearsalLog) Handle(ctx context.Context, r slog.Record) error {
	now := time.Duration(0)
	if l.run != nil {
		now = l.run.Now()
		r.Time = l.run.Time(now)
	}
	if r.Level >= slog.LevelError {
		l.failed.add(r.Message, now)
	}
	return l.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (l *rehearsalLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &rehearsalLog{l.Handler.WithAttrs(attrs), l.rehearsed}
}

// WithGroup implements slog.Handler.
func (l *rehearsalLog) WithGroup(name string) slog.Handler {
	return &rehearsalLog{l.Handler.WithGroup(name), l.rehearsed}
}

func (f *failures) add(text string, at time.Duration) {
	f.count++
	i := slices.IndexFunc(f.lines, func(x failure) bool { return x.text == text })
	if i < 0 {
		f.lines = append(f.lines, failure{text, 1, at})
		return
	}
	f.lines[i].times++
}

// summary tells how a rehearsal went.
func (l *rehearsalLog) summary(r *rehearsal, line *timeline.Timeline, took time.Duration) string {
	var b strings.Builder
	speed := r.Now().Seconds() / max(took.Seconds(), 0.001)
	fmt.Fprintf(&b, "%s of show in %.1f s, %.0f times as fast as it is\n", clockText(r.Now()), took.Seconds(), speed)
	n := line.Totals()
	fmt.Fprintf(&b, "%s, %s, %s, %s\n", terminal.Plural(n.Frames, "frame"), terminal.Plural(n.Beats, "beat"), terminal.Plural(n.Cues, "cue"), terminal.Plural(n.Messages, "message"))
	if c := r.Show().Counts(); c.Late > 0 {
		fmt.Fprintf(&b, "%s after their instant, up to %v\n", terminal.Plural(int(c.Late), "look or order")+" came", c.Worst.Round(time.Microsecond))
	}
	for _, s := range r.stuck {
		fmt.Fprintln(&b, s)
	}
	if r.deaf() {
		fmt.Fprintln(&b, "nobody heard --deck: the show has no stagelinq.sink")
	}
	if n := len(r.hands); n > 0 {
		fmt.Fprintf(&b, "not done, since the end came first: %s of --go and --osc; --for makes it longer\n", terminal.Plural(n, "thing"))
	}
	if l.failed.count == 0 {
		fmt.Fprintln(&b, "no errors")
	}
	for _, f := range l.failed.lines {
		fmt.Fprintf(&b, "%s: %s", clockText(f.first), f.text)
		if f.times > 1 {
			fmt.Fprintf(&b, " (%d times)", f.times)
		}
		fmt.Fprintln(&b)
	}
	return terminal.Printable(b.String(), "\n")
}
