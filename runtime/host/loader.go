package host

import (
	"context"
	"errors"
	"os"
	"time"

	"showrun/runtime/script"
	"showrun/runtime/script/plain"
)

// settle is how long files must have been quiet before a changed show is loaded:
// editors write in several steps.
const settle = 100 * time.Millisecond

// loader loads the show again when a file was saved or somebody asked, until ctx
// ends. devices is the context of the devices it starts.
func (h *Host) loader(ctx, devices context.Context, changed <-chan string, hup <-chan os.Signal) {
	var timer <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case name := <-changed:
			// After a load that failed nobody knows what it would have asked for.
			if h.reloadErrors.Load() == 0 && !h.files.Load().Uses(name) {
				h.opts.Log.Debug("a file changed that the show does not use", "file", name)
				continue
			}
			h.opts.Log.Debug("file changed", "file", name)
			timer = time.After(settle)
		case <-timer:
			timer = nil
			h.loadAgain(ctx, devices, "saved")
		case <-hup:
			if h.opts.Reload == ReloadOff {
				h.opts.Log.Warn("not reloading: started with --reload off")
				continue
			}
			h.loadAgain(ctx, devices, "SIGHUP")
		case why := <-h.reload:
			h.loadAgain(ctx, devices, why)
		}
	}
}

// watch reports changed Lua files of the show folder.
func (h *Host) watch(ctx context.Context) <-chan string {
	w, err := h.show.Watch(h.opts.Log)
	if err != nil {
		h.opts.Log.Error("saved files will not be noticed; send SIGHUP to reload", "error", err)
		return nil
	}
	changed := make(chan string)
	h.wg.Go(func() { w.Run(ctx, changed) })
	return changed
}

// loadAgain is one reload: prepare beside the live load, swap, close what is no
// longer used. Whatever goes wrong before the swap leaves the show as it is.
func (h *Host) loadAgain(ctx, devices context.Context, why string) {
	started := h.clock.Now()
	var state plain.Table
	var old *load
	ok := h.onScriptLoop(ctx, func() {
		old = h.live
		var err error
		if state, err = old.show.State(); err != nil {
			h.opts.Log.Error("show.state: " + err.Error() + "; the rest is kept")
		}
	})
	if !ok {
		return
	}
	next, err := h.prepare(ctx, old.gen.Number()+1, state, old.devices, h)
	if err != nil {
		h.reloadFailed(err)
		return
	}
	var removed []*liveDevice
	began := false
	ok = h.onScriptLoop(ctx, func() {
		began = true
		if removed, err = h.swap(next, h.clock.Now()); err == nil {
			h.start(devices, next)
		}
	})
	if began && !ok {
		return // it panicked half-way: the show ends with what is live now
	}
	if !ok || err != nil {
		h.discard(next, old.devices)
		if err != nil {
			h.reloadFailed(err)
		}
		return
	}
	for _, d := range removed {
		h.stop(d)
	}
	h.reloadErrors.Store(0)
	h.patchRig(next)
	h.opts.Log.Info("show reloaded", "why", why, "generation", next.gen.Number(),
		"took", (h.clock.Now() - started).Round(time.Millisecond), "devices", describe(old, next))
}

// reloadFailed says why a changed show does not go live.
func (h *Host) reloadFailed(err error) {
	args := []any{}
	var f *script.Failure
	if errors.As(err, &f) && f.Trace != "" {
		args = append(args, "traceback", f.Trace)
	}
	h.opts.Log.Error("not reloaded, the running show goes on: "+err.Error(), args...)
	h.reloadErrors.Add(1)
}
