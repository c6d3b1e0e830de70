package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"showrun/cmd/showrun/bridge"
	"showrun/cmd/showrun/settings"
	"showrun/cmd/showrun/terminal"
	"showrun/drivers/artnet"
	"showrun/drivers/signet/node"
	devsignet "showrun/runtime/device/signet"
	"showrun/runtime/host"
	"showrun/runtime/store"
)

// bridgeFlags are those that node and bridge share.
type bridgeFlags struct {
	iface, state string
	rate         int
	sigNetPort   int
	length       time.Duration
	verbose      bool
}

func (f *bridgeFlags) add(p *pflag.FlagSet) {
	p.StringVar(&f.iface, "interface", "", "network interface: a name or an IPv4 address (default: the system's choice)")
	p.IntVar(&f.rate, "rate", 44, "frames a second of a universe at most")
	p.IntVar(&f.sigNetPort, "signet-port", 0, "UDP port of Sig-Net, for tests (default 5683)")
	p.DurationVar(&f.length, "for", 0, "end by itself after this long, such as 30s or 5m")
	p.StringVar(&f.state, "state", "", stateUsage)
	p.BoolVarP(&f.verbose, "verbose", "v", false, "log more")
	settings.Between(p, "rate", 1, 250, "frames a second")
	settings.Between(p, "signet-port", 0, 65535, "")
	settings.AtLeast(p, "for", time.Duration(0))
	settings.Shared(p, "interface", "state", "verbose")
}

func (f bridgeFlags) env(a *app, name string, universes int, log *slog.Logger) bridge.Env {
	return bridge.Env{
		Name: name, Universes: universes, Interface: f.iface, Rate: f.rate, StateDir: f.state, FindKey: findKey,
		Ports: map[string]int{"signet": f.sigNetPort}, ArtNet: &artnet.Ports{}, Stdout: a.stdout, Log: log,
	}
}

const nodeHelp = `node is a Sig-Net Node with real outputs: it listens to universes, merges their
sources and hands the levels on to --to, one universe for each, in their order.
Managers find it and set it up. A network that goes away is waited for.

--to is signet, sacn or artnet with the number of the first universe, dmxusb with a
widget for each universe by serial number or port, or file: a line for each change,
with seconds, universe and levels. The key is that of showrun keys.`

func (a *app) node() *cobra.Command {
	var f bridgeFlags
	var universes, to, label string
	cmd := &cobra.Command{
		Use:   "node",
		Short: "Be a Sig-Net Node with real outputs",
		Long:  nodeHelp,
		Example: `  showrun node --universe 1 --to dmxusb:EN123456       a lamp on a USB port
  showrun node --universe 1-4 --to sacn:1
  showrun node --universe 1,2 --to dmxusb:EN123456,/dev/ttyUSB1
  showrun node --universe 1-4 --to file                what comes, as text`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, err := bridge.ParseUniverses(universes)
			if err != nil {
				return usageError{err}
			}
			target, err := bridge.ParseSink(to, len(list))
			if err != nil {
				return usageError{err}
			}
			return a.deviceFailed("node", a.serveNode(cmd.Context(), f, list, target, label))
		},
	}
	p := cmd.Flags()
	p.StringVar(&universes, "universe", "1", "universes to listen to, such as 1-4 or 1,7")
	p.StringVar(&to, "to", "file", "where levels go: "+bridge.Usage(false))
	p.StringVar(&label, "label", "showrun node", "name that Managers show")
	f.add(p)
	return cmd
}

// deviceFailed makes an error of opening or running one of a device.
func (a *app) deviceFailed(name string, err error) error {
	if err == nil || errors.As(err, new(signalled)) {
		return err
	}
	return &host.DeviceError{Device: name, Err: err}
}

// serveNode is a Node until it is told to end.
func (a *app) serveNode(ctx context.Context, f bridgeFlags, universes []int, to bridge.Address, label string) error {
	log := terminal.NewLogger(a.screen, "text", f.verbose)
	if f.state == "" {
		var err error
		if f.state, err = host.DefaultStateDir(); err != nil {
			return err
		}
	}
	kept, err := store.OpenNew(filepath.Join(f.state, "node"), log)
	if err != nil {
		return err
	}
	defer kept.Close()
	sink, err := to.Open(f.env(a, "node-out", len(universes), log))
	if err != nil {
		return fmt.Errorf("--to %v: %w", to, err)
	}
	defer sink.Close()
	open := func() (*node.Conn, error) { return f.openNode(kept, universes, label, sink, log) }
	n, err := open()
	if err != nil {
		return err
	}
	log.Info("the node is on", "tuid", n.TUID(), "universes", len(universes), "to", to.String())
	return a.serveBridge(ctx, "node", f.length, bridge.Lasting(n, open, log), sink, log)
}

func (f bridgeFlags) openNode(kept *store.Store, universes []int, label string, sink bridge.Sink, log *slog.Logger) (*node.Conn, error) {
	transfer, err := findKey(f.state)
	if err != nil {
		return nil, err
	}
	tuid, err := devsignet.TUIDOf(kept, "node")
	if err != nil {
		return nil, err
	}
	keys := transfer.Keys()
	if transfer.HasK0 {
		keys = transfer.K0.NodeKeys(tuid)
	}
	return node.Open(node.Config{
		TUID: tuid, Keys: keys, Scope: transfer.Scope, Sessions: devsignet.Sessions{Store: kept}, Interface: f.iface, Port: f.sigNetPort,
		Universes: universes, Label: label, Sink: bridge.Endpoints{To: sink}, Log: log,
	})
}

// serveBridge runs a source and a sink until it is told to end.
func (a *app) serveBridge(ctx context.Context, name string, length time.Duration, from bridge.Source, to bridge.Sink, log *slog.Logger) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if length > 0 {
		defer time.AfterFunc(length, func() { cancel(nil) }).Stop()
	}
	ended := make(chan struct{})
	defer close(ended)
	a.watchSignals(name, func() {}, ended, cancel, log)
	if err := bridge.Serve(ctx, from, to); err != nil {
		return err
	}
	log.Info("the " + name + " is off")
	return signalOf(ctx)
}
