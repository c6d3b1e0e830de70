// Package dmx joins DMX widgets on serial ports to a show: one universe each, out or in.
package dmx

import (
	"context"
	"fmt"
	"time"

	"showrun/drivers/dmxusb"
	"showrun/runtime/device"
	"showrun/runtime/device/universe"
	"showrun/runtime/level"
)

// protocol is the name of the protocol, and of its Lua module.
const protocol = "dmx"

// Protocol is DMX over serial ports for the shells of a show.
func Protocol() device.Protocol {
	return device.Protocol{
		Name: protocol, Values: universe.Values(),
		NewRig: func(env device.RigEnv) (device.Rig, error) { return newRig(env), nil },
	}
}

// MaxRate is how many frames a second a widget takes at most.
const MaxRate = dmxusb.MaxRate

// Decl declares a DMX USB Pro.
type Decl struct {
	Port    string // name of a port or a serial number; "" for the first that answers
	Input   bool   // it receives
	Rate    int    // frames a second at most, 1-MaxRate; of outputs
	Latency time.Duration

	// Sent and Heard are its universe: of outputs and of inputs. They are not part of the key.
	Sent  []universe.Universe
	Heard []universe.Stream
}

// Key implements device.Declaration.
func (d *Decl) Key() string {
	return fmt.Sprintf("%s input %t rate %d latency %v", d.Lane(), d.Input, d.Rate, d.Latency)
}

// Lane names what no two of a load may share.
func (d *Decl) Lane() string { return fmt.Sprintf("dmx usb %q", d.Port) }

// String implements device.Declaration.
func (d *Decl) String() string {
	if d.Port == "" {
		return "dmx.usb"
	}
	return "dmx.usb " + d.Port
}

// Outputs implements device.Outputs.
func (d *Decl) Outputs() []level.Output { return universe.Outputs(d.Sent) }

// OutputName implements device.Labelled.
func (d *Decl) OutputName(o level.Output) string { return universe.Name(d.Sent, o) }

// Lead implements device.Early.
func (d *Decl) Lead() time.Duration { return d.Latency }

// FrameRate implements device.Frequent.
func (d *Decl) FrameRate() int { return d.Rate }

// Open implements device.Declaration. It waits for no widget: one is looked for as long as it
// is not there.
func (d *Decl) Open(env device.Env) (device.Device, error) { return d.open(env, d.link) }

// OpenVirtual implements device.Declaration: the widget does not come.
func (d *Decl) OpenVirtual(env device.Env) (device.Device, error) {
	opened, err := d.open(env, func(device.Env, dmxusb.Config) (*dmxusb.Link, error) {
		return dmxusb.NewLink(dmxusb.LinkConfig{})
	})
	if err != nil {
		return nil, err
	}
	if o, ok := opened.(*Output); ok {
		return &virtualOutput{Sender: o.Sender}, nil
	}
	return &virtualInput{Receiver: opened.(*Input).Receiver}, nil
}

func (d *Decl) link(env device.Env, cfg dmxusb.Config) (*dmxusb.Link, error) {
	c := dmxusb.LinkConfig{Config: cfg, Port: d.Port, Log: env.Log}
	if r := rigOf(env); r != nil {
		c.Port, c.Ports = portOf(d.Port), r
	}
	return dmxusb.NewLink(c)
}

func (d *Decl) open(env device.Env, link func(device.Env, dmxusb.Config) (*dmxusb.Link, error)) (device.Device, error) {
	if d.Input {
		return d.openInput(env, link)
	}
	l, err := link(env, dmxusb.Config{Rate: d.Rate})
	if err != nil {
		return nil, err
	}
	o := &Output{universe.NewSender(universe.Config{Protocol: protocol, Env: env, Latency: d.Latency}), wired{l}}
	o.Use(&driver{Link: l})
	return o, nil
}

// wired is what all devices of this package are.
type wired struct{ *dmxusb.Link }

// Loops implements device.Device.
func (w wired) Loops() []func(context.Context) error {
	return []func(context.Context) error{w.Run}
}

// WaitsFor implements device.Waiter.
func (w wired) WaitsFor() []string {
	if w.Online() == nil {
		return []string{w.String()}
	}
	return nil
}

// Counts implements device.Counted.
func (w wired) Counts() []device.Count {
	s := w.Stats()
	return []device.Count{
		{Name: "bytes_skipped", What: "bytes that are part of no frame", N: s.Skipped},
		{Name: "frames_dropped", What: "frames dropped: not as they must be", N: s.Bad},
		{Name: "losses_of_widget", What: "times the widget lost packets", N: s.Lost},
	}
}
