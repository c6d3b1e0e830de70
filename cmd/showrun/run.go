package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"showrun/bindings"
	"showrun/cmd/showrun/settings"
	"showrun/cmd/showrun/terminal"
	"showrun/runtime/clock"
	"showrun/runtime/control"
	"showrun/runtime/host"
	"showrun/runtime/show"
	"showrun/scripts"
)

// runFlags are the flags of run.
type runFlags struct {
	rig       bool
	length    time.Duration
	iface     string
	state     string
	fresh     bool
	lookahead time.Duration
	exitTime  time.Duration
	exit      string
	memory    uint
	rate      int
	reload    string
	reloadAt  string
	seed      uint64
	osc       string
	console   string
	logFormat string
	verbose   bool
	detach    bool
	secret    secretFlag
	record    string
	blackBox  uint
}

const stateUsage = "folder of what is kept between runs (default: the user's configuration folder)"

func (f *runFlags) add(cmd *cobra.Command) {
	p := cmd.Flags()
	p.BoolVar(&f.rig, "rig", false, "run a virtual rig on loopback: a deck that plays, and the nodes, gateways and servers the show names")
	p.DurationVar(&f.length, "for", 0, "end by itself after this long, such as 30s or 5m")
	p.StringVar(&f.iface, "interface", "", "network interface of devices that name none: a name or an IPv4 address")
	p.StringVar(&f.state, "state", "", stateUsage)
	p.BoolVar(&f.fresh, "fresh", false, "forget what earlier runs of the show have left: params, show.state, and where one was broken off")
	p.DurationVar(&f.lookahead, "lookahead", 50*time.Millisecond, "how far before its instant scheduled code runs; below 44 frames a second at least a frame and an eighth")
	p.DurationVar(&f.exitTime, "exit-time", show.ExitTime, "how long the show may take to say goodbye: the fades and waits of its stop handlers")
	p.StringVar(&f.exit, "exit", "hold", "what the light does after that: hold or blackout")
	p.UintVar(&f.memory, "memory", usualMemory(os.ReadFile), "MiB that the show may hold: past it what makes it grow is stopped (default: an eighth of this machine's, 128-256)")
	p.IntVar(&f.rate, "rate", 44, "frames a second")
	p.StringVar(&f.reload, "reload", "auto", "when to load a changed show: auto, ask (it is checked, and waits for showrun ctl reload), manual (only when asked) or off")
	p.StringVar(&f.reloadAt, "reload-at", "once", "when a changed show goes live: once, beat (on the next one) or bar")
	p.Uint64Var(&f.seed, "seed", 0, "seed of math.random, for runs that repeat (default: a fresh one)")
	p.StringVar(&f.osc, "osc", "127.0.0.1:7770", "where to take OSC commands (/showrun/stop, /showrun/release, /showrun/go and so on), or off")
	p.StringVar(&f.console, "console", "127.0.0.1:7780", consoleUsage)
	p.StringVar(&f.record, "record", "", "file to record the show to, for showrun replay; if there is one of the name, it gets a number")
	p.UintVar(&f.blackBox, "black-box", 256, "MiB that the black box may have, which records what is not recorded to a file; 0 = none")
	p.StringVar(&f.logFormat, "log-format", "text", "text or json")
	p.BoolVar(&f.detach, "detach", false, "go on when the terminal is closed")
	p.Var(&f.secret, "key", "")
	p.Var(&f.secret, "passphrase", "")
	p.MarkHidden("key")
	p.MarkHidden("passphrase")
	p.BoolVarP(&f.verbose, "verbose", "v", false, "log more")
	settings.AtLeast(p, "for", time.Duration(0))
	settings.Between(p, "lookahead", time.Millisecond, host.MaxLookahead, "")
	settings.Between(p, "exit-time", time.Duration(0), host.MaxExitTime, "")
	settings.OneOf(p, "exit", string(host.ExitHold), string(host.ExitBlackout))
	settings.Between(p, "memory", 64, 1<<20, "MiB")
	settings.Between(p, "rate", 1, host.MaxRate, "frames a second")
	settings.OneOf(p, "reload", string(host.ReloadAuto), string(host.ReloadAsk), string(host.ReloadManual), string(host.ReloadOff))
	settings.OneOf(p, "reload-at", string(host.AtOnce), string(host.AtBeat), string(host.AtBar))
	settings.AtLeast(p, "seed", 0)
	settings.Address(p, "osc", "off")
	settings.Address(p, "console", "off")
	settings.OneOf(p, "log-format", "text", "json")
	settings.Path(p, "state")
	settings.Between(p, "black-box", 0, 1<<20, "MiB")
	settings.ByHand(p, "fresh", "record")
	settings.Path(p, "record")
}

// secretFlag is a flag people may try. It is refused without repeating what was
// given.
type secretFlag struct{ given bool }

func (*secretFlag) String() string     { return "" }
func (*secretFlag) Type() string       { return "secret" }
func (s *secretFlag) Set(string) error { s.given = true; return nil }

// run runs one show.
func (a *app) run(cmd *cobra.Command, f runFlags, args []string) error {
	if f.secret.given {
		return errSecretArgument
	}
	if err := oneShow(cmd, args); err != nil {
		return err
	}
	log := terminal.NewLogger(a.screen, f.logFormat, f.verbose)
	if f.logFormat == "json" {
		a.jsonLog = log
	}
	if f.osc == "off" {
		f.osc = ""
	}
	allowMemory(uint64(f.memory)<<20, os.LookupEnv)
	door := &consoleDoor{}
	h, err := host.New(host.Options{
		Control: control.Folder(os.LookupEnv), OSC: f.osc, Links: door.links, Refused: door.refused,
		Show: args[0], Bind: bindings.New, Shipped: scripts.Files(), Protocols: protocols(), Rig: f.rig, For: f.length, Interface: f.iface, StateDir: f.state, Fresh: f.fresh, Lookahead: f.lookahead,
		Memory: uint64(f.memory) << 20, ExitTime: f.exitTime, Exit: host.Exit(f.exit),
		Rate: f.rate, Reload: host.Reload(f.reload), ReloadAt: host.ReloadAt(f.reloadAt), Seed: f.seed, Getenv: os.LookupEnv, Log: log, Unlogged: a.screen.Dropped,
		Program: version(), Record: f.record, BlackBox: int64(f.blackBox) << 20,
	})
	if err != nil {
		return usageError{fmt.Errorf("%w%s", err, elsewhere(cmd, args[0]))}
	}
	ctx, cancel := context.WithCancelCause(cmd.Context())
	defer cancel(nil)
	ended := make(chan struct{})
	defer close(ended)
	desk := &desk{show: h, screen: a.screen, send: a.send}
	keys := terminal.NoKeyboard()
	a.takeSignals()
	if f.logFormat == "text" {
		keys, err = terminal.OpenKeyboard(os.Stdin, a.screen)
	}
	if err != nil {
		return err
	}
	defer keys.Restore()
	if keys.IsThere() {
		fmt.Fprintln(a.screen, showKeys)
		go func() { // until the process ends
			runtime.LockOSThread()
			if err := clock.Urgent(); err != nil {
				log.Debug("keys wait at normal priority", "error", err)
			}
			keys.Read(desk.press)
		}()
	}
	a.watchHangUp(f.detach, h, ended, log)
	a.watchSignals("show", func() { h.Halt(); keys.Restore() }, ended, cancel, log)
	if a.screen.IsTerminal() && f.logFormat == "text" {
		defer a.screen.ShowStatus(func(width int) string {
			return statusLine(h.Status(), desk.list(), a.screen.Dropped(), width)
		})()
	}
	defer door.open(h, f, log)()
	err = h.Run(ctx)
	if sig := signalOf(ctx); sig != nil {
		return sig // also while the show was still loading
	}
	return err
}

// send passes a signal on that is none of the system, or not always.
func (a *app) send(sig os.Signal) {
	select {
	case a.signals <- sig:
	default: // two wait already
	}
}

// signalOf is the signal that ended ctx, nil if none did.
func signalOf(ctx context.Context) error {
	var sig signalled
	if errors.As(context.Cause(ctx), &sig) {
		return sig
	}
	return nil
}

// What a signal waits for at most, should it hang: the word that it has come, and what a
// process does that is ended at once.
const (
	sayTime   = 100 * time.Millisecond
	leaveTime = 500 * time.Millisecond
)

// takeSignals has the signals that end a command wait for watchSignals. A command that does
// neither ends with the first one by itself.
func (a *app) takeSignals() { signal.Notify(a.signals, os.Interrupt, syscall.SIGTERM) }

// watchSignals ends what runs at the first signal, and the process at the second,
// which leave prepares. A log whose reader has gone ends nothing: the show goes on, and
// machinery is made safe when it ends.
func (a *app) watchSignals(what string, leave func(), ended <-chan struct{}, cancel context.CancelCauseFunc, log *slog.Logger) {
	a.takeSignals()
	signal.Ignore(syscall.SIGPIPE)
	go func() {
		defer signal.Stop(a.signals)
		for count := 0; ; count++ {
			select {
			case <-ended:
				return
			case sig := <-a.signals:
				if count > 0 {
					within(leaveTime, leave)
					os.Exit(int(signalled{sig}.code()))
				}
				within(sayTime, func() { log.Info("ending the "+what+"; once more ends it at once", "signal", sig.String()) })
				cancel(signalled{sig})
			}
		}
	}()
}

// watchHangUp deals with SIGHUP until the show has ended. To a show that has a terminal it
// says that that was closed: this ends the show, unless it was started to go on. To one
// without it says to load again.
func (a *app) watchHangUp(detached bool, h *host.Host, ended <-chan struct{}, log *slog.Logger) {
	if signal.Ignored(syscall.SIGHUP) {
		return // started by nohup
	}
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	atTerminal := terminal.HasOne()
	go func() {
		defer signal.Stop(hup)
		for {
			select {
			case <-ended:
				return
			case sig := <-hup:
				switch {
				case !atTerminal:
					if err := h.Reload("SIGHUP"); err != nil {
						log.Warn("not reloading: " + err.Error())
					}
				case detached:
					log.Warn("the terminal was closed; the show goes on until showrun ctl end")
				default:
					a.send(sig)
				}
			}
		}
	}()
}

// within calls f and waits until it returns, but no longer than limit.
func within(limit time.Duration, f func()) {
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	late := time.NewTimer(limit)
	defer late.Stop()
	select {
	case <-done:
	case <-late.C:
	}
}
