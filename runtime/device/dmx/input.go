package dmx

import (
	"context"
	"time"

	"showrun/drivers/dmxusb"
	"showrun/runtime/device"
	"showrun/runtime/device/universe"
)

// Input is a widget that receives. Its source is the widget.
type Input struct {
	*universe.Receiver[string]
	wired
	port string
}

// virtualInput is one that is not there.
type virtualInput struct {
	*universe.Receiver[string]
	device.Silent
}

// ear is what an input listens to: always its only universe.
type ear struct{}

func (ear) Subscribe(universe.Stream) error { return nil }
func (ear) Unsubscribe(universe.Stream)     {}

func (d *Decl) openInput(env device.Env, link func(device.Env, dmxusb.Config) (*dmxusb.Link, error)) (device.Device, error) {
	i := &Input{port: d.Port, Receiver: universe.NewReceiver(universe.ReceiverConfig[string]{
		Protocol: protocol, Env: env, Declaration: d,
		Winner: func(_ int, heard string) string { return heard },
		Name:   func(source string) string { return source },
	})}
	i.Use(ear{})
	l, err := link(env, dmxusb.Config{Input: true, OnLevels: i.onLevels})
	if err != nil {
		return nil, err
	}
	i.wired = wired{l}
	return i, nil
}

// onLevels takes what the widget receives; none if that has ended.
func (i *Input) onLevels(levels []byte, at time.Time) {
	source := ""
	if len(levels) > 0 {
		source = "DMX USB widget"
		if i.port != "" {
			source = i.port
		}
	}
	i.OnLevels(universe.Stream{Number: 1}, levels, nil, source, at)
}

// Loops implements device.Device. What was heard is gone with the widget.
func (i *Input) Loops() []func(context.Context) error {
	return append(i.wired.Loops(), i.Follow)
}

// Adopt implements device.Adopter.
func (i *Input) Adopt(d device.Declaration) { i.Receiver.Adopt(d.(*Decl).Heard) }

// Adopt implements device.Adopter.
func (i *virtualInput) Adopt(d device.Declaration) {
	i.Receiver.Adopt(d.(*Decl).Heard)
	i.CatchUp()
}
