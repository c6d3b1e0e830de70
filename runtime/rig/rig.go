// Package rig is the virtual rig: what stands on the other side of the wires of a show,
// on loopback and through real sockets, so that a show can be run on a machine with
// nothing attached. It is made of the second roles of the drivers, so what runs in a
// rehearsal is the protocol code of the show. Each protocol brings its part.
package rig

import (
	"context"
	"fmt"
	"sync"

	"showrun/runtime/device"
)

// Loopback is the interface a rig is on.
func Loopback() string { return "127.0.0.1" }

// Rig is a virtual rig. Its methods are safe from any goroutine.
type Rig struct {
	names []string
	parts map[string]device.Rig
}

// New makes a rig of the parts of some protocols. Nothing is on the network before Run.
func New(protocols []device.Protocol, env device.RigEnv) (*Rig, error) {
	r := &Rig{parts: map[string]device.Rig{}}
	for _, p := range protocols {
		if p.NewRig == nil {
			continue
		}
		part, err := p.NewRig(env)
		if err != nil {
			return nil, fmt.Errorf("rig: %s: %w", p.Name, err)
		}
		r.names, r.parts[p.Name] = append(r.names, p.Name), part
	}
	return r, nil
}

// Parts are its parts by protocol; to be read only.
func (r *Rig) Parts() map[string]device.Rig { return r.parts }

// Patch makes it what a load needs.
func (r *Rig) Patch(opened []device.Opened) {
	for _, name := range r.names {
		r.parts[name].Patch(opened)
	}
}

// Run runs all parts until ctx ends.
func (r *Rig) Run(ctx context.Context) {
	var parts sync.WaitGroup
	for _, p := range r.parts {
		parts.Go(func() { p.Run(ctx) })
	}
	parts.Wait()
}

// Levels returns the first n levels of what the first part that has any shows.
func (r *Rig) Levels(n int) []byte {
	for _, name := range r.names {
		if m, ok := r.parts[name].(device.Meter); ok {
			if levels := m.Levels(n); levels != nil {
				return levels
			}
		}
	}
	return nil
}
