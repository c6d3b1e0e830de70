package theater

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"strconv"
	"strings"

	"showrun/drivers/signet/key"
	"showrun/drivers/signet/wire"
	"showrun/drivers/theater/server"
)

// output is what the lighting server drives.
type output interface {
	server.Sink
	Run(context.Context) error // until ctx ends
	Close() error              // after Run, or without one
}

// target is what --to names: nothing, a Sig-Net universe or a StageNet gateway.
type target struct {
	universe int    // 0 for none
	gateway  string // GatewayID, "" for none
	address  string // host and port of the gateway, "" to look for it
}

// parseTarget reads the argument of --to.
func parseTarget(to string) (target, error) {
	if to == "" {
		return target{}, nil
	}
	kind, rest, _ := strings.Cut(to, ":")
	switch kind {
	case "signet":
		universe, err := strconv.Atoi(rest)
		if err != nil || wire.CheckUniverse(universe) != nil {
			return target{}, fmt.Errorf("--to signet:UNIVERSE must have a universe, 1-%d, got %q", wire.LastUniverse, rest)
		}
		return target{universe: universe}, nil
	case "stagenet":
		t := target{gateway: rest}
		if i := strings.LastIndex(rest, "@"); i >= 0 {
			t.gateway, t.address = rest[:i], rest[i+1:]
			if _, err := newConsole(Flags{target: t}, nil, nil); err != nil {
				return target{}, fmt.Errorf("--to stagenet:GATEWAY-ID@HOST:PORT: %w", err)
			}
		}
		if t.gateway != "" {
			return t, nil
		}
	}
	return target{}, fmt.Errorf("--to must be signet:UNIVERSE or stagenet:GATEWAY-ID, got %q", to)
}

// network is the interface outputs use: a server on all networks leaves the choice
// to the system.
func (f Flags) network() string {
	if ip, err := netip.ParseAddr(f.Interface); err == nil && ip.IsUnspecified() {
		return ""
	}
	return f.Interface
}

// openOutput opens what --to names, nil for nothing.
func openOutput(f Flags, findKey func(dir string) (key.Transfer, error), log *slog.Logger) (output, error) {
	switch {
	case f.target.universe != 0:
		o, err := openSigNet(f, findKey, log)
		if err != nil {
			return nil, fmt.Errorf("sig-net: %w", err)
		}
		return o, nil
	case f.target.gateway != "":
		return &stageNet{flags: f, log: log}, nil
	}
	return nil, nil
}
