// Package theater joins the controllers of theater OSC to a show: commands are
// orders that leave at their instant, levels of fixtures become changes one after the
// other, and the end of a path comes back as an event.
package theater

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	driver "showrun/drivers/theater"
	"showrun/runtime/device"
)

// Server is where a server listens.
type Server struct {
	Host      string // name or address
	Port      int
	Interface string // to send by; "" = what the host was told, else a name or address
}

// Address is host:port.
func (s Server) Address() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

// key is what keys of declarations begin with. Logs call machines by it.
func (s Server) key(kind string) string {
	key := fmt.Sprintf("theater %s at %s", kind, s.Address())
	if s.Interface != "" {
		key += " on " + s.Interface
	}
	return key
}

// config is what its driver is told.
func (s Server) config(env device.Env) driver.Config {
	return driver.Config{Host: s.Host, Port: s.Port, Interface: env.NetworkInterface(s.Interface), Log: env.Log}
}

// in is where the server of a declaration is: with a rig the one of the rig, whatever the
// show names.
func (s Server) in(env device.Env, rig func(*Rig, Server) (port int, err error)) (Server, error) {
	r, ok := env.Rigs[name].(*Rig)
	if !ok {
		return s, nil
	}
	port, err := rig(r, s)
	return Server{Host: env.Interface, Port: port, Interface: env.Interface}, err
}

// name is that of the protocol.
const name = "theater"

// Protocol is theater OSC for a show.
func Protocol() device.Protocol {
	return device.Protocol{
		Name: name,
		Values: []any{
			Change{}, Spline{}, Tempo{}, Follow{}, Move{}, AxisTempo{}, AxisFollow{}, Home{}, StopAxis{}, Plan{}, Feed{}, Empty{}, PathEnd{},
		},
		MakeSafe: makeSafe,
		NewRig:   newRig,
	}
}

// The ports servers listen on by default.
const (
	LightingPort = driver.LightingPort
	MotionPort   = driver.MotionPort
	ValvePort    = driver.ValvePort
)

// Limits of tempos, in segments a minute.
const (
	MinTempo = driver.MinTempo
	MaxTempo = driver.MaxTempo
)

// Axis is one motor of a motion device.
type Axis = driver.Axis

// ParseAxis reads x y z a or 0-3.
func ParseAxis(s string) (Axis, error) { return driver.ParseAxis(s) }

// Limits are what an axis may do.
type Limits = driver.Limits

// AxisLimits are those of the axes of a device.
type AxisLimits = driver.AxisLimits

// DefaultTempo is that of a device that was switched on, in segments a minute.
const DefaultTempo = driver.DefaultTempo

// now is the present instant as drivers count it. An order's own instant may be long
// over when it is carried out, and then the machine begins only now.
func now(env device.Env) time.Time { return env.Time(env.Now()) }

// counts words the counters of a controller.
func counts(st driver.Stats, more ...device.Count) []device.Count {
	return append(more,
		device.Count{Name: "messages_not_sent", What: "messages not sent", N: st.Unsent},
		device.Count{Name: "messages_unheard", What: "times nobody took what was sent", N: st.Unheard})
}

// refusals logs the commands a machine refuses.
type refusals struct {
	log  *slog.Logger
	what fmt.Stringer
	held atomic.Bool // it was logged that the machine is held
}

// report logs a refused command, but one only while the machine is held. What could
// not be sent the driver logs.
func (r *refusals) report(err error) {
	held := errors.Is(err, driver.ErrHeld)
	if held && r.held.Swap(true) || !held && !errors.Is(err, driver.ErrArgument) {
		return
	}
	r.log.Error("theater: command refused", "device", r.what.String(), "error", err)
}
