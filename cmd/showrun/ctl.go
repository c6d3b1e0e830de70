package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"showrun/cmd/showrun/terminal"
	"showrun/runtime/clock"
	"showrun/runtime/control"
	"showrun/runtime/show"
)

// ctl speaks to running shows.
func (a *app) ctl() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ctl",
		Short: "Speak to running shows: emergency stop, release, operate, reload, end, status",
		Long: `ctl speaks to the shows that run on this machine as this user; to all of them,
unless --show names one.

stop is the emergency stop: motion and valves perform their safe actions at once,
whatever the script is doing, and take no commands until release. Light goes on.

param, trigger, go, back, stop-list, jump, master and blackout operate a show. Without a
LIST they are for its first cue list; OVER is a time such as 2 (seconds) or 1m30s.

hold puts a fixture, a group or a part ("tube.pixel 3") to a value above what the script
does, until unhold gives it back: "wash" and a level or a colour, "wash.red" and a level,
"head.pan" and degrees. copy prints the look that is held, for a cue of the script, and why
tells which cue, line or hand makes a level.

keep saves what was recorded up to now, for showrun replay: as FILE, or else in the folder
recordings of the state folder.`,
		Example: "  showrun ctl stop\n  showrun ctl release --show gala\n  showrun ctl go\n  showrun ctl param speed 0.5",
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var only string
	cmd.PersistentFlags().StringVar(&only, "show", "", "only the show of this name")
	for _, c := range controlCommands() {
		cmd.AddCommand(&cobra.Command{
			Use: c.command, Short: c.short, Args: noArgs,
			RunE: func(*cobra.Command, []string) error { return a.ask(control.Request{Command: c.command}, only) },
		})
	}
	cmd.AddCommand(a.asking(control.Why, "FIXTURE[.CHANNEL]", "Tell what makes a level: blackout, master, an operator, a cue, a line of the script", 1, 1, &only))
	cmd.AddCommand(a.asking(control.Copy, "[FIXTURE...]", "Print the present look, of what is held or named, as Lua for a cue", 0, mostCopied, &only))
	cmd.AddCommand(a.keep(&only))
	for _, v := range show.Verbs() {
		cmd.AddCommand(a.operate(v, &only))
	}
	cmd.AddCommand(a.consoleLinks(&only))
	return cmd
}

// A controlCommand takes no words.
type controlCommand struct{ command, short string }

func controlCommands() []controlCommand {
	return []controlCommand{
		{control.Stop, "Stop all machinery at once and hold it"},
		{control.Release, "Let machinery move again"},
		{control.Reload, "Load the script again"},
		{control.End, "End the show as Ctrl-C does"},
		{control.Status, "Say how the show stands"},
	}
}

// paramTakes is what may come after param, which tells as well as sets.
const paramTakes = "[NAME [VALUE]]"

// mostCopied is how many fixtures are copied at a time: a request is no longer than a line.
const mostCopied = 1000

// operate makes the command of an operation. param tells as well as sets.
func (a *app) operate(v show.Verb, only *string) *cobra.Command {
	takes, least := v.Takes, v.Least
	if v.Name == "param" {
		takes, least = paramTakes, 0
	}
	return a.asking(v.Name, takes, v.Short, least, v.Most, only)
}

// asking makes a command that takes so many words.
func (a *app) asking(name, takes, short string, least, most int, only *string) *cobra.Command {
	return &cobra.Command{
		Use: name + " " + takes, Short: short,
		Args: func(_ *cobra.Command, words []string) error {
			if len(words) < least || len(words) > most {
				return usageError{fmt.Errorf("%s takes %s", name, takes)}
			}
			return nil
		},
		RunE: func(_ *cobra.Command, words []string) error {
			return a.ask(control.Request{Command: name, Words: words}, *only)
		},
	}
}

// keep makes the command that keeps a recording. The show may have another working folder.
func (a *app) keep(only *string) *cobra.Command {
	cmd := a.asking(control.Keep, "[FILE]", "Save what was recorded up to now, as FILE or in the state folder", 0, 1, only)
	ask := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, words []string) error {
		if len(words) == 1 {
			path, err := filepath.Abs(words[0])
			if err != nil {
				return err
			}
			words = []string{path}
		}
		return ask(cmd, words)
	}
	return cmd
}

// said is an answer as it is printed: Lua alone, to be pasted, and else with the name of the
// show before each line, of which most answers have one.
func said(command, show, text string, alone bool) string {
	lines := ""
	if command == control.Copy || command == control.Why {
		lines = "\n"
	}
	text = terminal.Printable(text, lines)
	switch {
	case command == control.Copy && alone:
		return text
	case command == control.Copy:
		return "-- " + show + "\n" + text
	}
	return show + ": " + strings.ReplaceAll(text, "\n", "\n"+show+": ")
}

var negative = regexp.MustCompile(`^-\.?[0-9]`)

// negativesLast has negative numbers that come after ctl be words, not flags: from the first
// on all words follow the flags.
func negativesLast(args []string) []string {
	first := slices.IndexFunc(args, negative.MatchString)
	if first < 0 || args[0] != "ctl" || slices.Contains(args, "--") {
		return args
	}
	var flags, words []string
	for i := first; i < len(args); i++ {
		switch arg := args[i]; {
		case arg == "--show" && i+1 < len(args):
			flags = append(flags, arg, args[i+1])
			i++
		case strings.HasPrefix(arg, "-") && !negative.MatchString(arg):
			flags = append(flags, arg)
		default:
			words = append(words, arg)
		}
	}
	return slices.Concat(args[:first], flags, []string{"--"}, words)
}

// errOther is the answer of a show that has another name than the one asked for.
var errOther = errors.New("another show")

// ask sends a command to every show, or to the one named, and tells the answers in the
// order of their sockets.
func (a *app) ask(r control.Request, show string) error {
	paths, err := control.Shows(control.Folder(os.LookupEnv))
	if err != nil {
		return fmt.Errorf("no show was asked: %w", err)
	}
	alone := len(paths) == 1 || show != ""
	return a.tellAnswers(paths, askAll(paths, r, show), show, func(name, text string) {
		fmt.Fprintln(a.stdout, said(r.Command, name, text, alone))
	})
}

// tellAnswers calls tell for what was answered to some paths, and returns what was not.
func (a *app) tellAnswers(paths []string, answers []answer, show string, tell func(name, text string)) error {
	found := false
	var others []string
	var failed, silent error
	for i, answer := range answers {
		switch {
		case errors.Is(answer.err, errOther):
			others = append(others, terminal.Printable(answer.Show, ""))
			continue
		case errors.Is(answer.err, control.ErrGone):
			continue
		case answer.err != nil && answer.Show == "":
			silent = errors.Join(silent, fmt.Errorf("%s: %w", paths[i], answer.err))
			continue
		case answer.err != nil:
			failed = errors.Join(failed, fmt.Errorf("%s: %w", answer.Show, answer.err))
		case !answer.OK:
			failed = errors.Join(failed, fmt.Errorf("%s: %s", answer.Show, terminal.Printable(answer.Text, "")))
		default:
			tell(answer.Show, answer.Text)
		}
		found = true
	}
	switch {
	case found && show != "":
		return failed // those that did not tell their names are not meant
	case found || show == "" && silent != nil:
		return errors.Join(failed, silent)
	case silent != nil: // one of them may be meant
		return errors.Join(fmt.Errorf("no show called %s answers", show), silent)
	case len(others) > 0:
		return fmt.Errorf("no show called %s is running; there is %s", show, strings.Join(others, ", "))
	case show != "":
		return fmt.Errorf("no show called %s is running", show)
	}
	return errors.New("no show is running")
}

// An answer is what came of asking one show: its reply, or why there is none. Show is
// empty if it is not known.
type answer struct {
	control.Reply
	err error
}

// askAll asks all at the same time: a show that hangs must not hold up an emergency
// stop of the others.
func askAll(paths []string, r control.Request, show string) []answer {
	answers := make([]answer, len(paths))
	var asking sync.WaitGroup
	for i, path := range paths {
		asking.Go(func() {
			if r.Command == control.Stop { // comes before whatever else this machine does, if it may
				runtime.LockOSThread()
				_ = clock.Urgent()
			}
			answers[i] = askOne(path, r, show)
		})
	}
	asking.Wait()
	return answers
}

// askOne asks for the name first only if there is one to look for, as that takes as
// long as a command.
func askOne(path string, r control.Request, show string) answer {
	if show != "" {
		reply, err := control.Ask(path, control.Request{Command: control.Status})
		switch {
		case err != nil:
			return answer{err: err}
		case reply.Show != show:
			return answer{reply, errOther}
		}
	}
	reply, err := control.Ask(path, r)
	if err != nil {
		return answer{control.Reply{Show: show}, err}
	}
	return answer{Reply: reply}
}
