package artnet

import (
	"context"
	"sync"
	"time"

	"showrun/drivers/artnet"
	"showrun/drivers/artnet/node"
	"showrun/drivers/artnet/wire"
	"showrun/runtime/device"
	"showrun/runtime/device/universe"
)

// rig is a node on loopback that takes the universes of all senders. The devices of the
// show share its port.
type rig struct {
	env   device.RigEnv
	ports artnet.Ports

	mu    sync.Mutex
	want  []wire.Address // in the order of declaration
	polls []*artnet.Controller
	node  *node.Node // nil if it could not be opened yet
	taken map[wire.Address]bool
}

// rigOf is this package's part of a rig, nil without one.
func rigOf(env device.Env) *rig {
	r, _ := env.Rigs[protocol].(*rig)
	return r
}

func newRig(env device.RigEnv) *rig { return &rig{env: env, taken: map[wire.Address]bool{}} }

// Patch implements device.Rig.
func (r *rig) Patch(list []device.Opened) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.want, r.polls = nil, nil
	for _, o := range list {
		d, ok := o.Declaration.(*SenderDecl)
		if !ok {
			continue
		}
		for _, u := range d.Universes {
			r.want = append(r.want, wire.Address(u.Number))
		}
		if s, ok := o.Device.(*onlineSender); ok {
			r.polls = append(r.polls, s.controller.Load())
		}
	}
	r.follow()
}

// follow makes the node take what is patched; mu is held.
func (r *rig) follow() {
	if r.node == nil {
		return
	}
	now := time.Now()
	next := map[wire.Address]bool{}
	for _, a := range r.want {
		next[a] = true
		if err := r.node.Subscribe(a, now); err != nil {
			r.env.Log.Error("rig: Art-Net node", "error", err)
		}
	}
	for a := range r.taken {
		if !next[a] {
			r.node.Unsubscribe(a, now)
		}
	}
	r.taken = next
	for _, c := range r.polls {
		c.Poll(now)
	}
}

// Levels implements device.Meter: those of the first universe.
func (r *rig) Levels(n int) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.node == nil || len(r.want) == 0 {
		return nil
	}
	levels := r.node.Levels(r.want[0])
	return levels[:min(n, len(levels))]
}

// Run implements device.Rig.
func (r *rig) Run(ctx context.Context) {
	n, err := node.Open(node.Config{
		Interface: r.env.Interface, Port: universe.Port(device.Env{Ports: r.env.Ports}, protocol, wire.Port), Ports: &r.ports,
		ShortName: "rig", LongName: "virtual rig", Delay: -1, Log: r.env.Log,
	})
	if err == nil {
		r.mu.Lock()
		r.node = n.Node
		r.follow()
		r.mu.Unlock()
		err = n.Run(ctx)
	}
	if err != nil {
		r.env.Log.Error("rig: Art-Net node", "error", err)
	}
}
