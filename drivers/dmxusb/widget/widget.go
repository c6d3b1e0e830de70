// Package widget is a virtual DMX USB Pro: it answers as a widget does, shows the levels that
// it is told to send, and passes on those it is given as if it had received them. Tests and
// rehearsals use it in place of hardware.
package widget

import (
	"time"

	"showrun/drivers/dmxusb/wire"
)

// Config describes a widget.
type Config struct {
	Serial wire.Serial
	// OnLevels is told of levels it is to send, up to 512, which are lent; with none when it
	// receives instead. It may be nil.
	OnLevels func(levels []byte)
	// OnRDM is told of an RDM packet it is to send, which is lent, and returns the answer
	// that comes by the line, if any. It may be nil.
	OnRDM func(packet []byte) (answer []byte)
}

// A Widget is one as a machine: bytes go in and out, one goroutine at a time calls it.
type Widget struct {
	cfg        Config
	send       func([]byte)
	reader     wire.Reader
	parameters wire.Parameters
	onChange   bool                 // it tells of changes only
	receives   bool                 // rather than sends
	told       [wire.Slots + 1]byte // what the computer knows of its input
}

// New makes a widget that has just got its power: it receives, and tells of every packet.
// What it says is given to send, for the call.
func New(cfg Config, send func([]byte)) *Widget {
	return &Widget{
		cfg: cfg, send: send, receives: true,
		parameters: wire.Parameters{Firmware: 0x0104, Break: 9 * 10670 * time.Nanosecond, Mark: 10670 * time.Nanosecond, Rate: 40},
	}
}

// Receive takes bytes from the port.
func (w *Widget) Receive(b []byte) { w.reader.Read(b, w.frame) }

// Restart gives up a frame that was begun and not ended.
func (w *Widget) Restart() { w.reader.Restart(w.frame) }

func (w *Widget) frame(f wire.Frame) {
	switch f.Label {
	case wire.GetSerial:
		w.say(wire.GetSerial, w.cfg.Serial[:])
	case wire.GetParameters:
		w.say(wire.GetParameters, wire.AppendParameters(nil, w.parameters))
	case wire.SetParameters:
		// As in the answer, with the size of the user's data in place of the firmware.
		if p, err := wire.ParseParameters(f.Data); err == nil && int(p.Firmware) == len(p.User) {
			p.Firmware = w.parameters.Firmware
			w.parameters = p
		}
	case wire.SendDMX:
		w.receives = false
		if code, slots, err := wire.ParseSent(f.Data); err == nil && code == wire.LevelsCode {
			w.show(slots)
		}
	case wire.SendRDM, wire.DiscoverRDM:
		w.rdm(f.Data)
	case wire.ReceiveMode:
		w.onChange = len(f.Data) == 1 && f.Data[0] == 1
		w.told = [wire.Slots + 1]byte{}
		w.listen()
	}
}

// listen ends the sending, if it sends.
func (w *Widget) listen() {
	if !w.receives {
		w.receives = true
		w.show(nil)
	}
}

// rdm sends a packet, and then receives.
func (w *Widget) rdm(packet []byte) {
	w.listen()
	if w.cfg.OnRDM == nil || len(packet) == 0 {
		return
	}
	if answer := w.cfg.OnRDM(packet); len(answer) > 0 {
		w.say(wire.ReceivedDMX, append([]byte{0}, answer...))
	}
}

func (w *Widget) show(levels []byte) {
	if w.cfg.OnLevels != nil {
		w.cfg.OnLevels(levels)
	}
}

// Input is a DMX packet that comes by its line: up to 512 levels. A widget that sends does not
// hear it.
func (w *Widget) Input(levels []byte) {
	if !w.receives {
		return
	}
	if !w.onChange {
		w.say(wire.ReceivedDMX, wire.AppendReceived(nil, wire.Received{Slots: levels}))
		return
	}
	now := w.told
	copy(now[1:], levels)
	for _, c := range wire.Changes(&w.told, &now) {
		w.say(wire.DMXChanged, wire.AppendChange(nil, c))
	}
	w.told = now
}

func (w *Widget) say(label wire.Label, data []byte) { w.send(wire.AppendFrame(nil, label, data...)) }
