package source

import (
	"math"
	"time"
)

// Track is what a deck plays.
type Track struct {
	Title  string
	Artist string
	// Path identifies the track across units, as TrackNetworkPath. Empty means
	// one made from artist and title.
	Path string
	Key  string // such as "Am"
	// BPM is the tempo of the beat grid, 0 for a track without analysis.
	BPM float64
	// SampleRate is in hertz, default 44100.
	SampleRate float64
	// Length of the audio, default five minutes.
	Length time.Duration
	// Anchor is the position of beat 0. The track before it has negative
	// beats.
	Anchor time.Duration
}

func (t Track) withDefaults() Track {
	if t.SampleRate <= 0 {
		t.SampleRate = 44100
	}
	if t.Length <= 0 {
		t.Length = 5 * time.Minute
	}
	return t
}

// length and anchor are in samples.
func (t Track) length() float64 { return math.Round(t.Length.Seconds() * t.SampleRate) }
func (t Track) anchor() float64 { return t.Anchor.Seconds() * t.SampleRate }

// perBeat is the length of a beat in samples. It is asked for tracks with a
// tempo only.
func (t Track) perBeat() float64 { return t.SampleRate * 60 / t.BPM }

// sample and beat convert between the grid and the audio file.
func (t Track) sample(beat float64) float64 { return t.anchor() + beat*t.perBeat() }
func (t Track) beat(sample float64) float64 { return (sample - t.anchor()) / t.perBeat() }

// deck is the motion of one deck. Between two commands the position is a
// function of time: it moves from base, where it was at the instant since.
type deck struct {
	loaded  bool
	track   Track
	playing bool
	pitch   float64 // percent
	base    float64 // samples
	since   time.Time
	looping bool
	in, out float64 // of the loop, samples
	fader   float64 // 0..1
	played  bool
}

// speed is the rate of play, 1 at neutral pitch and 0 at rest.
func (d *deck) speed() float64 {
	if !d.playing {
		return 0
	}
	return 1 + d.pitch/100
}

// bpm is the effective tempo. An empty deck shows 120 with its pitch (4.2).
func (d *deck) bpm() float64 {
	if !d.loaded {
		return 120 * (1 + d.pitch/100)
	}
	return d.track.BPM * (1 + d.pitch/100)
}

// position returns the sample position at an instant; the motion begins at since.
func (d *deck) position(now time.Time) float64 {
	if !d.loaded {
		return 0
	}
	p := d.base + max(0, now.Sub(d.since)).Seconds()*d.track.SampleRate*d.speed()
	if d.inLoop() && p >= d.out {
		return d.in + math.Mod(p-d.out, d.out-d.in)
	}
	return min(p, d.track.length())
}

// inLoop reports whether the motion from base wraps at the loop's end. A
// position beyond it, reached by a jump, does not.
func (d *deck) inLoop() bool { return d.looping && d.base < d.out }

// ended reports whether the deck has run to the end of its track.
func (d *deck) ended(now time.Time) bool {
	return d.playing && d.loaded && d.position(now) >= d.track.length()
}

// rebase makes now the origin of the motion, unless it is later already.
func (d *deck) rebase(now time.Time) {
	if now.After(d.since) {
		d.base, d.since = d.position(now), now
	}
}

// beat returns the position on the grid, 0 without one.
func (d *deck) beat(now time.Time) float64 {
	if !d.loaded || d.track.BPM == 0 {
		return 0
	}
	return d.track.beat(d.position(now))
}

// total returns the length of the track in beats after the anchor.
func (d *deck) total() float64 {
	if !d.loaded || d.track.BPM == 0 {
		return 0
	}
	return d.track.beat(d.track.length())
}

// beatTime returns the instant at which the present motion passes a beat: the
// next one, or else the last one since the motion began.
func (d *deck) beatTime(beat float64, now time.Time) (time.Time, bool) {
	if !d.loaded || d.track.BPM == 0 || d.speed() <= 0 {
		return time.Time{}, false
	}
	target, p := d.track.sample(beat), d.position(now)
	ahead := target - p
	switch {
	case d.inLoop() && target >= d.out:
		return time.Time{}, false
	case d.inLoop() && target < p && target >= d.in:
		ahead = d.out - p + target - d.in // after the wrap
	case target > d.track.length(), target < p && target < d.base:
		return time.Time{}, false
	}
	return now.Add(time.Duration(ahead / (d.track.SampleRate * d.speed()) * float64(time.Second))), true
}
