package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"showrun/cmd/showrun/terminal"
	"showrun/runtime/console"
	"showrun/runtime/control"
	"showrun/runtime/host"
	"showrun/runtime/show"
)

const consoleUsage = "where the page to see and drive the show is served, such as 0.0.0.0:7780 for others (with tokens: showrun ctl console), or off"

// A consoleDoor is the console of a show that others ask about, also before it is open.
type consoleDoor struct {
	server atomic.Pointer[console.Server]
}

// links are those to the page, a line each of role and link.
func (d *consoleDoor) links() (string, error) {
	s := d.server.Load()
	if s == nil {
		return "", errors.New("the show has no console: --console says where, and the log why not")
	}
	var text strings.Builder
	for _, l := range s.Links() {
		fmt.Fprintf(&text, "%s %s\n", l.Role, l.URL)
	}
	return text.String(), nil
}

// refused is how often the console did not do what somebody asked.
func (d *consoleDoor) refused() uint64 {
	if s := d.server.Load(); s != nil {
		return s.Refused()
	}
	return 0
}

// open serves the console of a show until close is called. A show runs without, so what
// cannot be opened is a warning.
func (d *consoleDoor) open(h *host.Host, f runFlags, log *slog.Logger) (shut func()) {
	if f.console == "off" {
		return func() {}
	}
	s, err := console.Listen(f.console, console.Config{
		View: h, Do: h, Verbs: consoleVerbs(), Show: h.Status().Show, Version: version(), Rate: f.rate, Started: time.Now(), Log: log,
		Tokens: func() (console.Tokens, error) {
			dir, err := f.state, error(nil)
			if dir == "" {
				dir, err = host.DefaultStateDir()
			}
			if err != nil {
				return console.Tokens{}, err
			}
			return console.KeepTokens(dir)
		},
	})
	if err != nil {
		log.Warn("no console: " + err.Error())
		return func() {}
	}
	d.server.Store(s)
	text := "the console is at " + s.Page()
	if !s.OnlyHere() {
		text += "; showrun ctl console shows the links with tokens"
	}
	log.Info(text)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := s.Run(ctx); err != nil {
			log.Warn("the console has ended", "error", err)
		}
	}()
	return func() { cancel(); <-ended }
}

// consoleVerbs are the commands that the console takes: those of showrun ctl.
func consoleVerbs() []console.Verb {
	verbs := []console.Verb{}
	for _, c := range controlCommands() {
		if c.command != control.Status {
			verbs = append(verbs, console.Verb{Name: c.command, Short: c.short})
		}
	}
	for _, v := range show.Verbs() {
		least, takes := v.Least, v.Takes
		if v.Name == "param" {
			least, takes = 0, paramTakes
		}
		verbs = append(verbs, console.Verb{Name: v.Name, Takes: takes, Short: v.Short, Least: least, Most: v.Most})
	}
	return verbs
}

// consoleLinks shows the links to the consoles of shows, with a QR code for a phone.
func (a *app) consoleLinks(only *string) *cobra.Command {
	var watch bool
	cmd := &cobra.Command{
		Use: "console", Short: "Show the links to the console, and a QR code", Args: noArgs,
		Long: `console shows the links with which a browser sees and drives a show, and a QR code for
a phone. Who has a link to drive can do everything that showrun ctl can: --watch shows the
code of one that only lets people look.

A console that only this machine reaches needs no token, and no code; run the show with
--console 0.0.0.0:7780 to reach it from others. What goes over the network can be read by
who is on it, tokens too: use a network where that is all right.`,
		RunE: func(*cobra.Command, []string) error {
			paths, err := control.Shows(control.Folder(os.LookupEnv))
			if err != nil {
				return fmt.Errorf("no show was asked: %w", err)
			}
			role := console.Drive
			if watch {
				role = console.Watch
			}
			answers := askAll(paths, control.Request{Command: control.Console}, *only)
			return a.tellAnswers(paths, answers, *only, func(answer answer) { a.tellLinks(answer.Show, answer.Text, role) })
		},
	}
	cmd.Flags().BoolVar(&watch, "watch", false, "the QR code is of the link to watch")
	return cmd
}

// tellLinks prints the links of a show, and the first one of a role as a QR code if others
// than this machine reach it.
func (a *app) tellLinks(name, text string, role console.Role) {
	first := ""
	for line := range strings.Lines(text) {
		as, link, _ := strings.Cut(terminal.Printable(strings.TrimSpace(line), ""), " ")
		fmt.Fprintf(a.stdout, "%s: %-5s %s\n", name, as, link)
		if first == "" && as == string(role) && strings.Contains(link, "#") {
			first = link
		}
	}
	if first == "" {
		fmt.Fprintf(a.stdout, "%s: only this machine reaches it; run the show with --console 0.0.0.0:7780 for others\n", name)
		return
	}
	code, err := drawQR(first)
	if err != nil {
		return // the link is there
	}
	fmt.Fprintf(a.stdout, "\n%s\n%s: %s\n", code, name, role)
}
