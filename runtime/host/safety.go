package host

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"showrun/runtime/device"
	"showrun/runtime/script"
	"showrun/runtime/show"
)

// EmergencyStop performs every safe action at once and holds all machinery until
// Release, whatever the script, the engine and the loader are doing. What machinery has
// been told for instants to come is dropped. by says who asked. It may be called from
// any goroutine. It returns the number of machines, and of those that could not be told;
// they are tried again for as long as they are held.
//
// A stop that comes right after another one, as from a button that repeats itself, tells
// only machines that could not be told.
func (h *Host) EmergencyStop(by string) (machines, untold int) {
	h.holding.Lock()
	now := h.clock.Now()
	again := h.held.Swap(true) && now < h.stopped+stopPause
	list := *h.machines.Load()
	for _, m := range list {
		if !again || !h.atRest(m) {
			h.hold(m, true)
		}
	}
	if !again {
		h.stopped = now
		h.show.Hold(true)
	}
	h.holding.Unlock()
	for _, m := range list {
		if !h.atRest(m) {
			untold++
		}
	}
	if again {
		h.repeated.Add(1)
		return len(list), untold
	}
	h.opts.Log.Warn("emergency stop: machinery is held until it is released", "by", by, "machines", len(list))
	if untold > 0 {
		h.opts.Log.Error("emergency stop: machines could not be told, for the network does not take it; it is tried again", "machines", untold)
	}
	h.show.Put(script.Event{Topic: show.TopicEmergency, At: now, Value: true})
	return len(list), untold
}

// stopPause is how long after a stop another one does nothing that the first has done. A
// safe action sends for a twentieth of a second, and nobody presses much faster than this.
const stopPause = 100 * time.Millisecond

// Release lets machinery move again. Nothing moves by it.
func (h *Host) Release(by string) {
	h.holding.Lock()
	was := h.held.Swap(false)
	if was {
		for _, m := range *h.machines.Load() {
			h.hold(m, false)
		}
		h.show.Hold(false) // until this arrives nothing reaches them
	}
	h.holding.Unlock()
	if !was {
		return
	}
	h.opts.Log.Warn("machinery is released", "by", by)
	h.show.Put(script.Event{Topic: show.TopicEmergency, At: h.clock.Now(), Value: false})
}

// makeAllSafe performs every safe action, without holding.
func (h *Host) makeAllSafe() {
	for _, m := range *h.machines.Load() {
		h.makeSafeNow(m)
	}
}

// hold, makeSafeNow and atRest keep a bug in one machine from the others, and from whoever
// asks for it.
func (h *Host) hold(m device.Machinery, on bool) { h.careful(m, func() { m.Hold(on) }) }

func (h *Host) makeSafeNow(m device.Machinery) { h.careful(m, m.Safe) }

func (h *Host) atRest(m device.Machinery) (rest bool) {
	h.careful(m, func() { rest = m.AtRest() })
	return rest
}

func (h *Host) careful(m device.Machinery, call func()) {
	if err := survive(func() error { call(); return nil }); err != nil {
		h.opts.Log.Error("a machine failed", "machine", fmt.Sprintf("%T", m), "error", err)
	}
}

// Halt performs every safe action and has machinery refuse what comes after. For a show
// that ends at once or late; any goroutine.
func (h *Host) Halt() {
	h.holding.Lock()
	defer h.holding.Unlock()
	h.held.Store(true) // what a load brings that is on its way is held as well
	for _, m := range *h.machines.Load() {
		h.hold(m, true)
	}
}

// recoverMachinery performs the safe actions that a process before could not, before
// anything else is opened.
func (h *Host) recoverMachinery() {
	h.unsafe = map[string][]byte{} // nobody else runs yet
	left := h.store.Engaged()
	if h.rig != nil { // nothing leaves it
		if len(left) > 0 {
			h.opts.Log.Warn("the last run ended without making machines safe; the next one without a rig does it", "machines", len(left))
		}
		return
	}
	for _, key := range slices.Sorted(maps.Keys(left)) {
		if err := h.makeSafe(left[key], h.opts.Log); err != nil {
			h.opts.Log.Error("the last run ended without making a machine safe, and it cannot be done now", "machine", key, "error", err)
			h.unsafe[key] = left[key]
			continue
		}
		h.opts.Log.Warn("the last run ended without making a machine safe; it is done now", "machine", key)
		h.forgetMachine(key)
	}
}

// recoverRest tries again, until ctx ends, what recoverMachinery could not do, for
// machines the show does not name: those it names try by themselves.
func (h *Host) recoverRest(ctx context.Context) {
	h.unsafeMu.Lock()
	left := slices.Sorted(maps.Keys(h.unsafe))
	h.unsafeMu.Unlock()
	for len(left) > 0 {
		select {
		case <-ctx.Done():
			return
		case <-time.After(recoverEvery):
		}
		left = slices.DeleteFunc(left, h.recovered)
	}
}

// recovered tries to make a machine safe that the last run left unsafe, unless it is
// live, and tells whether it is safe.
func (h *Host) recovered(key string) bool {
	how := h.leftUnsafe(key)
	if how == nil {
		return true // as a device of the show, which has gone
	}
	if h.isLive(key) || h.makeSafe(how, slog.New(slog.DiscardHandler)) != nil {
		return false
	}
	h.opts.Log.Warn("a machine that the last run left unsafe is safe now", "machine", key)
	h.forgetMachine(key)
	if !h.isLive(key) { // a load that takes it later keeps it anew
		return true
	}
	if err := h.store.Engage(key, how); err != nil { // one has taken it meanwhile
		h.opts.Log.Error("state not kept", "error", err)
	}
	return true
}

// isLive reports whether the live load has a device.
func (h *Host) isLive(key string) bool {
	_, live := slices.BinarySearch(*h.loaded.Load(), key)
	return live
}

// makeSafe performs the safe action of a machine by its record.
func (h *Host) makeSafe(record []byte, log *slog.Logger) error {
	return MakeSafe(h.opts.Protocols, record, h.clock.Time(h.clock.Now()), log)
}

// leftUnsafe is how a machine is made safe that the last run left unsafe, nil for
// others.
func (h *Host) leftUnsafe(key string) []byte {
	h.unsafeMu.Lock()
	defer h.unsafeMu.Unlock()
	return h.unsafe[key]
}

// forgetMachine is for a machine that is safe.
func (h *Host) forgetMachine(key string) {
	h.unsafeMu.Lock()
	delete(h.unsafe, key)
	h.unsafeMu.Unlock()
	if err := h.store.Disengage(key); err != nil {
		h.opts.Log.Error("state not kept", "error", err)
	}
}

// recoverEvery is the time between two tries.
const recoverEvery = 2 * time.Second

// engage keeps how a machine is made safe, from before it is told anything.
func (h *Host) engage(decl device.Declaration) error {
	if g, ok := decl.(device.Guarded); ok && h.rig == nil {
		return h.store.Engage(decl.Key(), g.SafeRecord(h.networkInterface()))
	}
	return nil
}

// unused forgets that of a device that was opened for nothing, unless it was kept
// because the run before left the machine unsafe.
func (h *Host) unused(key string, d device.Device) {
	if h.leftUnsafe(key) == nil {
		h.disengage(key, d)
	}
}

// disengage forgets that, unless the machine could not be made safe: then the next
// start does it.
func (h *Host) disengage(key string, d device.Device) {
	m, ok := d.(device.Machinery)
	if !ok || h.rig != nil { // what is kept is about machines, not about the rig
		return
	}
	if !h.atRest(m) {
		h.opts.Log.Error("a machine could not be made safe; the next start does it before anything else", "machine", key)
		return
	}
	h.forgetMachine(key)
}

// MakeSafe performs the safe action of a machine by its record, which names the
// protocol that made it.
func MakeSafe(protocols []device.Protocol, record []byte, now time.Time, log *slog.Logger) error {
	name, rest, _ := bytes.Cut(record, []byte{'\n'})
	for _, p := range protocols {
		if p.Name == string(name) && p.MakeSafe != nil {
			return p.MakeSafe(rest, now, log)
		}
	}
	return fmt.Errorf("the record of a machine is of the unknown protocol %.40q", name)
}
