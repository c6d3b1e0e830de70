package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"showrun/cmd/showrun/doctor"
	"showrun/cmd/showrun/settings"
	"showrun/cmd/showrun/support"
	"showrun/runtime/control"
	"showrun/runtime/host/folder"
)

// support writes an archive for who is to help.
func (a *app) support() *cobra.Command {
	var o doctor.Options
	var file string
	var withShow bool
	cmd := &cobra.Command{
		Use:   "support [SHOW]",
		Short: "Write an archive for who is to help, without secrets",
		Long: `support writes a zip file with what showrun doctor finds, how the shows that run stand,
their logs, how all is set up, and the names of what is kept. Keys, passphrases, tokens,
what scripts keep in show.state, and environment variables but for a few harmless ones
are not in it. The files of the show are in it only with --with-show.`,
		Example: "  showrun support\n  showrun support show.lua --with-show -o for-ann.zip",
		Args:    oneShowAtMost,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.Show = args[0]
			}
			if withShow && o.Show == "" {
				return usageError{errors.New("--with-show needs a SHOW")}
			}
			if file == "" {
				file = "showrun-support-" + time.Now().Format("20060102-150405") + ".zip"
			}
			return a.writeSupport(cmd, o, file, withShow)
		},
	}
	p := cmd.Flags()
	p.StringVarP(&file, "output", "o", "", "the file to write; it must not exist (default: showrun-support-DATE-TIME.zip)")
	p.BoolVar(&withShow, "with-show", false, "put the files of the show in, but for keys")
	p.StringVar(&o.Interface, "interface", "", "network interface of the show: a name or an IPv4 address")
	p.StringVar(&o.StateDir, "state", "", stateUsage)
	settings.ByHand(p, "output", "with-show")
	settings.Shared(p, "interface", "state")
	return cmd
}

// patientOf is whom an archive is about, before anything was looked at.
func patientOf(cmd *cobra.Command, o *doctor.Options) (p support.Patient, err error) {
	if err := defaultState(&o.StateDir); err != nil {
		return p, err
	}
	p = support.Patient{
		Version: version(), System: runtime.GOOS + "/" + runtime.GOARCH, Now: time.Now(), Environ: os.Environ(),
		StateDir: o.StateDir, Settings: allFlags(cmd.Root()),
	}
	p.Build, _ = debug.ReadBuildInfo()
	var shows []string
	if o.Show != "" {
		f, err := folder.Find(o.Show)
		if err != nil {
			return p, usageError{fmt.Errorf("%w%s", err, elsewhere(cmd, o.Show))}
		}
		p.ShowDir, shows = f.Dir, []string{o.Show}
	}
	from, err := settingsFor(shows)
	p.SettingsFiles = from.Files
	return p, err
}

// writeSupport looks at everything and writes the archive.
func (a *app) writeSupport(cmd *cobra.Command, o doctor.Options, file string, withShow bool) error {
	p, err := patientOf(cmd, &o)
	if err != nil {
		return err
	}
	p.WithShow = withShow
	fmt.Fprintln(a.stderr, "looking at this machine, which takes some seconds")
	ctx, end := context.WithTimeout(cmd.Context(), supportTime)
	defer end()
	m := doctor.This()
	p.Findings = doctor.Examine(ctx, m, o, func(doctor.Finding) {})
	running, _ := m.Shows()
	for _, r := range running {
		s := support.Show{Running: r}
		s.Log, s.Tokens, s.NoLog = logOf(ctx, r)
		p.Shows = append(p.Shows, s)
	}
	var archive bytes.Buffer
	if err := support.Write(&archive, p); err != nil {
		return fmt.Errorf("support: %w", err)
	}
	if err := createFile(file, archive.Bytes()); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "wrote %s, %d KiB: secrets are left out, but look into it before you pass it on\n", file, archive.Len()>>10+1)
	return nil
}

// supportTime is how long all looking may take.
const supportTime = time.Minute

// createFile writes a file that only its owner can read and that was not there.
func createFile(name string, content []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return usageError{fmt.Errorf("%s exists already", name)}
	}
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Close())
}

// allFlags are the names of all flags that are not hidden, which are those of settings too.
func allFlags(root *cobra.Command) (names []string) {
	for _, c := range append(root.Commands(), root) {
		for _, m := range flagName.FindAllStringSubmatch(c.Flags().FlagUsages(), -1) {
			names = append(names, m[1])
		}
	}
	return names
}

// Limits of what a console is asked.
const (
	logTime = 3 * time.Second
	mostLog = 8 << 20
)

// logOf asks a show for the link to its console, and that for the log.
func logOf(ctx context.Context, r doctor.Running) (log []byte, tokens []string, err error) {
	if r.Err != nil {
		return nil, nil, r.Err
	}
	paths, err := control.Shows(control.Folder(os.LookupEnv))
	if err != nil {
		return nil, nil, err
	}
	err = errors.New("the show has gone")
	for _, path := range paths {
		pid, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)), "-")
		if pid != r.PID {
			continue
		}
		reply, failed := control.Ask(path, control.Request{Command: "console", By: "showrun support"})
		switch {
		case failed != nil:
			return nil, nil, failed
		case !reply.OK:
			return nil, nil, errors.New(reply.Text)
		case reply.Show == r.Show:
			return consoleLog(ctx, reply.Text)
		}
	}
	return nil, nil, err
}

// consoleLog asks the console behind the first of some links, each in a line with its role,
// and returns their tokens as well.
func consoleLog(ctx context.Context, links string) (log []byte, tokens []string, err error) {
	var pages []*url.URL
	for _, text := range strings.Fields(links) {
		if u, err := url.Parse(text); err == nil && u.Scheme == "http" {
			token, _ := strings.CutPrefix(u.Fragment, "token=")
			tokens, pages = append(tokens, token), append(pages, u)
		}
	}
	if len(pages) == 0 {
		return nil, nil, errors.New("its console has no link")
	}
	ctx, end := context.WithTimeout(ctx, logTime)
	defer end()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, pages[0].Scheme+"://"+pages[0].Host+"/api/log", nil)
	if err != nil {
		return nil, tokens, err
	}
	if tokens[0] != "" {
		request.Header.Set("Authorization", "Bearer "+tokens[0])
	}
	answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	if err != nil {
		return nil, tokens, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, tokens, fmt.Errorf("its console says %s", answer.Status)
	}
	log, err = io.ReadAll(io.LimitReader(answer.Body, mostLog))
	return log, tokens, err
}
