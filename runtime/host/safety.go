package host

import (
	"maps"
	"slices"

	"showrun/bindings"
	"showrun/runtime/device"
	"showrun/runtime/script"
)

// machinery lists the live devices that move things.
func (c *core) machinery() []device.Machinery {
	c.devices.mu.Lock()
	defer c.devices.mu.Unlock()
	var list []device.Machinery
	for _, d := range c.devices.inOrder {
		if m, ok := d.(device.Machinery); ok {
			list = append(list, m)
		}
	}
	return list
}

// EmergencyStop performs every safe action at once and holds all machinery until
// Release, whatever the script, the engine and the loader are doing. by says who
// asked. It may be called from any goroutine and returns the number of machines.
func (h *Host) EmergencyStop(by string) int {
	h.held.Store(true) // first: a load that goes live now holds its own
	list := h.machinery()
	for _, m := range list {
		m.Hold(true)
	}
	h.opts.Log.Warn("emergency stop: machinery is held until it is released", "by", by, "machines", len(list))
	h.inbox.Put(script.Event{Topic: bindings.TopicEmergency, At: h.clock.Now(), Value: true})
	return len(list)
}

// Release lets machinery move again. Nothing moves by it.
func (h *Host) Release(by string) {
	if !h.held.Swap(false) {
		return
	}
	for _, m := range h.machinery() {
		m.Hold(false)
	}
	if h.held.Load() { // a stop came meanwhile
		h.EmergencyStop(by)
		return
	}
	h.opts.Log.Warn("machinery is released", "by", by)
	h.inbox.Put(script.Event{Topic: bindings.TopicEmergency, At: h.clock.Now(), Value: false})
}

// MakeSafe performs every safe action, without holding. For the end of a show.
func (h *Host) MakeSafe() {
	for _, m := range h.machinery() {
		m.Safe()
	}
}

// recoverMachinery performs the safe actions that a process before could not, before
// anything else is opened.
func (h *Host) recoverMachinery() error {
	left, err := h.store.Engaged()
	if err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(left)) {
		if err := device.MakeSafe(left[key], h.opts.Log); err != nil {
			h.opts.Log.Error("the last run ended without making a machine safe, and it cannot be done now", "machine", key, "error", err)
			continue
		}
		h.opts.Log.Warn("the last run ended without making a machine safe; it is done now", "machine", key)
		if err := h.store.Disengage(key); err != nil {
			return err
		}
	}
	return nil
}

// engage keeps how a machine is made safe from before it is opened.
func (h *Host) engage(decl device.Declaration) error {
	if g, ok := decl.(device.Guarded); ok {
		return h.store.Engage(decl.Key(), g.SafeRecord(h.networkInterface()))
	}
	return nil
}

// disengage forgets that of a machine that has been made safe.
func (h *Host) disengage(key string, d device.Device) {
	if _, ok := d.(device.Machinery); !ok {
		return
	}
	if err := h.store.Disengage(key); err != nil {
		h.opts.Log.Error("state not kept", "error", err)
	}
}
