package theater

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"showrun/drivers/lan/mdns"
	"showrun/drivers/stagenet"
)

// stageNet is the channels of a StageNet gateway.
type stageNet struct {
	flags Flags
	log   *slog.Logger

	mu      sync.Mutex
	levels  []byte            // newest
	console *stagenet.Console // nil until the gateway is found
}

// newConsole makes a console for the one gateway of the flags.
func newConsole(f Flags, onEvent func(stagenet.Event), log *slog.Logger) (*stagenet.Console, error) {
	return stagenet.New(stagenet.Config{
		Gateways: []string{"ws://" + f.target.address}, Interface: f.network(), Rate: f.Rate, OnEvent: onEvent, Log: log,
	})
}

// Show implements server.Sink.
func (o *stageNet) Show(levels []byte, at time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.levels = append(o.levels[:0], levels...)
	if o.console != nil {
		o.console.Levels(o.flags.target.gateway, o.levels)
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
	wanted := o.flags.target.gateway
	if e.Gateway.ID != wanted {
		o.log.Warn("another gateway answers: it gets no levels", "wanted", wanted, "there", e.Gateway.ID)
		return
	}
	o.log.Info("the gateway is there", "gateway", wanted, "addresses", len(e.Gateway.Lease.Addresses))
	o.console.Levels(wanted, o.levels)
}

// serve drives the gateway at an address until ctx ends.
func (o *stageNet) serve(ctx context.Context, address string) error {
	f := o.flags
	f.target.address = address
	console, err := newConsole(f, o.event, o.log)
	if err != nil {
		return err
	}
	o.mu.Lock()
	o.console = console
	o.mu.Unlock()
	return console.Run(ctx)
}

// Run implements output.
func (o *stageNet) Run(ctx context.Context) error {
	if address := o.flags.target.address; address != "" {
		return o.serve(ctx, address)
	}
	found := make(chan string, 1) // the newest address of the gateway
	browser, err := mdns.New(mdns.Config{
		Service: "_stagenet._tcp", Interface: o.flags.network(), Log: o.log,
		OnEvent: func(e mdns.Event) {
			if e.Kind == mdns.Removed || e.Service.Text["id"] != o.flags.target.gateway {
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
	o.log.Info("looking for the gateway", "gateway", o.flags.target.gateway)
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

// Close implements output: there is nothing to close beside Run.
func (o *stageNet) Close() error { return nil }
