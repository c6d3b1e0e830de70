package theater

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	driver "showrun/drivers/theater"
	"showrun/runtime/device"
)

// machine is what is kept of a machine, so that it can be made safe when the process
// that opened it is gone.
type machine struct {
	Kind      string `json:"kind"` // kindMotion or kindValve
	Host      string `json:"host"`
	Port      int    `json:"port"`
	Interface string `json:"interface,omitempty"`
	Safe      string `json:"safe"` // stop, empty or hold
}

// Kinds of machines.
const (
	kindMotion = "theater motion"
	kindValve  = "theater valve"
)

// recordVersion changes with the meaning of a record.
const recordVersion = 1

// kept is a machine as it is kept.
type kept struct {
	Version int `json:"version"`
	machine
}

// record is the machine as bytes, for makeSafe.
func (m machine) record() []byte {
	b, err := json.Marshal(kept{recordVersion, m})
	if err != nil {
		panic(err) // texts and a number
	}
	return device.Record(name, b)
}

// makeSafe performs the safe action of a machine by its record. It takes a moment, for
// it repeats what may be lost, and may wait two seconds for the name of its host. A
// motion device is sent nothing: what it has it finishes within a moment, and nobody
// sends it more.
func makeSafe(b []byte, now time.Time, log *slog.Logger) error {
	var r kept
	if err := json.Unmarshal(b, &r); err != nil {
		return fmt.Errorf("the record of a machine is broken: %w", err)
	}
	safe, err := driver.ParseSafe(r.Safe)
	switch {
	case r.Version != recordVersion:
		return fmt.Errorf("the record of a machine has the version %d, expected %d", r.Version, recordVersion)
	case err != nil:
		return err
	case r.Kind == kindMotion:
		return nil
	case r.Kind != kindValve:
		return fmt.Errorf("the record of a machine is of the unknown kind %q", r.Kind)
	case safe == driver.SafeHold:
		return nil
	}
	v, err := driver.OpenValve(driver.ValveConfig{
		Config: driver.Config{Host: r.Host, Port: r.Port, Interface: r.Interface, Log: log}, Safe: safe,
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
