package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"showrun/cmd/showrun/settings"
	"showrun/cmd/showrun/terminal"
	"showrun/drivers/stagelinq"
	"showrun/drivers/stagelinq/discovery"
	"showrun/drivers/stagelinq/take"
	devlinq "showrun/runtime/device/stagelinq"
	"showrun/runtime/host"
	"showrun/runtime/host/record"
	"showrun/runtime/journal"
	"showrun/runtime/store"
)

// recordFlags are the flags of record.
type recordFlags struct {
	file    string
	iface   string
	port    int
	state   string
	length  time.Duration
	force   bool
	verbose bool
}

func (a *app) record() *cobra.Command {
	var f recordFlags
	cmd := &cobra.Command{
		Use:   "record --stagelinq FILE",
		Short: "Record what StageLinQ players send",
		Long: `record finds every Denon player on the network, listens to it as a show does and
writes what it hears to FILE: states, beats, who came and went, each with its time.
FILE has the form of all recordings. showrun deck --take FILE plays it back.

It ends with Ctrl-C or after --for. What was heard up to then is in FILE.`,
		Example: `  showrun record --stagelinq gig.recording
  showrun record --stagelinq check.recording --interface eth0 --for 10m
  showrun deck --take gig.recording`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.file == "" {
				return usageError{errors.New("name the file to write: showrun record --stagelinq FILE")}
			}
			return a.recordTake(cmd.Context(), f)
		},
	}
	p := cmd.Flags()
	p.StringVar(&f.file, "stagelinq", "", "file to write what StageLinQ players send to")
	p.StringVar(&f.iface, "interface", "", "network interface: a name or an IPv4 address (default: all but loopback)")
	p.IntVar(&f.port, "port", 0, "UDP port of discovery, for tests (default 51337)")
	p.StringVar(&f.state, "state", "", stateUsage)
	p.DurationVar(&f.length, "for", 0, "end by itself after this long, such as 30s or 5m")
	p.BoolVar(&f.force, "force", false, "replace the file if it exists")
	p.BoolVarP(&f.verbose, "verbose", "v", false, "log more")
	settings.Between(p, "port", 0, 65535, "")
	settings.AtLeast(p, "for", time.Duration(0))
	settings.ByHand(p, "stagelinq", "force")
	settings.Path(p, "stagelinq")
	settings.Shared(p, "interface", "state", "verbose")
	return cmd
}

// recordTake records until it is told to end.
func (a *app) recordTake(ctx context.Context, f recordFlags) error {
	log := terminal.NewLogger(a.screen, "text", f.verbose)
	token, err := sinkToken(f.state)
	if err != nil {
		return err
	}
	if _, err := discovery.Networks(f.iface); err != nil {
		return &host.DeviceError{Device: "record", Err: err}
	}
	file, err := f.create()
	if err != nil {
		return err
	}
	defer file.Close()
	journal.Register(take.Event{})
	began := time.Now()
	rec := record.New()
	rec.Log, rec.Since = log, func(at time.Time) time.Duration { return at.Sub(began) }
	header := journal.Header{Program: version(), Began: began}
	header.Zone, _ = began.Zone()
	rec.Begin(file, 0, header)
	number := uint64(0)
	heard := take.NewListener(began, func(e take.Event) {
		number++
		rec.Note(number, e)
	})
	sink, err := stagelinq.OpenSink(stagelinq.Config{
		Token: token, Interface: f.iface, DiscoveryPort: f.port, States: stagelinq.DefaultStates(), Log: log,
		OnDevice: heard.OnDevice, OnState: heard.OnState, OnBeat: heard.OnBeat,
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if f.length > 0 {
		defer time.AfterFunc(f.length, func() { cancel(nil) }).Stop()
	}
	ended := make(chan struct{})
	defer close(ended)
	a.watchSignals("recording", func() {}, ended, cancel, log)
	if a.screen.IsTerminal() {
		defer a.screen.ShowStatus(func(width int) string { return terminal.Fit(recordStatus(heard, time.Since(began)), width) })()
	}
	log.Info("recording", "file", f.file)
	writing, enough := context.WithCancel(context.WithoutCancel(ctx))
	defer enough()
	written := make(chan error, 1)
	go func() {
		_, err := rec.Run(writing)
		written <- err
	}()
	networkErr := sink.Run(ctx)
	enough()
	err = errors.Join(<-written, file.Close())
	if networkErr != nil && heard.Events() == 0 {
		os.Remove(f.file)
		return &host.DeviceError{Device: "record", Err: networkErr}
	}
	a.report(f.file, heard)
	switch {
	case err != nil:
		return fmt.Errorf("the recording is incomplete: %w", err)
	case networkErr != nil:
		return &host.DeviceError{Device: "record", Err: networkErr}
	}
	advise(log, heard, sink.Stats())
	return signalOf(ctx)
}

// create opens the file to write. It must be new, unless it is to be replaced.
func (f *recordFlags) create() (*os.File, error) {
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if f.force {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	file, err := os.OpenFile(f.file, flags, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%s exists already; choose another name, or replace it with --force", f.file)
	}
	return file, err
}

// sinkToken is who we are to players: the token that shows have too.
func sinkToken(dir string) (stagelinq.Token, error) {
	if dir == "" {
		var err error
		if dir, err = host.DefaultStateDir(); err != nil {
			return stagelinq.Token{}, err
		}
	}
	kept, err := store.Open(dir)
	if err != nil {
		return stagelinq.Token{}, err
	}
	defer kept.Close()
	return devlinq.TokenOf(kept)
}

func recordStatus(l *take.Listener, took time.Duration) string {
	var states, beats int
	units := l.Units()
	for _, u := range units {
		states, beats = states+u.States, beats+u.Beats
	}
	return strings.Join([]string{
		"recording " + minutes(took), terminal.Plural(len(units), "unit"), terminal.Plural(states, "state"), terminal.Plural(beats, "beat message"),
	}, " · ")
}

// report tells what was recorded.
func (a *app) report(file string, l *take.Listener) {
	for _, u := range l.Units() {
		line := fmt.Sprintf("%s, %s %s: %s, %s", u.Unit, u.Unit.Software, u.Unit.Version, terminal.Plural(u.States, "state"), terminal.Plural(u.Beats, "beat message"))
		if u.Connects > 1 {
			line += fmt.Sprintf(", connected %d times", u.Connects)
		}
		fmt.Fprintln(a.stdout, line)
	}
	size := int64(0)
	if info, err := os.Stat(file); err == nil {
		size = info.Size()
	}
	fmt.Fprintf(a.stdout, "%s: %s, %d kB\n", file, terminal.Plural(l.Events(), "event"), (size+999)/1000)
}

// advise says what may be wrong with a recording.
func advise(log *slog.Logger, l *take.Listener, heard stagelinq.Stats) {
	units := l.Units()
	for _, u := range units {
		if u.Connects == 0 {
			log.Warn("the unit was heard, but nothing came from it; is a firewall in the way?", "unit", u.Unit.String())
		}
	}
	if len(units) == 0 {
		log.Warn("no player was heard; is it on this network, and is --interface the right one?", "datagrams", heard.Discovery.Received, "ignored", heard.Ignored)
	}
}
