package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"showrun/cmd/showrun/discover"
	"showrun/drivers/signet/key"
	"showrun/drivers/signet/wire"
	"showrun/runtime/host"
)

// discoverFlags are the flags of discover.
type discoverFlags struct {
	discover.Options
	keyFile, keyEnv string
	json            bool
	length          time.Duration
	verbose         bool
}

const discoverHelp = `discover lists the devices on the network: of Sig-Net those that have the key of
this installation and those that have none yet, gateways of StageNet, and everything
that speaks StageLinQ. On a terminal the list grows while it looks. It changes nothing.

For Sig-Net it needs the key, or a guest file: that of showrun keys is used unless
--key-file or --key-env name another. It listens for 3.5 s whether another Manager
asks already and asks itself if none does; --now asks at once. Devices answer within
1.5 s, those without keys show up every 5 s.

With --json one JSON object is written at the end, with members signet, stagenet and
stagelinq. A protocol that could not be searched has the member error.`

func (a *app) discover() *cobra.Command {
	var f discoverFlags
	cmd := &cobra.Command{
		Use:   "discover",
		Short: "List the devices on the network",
		Long:  discoverHelp,
		Example: `  showrun discover
  showrun discover --signet --interface eth0 --for 0
  showrun discover --json --for 6s --now > devices.json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return usageError{err}
			}
			return a.lookAround(cmd.Context(), f)
		},
	}
	p := cmd.Flags()
	p.BoolVar(&f.SigNet, "signet", false, "look for Sig-Net devices")
	p.BoolVar(&f.StageNet, "stagenet", false, "look for StageNet gateways")
	p.BoolVar(&f.StageLinQ, "stagelinq", false, "look for StageLinQ units (default: all three)")
	p.BoolVar(&f.json, "json", false, "write JSON, at the end")
	p.DurationVar(&f.length, "for", 12*time.Second, "how long to look, 0 = until Ctrl-C")
	p.BoolVar(&f.Now, "now", false, "Sig-Net: ask at once, without listening for another Manager")
	p.StringVar(&f.Interface, "interface", "", "network interface: a name or an IPv4 address (default: the system's choice for Sig-Net, else all but loopback)")
	p.StringVar(&f.Scope, "scope", "", `Sig-Net: scope of the installation (default: that of a guest file, or "local")`)
	p.StringVar(&f.keyFile, "key-file", "", "Sig-Net: transfer file or guest file with the key")
	p.StringVar(&f.keyEnv, "key-env", "", "Sig-Net: environment variable with the passphrase")
	p.StringVar(&f.StateDir, "state", "", stateUsage)
	p.IntVar(&f.SigNetPort, "signet-port", 0, "UDP port of Sig-Net, for tests (default 5683)")
	p.IntVar(&f.StageLinQPort, "stagelinq-port", 0, "UDP port of StageLinQ discovery, for tests (default 51337)")
	p.BoolVarP(&f.verbose, "verbose", "v", false, "log more")
	return cmd
}

func (f *discoverFlags) check() error {
	if f.keyFile != "" && f.keyEnv != "" {
		return errors.New("--key-file and --key-env do not go together")
	}
	if f.Scope != "" {
		if err := wire.CheckScope(f.Scope); err != nil {
			return err
		}
	}
	return errors.Join(checkCommon(f.SigNetPort, f.length), checkCommon(f.StageLinQPort, 0))
}

// lookAround looks until it is told to end and shows what it found.
func (a *app) lookAround(ctx context.Context, f discoverFlags) error {
	terminal, out := newTerminal(a.stderr), newTerminal(a.stdout)
	var screen *discover.Screen // nil unless the list grows on it
	if out.isTerminal() && !f.json {
		screen = discover.NewScreen(a.stdout, out.size)
		if terminal.isTerminal() {
			terminal = newTerminal(screen)
		}
	}
	log := newLogger(terminal, "text", f.verbose)
	f.Log, f.Key = log, f.key
	f.Tell = func(protocol, device string) {
		if screen == nil {
			log.Info("found", "protocol", protocol, "device", device)
		}
	}
	if f.StateDir == "" {
		var err error
		if f.StateDir, err = host.DefaultStateDir(); err != nil {
			return err
		}
	}
	s, err := discover.Open(f.Options)
	if err != nil {
		return err
	}
	stop := func() {}
	switch {
	case screen != nil:
		stop = screen.Keep(func(now time.Time) []string { return discover.Lines(s.Sections(now)) })
	case terminal.isTerminal():
		stop = terminal.showStatus(func(width int) string { return fit(discover.Status(s.Sections(time.Now())), width) })
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if f.length > 0 {
		defer time.AfterFunc(f.length, func() { cancel(nil) }).Stop()
	}
	ended := make(chan struct{})
	defer close(ended)
	a.watchSignals("search", func() {}, ended, cancel, log)
	err = s.Run(ctx)
	stop()
	sections := s.Sections(time.Now())
	if written := a.showFound(sections, f.json); written != nil {
		return written
	}
	if err != nil {
		return &host.DeviceError{Device: "discover", Err: err}
	}
	if !discover.Any(sections) {
		log.Warn("nothing was found; --interface names another network")
	}
	return signalOf(ctx)
}

// size is how many characters the screen has, as far as it is known.
func (t *terminal) size() (width, height int) {
	if width, height, err := term.GetSize(t.fd); err == nil {
		return width, height
	}
	return 80, 24
}

// key finds the key of the installation.
func (f *discoverFlags) key() (key.Transfer, error) {
	switch {
	case f.keyEnv != "":
		passphrase := os.Getenv(f.keyEnv)
		if passphrase == "" {
			return key.Transfer{}, fmt.Errorf("the environment variable %s, which should hold the passphrase, is not set", f.keyEnv)
		}
		k0, err := key.FromPassphrase(passphrase)
		if err != nil {
			err = fmt.Errorf("the passphrase in %s: %w", f.keyEnv, err)
		}
		return key.Transfer{HasK0: true, K0: k0}, err
	case f.keyFile != "":
		return key.ReadFile(f.keyFile)
	}
	return readKey(host.KeyFile(f.StateDir))
}

// showFound writes what was found.
func (a *app) showFound(sections []discover.Section, asJSON bool) error {
	if asJSON {
		return discover.WriteJSON(a.stdout, sections)
	}
	for i := range sections {
		sections[i].Doing = ""
	}
	_, err := fmt.Fprintln(a.stdout, strings.Join(discover.Lines(sections), "\n"))
	return err
}
