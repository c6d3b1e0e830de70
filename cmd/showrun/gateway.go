package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"showrun/cmd/showrun/bridge"
	"showrun/cmd/showrun/settings"
	"showrun/cmd/showrun/terminal"
	"showrun/drivers/stagenet/gateway"
	"showrun/runtime/host"
)

// gatewayFlags are the flags of gateway.
type gatewayFlags struct {
	id, kind, name string
	addresses      int
	channels       []string
	listen, iface  string
	to, state      string
	rate           int
	length         time.Duration
	verbose        bool
}

const gatewayHelp = `gateway is a StageNet gateway without the hardware: shows, and every other StageNet
console, find it by multicast DNS, lease addresses to its channels and send them
values. In a terminal the last line shows the channels as bars.

The lease belongs to the id: a gateway that comes back under the same one gets the
same addresses.

With --to its DMX channels are lamps: channels 1-512 are the first universe there, and
so on.

Without --listen and --interface it can be reached from this machine only. It ends
with Ctrl-C or after --for.`

func (a *app) gateway() *cobra.Command {
	var f gatewayFlags
	cmd := &cobra.Command{
		Use:   "gateway",
		Short: "Be a virtual StageNet gateway",
		Long:  gatewayHelp,
		Example: `  showrun gateway                                        512 DMX channels, for shows on this machine
  showrun gateway --id strip --addresses 6 --listen :4001    six, for the network
  showrun gateway --id desk --map DMX:1-24,MIDI:0-7 --interface eth0`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			channels, err := f.check(cmd.Flags().Changed("addresses"))
			if err != nil {
				return usageError{err}
			}
			to, err := f.target(channels)
			if err != nil {
				return usageError{err}
			}
			return a.serveGateway(cmd.Context(), f, channels, to)
		},
	}
	p := cmd.Flags()
	p.StringVar(&f.id, "id", "showrun", "GatewayID, which leases belong to")
	p.StringVar(&f.kind, "type", "", `kind to advertise (default: the type of the first channel, "DMX")`)
	p.IntVar(&f.addresses, "addresses", 512, "number of channels, if --map does not name them")
	p.StringSliceVar(&f.channels, "map", nil, "channels behind the addresses, such as DMX:1-512 or DMX:1-24,ANALOG:0-7")
	p.StringVar(&f.listen, "listen", "", "address and port to listen on, such as :4000 for every network (default: port 4000 of --interface)")
	p.StringVar(&f.iface, "interface", "", "network to be found on: an interface or one of its addresses (default: this machine)")
	p.StringVar(&f.to, "to", "", "where DMX channels go: "+bridge.Usage(false))
	p.IntVar(&f.rate, "rate", 44, "with --to, frames a second of a universe at most")
	p.StringVar(&f.state, "state", "", stateUsage)
	p.StringVar(&f.name, "name", "", "name to advertise (default: the id)")
	p.DurationVar(&f.length, "for", 0, "end by itself after this long, such as 30s or 5m")
	p.BoolVarP(&f.verbose, "verbose", "v", false, "log more")
	settings.Between(p, "addresses", 1, maxGatewayAddresses, "")
	settings.Address(p, "listen")
	settings.AtLeast(p, "for", time.Duration(0))
	settings.Between(p, "rate", 1, 250, "frames a second")
	settings.Shared(p, "verbose", "state")
	return cmd
}

// target is what --to names, nil for nothing.
func (f *gatewayFlags) target(channels []gateway.Channel) (*bridge.Address, error) {
	if f.to == "" {
		return nil, nil
	}
	universes := bridge.UniversesOf(channels)
	switch {
	case universes == 0:
		return nil, errors.New("--to takes DMX channels, and there are none")
	case universes > bridge.MaxUniverses:
		return nil, fmt.Errorf("--to takes at most %d universes of 512 channels, got %d", bridge.MaxUniverses, universes)
	}
	to, err := bridge.ParseSink(f.to, universes)
	return &to, err
}

// open opens the Sink that --to names.
func (f gatewayFlags) open(a *app, to *bridge.Address, channels []gateway.Channel, log *slog.Logger) (*bridge.Channels, error) {
	n := bridge.UniversesOf(channels)
	sink, err := to.Open(bridge.Env{
		Name: "gateway", Universes: n, Interface: f.iface, Rate: f.rate, StateDir: f.state, FindKey: findKey, Stdout: a.stdout, Log: log,
	})
	if err != nil {
		return nil, fmt.Errorf("--to %s: %w", f.to, err)
	}
	return bridge.NewChannels(sink, n, f.rate), nil
}

// check refuses what cannot be and returns the channels. counted tells whether
// --addresses was given.
func (f *gatewayFlags) check(counted bool) ([]gateway.Channel, error) {
	switch {
	case f.id == "":
		return nil, errors.New("--id must not be empty")
	case len(f.kind) > maxKind:
		return nil, fmt.Errorf("--type must have at most %d characters, got %q", maxKind, f.kind)
	}
	if len(f.channels) == 0 && f.channels != nil {
		return nil, errors.New("--map must not be empty")
	}
	if f.channels == nil {
		kind := f.kind
		if kind == "" {
			kind = "DMX"
		}
		return gateway.Channels(kind, 1, f.addresses), nil
	}
	var list []gateway.Channel
	seen := map[gateway.Channel]bool{}
	for _, text := range f.channels {
		kind, first, last, err := parseChannels(text)
		if err != nil {
			return nil, err
		}
		if len(list)+last-first >= maxGatewayAddresses {
			return nil, fmt.Errorf("--map has more than %d channels", maxGatewayAddresses)
		}
		for _, c := range gateway.Channels(kind, first, last-first+1) {
			if seen[c] {
				return nil, fmt.Errorf("--map has %s channel %d twice", c.HardwareType, c.Number)
			}
			seen[c] = true
			list = append(list, c)
		}
	}
	if counted && f.addresses != len(list) {
		return nil, fmt.Errorf("--addresses says %d, --map has %s; leave one of them out", f.addresses, terminal.Plural(len(list), "channel"))
	}
	return list, nil
}

// Limits of the channels: a gateway tells all of them in one message.
const (
	maxGatewayAddresses = 8192
	maxKind             = 32 // characters of a type
	maxChannel          = 1<<31 - 1
)

// parseChannels reads a run of channels, such as DMX:1-512 or MIDI:7.
func parseChannels(text string) (kind string, first, last int, err error) {
	kind, numbers, ok := strings.Cut(text, ":")
	from, to, isRun := strings.Cut(numbers, "-")
	if !isRun {
		to = from
	}
	first, badFirst := strconv.Atoi(from)
	last, badLast := strconv.Atoi(to)
	if !ok || kind == "" || len(kind) > maxKind || badFirst != nil || badLast != nil || first < 0 || last > maxChannel {
		return "", 0, 0, fmt.Errorf("--map must be a type and its channels, such as DMX:1-512 or MIDI:7, got %q", text)
	}
	if kind == "DMX" && first == 0 {
		return "", 0, 0, fmt.Errorf("--map: DMX channels count from 1, got %q", text)
	}
	if last < first {
		return "", 0, 0, fmt.Errorf("--map must name the lower channel first, got %q", text)
	}
	return kind, first, last, nil
}

// serveGateway is a gateway until it is told to end.
func (a *app) serveGateway(ctx context.Context, f gatewayFlags, channels []gateway.Channel, to *bridge.Address) error {
	log := terminal.NewLogger(a.screen, "text", f.verbose)
	iface := f.iface
	if iface == "" && f.listen == "" {
		iface = "127.0.0.1"
	}
	m := &gatewayMeter{id: f.id, channels: channels}
	run := func(ctx context.Context) error { return m.gateway.Run(ctx) }
	if to != nil {
		sink, err := f.open(a, to, channels, log)
		if err != nil {
			return &host.DeviceError{Device: "gateway", Err: err}
		}
		defer sink.Close()
		m.lamps = sink.Set
		run = func(ctx context.Context) error { return bridge.Serve(ctx, m.gateway, sink) }
	}
	g, err := gateway.Listen(gateway.Config{
		ID: f.id, Type: f.kind, Channels: channels, Listen: f.listen, Interface: iface, Advertise: true, Name: f.name, Sink: m, Log: log,
	})
	if err != nil {
		return &host.DeviceError{Device: "gateway", Err: err}
	}
	m.gateway = g
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if f.length > 0 {
		defer time.AfterFunc(f.length, func() { cancel(nil) }).Stop()
	}
	ended := make(chan struct{})
	defer close(ended)
	a.watchSignals("gateway", func() {}, ended, cancel, log)
	if a.screen.IsTerminal() {
		defer a.screen.ShowStatus(m.line)()
	}
	log.Info("the gateway is on", "id", f.id, "channels", len(channels), "url", g.URL())
	if g.Addr().IP.IsLoopback() {
		log.Info("it can be reached from this machine only; --listen :4000 opens it to every network, --interface to one")
	}
	if err := run(ctx); err != nil {
		return &host.DeviceError{Device: "gateway", Err: err}
	}
	log.Info("the gateway is off", "values", m.count.Load())
	return signalOf(ctx)
}

// gatewayMeter is the sink of a virtual gateway, and its status line.
type gatewayMeter struct {
	gateway.Levels
	id       string
	channels []gateway.Channel
	gateway  *gateway.Gateway
	count    atomic.Uint64               // values since the start
	lamps    func(gateway.Channel, byte) // nil without --to
}

// Set implements gateway.Sink.
func (m *gatewayMeter) Set(c gateway.Channel, v byte) {
	m.count.Add(1)
	m.Levels.Set(c, v)
	if m.lamps != nil {
		m.lamps(c, v)
	}
}

// line draws the status in at most width characters.
func (m *gatewayMeter) line(width int) string {
	consoles := m.gateway.Consoles()
	fields := []string{m.id, terminal.Plural(len(consoles), "console")}
	for _, c := range consoles {
		if n := len(c.Addresses); n > 0 {
			fields = append(fields, c.Addresses[0]+"-"+c.Addresses[n-1])
		}
	}
	text := strings.Join(append(fields, terminal.Plural(int(m.count.Load()), "value")), " · ") + " · "
	room := min(max(width-len([]rune(text)), 0), len(m.channels))
	return terminal.Fit(text+terminal.Meter(m.Values(nil, m.channels[:room])), width)
}
