package midi

import (
	"context"
	"sync"

	"showrun/drivers/midi"
	"showrun/drivers/midi/session"
	"showrun/runtime/device"
)

// Rig is the part of a virtual rig that has MIDI: a session on loopback for each port of the
// show. What one of it sends all others hear, so whoever joins plays the hands of the show.
type Rig struct {
	env device.RigEnv

	mu       sync.Mutex
	sessions map[string]*midi.Conn // by key of the port
	waiting  []*midi.Conn          // to be run
	opened   chan struct{}         // told when there are more
}

func newRig(env device.RigEnv) (device.Rig, error) {
	return &Rig{env: env, sessions: map[string]*midi.Conn{}, opened: make(chan struct{}, 1)}, nil
}

// rigOf is this package's part of a rig, nil without one.
func rigOf(env device.Env) *Rig {
	r, _ := env.Rigs[protocol].(*Rig)
	return r
}

// Patch implements device.Rig: sessions are there before the ports that join them.
func (r *Rig) Patch([]device.Opened) {}

// session returns the host:port of the session that stands for a port.
func (r *Rig) session(d *PortDecl) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.sessions[d.Key()]; c != nil {
		return c.Addr().String(), nil
	}
	var conn *midi.Conn
	conn, err := midi.Open(midi.Config{
		Name: "rig: " + d.Title(), Interface: r.env.Interface, Host: true, Hidden: true, Log: r.env.Log,
		OnMessage: func(m session.Received) { conn.Relay(m.SSRC, m.Message) },
	})
	if err != nil {
		return "", err
	}
	r.sessions[d.Key()] = conn
	r.waiting = append(r.waiting, conn)
	r.env.Log.Info("rig: MIDI session", "for", d.Title(), "at", conn.Addr())
	select {
	case r.opened <- struct{}{}:
	default:
	}
	return conn.Addr().String(), nil
}

// Run implements device.Rig.
func (r *Rig) Run(ctx context.Context) {
	var running sync.WaitGroup
	defer running.Wait()
	for {
		for _, c := range r.take() {
			running.Go(func() {
				if err := c.Run(ctx); err != nil {
					r.env.Log.Error("rig: MIDI", "error", err)
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

// take returns the sessions that do not run yet.
func (r *Rig) take() []*midi.Conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := r.waiting
	r.waiting = nil
	return list
}
