package signet

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"sync"

	"showrun/drivers/signet"
	"showrun/drivers/signet/node"
	"showrun/runtime/device"
)

// RigConfig is for tests that look at what arrives.
type RigConfig struct {
	// OnLevels is told of every level packet the Node accepts, on the goroutine of the
	// Node; levels are only lent. It may be nil.
	OnLevels func(universe int, levels []byte, p node.Packet)
}

// rig is a Node on loopback, with keys of its own for shows that name none. It listens
// to the universes of the first Sender and of all others it can hear together with that.
type rig struct {
	cfg     RigConfig
	env     device.RigEnv
	keys    signet.Keys
	patched chan struct{} // told when patch has changed

	mu    sync.Mutex
	patch *patch     // nil before the first
	node  *node.Conn // nil if there is none, or it could not be opened
}

// patch is what the Node listens to.
type patch struct {
	universes []int
	scope     string
	open      bool // to unsigned packets, not to signed ones
	keys      signet.Keys
}

func (p *patch) equal(q *patch) bool {
	return p != nil && slices.Equal(p.universes, q.universes) && p.scope == q.scope && p.open == q.open && p.keys == q.keys
}

// rigOf is this package's part of a rig, nil without one.
func rigOf(env device.Env) *rig {
	r, _ := env.Rigs[protocol].(*rig)
	return r
}

func newRig(cfg RigConfig, env device.RigEnv) (*rig, error) {
	k0, err := signet.GenerateK0(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("keys of the node: %w", err)
	}
	return &rig{cfg: cfg, env: env, keys: k0.Keys(), patched: make(chan struct{}, 1)}, nil
}

// Keys are those of the rig's own installation, for shows that name none.
func (r *rig) Keys() signet.Keys { return r.keys }

// Patch implements device.Rig.
func (r *rig) Patch(list []device.Opened) {
	p := &patch{keys: r.keys}
	patched := false
	for _, o := range list {
		d, ok := o.Declaration.(*SenderDecl)
		if !ok {
			continue
		}
		if !patched {
			patched, p.scope, p.open = true, d.Scope, d.Mode == "open"
			if s, ok := o.Device.(*onlineSender); ok && !p.open {
				p.keys = s.keys
			}
		}
		if d.Scope != p.scope || d.Mode != "both" && p.open != (d.Mode == "open") {
			continue
		}
		for _, u := range d.Universes {
			if !u.Preview {
				p.universes = append(p.universes, u.Number)
			}
		}
	}
	r.mu.Lock()
	same := r.node != nil && r.patch.equal(p)
	r.patch = p
	r.mu.Unlock()
	if same {
		return
	}
	select {
	case r.patched <- struct{}{}:
	default:
	}
}

// Levels implements device.Meter: those of the first universe.
func (r *rig) Levels(n int) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.node == nil || len(r.patch.universes) == 0 {
		return nil
	}
	levels := r.node.Levels(1)
	return levels[:min(n, len(levels))]
}

// Run implements device.Rig.
func (r *rig) Run(ctx context.Context) {
	stop := func() {}
	for {
		select {
		case <-ctx.Done():
			stop()
			return
		case <-r.patched:
			stop()
			stop = r.listen(ctx)
		}
	}
}

// listen starts a Node on what is patched and returns what stops it.
func (r *rig) listen(ctx context.Context) (stop func()) {
	r.mu.Lock()
	p := r.patch
	r.mu.Unlock()
	n, err := node.Open(node.Config{
		Scope: p.scope, Open: p.open, Keys: p.keys, Universes: p.universes,
		Interface: r.env.Interface, Port: r.env.Ports[protocol], Log: r.env.Log,
		OnLevels: func(_, universe int, levels []byte, packet node.Packet) {
			if r.cfg.OnLevels != nil {
				r.cfg.OnLevels(universe, levels, packet)
			}
		},
	})
	r.mu.Lock()
	r.node = n
	r.mu.Unlock()
	if err != nil {
		r.env.Log.Error("rig: Sig-Net node", "error", err)
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			r.env.Log.Error("rig: Sig-Net node", "error", err)
		}
	}
}
