package sacn

import (
	"context"
	"slices"
	"sync"

	"showrun/drivers/sacn/receiver"
	"showrun/runtime/device"
)

// rig is a receiver on loopback that shows the universes of all senders of a show.
type rig struct {
	env     device.RigEnv
	patched chan struct{} // told when universes have changed

	mu        sync.Mutex
	universes []int
	levels    []byte // of the first
}

func newRig(env device.RigEnv) *rig { return &rig{env: env, patched: make(chan struct{}, 1)} }

// Patch implements device.Rig.
func (r *rig) Patch(list []device.Opened) {
	var universes []int
	for _, o := range list {
		if d, ok := o.Declaration.(*SenderDecl); ok {
			for _, u := range d.Universes {
				if !u.Preview {
					universes = append(universes, u.Number)
				}
			}
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if slices.Equal(universes, r.universes) {
		return
	}
	r.universes, r.levels = universes, nil
	select {
	case r.patched <- struct{}{}:
	default:
	}
}

// Levels implements device.Meter: those of the first universe.
func (r *rig) Levels(n int) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.levels[:min(n, len(r.levels))])
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

// listen starts a receiver of what is patched and returns what stops it.
func (r *rig) listen(ctx context.Context) (stop func()) {
	r.mu.Lock()
	universes := r.universes
	r.mu.Unlock()
	if len(universes) == 0 {
		return func() {}
	}
	conn, err := receiver.Open(receiver.Config{
		Interface: r.env.Interface, Port: r.env.Ports[protocol], Log: r.env.Log,
		OnLevels: func(universe int, levels []byte, _ receiver.Packet) {
			r.mu.Lock()
			defer r.mu.Unlock()
			if len(r.universes) > 0 && universe == r.universes[0] {
				r.levels = append(r.levels[:0], levels...)
			}
		},
	})
	if err != nil {
		r.env.Log.Error("rig: sACN receiver", "error", err)
		return func() {}
	}
	for _, n := range universes {
		if err := conn.Subscribe(n); err != nil {
			r.env.Log.Error("rig: sACN receiver", "universe", n, "error", err)
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- conn.Run(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			r.env.Log.Error("rig: sACN receiver", "error", err)
		}
	}
}
