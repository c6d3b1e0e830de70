package stagenet

import (
	"context"
	"slices"
	"sync"

	"showrun/drivers/stagenet/gateway"
	"showrun/runtime/device"
)

// rig are the gateways that suit a show, on loopback. They are not advertised: its
// consoles are told where they are.
type rig struct {
	env    device.RigEnv
	opened chan struct{} // told when there are more to be run

	mu       sync.Mutex
	gateways map[string]*rigGateway
	order    []*rigGateway // as they came
	waiting  []*rigGateway // to be run
}

// rigGateway is a gateway of a rig.
type rigGateway struct {
	*gateway.Gateway
	channels []gateway.Channel
	levels   gateway.Levels
}

func newRig(env device.RigEnv) *rig {
	return &rig{env: env, opened: make(chan struct{}, 1), gateways: map[string]*rigGateway{}}
}

// Patch implements device.Rig. A gateway that is there already keeps its place and gets
// other channels if need be; one that is no longer wanted stays.
func (r *rig) Patch(list []device.Opened) {
	for _, o := range list {
		d, ok := o.Declaration.(*ConsoleDecl)
		if !ok {
			continue
		}
		urls, err := r.bring(d.RigGateways())
		if c, ok := o.Device.(*onlineConsole); ok && err == nil {
			err = c.Dial(urls)
		}
		if err != nil { // the show runs without it
			r.env.Log.Warn("the rig lacks gateways that the show names", "console", d.String(), "error", err)
		}
	}
}

// bring makes the rig have gateways with these ids, types and channels and returns the
// URL of each.
func (r *rig) bring(list []gateway.Config) (urls []string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, want := range list {
		g := r.gateways[want.ID]
		switch {
		case g == nil:
			g = &rigGateway{channels: want.Channels}
			// Without a log: the console at the other end tells the same.
			g.Gateway, err = gateway.Listen(gateway.Config{
				ID: want.ID, Type: want.Type, Channels: want.Channels, Interface: r.env.Interface, Listen: r.env.Interface + ":0", Sink: &g.levels,
			})
			if err != nil {
				return nil, err
			}
			r.gateways[want.ID] = g
			r.order, r.waiting = append(r.order, g), append(r.waiting, g)
			select {
			case r.opened <- struct{}{}:
			default:
			}
		case !slices.Equal(g.channels, want.Channels):
			if err := g.Resize(want.Channels); err != nil {
				return nil, err
			}
			g.channels = want.Channels
		}
		urls = append(urls, g.URL())
	}
	return urls, nil
}

// Levels implements device.Meter: those of the first gateway.
func (r *rig) Levels(n int) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.order) == 0 {
		return nil
	}
	g := r.order[0]
	return g.levels.Values(nil, g.channels[:min(n, len(g.channels))])
}

// takeWaiting returns the gateways that do not run yet.
func (r *rig) takeWaiting() []*rigGateway {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := r.waiting
	r.waiting = nil
	return list
}

// Run implements device.Rig.
func (r *rig) Run(ctx context.Context) {
	var running sync.WaitGroup
	defer running.Wait()
	for {
		for _, g := range r.takeWaiting() { // in the end they close their ports
			running.Go(func() {
				if err := g.Run(ctx); err != nil {
					r.env.Log.Error("rig: StageNet gateway", "error", err)
				}
			})
		}
		select {
		case <-ctx.Done():
			return
		case <-r.opened:
		}
	}
}
