package bridge

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"showrun/drivers/lan/mdns"
	"showrun/drivers/stagenet"
)

// stageNet is the channels of a StageNet gateway, universe by universe.
type stageNet struct {
	env     Env
	gateway string // GatewayID
	address string // host and port, "" to look for it
	log     *slog.Logger

	mu      sync.Mutex
	levels  []byte            // newest
	console *stagenet.Console // nil until the gateway is found
}

func checkStageNet(a Address, universes int) error {
	o := newStageNet(a, Env{Universes: universes})
	if o.gateway == "" {
		return errNoName
	}
	if o.address == "" {
		return nil
	}
	_, err := o.newConsole(o.address, nil)
	return err
}

func openStageNet(a Address, e Env) (Sink, error) { return newStageNet(a, e), nil }

func newStageNet(a Address, e Env) *stageNet {
	o := &stageNet{env: e, gateway: a.rest, log: e.Log, levels: make([]byte, Slots*e.Universes)}
	if i := strings.LastIndex(a.rest, "@"); i >= 0 {
		o.gateway, o.address = a.rest[:i], a.rest[i+1:]
	}
	return o
}

// newConsole makes a console for the one gateway, at an address.
func (o *stageNet) newConsole(address string, onEvent func(stagenet.Event)) (*stagenet.Console, error) {
	return stagenet.New(stagenet.Config{
		Gateways: []string{"ws://" + address}, Interface: o.env.network(), Rate: o.env.Rate, OnEvent: onEvent, Log: o.log,
	})
}

// Show implements Sink.
func (o *stageNet) Show(universe int, levels []byte, at time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	room := o.levels[universe*Slots : (universe+1)*Slots]
	clear(room[copy(room, levels):])
	if o.console != nil {
		o.console.Levels(o.gateway, o.levels)
		o.console.Flush(at)
	}
}

// event takes what becomes of gateways: one that has just got its addresses gets
// the levels there are.
func (o *stageNet) event(e stagenet.Event) {
	if e.Kind != stagenet.Leased {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	wanted := o.gateway
	if e.Gateway.ID != wanted {
		o.log.Warn("another gateway answers: it gets no levels", "wanted", wanted, "there", e.Gateway.ID)
		return
	}
	o.log.Info("the gateway is there", "gateway", wanted, "addresses", len(e.Gateway.Lease.Addresses))
	o.console.Levels(wanted, o.levels)
}

// serve drives the gateway at an address until ctx ends.
func (o *stageNet) serve(ctx context.Context, address string) error {
	console, err := o.newConsole(address, o.event)
	if err != nil {
		return err
	}
	o.mu.Lock()
	o.console = console
	o.mu.Unlock()
	return console.Run(ctx)
}

// Run implements Sink.
func (o *stageNet) Run(ctx context.Context) error {
	if o.address != "" {
		return o.serve(ctx, o.address)
	}
	found := make(chan string, 1) // the newest address of the gateway
	browser, err := mdns.New(mdns.Config{
		Service: "_stagenet._tcp", Interface: o.env.network(), Log: o.log,
		OnEvent: func(e mdns.Event) {
			if e.Kind == mdns.Removed || e.Service.Text["id"] != o.gateway {
				return
			}
			select {
			case <-found:
			default:
			}
			found <- e.Service.Endpoints[0].String()
		},
	})
	if err != nil {
		return err
	}
	o.log.Info("looking for the gateway", "gateway", o.gateway)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- browser.Run(ctx) }()
	address, leave := "", func() error { return nil }
	for {
		select {
		case err := <-ended:
			stop()
			return errors.Join(err, leave())
		case next := <-found:
			if next == address {
				continue
			}
			if err := leave(); err != nil {
				o.log.Warn("gateway", "address", address, "error", err)
			}
			address, leave = next, o.begin(ctx, next)
		}
	}
}

// begin starts to serve an address. leave ends that and waits for its end.
func (o *stageNet) begin(ctx context.Context, address string) (leave func() error) {
	ctx, stop := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- o.serve(ctx, address) }()
	return func() error {
		stop()
		return <-served
	}
}

// Close implements Sink: there is nothing to close beside Run.
func (o *stageNet) Close() error { return nil }
