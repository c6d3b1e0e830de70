package host

import (
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

// engage keeps how a machine is made safe from before it is opened.
func (h *Host) engage(decl device.Declaration) error {
	if g, ok := decl.(device.Guarded); ok {
		return h.store.Engage(decl.Key(), g.SafeRecord())
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
