package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"showrun/cmd/showrun/settings"
	"showrun/cmd/showrun/terminal"
	"showrun/runtime/console"
	"showrun/runtime/control"
	"showrun/runtime/host"
	"showrun/runtime/show"
)

// explained is an answer of why as programs read it.
type explained struct {
	Show   string          `json:"show"`
	At     float64         `json:"at"` // show time in seconds
	Beat   float64         `json:"beat"`
	Causes []console.Cause `json:"causes"`
}

// whyFlags are the flags of why.
type whyFlags struct {
	at   momentFlags
	only string
	json bool
}

// why explains levels of a show that runs, or of a recording.
func (a *app) why() *cobra.Command {
	var f whyFlags
	cmd := &cobra.Command{
		Use:   "why FIXTURE[.CHANNEL] [FILE]",
		Short: "Tell what makes a level, now or in a recording",
		Long: `why tells what makes the level of a fixture, or of one channel, its color or its intensity,
the nearest to the output first: blackout, master, an operator, a cue, a line of the
script, with the task, the event and the time it goes back to.

Without FILE it asks the shows that run, as showrun ctl why does. With a recording it
tells of the moment that --at, --cue or --beat names, or of its end.`,
		Example: `  showrun why wash.red
  showrun why wash.red --at 21:43:05 tonight.showrec
  showrun why "tube.pixel 3" --cue 12 tonight.showrec`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return usageError{errors.New("why takes FIXTURE[.CHANNEL] [FILE]")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.explain(cmd, f, args) },
	}
	f.at.add(cmd, "at", "tell of")
	p := cmd.Flags()
	p.StringVar(&f.only, "show", "", "only the running show of this name")
	p.BoolVar(&f.json, "json", false, "print JSON, for programs")
	settings.ByHand(p, "show", "json")
	return cmd
}

func (a *app) explain(cmd *cobra.Command, f whyFlags, args []string) error {
	if len(args) == 1 {
		if f.at != (momentFlags{}) || f.json {
			return usageError{errors.New("--at, --cue, --beat and --json are for a recording; name it after the fixture")}
		}
		return a.ask(control.Request{Command: control.Why, Words: args}, f.only)
	}
	if f.only != "" {
		return usageError{errors.New("--show is for shows that run, not for a recording")}
	}
	t, err := openTape(args[1], nil)
	if err != nil {
		return err
	}
	defer t.close()
	m, named, err := f.at.moment(t)
	if err != nil {
		return err
	}
	ctx, end := a.interruptible(cmd.Context(), "replay")
	defer end()
	broken, err := t.play(ctx, m, named)
	if sig := signalOf(ctx); sig != nil {
		return sig
	}
	if err != nil {
		return err
	}
	causes, err := t.player.Why(args[0], "")
	if err != nil {
		return usageError{fmt.Errorf("at %s: %w", t.position(), err)}
	}
	if f.json {
		err = json.NewEncoder(a.stdout).Encode(explained{t.header.Show, t.player.Now().Seconds(), t.player.Beat().Float(), host.Causes(causes)})
	} else {
		fmt.Fprintf(a.stdout, "%s, at %s\n%s\n", terminal.Printable(t.header.Show, ""), t.position(), terminal.Printable(show.Lines(causes), "\n"))
	}
	if broken != nil {
		fmt.Fprintln(a.screen, broken.Error())
	}
	if first := t.player.First; first != nil {
		return brokenError{fmt.Errorf("the replay had come apart from the recording before that: %s", first)}
	}
	return err
}
