package beat

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

const (
	slowest = 20.0  // BPM the internal tempo can have
	fastest = 999.0 //

	nudgeMost = 1_000_000 * Beat
	nudgeSlew = Beat / 2 // nudges from here on jump

	tapGap  = 2 * time.Second // taps further apart begin anew
	tapsMin = 4               // taps that make a tempo
	tapsMax = 8               // taps looked back at
)

var (
	// errFollowing refuses what only the internal tempo can do.
	errFollowing = errors.New("the tempo comes from a followed source: follow \"internal\" first")
	errPlanned   = fmt.Errorf("more than %d changes of the tempo wait for their instants", maxPlanned)
)

// CommandKind says what a [Command] does.
type CommandKind uint8

// The kinds of commands.
const (
	// SetTempo sets the internal tempo to BPM, 20-999. The position and the epoch go
	// on.
	SetTempo CommandKind = iota + 1
	// Nudge moves the internal beat by Beats, forward if positive. Less than half a
	// beat is slewed within one beat, in the same epoch; more is a jump. Beyond a
	// million beats it is refused.
	Nudge
	// Tap is a tap of the operator. From the fourth one on the internal tempo is the
	// median interval of the last taps; a gap of more than two seconds begins anew. The
	// position goes on.
	Tap
	// Follow makes Source drive the beat: "" or "internal", a source key or an alias.
	// The course runs on as it is until the source is located. Back on the internal
	// tempo it continues from where it is.
	Follow
)

// A Command changes what drives the beat. All but Follow are refused while a source is
// followed. It is a plain value.
type Command struct {
	Kind   CommandKind
	BPM    float64
	Beats  Micro
	Source string
}

// source is what Follow follows.
func (c Command) source() string {
	if c.Source == "" {
		return Internal
	}
	return c.Source
}

// check returns an error for a command that is refused while source drives.
func (c Command) check(source string) error {
	switch {
	case c.Kind == Follow:
		return nil
	case c.Kind == SetTempo && checkTempo(c.BPM) != nil:
		return checkTempo(c.BPM)
	case source != Internal:
		return errFollowing
	case c.Kind == Nudge && (c.Beats > nudgeMost || c.Beats < -nudgeMost):
		return fmt.Errorf("nudge must be at most %d beats either way, got %v", nudgeMost/Beat, c.Beats.Float())
	}
	return nil
}

// checkTempo returns an error for a tempo outside 20-999 BPM.
func checkTempo(bpm float64) error {
	if !(bpm >= slowest && bpm <= fastest) {
		return fmt.Errorf("tempo must be %v-%v BPM, got %v", slowest, fastest, bpm)
	}
	return nil
}

// aim is where a source wants the beat to be.
type aim struct {
	target Timeline
	tempo  float64 // nominal BPM; 0 if the source names none
	window Micro   // how far off the course may be and still be led there
	back   Micro   // how far before it it has jumped there just now
}

// drive is what drives the beat, and where that has brought it. It is a value: a copy
// of it tells what commands to come will lead to.
type drive struct {
	Source   string          // what Follow was told, Internal by default
	Internal Timeline        // the internal tempo while it drives
	Tempo    float64         // nominal BPM of what drives
	Taps     []time.Duration // recent taps, oldest first; replaced, never changed
	Path     path
}

// apply carries out a command given for an instant; if the path has gone on beyond that,
// at once. target tells where a source wants the beat to be, fresh gives the epoch of a
// jump.
func (d *drive) apply(c Command, at time.Duration, target func(string) (aim, bool), fresh func() uint32) error {
	if err := c.check(d.Source); err != nil {
		return err
	}
	now := max(at, d.Path.Latest)
	switch c.Kind {
	case SetTempo:
		d.setTempo(c.BPM, now, fresh)
	case Nudge:
		d.run(d.Internal.At(now)+c.Beats, now, fresh)
	case Tap:
		return d.tap(at, now, fresh)
	case Follow:
		d.follow(c.source(), now, target, fresh)
	}
	return nil
}

func (d *drive) follow(source string, now time.Duration, target func(string) (aim, bool), fresh func() uint32) {
	if source == d.Source {
		return
	}
	d.Source = source
	if source == Internal {
		d.Tempo = math.Min(math.Max(d.Tempo, slowest), fastest)
		d.Internal = Timeline{Origin: now, Beat: d.Path.Line.At(now), BPM: d.Tempo}
		d.Taps = nil
	}
	d.lead(now, target, fresh)
}

// lead aims the course at what drives it.
func (d *drive) lead(now time.Duration, target func(string) (aim, bool), fresh func() uint32) {
	d.Path.settle(now, fresh)
	to, window, back := d.Path.Target, slewWindow, Micro(0)
	if d.Source == Internal {
		to = d.Internal
	} else if a, ok := target(d.Source); ok {
		to, window, back = a.target, a.window, a.back
		if a.tempo > 0 {
			d.Tempo = a.tempo
		} else {
			to.BPM = d.Tempo
		}
	}
	d.Path.aim(now, to, window, slewHorizon, back, fresh)
}

// run lets the internal tempo run from a beat at an instant.
func (d *drive) run(from Micro, now time.Duration, fresh func() uint32) {
	d.Internal = Timeline{Origin: now, Beat: from, BPM: d.Tempo}
	d.Path.aim(now, d.Internal, nudgeSlew-1, d.Internal.Span(Beat), 0, fresh)
}

func (d *drive) setTempo(bpm float64, now time.Duration, fresh func() uint32) {
	d.Tempo = bpm
	d.run(d.Internal.At(now), now, fresh)
}

// tap takes a tap at an instant. It fails when the taps give a tempo outside 20-999 BPM.
func (d *drive) tap(at, now time.Duration, fresh func() uint32) error {
	taps := slices.Clone(d.Taps)
	if n := len(taps); n > 0 && (at-taps[n-1] > tapGap || at < taps[n-1]) {
		taps = taps[:0]
	}
	if len(taps) == tapsMax {
		taps = slices.Delete(taps, 0, 1)
	}
	taps = append(taps, at)
	d.Taps = taps
	if len(taps) < tapsMin {
		return nil
	}
	gaps := make([]time.Duration, len(taps)-1)
	for i := range gaps {
		gaps[i] = taps[i+1] - taps[i]
	}
	slices.Sort(gaps)
	middle := (gaps[(len(gaps)-1)/2] + gaps[len(gaps)/2]) / 2
	bpm := time.Minute.Seconds() / math.Max(middle.Seconds(), 1e-9)
	if err := checkTempo(bpm); err != nil {
		return err
	}
	d.setTempo(bpm, now, fresh)
	return nil
}
