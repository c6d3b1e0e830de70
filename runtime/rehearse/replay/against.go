package replay

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"io"
	"io/fs"
	"time"

	"showrun/runtime/device"
	"showrun/runtime/journal"
	"showrun/runtime/rehearse"
	"showrun/runtime/show"
)

// Options say what a recording is played on.
type Options struct {
	// Against is the other show, and Folder its files. The rate, the look-ahead and the seed
	// are those of the recording, and so is all that devices say. Its Frames looks on.
	Against rehearse.Options
	Folder  fs.FS
	Until   Moment                        // the zero Moment is the end
	Step    func(now time.Duration) error // is called often, and its error ends it; required
	// Watch is called with the other show before anything happens; nil if nobody looks on.
	Watch func(*rehearse.Run)
}

// Outcome is what came of it.
type Outcome struct {
	From, To  time.Duration // show times of what was compared
	Stretches []Stretch     // in the order in which they begin
	Outputs   []string      // that only one of them has, and which
	Cues      []Mismatch    // cues that were not fired in both at the same time
	Orders    []Mismatch    // likewise orders
	Reloads   int           // in the recording, that the other show does not have
	Unknown   int           // questions of the other show that the recording has no answer to
	Replay    *Difference
	Broken    *journal.Broken // where the recording breaks off
}

// Alike reports whether nothing differs.
func (o *Outcome) Alike() bool {
	return len(o.Stretches)+len(o.Outputs)+len(o.Cues)+len(o.Orders) == 0
}

// slice is how far one of the two runs before the other follows.
const slice = 20 * time.Millisecond

// versus is a comparison that goes on.
type versus struct {
	opts    Options
	player  *Player
	run     *rehearse.Run
	feed    *feed
	tonight side
	next    side // of the other show
	compare comparison
	left    show.Loaded // what the first load goes on from
	loaded  bool
	ended   bool
	out     Outcome
}

// Compare plays a recording, of which nothing has been played yet, on both. The error is one
// of the other show, which does not load or does not come back, or of the recording.
func Compare(ctx context.Context, p *Player, opts Options) (*Outcome, error) {
	v := &versus{opts: opts, player: p}
	both := &outputs{numbers: map[string]int{}}
	v.tonight.machine, v.tonight.to, v.next.to = p.Replay, p.sink.to, opts.Against.Frames
	p.sink.to = &watch{&v.tonight, both}
	v.feed = &feed{answers: answers{}, now: func() time.Duration { return v.run.Now() }}
	p.Answers(func(q show.AskDevice, value any) { v.feed.answers.heard(q, value, p.Now(), v.run.Now()) })
	if err := v.begin(both); err != nil {
		return nil, err
	}
	defer v.run.Close()
	v.compare = newComparison(both, &v.tonight, &v.next, p.cfg.Rate)
	if opts.Watch != nil {
		opts.Watch(v.run)
	}
	return v.all(ctx)
}

// begin makes the run of the other show.
func (v *versus) begin(both *outputs) (err error) {
	o, cfg := v.opts.Against, v.player.cfg
	o.Rate, o.Lookahead, o.Seed, o.Protocols = cfg.Rate, cfg.Lookahead, cfg.Seed, nil
	o.Open, o.Answer = func(device.Declaration) device.Device { return device.Silent{} }, v.feed.answer
	o.Frames = &watch{&v.next, both}
	if v.run, err = rehearse.New(o); err != nil {
		return err
	}
	m := v.run.Show()
	v.feed.To = m
	v.next.machine = live{m}
	v.run.Bring(v.feed)
	return nil
}

// all plays to the end.
func (v *versus) all(ctx context.Context) (*Outcome, error) {
	v.out.From = v.player.Began()
	for t := v.out.From; ; t += slice {
		over, err := v.replay(ctx, t)
		if err != nil {
			return nil, err
		}
		if v.loaded && !v.ended {
			if err := v.run.Until(ctx, min(t, v.player.Now())); err != nil {
				return nil, err
			}
		}
		v.compare.proceed()
		if over {
			return v.finish(), nil
		}
	}
}

// replay repeats the recording up to an instant, and tells whether that is all there is.
func (v *versus) replay(ctx context.Context, t time.Duration) (over bool, err error) {
	for {
		in := v.player.next.input
		if v.player.reached(&v.opts.Until) {
			return true, nil
		}
		if in != nil && show.TimeOf(in) > t {
			return false, nil
		}
		if err := v.opts.Step(v.player.Now()); err != nil {
			return false, err
		}
		if in != nil {
			if err := v.before(in); err != nil {
				return false, err
			}
		}
		var differs *Difference
		switch err := v.player.Step(); {
		case err == nil:
			if err := v.after(ctx, in); err != nil {
				return false, err
			}
			continue
		case errors.Is(err, io.EOF), errors.As(err, &differs), errors.As(err, &v.out.Broken):
			return true, nil
		default:
			return false, err
		}
	}
}

// before does what an input of the recording, which is repeated next, is for the other show.
func (v *versus) before(input any) (err error) {
	if in, ok := input.(show.Swapped); ok && !v.loaded { // the replay uses up what it goes on from
		v.left, err = copied(in.Load)
	}
	v.feed.take(input, v.player.Replay)
	return err
}

// after does what an input is for the other show once the answers are known that it has led to.
func (v *versus) after(ctx context.Context, input any) error {
	switch in := input.(type) {
	case show.Swapped:
		if v.loaded {
			v.out.Reloads++
			return nil
		}
		v.loaded = true
		return v.run.Begin(ctx, v.opts.Folder, in.Now, v.left)
	case show.Ended:
		if v.ended {
			return nil
		}
		v.ended = true
		if err := v.run.Until(ctx, in.Now); err != nil {
			return err
		}
		v.run.End()
	}
	return nil
}

// copied is a copy of what a load goes on from.
func copied(l show.Loaded) (left show.Loaded, err error) {
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(show.Loaded{State: l.State, Carried: l.Carried, Resumed: l.Resumed}); err != nil {
		return left, err
	}
	err = gob.NewDecoder(&b).Decode(&left)
	return left, err
}

// late is by how much what happened live may have been, which is not so in virtual time.
const late = 100 * time.Millisecond

// finish sums up.
func (v *versus) finish() *Outcome {
	o := &v.out
	o.To, o.Unknown, o.Replay = v.player.Now(), v.feed.unknown, v.player.First
	o.Stretches = v.compare.all()
	o.Outputs = v.compare.only
	o.Cues = pair(v.tonight.cues, v.next.cues, late+v.compare.apart)
	o.Orders = pair(v.tonight.orders, v.next.orders, late+v.compare.apart)
	return o
}
