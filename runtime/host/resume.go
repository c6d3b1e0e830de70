package host

import (
	"bytes"
	"context"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"showrun/runtime/show"
)

// How old a restore point may be, and how long a run that went on from one has to last for
// the next to do so too.
const (
	oldestPoint = 12 * time.Hour
	soundAfter  = time.Minute
)

// pointEvery is how often a restore point is written at most, pointAnyway how often although
// nothing has changed: the newest tells when the show was there last.
const (
	pointEvery  = keepEvery
	pointAnyway = 10 * time.Second
)

// pointShare is which part of the time writing restore points may take, as one in so many.
const pointShare = 20

// pointLine is the line of a restore point, which people can read.
type pointLine struct {
	Show, File string
	Rig        bool
	Time       time.Duration // the show time of the point
	Written    time.Time     // its date
	Resumed    time.Time     // when the run went on from another one's; zero if it did not
}

// points writes restore points until ctx ends.
func (h *Host) points(ctx context.Context) {
	tick := time.NewTicker(pointEvery)
	defer tick.Stop()
	var p show.Point
	var written time.Time // the last one
	var changes uint64    // that it has
	var rest time.Duration
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now, since := h.show.Changes(), time.Since(written)
		if since < rest || now == changes && since < pointAnyway {
			continue
		}
		taken := make(chan struct{}, 1)
		h.show.Point(&p, func() { taken <- struct{}{} })
		select {
		case <-ctx.Done():
			return
		case <-taken:
		}
		began := time.Now()
		err := survive(func() error { return h.writePoint(&p) })
		written, changes = time.Now(), now
		rest = pointShare * written.Sub(began)
		switch {
		case err != nil && !failing:
			h.opts.Log.Error("no restore point can be written: the show goes on, but after a crash the next start goes on from an earlier one, if there is one", "error", err)
		case err == nil && failing:
			h.opts.Log.Warn("restore points can be written again")
		}
		failing = err != nil
	}
}

func (h *Host) writePoint(p *show.Point) error {
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(p); err != nil {
		return err
	}
	return h.store.WritePoint(h.folder.Name, h.pointLine(p.Engine.At), b.Bytes())
}

func (h *Host) pointLine(at time.Duration) string {
	return writtenLine(pointLine{h.folder.Name, h.folder.File, h.rig != nil, at, h.clock.Time(at), h.resumed})
}

func writtenLine(l pointLine) string {
	b, err := json.Marshal(l)
	if err != nil {
		panic(err) // it is plain
	}
	return string(b)
}

// left is what the run before has left.
type left struct {
	state   any
	carried show.Carried
	undo    func() // makes the restore point as good as before
	taken   bool   // it is what this run leaves
}

// take makes it what this run leaves, when its script has said goodbye.
func (l *left) take(h *Host) {
	if !h.noScript.Load() { // it may still be at work
		l.state, l.carried = h.show.Left()
		l.taken = true
	}
}

// resume goes on where a run was that did not end, before anything is timed, and returns
// what the run before has left.
func (h *Host) resume() left {
	l := left{undo: func() {}}
	l.state, l.carried = h.recall()
	name := h.folder.Name
	if h.opts.Fresh {
		l.state, l.carried, h.kept = nil, show.Carried{}, kept{}
		err := errors.Join(h.store.Delete(lastingBucket, name), h.store.RemovePoint(name))
		if err != nil {
			h.opts.Log.Error("what the show remembers cannot be removed", "error", err)
		}
		return l
	}
	text, b, err := h.store.ReadPoint(name)
	if errors.Is(err, fs.ErrNotExist) {
		return l
	}
	var line pointLine
	var p show.Point
	if err == nil {
		err = json.Unmarshal([]byte(text), &line)
	}
	if err == nil {
		err = survive(func() error { return gob.NewDecoder(bytes.NewReader(b)).Decode(&p) })
	}
	if err != nil {
		h.setAside(err)
		return l
	}
	now := time.Now()
	away := max(now.Sub(line.Written), 0)
	if line.File != h.folder.File {
		h.opts.Log.Warn("the show starts from its beginning: what was broken off is another file", "file", line.File)
		return l
	}
	l.state, l.carried = p.State, p.Carried.Lasting() // newer than what is kept
	if why := h.unfit(line, away); why != "" {
		h.opts.Log.Warn("the last run was broken off, and the show starts from its beginning: "+why, "away", away.Round(time.Second))
		return l
	}
	at := p.Engine.At + away
	h.clock.Forward(at) // before a disk takes its time
	h.resumed = now
	tried := line
	tried.Resumed = now
	if err := h.store.WritePoint(name, writtenLine(tried), b); err != nil {
		h.opts.Log.Error("the restore point cannot be written", "error", err)
	}
	if err := survive(func() error { return h.show.Resume(p.Engine, h.clock.Now()) }); err != nil {
		h.setAside(err)
		return l
	}
	l.carried = p.Carried
	l.undo = func() { _ = h.store.WritePoint(name, text, b) }
	h.opts.Log.Warn("the last run was broken off: the show goes on where it would be by now; --fresh starts it from its beginning",
		"away", away.Round(10*time.Millisecond), "show time", at.Round(10*time.Millisecond), "standing", p.Carried.Standing())
	if p.Engine.Held {
		h.held.Store(true)
		h.opts.Log.Warn("machinery is still held by the emergency stop of the last run, until it is released")
	}
	return l
}

// unfit says why a run does not go on from a restore point, "" if it does.
func (h *Host) unfit(line pointLine, away time.Duration) string {
	lasted := line.Written.Sub(line.Resumed)
	switch {
	case line.Rig != (h.rig != nil):
		return "one of the two is on a rig"
	case away > oldestPoint:
		return fmt.Sprintf("that is more than %v ago", oldestPoint)
	case !line.Resumed.IsZero() && lasted < soundAfter:
		return "it had gone on from an earlier one, and was broken off again within a minute"
	}
	return ""
}

func (h *Host) setAside(why error) {
	aside, err := h.store.SetPointAside(h.folder.Name)
	if err != nil {
		aside = err.Error()
	}
	h.opts.Log.Error("the last run was broken off, but its restore point cannot be used and is set aside: the show starts from its beginning", "error", why, "set aside", aside)
}

// forgetPoint is for a run that ends as it should: the next one does not go on from it.
func (h *Host) forgetPoint() {
	if err := h.store.RemovePoint(h.folder.Name); err != nil {
		h.opts.Log.Error("the restore point cannot be removed: the next start would go on where this one ended; --fresh keeps it from that", "error", err)
	}
}
