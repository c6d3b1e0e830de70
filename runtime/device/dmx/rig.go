package dmx

import (
	"bytes"
	"context"
	"io"
	"net"
	"sync"

	"showrun/drivers/dmxusb"
	"showrun/drivers/dmxusb/widget"
	"showrun/drivers/dmxusb/wire"
	"showrun/runtime/device"
)

// rig is the widgets that a show asks for, at ports that no machine has.
type rig struct {
	plugged chan struct{} // told when one is to be run

	mu      sync.Mutex
	waiting []*widget.Conn
	ended   bool
	first   string // port whose levels are shown, "" as long as there is none
	levels  []byte
}

// rigOf is this package's part of a rig, nil without one.
func rigOf(env device.Env) *rig {
	r, _ := env.Rigs[protocol].(*rig)
	return r
}

func newRig(device.RigEnv) *rig { return &rig{plugged: make(chan struct{}, 1)} }

// portOf is the port of the widget that a show calls so.
func portOf(name string) string { return "rig/" + name }

// List implements dmxusb.Ports.
func (r *rig) List() ([]dmxusb.Port, error) { return nil, nil }

// Open implements dmxusb.Ports: a widget is plugged in.
func (r *rig) Open(port string) (io.ReadWriteCloser, error) {
	near, far := net.Pipe()
	w := widget.Open(widget.Config{
		Serial:   wire.Serial{1},
		OnLevels: func(levels []byte) { r.show(port, levels) },
	}, far)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return nil, net.ErrClosed
	}
	r.waiting = append(r.waiting, w)
	select {
	case r.plugged <- struct{}{}:
	default:
	}
	return near, nil
}

func (r *rig) show(port string, levels []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.first == "" {
		r.first = port
	}
	if r.first == port {
		r.levels = bytes.Clone(levels)
	}
}

// Patch implements device.Rig: widgets come when they are looked for.
func (r *rig) Patch([]device.Opened) {}

// Levels implements device.Meter.
func (r *rig) Levels(n int) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return bytes.Clone(r.levels[:min(n, len(r.levels))])
}

// Run implements device.Rig.
func (r *rig) Run(ctx context.Context) {
	var running sync.WaitGroup
	defer running.Wait()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-r.plugged:
		}
		r.mu.Lock()
		list := r.waiting
		r.waiting, r.ended = nil, ctx.Err() != nil
		r.mu.Unlock()
		for _, w := range list {
			running.Go(func() { w.Run(ctx) })
		}
	}
}
