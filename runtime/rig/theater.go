package rig

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"showrun/drivers/theater/server"
)

// Lighting makes the rig have a theater lighting server at a port of loopback, with
// the default table and the fixtures named here that are not in it, by name and
// number of channels. One that is there already stays as it is.
func (r *Rig) Lighting(port int, more map[string]int) error {
	table := server.DefaultFixtures()
	address, number := 1, 0
	for _, f := range table {
		address, number = max(address, f.Address+f.Channels), max(number, f.Number+1)
	}
	for _, name := range slices.Sorted(maps.Keys(more)) {
		channels := more[name]
		known := func(f server.Fixture) bool { return f.Name == name || strconv.Itoa(f.Number) == name }
		if slices.ContainsFunc(table, known) || address+channels > server.Slots+1 {
			continue
		}
		f := server.Fixture{Name: name, Number: number, Address: address, Channels: channels}
		if n, err := strconv.Atoi(name); err == nil { // the show knows its number only
			f.Name, f.Number = "fixture "+name, n
		}
		table = append(table, f)
		address, number = address+channels, max(number, f.Number)+1
	}
	m, err := server.NewLighting(server.LightingConfig{Fixtures: table, Sink: dark{}}, time.Now())
	if err != nil {
		return err
	}
	return r.theater("lighting", port, m)
}

// dark is lamps nobody sees.
type dark struct{}

// Show implements server.Sink.
func (dark) Show([]byte, time.Time) {}

// Motion makes the rig have a motion server.
func (r *Rig) Motion(port int) error {
	return r.theater("motion", port, server.NewMotion(server.MotionConfig{
		OnTruncated: func(axis, segments int, _ time.Time) {
			r.cfg.Log.Warn("rig: the motion device was sent more than it can keep", "axis", server.AxisNames[axis:axis+1], "segments lost", segments)
		},
	}))
}

// Valve makes the rig have a valve server, which tells the log how its valves
// stand.
func (r *Rig) Valve(port int) error {
	return r.theater("valve", port, server.NewValve(server.ValveConfig{
		OnChange: func(joint int, j server.Joint, _ time.Time) {
			r.cfg.Log.Info("rig: valve", "port", port, "joint", joint, "pwm", j.PWM, "vented", j.Vented)
		},
	}))
}

// theater opens a server and runs it.
func (r *Rig) theater(name string, port int, m server.Machine) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.servers[port] {
		return nil
	}
	s, err := server.Listen(server.Config{Name: "rig: " + name, Machine: m, Interface: Loopback(), Port: port, Log: r.cfg.Log})
	if err != nil {
		return err
	}
	r.servers[port] = true
	r.start(name, s.Run)
	return nil
}
