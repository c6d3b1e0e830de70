package device

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"showrun/drivers/theater"
)

// Machine is what is kept of a machine, so that it can be made safe when the process
// that opened it is gone.
type Machine struct {
	Kind      string `json:"kind"` // KindMotion or KindValve
	Host      string `json:"host"`
	Port      int    `json:"port"`
	Interface string `json:"interface,omitempty"`
	Safe      string `json:"safe"` // stop, empty or hold
}

// Kinds of machines.
const (
	KindMotion = "theater motion"
	KindValve  = "theater valve"
)

// recordVersion changes with the meaning of a record.
const recordVersion = 1

// record is a Machine as it is kept.
type record struct {
	Version int `json:"version"`
	Machine
}

// Record is the machine as bytes, for MakeSafe.
func (m Machine) Record() []byte {
	b, err := json.Marshal(record{recordVersion, m})
	if err != nil {
		panic(err) // texts and a number
	}
	return b
}

// MakeSafe performs the safe action of a machine by its record. It takes a moment, for
// it repeats what may be lost, and may wait two seconds for the name of its host. A
// motion device is sent nothing: what it has it finishes within a moment, and nobody
// sends it more.
func MakeSafe(b []byte, now time.Time, log *slog.Logger) error {
	var r record
	if err := json.Unmarshal(b, &r); err != nil {
		return fmt.Errorf("the record of a machine is broken: %w", err)
	}
	safe, err := theater.ParseSafe(r.Safe)
	switch {
	case r.Version != recordVersion:
		return fmt.Errorf("the record of a machine has the version %d, expected %d", r.Version, recordVersion)
	case err != nil:
		return err
	case r.Kind == KindMotion:
		return nil
	case r.Kind != KindValve:
		return fmt.Errorf("the record of a machine is of the unknown kind %q", r.Kind)
	case safe == theater.SafeHold:
		return nil
	}
	v, err := theater.OpenValve(theater.ValveConfig{
		Config: theater.Config{Host: r.Host, Port: r.Port, Interface: r.Interface, Log: log}, Safe: safe,
	})
	if err != nil {
		return err
	}
	v.Safe(now)
	done, end := context.WithCancel(context.Background())
	end()
	v.Run(done) // for what it repeats
	switch {
	case !v.AtRest():
		return errors.New("the safe action could not be sent")
	case v.Stats().Unheard > 0:
		return errors.New("nobody takes the safe action: is the server running?")
	}
	return nil
}
