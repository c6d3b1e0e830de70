package theater

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"showrun/drivers/theater/server"
	"showrun/runtime/device"
)

// Rig is the part of a virtual rig that has theater servers: one for each that the show
// names, at a port of its own, so that whatever stands at the named address is left
// alone.
type Rig struct {
	env device.RigEnv

	mu      sync.Mutex
	ports   map[string]int // by kind and address
	waiting []*server.Server
	opened  chan struct{} // told when there are more
}

func newRig(env device.RigEnv) (device.Rig, error) {
	return &Rig{env: env, ports: map[string]int{}, opened: make(chan struct{}, 1)}, nil
}

// Patch implements device.Rig: servers are there before the devices that speak to them.
func (r *Rig) Patch([]device.Opened) {}

// lighting returns the port of a lighting server with the default table and the fixtures
// the show names that are not in it.
func (r *Rig) lighting(s Server, d *LightingDecl) (int, error) {
	m, err := server.NewLighting(server.LightingConfig{Fixtures: table(d.Fixtures), Sink: dark{}}, time.Now())
	if err != nil {
		return 0, err
	}
	return r.server("lighting", s, m)
}

// table is the default table and, behind it, fixtures that are not in it.
func table(more []Fixture) []server.Fixture {
	list := server.DefaultFixtures()
	address, number := 1, 0
	for _, f := range list {
		address, number = max(address, f.Address+f.Channels), max(number, f.Number+1)
	}
	channels := map[string]int{}
	for _, f := range more {
		channels[f.ID.String()] = f.Channels
	}
	for _, id := range slices.Sorted(maps.Keys(channels)) {
		n := channels[id]
		known := func(f server.Fixture) bool { return f.Name == id || strconv.Itoa(f.Number) == id }
		if slices.ContainsFunc(list, known) || address+n > server.Slots+1 {
			continue
		}
		f := server.Fixture{Name: id, Number: number, Address: address, Channels: n}
		if i, err := strconv.Atoi(id); err == nil { // the show knows its number only
			f.Name, f.Number = "fixture "+id, i
		}
		list = append(list, f)
		address, number = address+n, max(number, f.Number)+1
	}
	return list
}

// dark is lamps nobody sees.
type dark struct{}

// Show implements server.Sink.
func (dark) Show([]byte, time.Time) {}

// motion returns the port of a motion server.
func (r *Rig) motion(s Server) (int, error) {
	return r.server("motion", s, server.NewMotion(server.MotionConfig{
		OnSegment: func(x server.Segment) {
			if x.Left == 0 {
				r.env.Log.Info("rig: the axis has arrived", "for", s.Address(), "axis", server.AxisNames[x.Axis:x.Axis+1], "degrees", x.Position)
			}
		},
		OnTruncated: func(axis, segments int, _ time.Time) {
			r.env.Log.Warn("rig: the motion device was sent more than it can keep", "axis", server.AxisNames[axis:axis+1], "segments lost", segments)
		},
	}))
}

// valve returns the port of a valve server, which tells the log how its valves stand.
func (r *Rig) valve(s Server) (int, error) {
	return r.server("valve", s, server.NewValve(server.ValveConfig{
		OnChange: func(joint int, j server.Joint, _ time.Time) {
			r.env.Log.Info("rig: valve", "for", s.Address(), "joint", joint, "pwm", j.PWM, "vented", j.Vented)
		},
	}))
}

// server returns the port of the server that stands for one of a show.
func (r *Rig) server(kind string, s Server, m server.Machine) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := kind + " " + s.Address()
	if port, there := r.ports[key]; there {
		return port, nil
	}
	opened, err := server.Listen(server.Config{Name: "rig: " + kind, Machine: m, Interface: r.env.Interface, Log: r.env.Log})
	if err != nil {
		return 0, err
	}
	r.ports[key] = int(opened.Addr().Port())
	r.waiting = append(r.waiting, opened)
	select {
	case r.opened <- struct{}{}:
	default:
	}
	return r.ports[key], nil
}

// takeWaiting returns the servers that do not run yet.
func (r *Rig) takeWaiting() []*server.Server {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := r.waiting
	r.waiting = nil
	return list
}

// Run implements device.Rig.
func (r *Rig) Run(ctx context.Context) {
	var running sync.WaitGroup
	defer running.Wait()
	for {
		for _, s := range r.takeWaiting() {
			running.Go(func() {
				if err := s.Run(ctx); err != nil {
					r.env.Log.Error("rig: a theater server failed", slog.Any("error", err))
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
