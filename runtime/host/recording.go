package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"showrun/runtime/control"
	"showrun/runtime/host/record"
	"showrun/runtime/journal"
	"showrun/runtime/level"
	"showrun/runtime/show"
)

// recording is the recording of a run: to the file that the options name, or to the black box. It
// is nothing without either.
type recording struct {
	recorder *record.Recorder
	reel     *record.Reel // nil if there is none; written before anything runs
	box      record.Box
}

// thread puts a recorder in, if there is to be one.
func (t *recording) thread(h *Host) {
	if h.opts.Record == "" && h.opts.BlackBox == 0 {
		return
	}
	t.recorder = record.New()
	t.recorder.Log, t.recorder.Since = h.opts.Log, h.clock.Since
	h.book.Also = t.recorder.Line
}

// look has the recorder see what enters a machine.
func (t *recording) look(c *show.Config) {
	if t.recorder != nil {
		c.Record, c.Turned = t.recorder.Input, t.recorder.Turned
	}
}

func (t *recording) names(r *level.Registry) {
	if t.recorder != nil {
		t.recorder.Names(r)
	}
}

// begin begins the recording, now that show time stands. What it returns ends it, and is told
// whether the show ended as it should.
func (t *recording) begin(ctx context.Context, h *Host) (end func(orderly bool)) {
	if t.recorder == nil {
		return func(bool) {}
	}
	t.box = record.Box{Dir: filepath.Join(h.dir, "recordings"), Show: h.folder.Name}
	h.keepCrashes()
	limit, err := t.open(h)
	if err != nil {
		h.opts.Log.Error("the show is not recorded, and runs: "+err.Error(), "error", err)
		t.recorder.GiveUp(err.Error())
	} else {
		if limit > 0 {
			t.recorder.Turn, t.recorder.Checkpoint = t.turn(h), h.show.Checkpoint
		}
		t.recorder.Begin(t.reel, limit, h.recordingHeader())
	}
	recorded, failed := false, error(nil)
	stop := h.loop(ctx, "recorder", func(ctx context.Context) {
		failed = survive(func() (err error) { recorded, err = t.recorder.Run(ctx); return err })
		if failed != nil {
			t.recorder.GiveUp(failed.Error()) // a bug in it costs no show
		}
	})
	return func(orderly bool) {
		stop()
		if t.reel == nil {
			return
		}
		err := cmp.Or(failed, t.reel.Close())
		switch {
		case limit == 0 || recorded && !orderly:
		case recorded:
			err = cmp.Or(err, t.box.Ended())
		default:
			err = cmp.Or(err, t.box.Forget())
		}
		if err != nil {
			h.opts.Log.Error("the recording of the show is not whole", "error", err)
		}
	}
}

// open makes the file, and returns how long it may be.
func (t *recording) open(h *Host) (limit int64, err error) {
	if h.opts.Record != "" {
		if t.reel, err = record.NewReel(h.opts.Record); err == nil {
			h.opts.Log.Info("recording", "file", t.reel.Name())
			return 0, nil
		}
		h.opts.Log.Error("the show cannot be recorded to a file", "error", err)
	}
	if h.opts.BlackBox == 0 {
		return 0, err
	}
	t.reel, err = t.box.Open()
	return h.opts.BlackBox, err
}

// turn makes the black box go on in an empty file.
func (t *recording) turn(h *Host) func() error {
	return func() error {
		err := t.reel.Turn()
		if err == nil {
			h.opts.Log.Info("the black box is long, and begins anew here: what was before stays until the next time")
		}
		return err
	}
}

// recordingHeader is what the recording says of this run.
func (h *Host) recordingHeader() journal.Header {
	header := record.Header(h.config())
	header.Program, header.Rig, header.Began = h.opts.Program, h.rig != nil, h.clock.Time(0)
	header.Zone, _ = header.Began.Zone()
	return header
}

// keepCrashes keeps what runs have left that did not end.
func (h *Host) keepCrashes() {
	kept, err := h.recording.box.Crashes()
	for _, path := range kept {
		h.opts.Log.Warn("a run before did not end; its black box is kept, and showrun replay plays what happened", "file", path)
	}
	err = errors.Join(err, h.recording.box.Prune(2*max(h.opts.BlackBox, leastCrashes)))
	if err != nil {
		h.opts.Log.Error("the black boxes of runs that did not end cannot be kept", "error", err)
	}
}

// leastCrashes is how many bytes of crashes are kept, twice, whatever the black box may have.
const leastCrashes = 64 << 20

// lost is how much is not in the recording, and why nothing more is.
func (t *recording) lost() (n uint64, ended string) {
	if t.recorder == nil {
		return 0, ""
	}
	return t.recorder.Lost(), t.recorder.Ended()
}

// keepTime is how long who asks waits for a recording to be kept, and keepAtMost how long that
// may take.
const (
	keepTime   = 2 * time.Second
	keepAtMost = time.Minute
)

// keepRecording answers a request to keep what was up to now, as a file or under the time.
func (h *Host) keepRecording(words []string) control.Reply {
	if len(words) > 1 {
		return control.Reply{Text: "keep takes [FILE]"}
	}
	if h.recording.reel == nil {
		return control.Reply{Text: "the show is not recorded" + reason(h.recording.lost())}
	}
	path := ""
	if len(words) == 1 {
		path = words[0]
	}
	done := make(chan control.Reply, 1)
	h.wg.Go(func() {
		r := replied(h.keepNow(path))
		done <- r
		if !r.OK {
			h.opts.Log.Error("a recording is not kept: " + r.Text)
		}
	})
	select {
	case r := <-done:
		return r
	case <-time.After(keepTime):
		return control.Reply{OK: true, Text: "keeping it takes a while; the log tells what becomes of it"}
	}
}

func reason(_ uint64, why string) string {
	if why == "" {
		return ": it was started without, see --record and --black-box"
	}
	return ": " + why
}

func (h *Host) keepNow(path string) (string, error) {
	if path == "" {
		box := h.recording.box
		if h.opts.StateDir == "" && h.rig != nil { // its own folder goes with it
			dir, err := DefaultStateDir()
			if err != nil {
				return "", err
			}
			box.Dir = filepath.Join(dir, "recordings")
		}
		path = box.Named(time.Now())
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	defer time.AfterFunc(keepAtMost, func() { cancel(context.DeadlineExceeded) }).Stop()
	h.wg.Go(func() {
		select {
		case <-h.over: // what ends does not wait for it
			cancel(errors.New("the show ends"))
		case <-ctx.Done():
		}
	})
	taken, err := h.recording.recorder.Take(ctx, h.recording.reel)
	if err == nil {
		err = taken.Keep(path)
	}
	if err != nil {
		return "", err
	}
	since := "from the start of the show"
	if !taken.Since.IsZero() {
		since = "from " + taken.Since.Format("15:04:05") + " on"
	}
	text := fmt.Sprintf("kept as %s, %d kB %s", path, (taken.Size+999)/1000, since)
	if why := h.recording.recorder.Ended(); why != "" {
		text += "; it does not go up to now: " + why
	}
	h.opts.Log.Info("the recording is " + text)
	return text, nil
}
